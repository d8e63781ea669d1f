"""Running metrics that keep the graph of every step alive."""

from __future__ import annotations

from typing import TYPE_CHECKING

from greenlint.python.facts import (
    Assign,
    Attribute,
    Call,
    Evaluate,
    Expression,
    Name,
    Operation,
    Statement,
    With,
    tail,
    words_of,
    written,
)
from greenlint.python.values import Made

if TYPE_CHECKING:
    from collections.abc import Iterator

    from greenlint.python.program import Program
    from greenlint.python.scope import Block, Module, Scope, Spot
    from greenlint.python.training_loops import TrainingLoops

# Methods of a tensor whose result still hangs on the graph.
_ATTACHED = frozenset(
    {"mean", "sum", "cpu", "cuda", "to", "float", "double", "half", "squeeze", "view", "reshape", "clone"}
)


_DETACHING = frozenset({"item", "detach", "tolist", "numpy", "data"})


def retained(program: Program, loops: TrainingLoops, module: Module) -> Iterator[tuple[Statement, str, str]]:
    """Yield statements that add a back-propagated loss, graph and all, to a metric: statement, metric, loss."""
    if "torch" not in module.roots and not {"backward"} & module.identifiers:
        return
    for scope in module.scopes:
        steps = [spot for spot in scope.spots if loops.steps(spot) and next(spot.block.loops(), None) is not None]
        losses = {name for spot in steps for name in _losses(spot)}
        if not losses:
            continue
        flowing = propagated(scope)
        for statement, block in scope.statements:
            for metric, loss in _collected(statement, losses):
                inner = next(block.loops(), None)
                if inner is None or not any(_shares(inner, spot) for spot in steps):
                    continue
                if tail(metric) in flowing or _off_graph(block) or _is_detached(program, loss, block):
                    continue
                yield statement, written(metric), written(loss)


def _shares(inner: object, spot: Spot) -> bool:
    return any(loop is inner for loop in spot.block.loops())


def _losses(spot: Spot) -> Iterator[str]:
    """Yield the names that a gradient step back-propagates."""
    func = spot.call.func
    if not isinstance(func, Attribute) or func.name not in ("backward", "manual_backward"):
        return
    receiver = func.value
    while isinstance(receiver, Call) and receiver.arguments:
        receiver = receiver.arguments[0].value
    if isinstance(receiver, Name):
        yield receiver.id
    for argument in spot.call.arguments[:1]:
        if isinstance(argument.value, Name) and not argument.name:
            yield argument.value.id


def propagated(scope: Scope) -> set[str]:
    """Return every name that flows into something that is back-propagated, directly or through assignments."""
    found: set[str] = set()
    for spot in scope.spots:
        if tail(spot.call.func) in ("backward", "manual_backward", "grad"):
            found.update(words_of(spot.call))
    direct = set(found)
    changed = True
    while changed:
        changed = False
        for statement, _ in scope.statements:
            if isinstance(statement, Assign) and statement.value is not None:
                names = {tail(target) for target in statement.targets}
                if names & found and not names <= {""}:
                    # `total += loss` adds loss to total, and total to nothing.
                    more = set(words_of(statement.value)) - found
                    if more:
                        found |= more
                        changed = True
    return found | direct


def _collected(statement: Statement, losses: set[str]) -> Iterator[tuple[Expression, Expression]]:
    if isinstance(statement, Assign) and statement.value is not None and len(statement.targets) == 1:
        target = statement.targets[0]
        if statement.operator == "+" and (loss := _attached(statement.value, losses)) is not None:
            yield target, loss
        elif not statement.operator and isinstance(statement.value, Operation) and statement.value.operator == "+":
            left, right = statement.value.operands
            for mine, other in ((left, right), (right, left)):
                if (
                    isinstance(target, (Name, Attribute))
                    and type(mine) is type(target)
                    and written(mine) == written(target)
                ):
                    loss = _attached(other, losses)
                    if loss is not None and tail(target) not in losses:
                        yield target, loss
    elif isinstance(statement, Evaluate) and isinstance(statement.value, Call):
        call = statement.value
        if isinstance(call.func, Attribute) and call.func.name == "append" and len(call.arguments) == 1:
            loss = _attached(call.arguments[0].value, losses)
            if loss is not None:
                yield call.func.value, loss


def _attached(item: Expression, losses: set[str]) -> Expression | None:
    """Return the loss in an expression that still carries its graph."""
    if isinstance(item, Name):
        return item if item.id in losses else None
    if isinstance(item, Operation) and item.operator in ("+", "-", "*", "/"):
        return next((found for one in item.operands if (found := _attached(one, losses)) is not None), None)
    if isinstance(item, Call) and isinstance(item.func, Attribute) and item.func.name in _ATTACHED:
        return _attached(item.func.value, losses)
    return None


def _off_graph(block: Block) -> bool:
    return any(
        isinstance(one.owner, With)
        and any(word in ("no_grad", "inference_mode") for item, _ in one.owner.items for word in words_of(item))
        for one in block.up()
    )


def _is_detached(program: Program, loss: Expression, block: Block) -> bool:
    """Tell whether the name holds a number by now: `loss = loss.item()` came before."""
    return any(
        isinstance(value, Made) and value.name.rpartition(".")[2] in ("item", "detach", "tolist", "numpy")
        for value in program.values(loss, block)
    ) or _rebound(loss, block)


def _rebound(loss: Expression, block: Block) -> bool:
    if not isinstance(loss, Name):
        return False
    before = [one for one in block.scope.bindings.get(loss.id, ()) if one.at <= loss.at and one.kind == "value"]
    if not before:
        return False
    last = max(before, key=lambda one: one.at).node
    if isinstance(last, Call) and isinstance(last.func, Name) and last.func.id == "float":
        return True
    return isinstance(last, (Call, Attribute)) and not _DETACHING.isdisjoint(_links(last))


def _links(item: Expression) -> Iterator[str]:
    """Yield the names after the dots of a chain: item and loss of `criterion(x).loss.item()`."""
    while isinstance(item, (Call, Attribute)):
        if isinstance(item, Attribute):
            yield item.name
        item = item.func if isinstance(item, Call) else item.value
