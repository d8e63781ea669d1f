"""For how many epochs a training site runs: the numbers, each where it is written."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from greenlint.python.facts import (
    Attribute,
    Call,
    Constant,
    Expression,
    For,
    Loop,
    Name,
    Operation,
    While,
    tail,
    words_of,
    written,
)
from greenlint.python.loops import EPOCH, loop_words, range_of
from greenlint.python.values import (
    UNKNOWN,
    Literal,
    Value,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from greenlint.python.program import Program
    from greenlint.python.scope import Block, Spot
    from greenlint.python.training_loops import TrainingLoops

_STEP = re.compile(r"^(?:step|it|iter|iteration|itr|batch|batch_idx)s?$", re.IGNORECASE)
_BATCHES = re.compile(r"(?:num|n|total|nb)_?batch|batches|steps_per_epoch|iters_per_epoch|batch_idx", re.IGNORECASE)


class Epochs:
    """Counts the epochs of the sites of one program."""

    def __init__(self, program: Program, loops: TrainingLoops) -> None:
        """Count for the loops and calls of `program`."""
        self.program = program
        self.loops = loops

    def of_loop(self, loop: Loop, block: Block) -> list[Literal]:
        """Return the epochs of an epoch loop; empty when it counts steps or the number is not known."""
        if not any(EPOCH.search(word) for word in loop_words(loop)) and not self._is_pass(loop):
            return []
        if isinstance(loop, For):
            if _STEP.match(tail(loop.target)) and not self._is_pass(loop):
                # `for step in range(epochs)` with one batch a turn counts steps.
                return []
            return self._count(loop.iterable, block)
        return self._bound_of(loop, block)

    def _is_pass(self, loop: Loop) -> bool:
        """Tell whether each turn of a loop goes once through the data: a loop over batches stands in it."""
        for child in self.loops.tree.get(id(loop), ()):
            inner = self.loops.all[child][0]
            if not isinstance(inner, For):
                continue
            ranged = range_of(inner.iterable)
            strided = ranged is not None and len(ranged.arguments) == 3  # noqa: PLR2004 - range(0, samples, batch)
            if ranged is None or strided or any(_BATCHES.search(word) for word in loop_words(inner)):
                return True
        return False

    def _count(self, iterable: Expression, block: Block) -> list[Literal]:
        ranged = range_of(iterable)
        if ranged is None:
            return []
        positional = [one.value for one in ranged.arguments if not one.name and not one.star]
        if not positional:
            return []
        if len(positional) == 1:
            return _counts(self.program.literals(positional[0], block))
        further = _added_to(positional[0], positional[1])
        if further is not None:
            return _counts(self.program.literals(further, block))
        start = self.program.literals(positional[0], block)
        stop = self.program.literals(positional[1], block)
        first = start[0].value if len(start) == 1 else 0 if not start else min(_plain(one) for one in start)
        offset = first if isinstance(first, (int, float)) else 0
        step = self.program.literals(positional[2], block) if len(positional) > 2 else []  # noqa: PLR2004
        stride = step[0].value if step and isinstance(step[0].value, int) and step[0].value > 0 else 1
        return _counts(Literal(-(-(_plain(one) - offset) // stride), one.node, one.module) for one in stop)

    def _bound_of(self, loop: While, block: Block) -> list[Literal]:
        test = loop.test
        if isinstance(test, Operation) and test.operator == "and":
            test = next((one for one in test.operands if isinstance(one, Operation) and _names_epoch(one)), test)
        if not isinstance(test, Operation) or test.operator not in ("<", "<=", ">", ">=", "!="):
            return []
        left, right = test.operands
        bound = right if test.operator in ("<", "<=", "!=") else left
        counter = left if bound is right else right
        if not any(EPOCH.search(word) for word in words_of(counter)):
            return []
        return _counts(self.program.literals(bound, block))

    def of_call(self, spot: Spot, framework: str) -> tuple[tuple[Literal, ...], tuple[Literal, ...]]:
        r"""Return the epochs of a framework\'s call, and the rounds of a booster or learner, which are no epochs."""
        if framework in ("boosting", "sklearn"):
            return (), tuple(self._rounds(spot))
        if framework == "lightning":
            return tuple(self._setting_of(self.program.makers(spot), "max_epochs", ("max_steps", "max_time"))), ()
        if framework == "huggingface":
            return tuple(self._huggingface_epochs(spot)), ()
        positions = {"fit_generator": 2, "fine_tune": 0, "fit_one_cycle": 0, "fit_flat_cos": 0}
        name = tail(spot.call.func)
        position = positions.get(name, {"keras": 3, "fastai": 0}.get(framework))
        words = ("epochs", "nb_epoch", "n_epoch", "n_epochs")
        first = self.program.argument(spot.call, "initial_epoch")
        if first is not None and not (isinstance(first.value, Constant) and first.value.value == 0):
            return (), ()
        for word in words:
            argument = self.program.argument(spot.call, word, position)
            if argument is not None:
                return tuple(_counts(self.program.literals(argument.value, spot.block))), ()
        return (), ()

    def _rounds(self, spot: Spot) -> Iterator[Literal]:
        words = (
            "num_boost_round",
            "n_estimators",
            "iterations",
            "num_iterations",
            "num_trees",
            "max_iter",
            "num_round",
        )
        for call, block in [(spot.call, spot.block), *self.program.makers(spot)]:
            for word in words:
                argument = self.program.argument(call, word)
                if argument is not None:
                    yield from _counts(self.program.literals(argument.value, block))

    def _setting_of(
        self, calls: Iterable[tuple[Call, Block]], name: str, instead: tuple[str, ...]
    ) -> Iterator[Literal]:
        for call, block in calls:
            if any(self.program.is_set(call, other, block) for other in instead):
                continue
            argument = self.program.argument(call, name)
            if argument is not None:
                yield from _counts(self.program.literals(argument.value, block))

    def training_arguments(self, spot: Spot) -> tuple[Value, ...]:
        """Return what the `args` of a Hugging Face Trainer can be."""
        found: list[Value] = []
        for call, block in self.program.makers(spot):
            argument = self.program.argument(call, "args", 1)
            found.extend(self.program.values(argument.value, block) if argument is not None else [UNKNOWN])
        return tuple(found)

    def _huggingface_epochs(self, spot: Spot) -> Iterator[Literal]:
        func = spot.call.func
        if isinstance(func, Attribute) and func.name == "fit":
            argument = self.program.argument(spot.call, "epochs", 2)
            if argument is not None:
                yield from _counts(self.program.literals(argument.value, spot.block))
            return
        for value in self.training_arguments(spot):
            steps = list(self.program.attribute(value, "max_steps"))
            limited = [
                one for one in steps if isinstance(one, Literal) and isinstance(one.value, int) and one.value > 0
            ]
            if limited:
                continue
            values = self.program.attribute(value, "num_train_epochs")
            yield from _counts(one for one in values if isinstance(one, Literal))


def _added_to(start: Expression, stop: Expression) -> Expression | None:
    """Return `n` of `range(start, start + n)`."""
    if isinstance(stop, Operation) and stop.operator == "+" and isinstance(start, (Name, Attribute)):
        left, right = stop.operands
        for same, other in ((left, right), (right, left)):
            if type(same) is type(start) and written(same) == written(start):
                return other
    return None


def _counts(values: Iterable[Literal]) -> list[Literal]:
    found = []
    for one in values:
        number = one.value
        if isinstance(number, float) and number.is_integer():
            found.append(Literal(int(number), one.node, one.module))
        elif isinstance(number, int) and not isinstance(number, bool):
            found.append(one)
    return found


def _plain(one: Literal) -> float:
    return one.value if isinstance(one.value, (int, float)) else 0


def _names_epoch(item: Expression) -> bool:
    return any(EPOCH.search(word) for word in words_of(item))
