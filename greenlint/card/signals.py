"""What Python code does, as signs of a practice: calls that are really made, under their real names.

A pattern is a qualified name with `*` for any part, and it matches a call, never an import, a comment or a string:

    torch.onnx.export             the call
    "*.predict(batch_size)"       the call, when that keyword is given and is not None, False or 0
    with codecarbon.*Tracker      the call as the context of a `with` statement
    "@codecarbon.track_emissions" the name or call as a decorator
    "*.EarlyStopping|used"        the call, when what it makes is handed to something
    "*.trainable=False"           the assignment
    "*.requires_grad_!False"      the call with that first argument

Tests give no evidence, nor does a function that nothing in its program calls.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    from greenlint.python.facts import Call, Facts, Node
    from greenlint.python.program import Program
    from greenlint.python.scope import Module, Scope, Spot

_PATTERN = re.compile(
    r"(?P<form>with |@)?(?P<name>[\w.*]+?)"
    r"(?:\((?P<keyword>\w+)\)|=(?P<assigned>\w+)|!(?P<first>\w+)|(?P<used>\|used))?",
)


_HANDED = frozenset({"EarlyStopping", "EarlyStoppingCallback", "early_stopping", "ModelCheckpoint"})
"""What does nothing until it is handed to somebody; for these alone it is looked where they go."""


@dataclass(frozen=True, slots=True)
class Sign:
    """One thing that the code does: its form (call, with, decorator, assign), its names, and where."""

    form: str
    names: tuple[str, ...]
    path: str
    line: int
    keywords: frozenset[str] = frozenset()
    first: str = ""
    handed_on: bool = False

    @property
    def where(self) -> str:
        """`train.py:12`."""
        return f"{self.path}:{self.line}"


def matches(pattern: str, sign: Sign) -> bool:
    """Whether a sign is what a pattern asks for."""
    parts = _PATTERN.fullmatch(pattern)
    assert parts, pattern  # noqa: S101 - a test holds the patterns
    form = {"with ": "with", "@": "decorator", None: "call"}[parts["form"]]
    if parts["assigned"]:
        form = "assign"
    if sign.form != form or not any(fnmatchcase(name, parts["name"]) for name in sign.names):
        return False
    if parts["keyword"]:
        return parts["keyword"] in sign.keywords
    if parts["assigned"] or parts["first"]:
        return sign.first == (parts["assigned"] or parts["first"])
    return sign.handed_on if parts["used"] else True


def signs_of(  # noqa: PLR0913, PLR0917 - a project in six answers
    root: Path,
    files: Iterable[Path],
    wanted: Iterable[Path],
    load: Callable[[Path], Facts | None],
    text_of: Callable[[Path], str],
    locate: Callable[[Path, int], tuple[int | None, int]],
) -> Iterator[Sign]:
    """Yield what the wanted files of a project do, file by file.

    `load` gives a file's facts or None, `text_of` its text, `locate` the notebook cell (or None) and line of a line.
    """
    from greenlint.python.places import Ruler
    from greenlint.python.project import Project

    project = Project(root, files, load)
    for path in wanted:
        shown = project.relative(str(path))
        if project.is_test(str(path)):
            continue
        view = next(iter(project.views(path)), None)
        if view is None:
            continue
        ruler = Ruler(text_of(path), view.module.facts)
        for sign, node in _signs(view.module, view.program, shown):
            cell, line = locate(path, ruler.span(node).line)
            yield replace(sign, path=shown if cell is None else f"{shown}:cell {cell}", line=line)


def _signs(module: Module, program: Program, path: str) -> Iterator[tuple[Sign, Node]]:  # noqa: C901, PLR0912
    from greenlint.python.facts import Assign, Attribute, Call, Function, With

    for spot in module.spots():
        if not _is_reached(spot.scope, program) or _is_switched_off(spot):
            continue
        names = tuple(sorted({*program.callees(spot), *_spelled(spot.call)}))
        if names:
            yield (
                Sign("call", names, path, 0, _truthy(spot, program), _first(spot.call), _is_handed_on(spot)),
                spot.call,
            )
    for scope in module.scopes:
        if not _is_reached(scope, program):
            continue
        for statement, block in scope.statements:
            if isinstance(statement, With):
                for item, _ in statement.items:
                    if isinstance(item, Call):
                        yield Sign("with", tuple(sorted(program.names(item.func, block))), path, 0), item
            elif isinstance(statement, Function):
                for decorator in statement.decorators:
                    func = decorator.func if isinstance(decorator, Call) else decorator
                    yield Sign("decorator", tuple(sorted(program.names(func, block))), path, 0), decorator
            elif isinstance(statement, Assign) and not statement.operator:
                for target in statement.targets:
                    if isinstance(target, Attribute):
                        yield (
                            Sign("assign", (f"object.{target.name}",), path, 0, first=_constant(statement.value)),
                            statement,
                        )


def _is_reached(scope: Scope, program: Program) -> bool:
    """Whether anything runs this scope: a plain function that its program never calls is no evidence."""
    if scope.kind != "function" or scope.method_of is not None or scope.node is None:
        return True
    if getattr(scope.node, "decorators", ()):
        return True
    if scope.parent is not None and scope.parent.kind == "function":
        return True
    return bool(program.callers(scope))


def _is_switched_off(spot: Spot) -> bool:
    """Tell whether a call stands under `if False`, `if 0` or `if TYPE_CHECKING`, or in the `else` of `if True`."""
    from greenlint.python.facts import Attribute, Constant, Name

    for branch, taken in spot.block.tests():
        test = branch.test
        if isinstance(test, Constant) and bool(test.value) is not taken:
            return True
        name = test.id if isinstance(test, Name) else test.name if isinstance(test, Attribute) else ""
        if name == "TYPE_CHECKING" and taken:
            return True
    return False


def _spelled(call: Call) -> set[str]:
    """Name of a method of an unknown object, as `object.method`: enough for patterns that start with `*.`."""
    from greenlint.python.facts import Attribute

    return {f"object.{call.func.name}"} if isinstance(call.func, Attribute) else set()


def _truthy(spot: Spot, program: Program) -> frozenset[str]:
    given = set()
    for argument in spot.call.arguments:
        if not argument.name or argument.star:
            continue
        values = program.literals(argument.value, spot.block)
        if values and all(value.value in (None, False, 0) for value in values):
            continue
        given.add(argument.name)
    return frozenset(given)


def _first(call: Call) -> str:
    return _constant(call.arguments[0].value) if call.arguments and not call.arguments[0].star else ""


def _constant(expression: object) -> str:
    from greenlint.python.facts import Constant

    return str(expression.value) if isinstance(expression, Constant) else ""


def _is_handed_on(spot: Spot) -> bool:
    """Whether what a call makes goes into another call, into an object, or into a name that is passed on."""
    from greenlint.python.facts import Assign, Name

    func = spot.call.func
    if (func.id if isinstance(func, Name) else getattr(func, "name", "")) not in _HANDED:
        return False
    others = [other.call for other in spot.scope.spots if other.call is not spot.call]
    if any(inner is spot.call for other in others for inner in _inside(other.arguments)):
        return True
    if not isinstance(spot.statement, Assign):
        return False
    targets = spot.statement.targets
    bound = {target.id for target in targets if isinstance(target, Name)}
    if any(not isinstance(target, Name) for target in targets):
        return True
    return any(isinstance(inner, Name) and inner.id in bound for other in others for inner in _inside(other.arguments))


def _inside(item: object) -> Iterator[object]:
    """Yield every node in a node, a tuple of nodes, or a tuple of tuples."""
    from greenlint.python.facts import Node

    if isinstance(item, tuple):
        for one in item:
            yield from _inside(one)
    elif isinstance(item, Node):
        yield item
        for kind in type(item).__mro__:
            for name in getattr(kind, "__slots__", ()):
                yield from _inside(getattr(item, name))
