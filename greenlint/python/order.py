"""What comes after what in a program: whether training goes on behind a place."""

from __future__ import annotations

from typing import TYPE_CHECKING

from greenlint.python.facts import Attribute, Constant

if TYPE_CHECKING:
    from collections.abc import Iterator

    from greenlint.python.program import Program
    from greenlint.python.scope import Spot
    from greenlint.python.training import Training

_FEW_HOPS = 6


def trains_after(training: Training, spot: Spot) -> bool:
    """Tell whether anything may train once a call has run, so that a mode which it leaves behind would matter."""
    return any(not _precedes(training.program, step, spot, 0) for step in _steps(training))


def trains_on(training: Training, spot: Spot) -> bool:
    """Tell whether anything may train after a call in the mode that it left: a step with no `.train()` of its own."""
    return any(
        not _precedes(training.program, step, spot, 0) and not _switches_back(step, spot) for step in _steps(training)
    )


def _steps(training: Training) -> Iterator[Spot]:
    for site in training.sites:
        if site.spot is not None and site.framework in ("fastai", "sklearn", "loop"):
            yield site.spot
    for spot in training.program.spots():
        if training.loops.steps(spot):
            yield spot


def _precedes(program: Program, first: Spot, second: Spot, hops: int) -> bool:
    """Tell whether a call surely runs for the last time before another runs for the first time."""
    if first.scope is second.scope:
        together = {id(loop) for loop in first.block.loops()} & {id(loop) for loop in second.block.loops()}
        return first.call.at < second.call.at and not together
    if hops > _FEW_HOPS:
        return False
    before, after = _callers(program, first), _callers(program, second)
    return (bool(before) and all(_precedes(program, one, second, hops + 1) for one in before)) or (
        bool(after) and all(_precedes(program, first, one, hops + 1) for one in after)
    )


def _callers(program: Program, spot: Spot) -> list[Spot]:
    """Return the calls of the function that holds a spot; none where it may run in other ways too."""
    edges = program.callers(spot.scope)
    plain = all(edge.kind == "call" and edge.spot.scope is not spot.scope for edge in edges)
    return [edge.spot for edge in edges] if plain else []


def _switches_back(step: Spot, spot: Spot) -> bool:
    """Tell whether the code that steps calls `.train()` first: at the start of every epoch, or once since the spot."""
    loops = list(step.block.loops())
    outermost = loops[-1] if loops else None
    return any(
        isinstance(other.call.func, Attribute)
        and other.call.func.name == "train"
        and all(isinstance(one.value, Constant) and one.value.value is True for one in other.call.arguments)
        and other.call.at < step.call.at
        and not other.block.excludes(step.block)
        and (
            outermost is None
            or any(loop is outermost for loop in other.block.loops())
            or _is_per_epoch(step, other)
            or (other.scope is spot.scope and spot.call.at < other.call.at and next(spot.block.loops(), None) is None)
        )
        for other in step.scope.spots
    )


def _is_per_epoch(step: Spot, switch: Spot) -> bool:
    """See `model.train()` at the top of a function that goes over the batches once: it runs in every epoch."""
    return step.scope.kind == "function" and len(list(step.block.loops())) == 1 and switch.block.parent is None
