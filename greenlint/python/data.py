"""Data loaders, and what their datasets do for each sample."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from greenlint.python.facts import Attribute, Collection, Comprehension, Constant, Name, tail, walk, words_of
from greenlint.python.frameworks import root_of
from greenlint.python.values import Closure, Display, FunctionValue, Instance, Library, Made, Unknown, Value

if TYPE_CHECKING:
    from collections.abc import Iterator

    from greenlint.python.facts import Expression
    from greenlint.python.program import Program
    from greenlint.python.scope import Block, Module, Scope, Spot

_LOADER = "torch.utils.data.DataLoader"
_IN_MEMORY = re.compile(
    r"^(?:torch\.utils\.data\.TensorDataset|torch\.(?:randn?|randint|zeros|ones|tensor|from_numpy|arange|stack|cat|linspace|"
    r"rand_like)|torch\.\w+\.to|list|zip|range|numpy\.\w+|torch\.randn\.\w+|lightning\.demos\..*|sklearn\.datasets\..*)$"
)
_WRAPPERS = re.compile(r"^torch\.utils\.data\.(?:Subset|random_split|ConcatDataset)$")
# Calls in `__getitem__` that only hand over what is in memory.
_CHEAP = frozenset(
    [
        "tensor",
        "from_numpy",
        "as_tensor",
        "Tensor",
        "LongTensor",
        "FloatTensor",
        "float",
        "long",
        "int",
        "clone",
        "detach",
        "item",
        "len",
        "unsqueeze",
        "squeeze",
        "view",
        "reshape",
        "to",
        "tolist",
        "index_select",
        "dict",
        "tuple",
        "list",
        "super",
        "size",
        "shape",
        "copy",
        "items",
    ]
)
# Words of code that puts tensors on a device, and of switches that make every new tensor start there.
_PLACING = frozenset({"cuda", "to", "device", "to_device", "pin_memory"})
_EVERYWHERE = frozenset({"set_default_device", "set_default_tensor_type"})


def loaders(program: Program, module: Module) -> Iterator[Spot]:
    """Yield the calls of a file that make a `torch.utils.data.DataLoader`."""
    for spot in module.spots():
        if tail(spot.call.func) == "DataLoader" and program.callees(spot) == {_LOADER}:
            yield spot


def is_in_memory(program: Program, spot: Spot) -> bool:
    """Tell whether a loader's dataset only hands over tensors or lists that are already built in memory."""
    argument = program.argument(spot.call, "dataset", 0)
    if argument is None:
        return False
    values = program.values(argument.value, spot.block)
    if isinstance(argument.value, (Comprehension, Collection)):
        return True
    known = [value for value in values if not isinstance(value, Unknown)]
    return bool(known) and all(_serves_memory(program, value, 0) for value in known)


def _serves_memory(program: Program, value: Value, depth: int) -> bool:
    if isinstance(value, Display):
        return True
    if isinstance(value, Made) and value.call is not None:
        if _WRAPPERS.match(value.name) and value.call.arguments and depth < 4:  # noqa: PLR2004
            inner = program.values(value.call.arguments[0].value, value.block)
            parts = [
                part
                for one in inner
                for part in (
                    [v for item in one.node.items for v in program.values(item, one.block)]
                    if isinstance(one, Display)
                    and isinstance(one.node, Collection)
                    and value.name.endswith("ConcatDataset")
                    else [one]
                )
            ]
            return bool(parts) and all(_serves_memory(program, one, depth + 1) for one in parts)
        return bool(_IN_MEMORY.match(value.name)) or value.name.endswith(("RandomDataset", "RandomDictDataset"))
    if isinstance(value, Instance):
        method = next(
            (found for scope in program.lineage(value.cls) if (found := scope.child("__getitem__")) is not None), None
        )
        if method is None:
            return any(base == "torch.utils.data.TensorDataset" for base in program.bases(value.cls))
        return all(_is_cheap(spot, program) for spot in method.spots)
    return False


