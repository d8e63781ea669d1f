"""Whether code runs in its program, and whether it always does: what nothing calls is no evidence of a practice."""

from __future__ import annotations

from enum import IntEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from greenlint.python.facts import Expression
    from greenlint.python.program import Program
    from greenlint.python.scope import Block, Scope


_PLAIN = frozenset({"object", "builtins.object", "abc.ABC", "typing.Protocol", "typing.Generic", "typing.NamedTuple"})
"""Bases that call nothing."""


_PASSIVE = frozenset({"classmethod", "staticmethod", "property", "no_grad", "inference_mode", "cache", "lru_cache"})
"""Decorators that hand the function to nobody."""


class Reach(IntEnum):
    """How surely code runs, from least to most."""

    NEVER = 0
    MAYBE = 1
    ALWAYS = 2


class Reaching:
    """The answers for one program, each worked out once."""

    def __init__(self, program: Program) -> None:
        """Ask about the functions of one program."""
        self.program = program
        self._known: dict[int, Reach] = {}

    def of(self, block: Block) -> Reach:
        """Tell how surely a block runs: as its function does, unless a test around it says less."""
        return min(self._scope(block.scope), _tested(block))

    def _scope(self, scope: Scope) -> Reach:
        if id(scope) not in self._known:
            self._known[id(scope)] = Reach.NEVER  # a function that only it calls itself is never called
            self._known[id(scope)] = self._called(scope)
        return self._known[id(scope)]

    def _called(self, scope: Scope) -> Reach:
        if scope.kind != "function" or scope.node is None:
            return Reach.ALWAYS if scope.parent is None else self._scope(scope.parent)
        calls = [self.of(edge.spot.block) for edge in self.program.callers(scope)]
        decorators = {_name(decorator) for decorator in getattr(scope.node, "decorators", ())}
        if decorators - _PASSIVE:
            # A decorator registers (routes, commands, hooks) or wraps; whoever it hands the function to may call it.
            calls.append(Reach.ALWAYS)
        owner = scope.method_of
        if (
            not calls
            and owner
            and not decorators & {"classmethod", "staticmethod"}
            and not self.program.bases(owner) <= _PLAIN
        ):
            # A framework calls the methods of the classes that inherit from it; what the program calls itself is known.
            calls.append(self._scope(owner))
        if scope.parent is not None and scope.parent.kind == "function" and not calls:
            # Made inside a function and handed on: by whom it is called is not followed.
            calls.append(min(self._scope(scope.parent), Reach.MAYBE))
        return max(calls, default=Reach.NEVER)


def _name(decorator: Expression) -> str:
    from greenlint.python.facts import Attribute, Call, Name

    func = decorator.func if isinstance(decorator, Call) else decorator
    return func.id if isinstance(func, Name) else func.name if isinstance(func, Attribute) else ""


def _tested(block: Block) -> Reach:
    """Tell what the `if`s around a block leave of it: nothing under `if False` or `if TYPE_CHECKING`."""
    reach = Reach.ALWAYS
    for branch, taken in block.tests():
        reach = min(reach, _outcome(branch.test, taken=taken))
    return reach


def _outcome(test: Expression, *, taken: bool) -> Reach:
    from greenlint.python.facts import Attribute, Constant, Name, Operation

    if isinstance(test, Constant):
        return Reach.ALWAYS if bool(test.value) is taken else Reach.NEVER
    name = test.id if isinstance(test, Name) else test.name if isinstance(test, Attribute) else ""
    if name == "TYPE_CHECKING":
        return Reach.NEVER if taken else Reach.ALWAYS
    if isinstance(test, Operation) and any(isinstance(one, Name) and one.id == "__name__" for one in test.operands):
        return Reach.ALWAYS
    return Reach.MAYBE
