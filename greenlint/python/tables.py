"""Tables that are gone through row by row for what a column gives at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from greenlint.python.facts import (
    Assign,
    Attribute,
    Call,
    Collection,
    Comprehension,
    Constant,
    Evaluate,
    For,
    Group,
    Lambda,
    Name,
    Node,
    Operation,
    Subscript,
    expressions,
    tail,
    written,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from greenlint.python.facts import Expression, Statement
    from greenlint.python.scope import Module

_CONVERTS = frozenset({"str", "int", "float"})


def row_wise(module: Module) -> Iterator[tuple[Node, str]]:
    """Yield where a file goes through rows only to pick or combine columns, with how it does."""
    for scope in module.scopes:
        for statement, _ in scope.statements:
            if isinstance(statement, For) and _is_rows(statement.iterable) and _only_picks(statement):
                yield statement.iterable, "iterrows()"
        for spot in scope.spots:
            if tail(spot.call.func) == "apply" and _combines(spot.call):
                yield spot.call, "apply(axis=1)"
            if tail(spot.call.func) == "iterrows":
                for one in expressions(spot.statement):
                    if isinstance(one, Comprehension) and _is_picked(one, spot.call):
                        yield spot.call, "iterrows()"


def _is_rows(item: Expression) -> bool:
    while isinstance(item, Call) and tail(item.func) in ("tqdm", "track") and item.arguments:
        item = item.arguments[0].value
    return isinstance(item, Call) and tail(item.func) == "iterrows"


def _only_picks(loop: For) -> bool:
    """Tell whether all that a loop does is to append columns of its row to lists."""
    row = _row_of(loop.target)
    if not row or loop.orelse:
        return False
    known = {row}
    lists: set[str] = set()
    for statement in loop.body:
        if isinstance(statement, Assign) and not statement.operator and statement.value is not None:
            names = [one.id for one in statement.targets if isinstance(one, Name)]
            if len(names) != len(statement.targets) or not _is_pure(statement.value, known):
                return False
            known.update(names)
            continue
        name, value = _appended(statement)
        # What goes to one list by turns is no column.
        if value is None or name in lists or isinstance(value, Constant) or not _is_pure(value, known):
            return False
        lists.add(name)
    return bool(lists)


def _appended(statement: Statement) -> tuple[str, Expression | None]:
    """Return the list that a statement appends to, and what."""
    call = statement.value if isinstance(statement, Evaluate) else None
    if isinstance(call, Call) and tail(call.func) == "append" and len(call.arguments) == 1:
        return written(call.func), call.arguments[0].value
    return "", None


def _is_picked(item: Comprehension, rows: Call) -> bool:
    """See `[row["text"] for _, row in table.iterrows()]`."""
    if len(item.clauses) != 1 or item.kind == "generator":
        return False
    target, iterable, tests = item.clauses[0]
    row = _row_of(target)
    if not row or tests or not any(one is rows for one in (iterable, *_arguments(iterable))):
        return False
    return all(_is_pure(one, {row}) for one in item.elements)


def _arguments(item: Expression) -> list[Expression]:
    return [one.value for one in item.arguments] if isinstance(item, Call) else []


def _row_of(target: Expression) -> str:
    items = target.items if isinstance(target, Collection) else ()
    return items[1].id if len(items) == 2 and isinstance(items[1], Name) else ""  # noqa: PLR2004


def _combines(call: Call) -> bool:
    """See `table.apply(lambda row: row["a"] * row["b"], axis=1)`."""
    axis = next((one.value for one in call.arguments if one.name == "axis"), None)
    first = call.arguments[0].value if call.arguments and not call.arguments[0].name else None
    if not isinstance(axis, Constant) or axis.value not in (1, "columns") or not isinstance(first, Lambda):
        return False
    # Text, lists and conditions have no operation on whole columns that is as plain.
    calculates = isinstance(first.body, Operation) and first.body.operator in ("+", "-", "*", "/", "**", "<", ">", "==")
    return calculates and len(first.parameters) == 1 and _is_pure(first.body, {first.parameters[0].name})


def _is_pure(item: Node, known: set[str]) -> bool:
    """Tell whether an expression only picks columns of the row and calculates with them."""
    if isinstance(item, Constant):
        return True
    if isinstance(item, Name):
        return item.id in known and len(known) > 1
    if isinstance(item, Subscript):
        column = len(item.index) == 1 and isinstance(item.index[0], Constant)
        return column and isinstance(item.value, Name) and item.value.id in known
    if isinstance(item, Attribute):
        return isinstance(item.value, Name) and item.value.id in known
    if isinstance(item, Operation):
        return item.operator not in ("and", "or", "not") and all(_is_pure(one, known) for one in item.operands)
    if isinstance(item, Collection):
        return item.kind in ("list", "tuple") and all(_is_pure(one, known) for one in item.items)
    if isinstance(item, Group):
        return item.kind == "text" and all(_is_pure(one, known) for one in item.items)
    if isinstance(item, Call) and tail(item.func) in _CONVERTS and isinstance(item.func, Name):
        return len(item.arguments) == 1 and _is_pure(item.arguments[0].value, known)
    return False