def _is_cheap(spot: Spot, program: Program) -> bool:
    if tail(spot.call.func) in _CHEAP:
        return True
    return any(
        name.startswith(("torch.rand", "torch.tensor", "torch.zeros", "torch.ones", "torch.arange"))
        for name in program.callees(spot)
    )


def workers_off(program: Program, spot: Spot) -> str:
    """Return how a loader says that it has no workers, or an empty string when it has some or may have."""
    if program.open_ended(spot.call):
        return ""
    argument = program.argument(spot.call, "num_workers", 5)
    if argument is None:
        return "no num_workers"
    if isinstance(argument.value, Constant) and argument.value.value == 0 and argument.value.value is not False:
        return "num_workers=0"
    return ""


def suffers_from_workers(program: Program, spot: Spot) -> bool:
    """Tell whether workers may break a loader: they touch the GPU, or each of them serves the whole stream."""
    return may_serve_from_gpu(program, spot) or any(
        "IterableDataset" in module.identifiers or {"streaming", "timeout"} & module.identifiers
        for module in program.modules
    )


def names_pinning(program: Program, spot: Spot) -> bool:
    """Tell whether a loader says, or may say, whether its batches are pinned."""
    return program.open_ended(spot.call) or program.argument(spot.call, "pin_memory", 7) is not None


def may_serve_from_gpu(program: Program, spot: Spot) -> bool:
    """Tell whether what a loader serves may be on a device already: pinning that is an error."""
    if spot.scope.module.identifiers & _EVERYWHERE:
        return True
    if program.argument(spot.call, "generator") is not None:
        return True
    collate = program.argument(spot.call, "collate_fn", 6)
    if collate is not None and _collates_on_device(program, collate.value, spot.block):
        return True
    dataset = program.argument(spot.call, "dataset", 0)
    return dataset is None or _is_placed(program, dataset.value, spot.block, 0)


def _collates_on_device(program: Program, item: Expression, block: Block) -> bool:
    for value in program.values(item, block):
        if isinstance(value, Closure):
            if _PLACING & set(words_of(value.node.body)):
                return True
        elif isinstance(value, FunctionValue):
            if _places(value.scope):
                return True
        elif isinstance(value, Instance):
            if any(_places(method) for cls in program.lineage(value.cls) for method in cls.children):
                return True
        elif not isinstance(value, (Library, Made)) and not (isinstance(item, Constant) and item.value is None):
            return True
    return False


def _is_placed(program: Program, item: Expression, block: Block, depth: int) -> bool:
    """Tell whether the code that makes a dataset puts it on a device, as far as it can be followed."""
    if _PLACING & {tail(one) for one in walk(item)}:
        return True
    if isinstance(item, Name) and depth < 4:  # noqa: PLR2004
        made = [one for scope in block.scope.enclosing() for one in scope.bindings.get(item.id, ())]
        if any(
            one.kind in ("value", "update")
            and one.node is not None
            and _is_placed(program, one.node, one.block, depth + 1)  # type: ignore[arg-type]
            for one in made
        ):
            return True
    for value in program.values(item, block):
        if isinstance(value, Instance):
            if any(_places(method) for cls in program.lineage(value.cls) for method in cls.children):
                return True
        elif (
            isinstance(value, Made)
            and value.call is not None
            and root_of(value.name) == "torch"
            and depth < 4  # noqa: PLR2004
            and any(_is_placed(program, one.value, value.block, depth + 1) for one in value.call.arguments)
        ):
            return True
    return False


def _places(scope: Scope) -> bool:
    """Tell whether a function puts something on a device."""
    return any(
        tail(spot.call.func) in ("cuda", "to_device")
        or (
            isinstance(spot.call.func, Attribute)
            and spot.call.func.name == "to"
            and not any(_is_dtype(one.value) for one in spot.call.arguments)
        )
        or any(one.name == "device" for one in spot.call.arguments)
        for spot in scope.spots
    )


def _is_dtype(item: Expression) -> bool:
    return any("float" in word or "int" in word or "dtype" in word for word in words_of(item))
