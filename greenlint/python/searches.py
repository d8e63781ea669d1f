"""Searches for good hyper-parameters: how many trainings they run, and whether bad ones end early."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING

from greenlint.python.facts import Call, Collection, Group, Mapping, tail
from greenlint.python.values import Closure, Display, FunctionValue, Instance, Literal, Made

if TYPE_CHECKING:
    from collections.abc import Iterator

    from greenlint.python.facts import Expression
    from greenlint.python.program import Program
    from greenlint.python.scope import Block, Module, Scope, Spot
    from greenlint.python.training import Training

_GRID = "sklearn.model_selection.GridSearchCV"
_FOLDS = 5
_SPLITTERS = {"KFold": 5, "StratifiedKFold": 5, "GroupKFold": 5, "TimeSeriesSplit": 5, "RepeatedKFold": 50}
_PRUNES = frozenset({"should_prune", "report", "TrialPruned", "ASHAScheduler", "HyperBandScheduler", "Hyperband"})
_ITERATIVE = frozenset({"loop", "keras", "lightning", "huggingface", "fastai", "boosting"})
_FEW_HOPS = 4


def grids(program: Program, module: Module) -> Iterator[tuple[Spot, int, int, int]]:
    """Yield the grid searches of a file with their settings, folds and trainings, as far as these are written out.

    A list that is not known counts as one setting, so the numbers are lower bounds.
    """
    for spot in module.spots():
        if tail(spot.call.func) != "GridSearchCV" or _GRID not in program.callees(spot):
            continue
        argument = program.argument(spot.call, "param_grid", 1)
        if argument is None:
            continue
        counts = [_settings(program, value) for value in program.values(argument.value, spot.block)]
        # With several grids possible, the smallest is sure.
        settings, folds = min(counts, default=0), _folds(program, spot)
        yield spot, settings, folds, settings * folds


def _settings(program: Program, value: object) -> int:
    if not isinstance(value, Display):
        return 0
    if isinstance(value.node, Mapping):
        return prod(_length(program, one, value.block) for one in value.node.values)
    return sum(_settings(program, inner) for one in value.node.items for inner in program.values(one, value.block)[:1])


def _length(program: Program, item: Expression, block: Block) -> int:
    """Return how many values a list of the grid has; 1 where that is not known."""
    lengths = [_length_of(program, value) for value in program.values(item, block)]
    return max(min(lengths, default=1), 1)


def _length_of(program: Program, value: object) -> int:
    if isinstance(value, Display) and isinstance(value.node, Collection):
        return 1 if any(isinstance(one, Group) for one in value.node.items) else len(value.node.items)
    if not isinstance(value, Made) or value.call is None:
        return 1
    name = value.name.rpartition(".")[2]
    numbers = [_number(program, one.value, value.block) for one in value.call.arguments if not one.name]
    if name in ("linspace", "logspace", "geomspace"):
        count = program.argument(value.call, "num", 2)
        return int(_number(program, count.value, value.block) or 1) if count is not None else 50
    if name in ("arange", "range") and None not in numbers and 0 < len(numbers) < 4:  # noqa: PLR2004
        known = [one for one in numbers if one is not None]
        start, stop = (0, known[0]) if len(known) == 1 else known[:2]
        step = known[2] if len(known) > 2 else 1  # noqa: PLR2004
        return int(-(-(stop - start) // step)) if step else 1
    return 1


def _number(program: Program, item: Expression, block: Block) -> float | None:
    values = program.literals(item, block)
    number = values[0].value if len(values) == 1 else None
    return number if isinstance(number, (int, float)) else None


def _folds(program: Program, spot: Spot) -> int:
    argument = program.argument(spot.call, "cv")
    if argument is None:
        return _FOLDS
    found = []
    for value in program.values(argument.value, spot.block):
        if isinstance(value, Literal):
            found.append(value.value if isinstance(value.value, int) else _FOLDS if value.value is None else 1)
        elif isinstance(value, Made) and value.call is not None:
            default = _SPLITTERS.get(value.name.rpartition(".")[2], 1)
            count = program.argument(value.call, "n_splits", 0)
            known = _number(program, count.value, value.block) if count is not None else default
            found.append(int(known) if known else 1)
        else:
            found.append(1)
    return min(found, default=1)


def unpruned(program: Program, training: Training, module: Module) -> Iterator[Spot]:
    """Yield the Optuna searches whose trials train step by step, in a program where no trial can end early."""
    searched = [
        spot
        for spot in module.spots()
        if tail(spot.call.func) == "optimize" and "optuna.create_study.optimize" in program.callees(spot)
    ]
    if not searched or any(_prunes(one) for one in program.modules):
        return
    for spot in searched:
        argument = program.argument(spot.call, "func", 0)
        # Optuna cannot prune where there are several aims.
        aims = any(program.argument(call, "directions") is not None for call, _ in program.makers(spot))
        if argument is None or aims:
            continue
        objectives = list(_functions(program, argument.value, spot.block))
        if any(_trains(program, training, one, 0) for one in objectives):
            yield spot


def _prunes(module: Module) -> bool:
    return bool(_PRUNES & module.identifiers) or any(
        "Pruning" in word or "Pruner" in word or "prune" in word for word in module.identifiers
    )


def _functions(program: Program, item: Expression, block: Block) -> Iterator[Scope]:
    for value in program.values(item, block):
        if isinstance(value, FunctionValue):
            yield value.scope
        elif isinstance(value, Instance):
            yield from (found for cls in program.lineage(value.cls) if (found := cls.child("__call__")) is not None)
        elif isinstance(value, Closure) and isinstance(value.node.body, Call):
            # `lambda trial: objective(trial, data)`
            yield from _functions(program, value.node.body.func, value.block)


def _trains(program: Program, training: Training, scope: Scope, hops: int) -> bool:
    if any(site.block.scope is scope and site.framework in _ITERATIVE for site in training.sites):
        return True
    return hops < _FEW_HOPS and any(
        _trains(program, training, edge.target, hops + 1) for spot in scope.spots for edge in program.edges(spot)
    )
