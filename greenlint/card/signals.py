"""What Python code does, as signs of a practice: calls that are really made, under their real names.

A pattern is a qualified name with `*` for any part, and it matches a call, never an import, a comment or a string:

    torch.onnx.export             the call
    "*.predict(batch_size)"       the call, when that keyword is given and is not None, False or 0
    with codecarbon.*Tracker      the call as the context of a `with` statement
    "@codecarbon.track_emissions" the name or call as a decorator
    "*.EarlyStopping|used"        the call, when what it makes is handed to something
    "*.trainable=False"           the assignment
    "*.requires_grad_!False"      the call with that first argument

Tests give no evidence, nor does a function that nothing in its program calls. What stands under an `if` may not run: it
is a sign, and never a proof.
"""

from __future__ import annotations

import fnmatch
import re
from dataclasses import dataclass, replace
from functools import cache
from typing import TYPE_CHECKING

from greenlint.card.reach import Reach, Reaching

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from greenlint.python.facts import Call, Node, Statement
    from greenlint.python.program import Program
    from greenlint.python.scope import Block, Spot
    from greenlint.python.view import View

_PATTERN = re.compile(
    r"(?P<form>with |@)?(?P<name>[\w.*]+?)"
    r"(?:\((?P<keyword>\w+)\)|=(?P<assigned>\w+)|!(?P<first>\w+)|(?P<used>\|used))?",
)


_PAIRS = frozenset(
    {("start", "stop"), ("start_task", "stop_task"), ("begin_window", "end_window"), ("epoch_start", "epoch_end")}
)

_HANDED = frozenset({"EarlyStopping", "EarlyStoppingCallback", "early_stopping", "ModelCheckpoint"})
"""What does nothing until it is handed to somebody; for these alone it is looked where they go."""


@dataclass(frozen=True, slots=True)
class Sign:
    """One thing that the code does: its form (call, with, decorator, assign), its names, and where: `train.py:12`.

    `is_certain` is False for what an option or a test decides; `programs` are the entries of the programs that do it.
    """

    form: str
    names: tuple[str, ...]
    keywords: frozenset[str] = frozenset()
    first: str = ""
    handed_on: bool = False
    is_certain: bool = True
    programs: frozenset[str] = frozenset()
    path: str = ""
    where: str = ""


@dataclass(frozen=True, slots=True)
class Pattern:
    """A pattern of the checklist, read: what a sign has to be."""

    form: str
    names: re.Pattern[str]
    keyword: str | None = None
    first: str | None = None
    handed_on: bool = False

    def fits(self, sign: Sign) -> bool:
        """Whether a sign is what the pattern asks for."""
        return (
            sign.form == self.form
            and any(map(self.names.match, sign.names))
            and (self.keyword is None or self.keyword in sign.keywords)
            and (self.first is None or self.first == sign.first)
            and (sign.handed_on or not self.handed_on)
        )


def matches(pattern: str, sign: Sign) -> bool:
    """Whether a sign is what a pattern asks for."""
    return _read(pattern).fits(sign)


@cache
def _read(text: str) -> Pattern:
    parts = _PATTERN.fullmatch(text)
    assert parts, text  # noqa: S101 - a test holds the patterns
    form = "assign" if parts["assigned"] else {"with ": "with", "@": "decorator", None: "call"}[parts["form"]]
    names = re.compile(fnmatch.translate(parts["name"]))
    return Pattern(form, names, parts["keyword"], parts["assigned"] or parts["first"], bool(parts["used"]))


def observe(views: Sequence[View]) -> Iterator[tuple[Sign, Node]]:
    """Yield what a file does in its programs, with the node that does it; nothing for a test.

    Names are those of the first program; code runs as surely as in the program in which it does so most.
    """
    module, program = views[0].module, views[0].program
    reaching = [Reaching(view.program) for view in views if not view.is_test]

    def reach_of(block: Block) -> tuple[Reach, frozenset[str]]:
        reached = {str(one.program.entry.path): one.of(block) for one in reaching}
        best = max(reached.values(), default=Reach.NEVER)
        return best, frozenset(entry for entry, reach in reached.items() if reach)

    for spot in module.spots():
        names = tuple(sorted({*program.callees(spot), *_spelled(spot.call)}))
        reach, programs = reach_of(spot.block)
        if names and reach and not _is_stopped_at_once(spot):
            keywords, first = _truthy(spot, program), _first(spot.call)
            is_certain = reach is Reach.ALWAYS
            yield Sign("call", names, keywords, first, _is_handed_on(spot), is_certain, programs), spot.call
    for scope in module.scopes:
        for statement, block in scope.statements:
            reach, programs = reach_of(block)
            for sign, node in _of_statement(statement, block, program) if reach else ():
                yield replace(sign, is_certain=reach is Reach.ALWAYS, programs=programs), node


def _of_statement(statement: Statement, block: Block, program: Program) -> Iterator[tuple[Sign, Node]]:
    from greenlint.python.facts import Assign, Attribute, Call, Function, With

    if isinstance(statement, With):
        for item, _ in statement.items:
            if isinstance(item, Call):
                yield Sign("with", tuple(sorted(program.names(item.func, block)))), item
    elif isinstance(statement, Function):
        for decorator in statement.decorators:
            func = decorator.func if isinstance(decorator, Call) else decorator
            yield Sign("decorator", tuple(sorted(program.names(func, block)))), decorator
    elif isinstance(statement, Assign) and not statement.operator:
        for target in statement.targets:
            if isinstance(target, Attribute):
                yield Sign("assign", (f"object.{target.name}",), first=_constant(statement.value)), statement


def _is_stopped_at_once(spot: Spot) -> bool:
    """Tell whether what a call starts is stopped by the next call of its function: nothing was measured in between."""
    if _method(spot.call) not in {start for start, _ in _PAIRS}:
        return False
    later = [other.call for other in spot.scope.spots if other.call.at > spot.call.at]
    following = min(later, key=lambda call: call.at, default=None)
    return (
        following is not None
        and (_method(spot.call), _method(following)) in _PAIRS
        and _receiver(spot.call) == _receiver(following) != ""
    )


def _method(call: Call) -> str:
    from greenlint.python.facts import Attribute

    return call.func.name if isinstance(call.func, Attribute) else ""


def _receiver(call: Call) -> str:
    from greenlint.python.facts import Attribute, Name

    return call.func.value.id if isinstance(call.func, Attribute) and isinstance(call.func.value, Name) else ""


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
