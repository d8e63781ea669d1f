"""Graphs that a backward pass keeps although nothing uses them again."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from greenlint.python.facts import Attribute, For, Function, Name, expressions, tail, words_of
from greenlint.python.forward import is_true
from greenlint.python.values import ClassValue, FunctionValue, Instance, Library, Literal, Made, ModuleValue

if TYPE_CHECKING:
    from collections.abc import Iterator

    from greenlint.python.facts import Loop, Node
    from greenlint.python.program import Program
    from greenlint.python.scope import Binding, Module, Scope, Spot

_ASKS = frozenset({"backward", "grad", "manual_backward", "jvp", "vjp", "hessian", "jacobian"})
# What stands outside the loop and holds no graph: modules, losses, settings.
_GRAPHLESS = re.compile(
    r"^(?:self|cls|args?|opts?|cfg|config|hparams|device|epoch|step|i|math|np|torch|nn|F)$|"
    r"model|net$|criterion|loss_?f|loss_func|encoder$|decoder$|classifier$|generator$|discriminator$|^[GD]$",
    re.IGNORECASE,
)
_STATE = re.compile(
    r"hidden(?!_(?:size|dim|layers?|units|channels|act|features|sizes)|$)|^h_?0$|memor(?:y|ies)$|detach_state|repackage|^hx$|^hidden$"
)
_DEEPEST = 8


def carries_state(program: Program) -> bool:
    """Tell whether a program speaks of a state that its model keeps between calls."""
    return any(_STATE.search(word) for module in program.modules for word in module.identifiers)


def kept(program: Program, module: Module) -> Iterator[Spot]:
    """Yield `loss.backward(retain_graph=True)` where each turn of the loop makes the whole graph anew."""
    for scope in module.scopes:
        asking = [spot for spot in scope.spots if tail(spot.call.func) in _ASKS]
        if len(asking) != 1 or any(isinstance(child.node, Function) for child in scope.children):
            continue
        spot = asking[0]
        func, loop = spot.call.func, next(spot.block.loops(), None)
        retain = program.argument(spot.call, "retain_graph", 1)
        if retain is None or not is_true(retain.value) or program.argument(spot.call, "create_graph", 2) is not None:
            continue
        if not isinstance(func, Attribute) or not isinstance(func.value, Name) or not isinstance(loop, For):
            continue
        if _is_made_anew(program, func.value, scope, loop, frozenset()):
            yield spot


def _is_made_anew(program: Program, item: Node, scope: Scope, loop: Loop, seen: frozenset[str]) -> bool:
    """Tell whether all that an expression hangs on was made in this turn, or holds no graph."""
    if len(seen) > _DEEPEST:
        return False
    targets = set(words_of(loop.target)) if isinstance(loop, For) else set()
    for one in expressions(item):
        if not isinstance(one, Name) or one.id in targets or one.id in seen:
            continue
        bindings = scope.bindings.get(one.id, [])
        inside = [binding for binding in bindings if any(block.owner is loop for block in binding.block.up())]
        if not inside:
            if not _is_graphless(program, one, scope):
                return False
            continue
        first = min(binding.at for binding in inside)
        # A name that has a value before the loop, or gets one after its use, carries it from turn to turn.
        if first > one.at or len(bindings) > len(inside) or any(not _is_fresh(binding) for binding in inside):
            return False
        for binding in inside:
            node = binding.node
            if node is not None and not _is_made_anew(program, node, scope, loop, seen | {one.id}):
                return False
    return True


def _is_fresh(binding: Binding) -> bool:
    return binding.kind in ("value", "item", "context")


def _is_graphless(program: Program, name: Name, scope: Scope) -> bool:
    if _GRAPHLESS.search(name.id):
        return True
    known = program.values(name, scope.root)
    plain = (ClassValue, FunctionValue, Instance, Library, Literal, ModuleValue)
    return all(isinstance(one, plain) or (isinstance(one, Made) and _is_module(one.name)) for one in known)


def _is_module(name: str) -> bool:
    return name.startswith(("torch.nn.", "torchvision.models.", "transformers.", "timm.", "torch.optim."))
