"""Whether gradients are off where a model runs: by a context, a decorator, a hook, or whoever calls."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from greenlint.python.facts import (
    Attribute,
    Call,
    Class,
    Constant,
    For,
    Function,
    If,
    Name,
    With,
    expressions,
    tail,
    walk,
)
from greenlint.python.forward import Forward, is_false, is_same
from greenlint.python.values import FunctionValue, Instance, Library, Made, Member

if TYPE_CHECKING:
    from greenlint.python.facts import Expression
    from greenlint.python.program import Program
    from greenlint.python.scope import Binding, Block, Scope, Spot

_NO_GRAD = re.compile(r"(?:^|\.)(?:no_grad|inference_mode|set_grad_enabled|_set_grad_enabled)$")
_OFF_HOOKS = re.compile(r"^(?:on_)?(?:validation|test|predict|sanity_check)_|^(?:on_validation|on_test|on_predict)")


class Gradients:
    """The places of one program where gradients are recorded or not."""

    def __init__(self, program: Program) -> None:
        """Look at nothing yet."""
        self.program = program

    def off(self, run: Forward) -> bool | None:
        """Tell whether gradients are off at a run on every known way there; None when it cannot be told."""
        return self._off(run.spot, set())

    def _off(self, spot: Spot, seen: set[int]) -> bool | None:
        if self.off_here(spot):
            return True
        scope = spot.scope
        if scope.kind == "module":
            return False
        if id(scope) in seen:
            return True
        seen = {*seen, id(scope)}
        if self._off_by_decorator(scope) or self.off_by_hook(scope):
            return True
        callers = self.program.callers(scope)
        if not callers:
            return self._off_outside(scope)
        verdicts = [None if edge.kind == "pass" else self._off(edge.spot, seen) for edge in callers]
        if False in verdicts:
            return False
        return None if None in verdicts else True

    @staticmethod
    def _off_outside(scope: Scope) -> bool | None:
        """Judge a function that nothing in the program calls: nested ones run where they are defined."""
        if scope.parent is not None and scope.parent.kind == "function":
            return None
        return False

    def off_here(self, spot: Spot) -> bool:
        """Tell whether gradients are off at a call by what stands around or before it in its own function."""
        if "volatile" in spot.scope.module.identifiers:
            # torch before 0.4 switched them off by the input: `Variable(x, volatile=True)`.
            return True
        for block in spot.block.up():
            if isinstance(block.owner, With) and block.branch == "body":
                for item, _ in block.owner.items:
                    if self._is_off(item, block.parent or block):
                        return True
        return any(
            _NO_GRAD.search(tail(other.call.func))
            and "set_grad" in tail(other.call.func)
            and other.call.at < spot.call.at
            and other.call.arguments
            and is_false(other.call.arguments[0].value)
            for scope in (spot.scope, spot.scope.module.top, self.program.entry.top)
            for other in scope.spots
            if not isinstance(other.statement, With)
        )

    def _is_off(self, item: Expression, block: Block) -> bool:
        for one in expressions(item):
            if isinstance(one, (Name, Attribute)) and _NO_GRAD.search(tail(one)):
                return True
        for value in self.program.values(item, block):
            if isinstance(value, (Made, Library, Member)) and _NO_GRAD.search(value.name):
                return True
            scope = value.cls if isinstance(value, Instance) else None
            if scope is not None and _mentions_off(scope):
                return True
        if isinstance(item, Call):
            for value in self.program.values(item.func, block):
                if isinstance(value, FunctionValue) and _mentions_off(value.scope):
                    return True
        return False

    def _off_by_decorator(self, scope: Scope) -> bool:
        for owner in scope.enclosing():
            node = owner.node
            outer = owner.parent.root if owner.parent is not None else owner.root
            if isinstance(node, (Function, Class)) and owner.kind == "function":
                for decorator in node.decorators:
                    if self._is_off(decorator, outer):
                        return True
                    for value in self.program.values(decorator, outer):
                        if isinstance(value, FunctionValue) and _mentions_off(value.scope):
                            return True
        return False

    def off_by_hook(self, scope: Scope) -> bool:
        """Tell whether a framework runs a method without gradients and in evaluation mode: Lightning's hooks."""
        owner = scope.method_of
        if owner is None:
            return False
        bases = self.program.bases(owner)
        lightning = any(
            base in ("lightning.LightningModule", "lightning.Callback", "lightning.callbacks.Callback")
            for base in bases
        )
        return lightning and bool(_OFF_HOOKS.search(scope.name))

    def frozen(self, run: Forward) -> bool:
        """Tell whether all parameters of a model have their gradients switched off somewhere in the program."""
        return any(
            any(self._freezes(spot, run) for spot in module.spots())
            or any(
                self._assigns_frozen(target, binding, run) for one in module.scopes for target, binding in one.assigned
            )
            for module in self.program.modules
            if {"requires_grad", "requires_grad_"} & module.identifiers
        )

    def _freezes(self, spot: Spot, run: Forward) -> bool:
        func, arguments = spot.call.func, spot.call.arguments
        return (
            isinstance(func, Attribute)
            and func.name == "requires_grad_"
            and bool(arguments)
            and is_false(arguments[0].value)
            and is_same(self.program, func.value, spot.block, run)
        )

    def _assigns_frozen(self, target: Attribute, binding: Binding, run: Forward) -> bool:
        value = binding.node
        if target.name != "requires_grad" or not (isinstance(value, Constant) and value.value is False):
            return False
        for block in binding.block.up():
            if isinstance(block.owner, If):
                # Some of the parameters, by name.
                return False
            if isinstance(block.owner, For) and self._parameters_of(block.owner.iterable, block, run):
                return True
        return False

    def _parameters_of(self, item: Expression, block: Block, run: Forward) -> bool:
        return (
            isinstance(item, Call)
            and isinstance(item.func, Attribute)
            and item.func.name in ("parameters", "named_parameters")
            and is_same(self.program, item.func.value, block, run)
        )


def _mentions_off(scope: Scope) -> bool:
    return scope.node is not None and any(
        isinstance(one, (Name, Attribute)) and _NO_GRAD.search(tail(one)) for one in walk(scope.node)
    )
