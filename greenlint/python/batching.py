"""Models that are run on one sample at a time in a loop over many."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from greenlint.python.facts import (
    Attribute,
    Call,
    Collection,
    Constant,
    For,
    Group,
    Name,
    Node,
    Operation,
    Subscript,
    expressions,
    tail,
    words_of,
)
from greenlint.python.frameworks import root_of
from greenlint.python.loops import range_of
from greenlint.python.values import Display, Literal, Made

if TYPE_CHECKING:
    from collections.abc import Iterator

    from greenlint.python.facts import Expression
    from greenlint.python.program import Program
    from greenlint.python.scope import Block, Module, Spot

_PREDICTS = frozenset({"predict", "predict_proba"})
_PREDICTORS = frozenset({"keras", "sklearn", "xgboost", "lightgbm", "catboost"})
_ENCODE = "sentence_transformers.SentenceTransformer.encode"
_PIPELINES = frozenset({"transformers.pipeline()", "transformers.pipelines.pipeline()"})
_WRAPS = frozenset({"expand_dims", "unsqueeze", "atleast_2d"})
_ARRAYS = frozenset({"array", "asarray", "stack", "DataFrame", "vstack", "convert_to_tensor"})
_BATCHED = re.compile(r"batch|chunk|loader|generator|frame|epoch|step|fold|window", re.IGNORECASE)
# Somebody looks at each result, measures each run, or acts on it before the next sample exists.
_WATCHED = frozenset(
    [
        "imshow",
        "subplot",
        "waitKey",
        "input",
        "perf_counter",
        "timeit",
        "read",
        "recv",
        "sleep",
        "act",
        "render",
        "display",
    ]
)
_TEXTUAL = frozenset({"str", "strip", "lower", "upper", "replace", "join", "format", "title", "capitalize"})
_FEW = 32
_DEEPEST = 4


def one_by_one(program: Program, module: Module) -> Iterator[Spot]:
    """Yield the runs of a model on a single sample that a loop over samples repeats."""
    for spot in module.spots():
        name = tail(spot.call.func)
        if name not in ("predict", "predict_proba", "encode") and not isinstance(spot.call.func, (Name, Attribute)):
            continue
        sample = _sample(program, spot, name)
        loop = next(spot.block.loops(), None)
        if sample is None or not isinstance(loop, For) or spot.lazy:
            continue
        if _is_short(program, loop, spot.block) or any(_BATCHED.search(word) for word in _loop_words(loop)):
            continue
        if _is_watched(loop, spot) or not _derives(sample, spot.block, loop, 0):
            continue
        yield spot


def _sample(program: Program, spot: Spot, name: str) -> Expression | None:
    """Return the one sample that a call runs a model on, where that can be seen."""
    first = spot.call.arguments[0] if spot.call.arguments else None
    if first is None or first.star or first.name not in ("", "x", "X", "sentences"):
        return None
    item = first.value
    names = (
        program.callees(spot)
        if name in _PREDICTS or name == "encode" or spot.block.scope.module.roots & {"transformers"}
        else frozenset()
    )
    if name in _PREDICTS:
        wrapped = _is_single(item, spot.block, 0)
        return item if wrapped and _is_predictor(names, spot) else None
    if name == "encode":
        return item if _ENCODE in names and _is_text(item, spot.block) else None
    return item if names & _PIPELINES and _is_text(item, spot.block) and _is_on_gpu(program, spot) else None


def _is_predictor(names: frozenset[str], spot: Spot) -> bool:
    if names:
        return any(root_of(name) in _PREDICTORS for name in names)
    func, roots = spot.call.func, spot.scope.module.roots
    known = roots & {"keras", "tensorflow"} and not roots & {"torch", "stable_baselines3"}
    return bool(known) and isinstance(func, Attribute) and "model" in tail(func.value).lower()


def _is_text(item: Node, block: Block, depth: int = 0) -> bool:
    """Tell whether an argument is surely one text and no list: `row["text"]`, `texts[i]`, a singular name."""
    if isinstance(item, Subscript):
        keys = [one.value for one in item.index if isinstance(one, Constant)]
        return not any(isinstance(one, Group) for one in item.index) and not any(_is_plural(str(one)) for one in keys)
    if isinstance(item, Group):
        return item.kind == "text"
    if isinstance(item, Operation):
        return item.operator == "+" and any(_is_text(one, block, depth) for one in item.operands)
    if isinstance(item, Constant):
        return isinstance(item.value, str)
    if isinstance(item, Call):
        return tail(item.func) in _TEXTUAL
    if not isinstance(item, Name) or _is_plural(item.id):
        return False
    bound = [one for one in block.scope.bindings.get(item.id, ()) if one.at <= item.at]
    if not bound or bound[-1].kind == "item":
        return bool(bound)
    node = bound[-1].node
    return bound[-1].kind == "value" and node is not None and depth < _DEEPEST and _is_text(node, block, depth + 1)


def _is_plural(word: str) -> bool:
    return bool(_BATCHED.search(word)) or (word.endswith("s") and not word.endswith("ss"))


def _is_on_gpu(program: Program, spot: Spot) -> bool:
    """Tell whether a pipeline was put on an accelerator: on a CPU batches may gain nothing."""
    for value in program.values(spot.call.func, spot.block):
        if isinstance(value, Made) and value.call is not None:
            device = program.argument(value.call, "device")
            if device is not None:
                known = [one.value for one in program.literals(device.value, value.block)]
                return any((type(one) is int and one >= 0) or (isinstance(one, str) and "cuda" in one) for one in known)
    return False


def _is_single(item: Node, block: Block, depth: int) -> bool:
    """Tell whether an expression makes a batch of one, itself or where its name was bound."""
    if isinstance(item, Collection):
        return item.kind == "list" and len(item.items) == 1
    if isinstance(item, Subscript):
        return any(_keeps_one(one) for one in item.index)
    if isinstance(item, Name) and depth < _DEEPEST:
        bound = _bound(item, block)
        return bound is not None and _is_single(bound, block, depth + 1)
    if not isinstance(item, Call):
        return False
    name = tail(item.func)
    if name in _WRAPS:
        return True
    if name == "reshape":
        shape = (
            item.arguments[-1].value
            if len(item.arguments) == 1
            else item.arguments[0].value
            if item.arguments
            else None
        )
        lead = shape.items[0] if isinstance(shape, Collection) and shape.items else shape
        second = item.arguments[1].value if len(item.arguments) > 1 else None
        lead = second.items[0] if isinstance(second, Collection) and second.items else lead
        return isinstance(lead, Constant) and lead.value == 1
    if name in _ARRAYS and item.arguments:
        return _is_single(item.arguments[0].value, block, depth + 1)
    if isinstance(item.func, Attribute) and name in ("astype", "float", "toarray", "numpy", "to"):
        return _is_single(item.func.value, block, depth + 1)
    return False


def _keeps_one(index: Node) -> bool:
    """See `x[None]`, `x[np.newaxis, :]` and `x[i : i + 1]`."""
    if isinstance(index, Constant):
        return index.value is None
    if isinstance(index, Group) and len(index.items) == 2:  # noqa: PLR2004
        start, stop = index.items
        one = stop.operands[1] if isinstance(stop, Operation) and stop.operator == "+" else None
        same = isinstance(start, Name) and isinstance(stop, Operation) and tail(stop.operands[0]) == start.id
        return same and isinstance(one, Constant) and one.value == 1
    return tail(index) == "newaxis"


def _bound(name: Name, block: Block) -> Node | None:
    """Return what a name was last bound to before it is used, in its own function."""
    before = [
        one for one in block.scope.bindings.get(name.id, ()) if one.at <= name.at and not one.block.excludes(block)
    ]
    return before[-1].node if before and before[-1].kind == "value" and not before[-1].path else None


def _derives(item: Node, block: Block, loop: For, depth: int) -> bool:
    """Tell whether a sample comes from this turn of the loop alone, and from nothing that the last turn left."""
    targets = set(words_of(loop.target))
    reached = False
    for one in expressions(item):
        if not isinstance(one, Name):
            continue
        if one.id in targets:
            reached = True
            continue
        inside = [
            binding
            for binding in block.scope.bindings.get(one.id, ())
            if any(outer.owner is loop for outer in binding.block.up()) and binding.kind in ("value", "update", "item")
        ]
        if any(binding.kind == "update" or binding.at > one.at for binding in inside):
            return False
        for binding in inside:
            if binding.node is not None and depth < _DEEPEST:
                reached = _derives(binding.node, block, loop, depth + 1) or reached
    return reached


def _is_short(program: Program, loop: For, block: Block) -> bool:
    """Tell whether a loop surely has few turns: a demonstration."""
    ranged = range_of(loop.iterable)
    if ranged is not None:
        numbers = [one.value for argument in ranged.arguments for one in program.literals(argument.value, block)]
        return bool(numbers) and all(isinstance(one, int) and one <= _FEW for one in numbers)
    for one in expressions(loop.iterable):
        if isinstance(one, Group) and any(isinstance(part, Constant) and type(part.value) is int for part in one.items):
            return True
        if isinstance(one, Attribute) and one.name in ("take", "head", "sample"):
            return True
    return any(_is_few(value) for value in program.values(loop.iterable, block))


def _is_few(value: object) -> bool:
    if isinstance(value, Display):
        return isinstance(value.node, Collection) and len(value.node.items) <= _FEW
    return isinstance(value, Literal) or (
        isinstance(value, Made) and value.name.endswith((".sample", ".choice", ".choices"))
    )


def _loop_words(loop: For) -> list[str]:
    return [*words_of(loop.target), *words_of(loop.iterable)]


def _is_watched(loop: For, spot: Spot) -> bool:
    inside = (one for one in spot.scope.spots if any(outer.owner is loop for outer in one.block.up()))
    names = {tail(one.call.func) for one in inside}
    return bool(names & _WATCHED) or ("step" in names and "env" in spot.scope.module.identifiers)
