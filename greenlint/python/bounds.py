"""Whether anything bounds a training site: a number of epochs or steps, or a way out of its loop."""

from __future__ import annotations

from typing import TYPE_CHECKING

from greenlint.python.facts import (
    Call,
    Class,
    Constant,
    For,
    Function,
    Group,
    Leave,
    Loop,
    Statement,
    Try,
    While,
    expressions,
    tail,
)
from greenlint.python.values import (
    FunctionValue,
    Literal,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from greenlint.python.program import Program
    from greenlint.python.scope import Block, Scope, Spot
    from greenlint.python.stopping import Stopping
    from greenlint.python.training import Site


class Bounds:
    """Looks for the end of the sites of one program."""

    def __init__(self, program: Program, stopping: Stopping) -> None:
        """Look at the sites of `program`."""
        self.program = program
        self.stopping = stopping

    def unbounded(self, site: Site) -> str:
        """Say why nothing bounds a site, or return an empty string."""
        if site.framework == "loop":
            return self._endless(site)
        if site.framework == "lightning" and site.spot is not None and tail(site.spot.call.func) == "fit":
            causes = [self._trainer_unbounded(call, block, site) for call, block in self.program.makers(site.spot)]
            return causes[0] if causes and all(causes) else ""
        return ""

    def _trainer_unbounded(self, call: Call, block: Block, site: Site) -> str:
        if self.program.open_ended(call) or tail(call.func) != "Trainer" or site.spot is None:
            return ""
        if any(self.program.is_set(call, word, block) for word in ("max_steps", "max_time")):
            return ""
        quick = self.program.argument(call, "fast_dev_run")
        if quick is not None and not (isinstance(quick.value, Constant) and not quick.value.value):
            return ""
        callbacks = self.program.argument(call, "callbacks")
        if callbacks is not None and "Timer" in site.module.identifiers:
            return ""
        epochs = self.program.argument(call, "max_epochs")
        if epochs is None:
            return "the Trainer has no max_epochs, max_steps or max_time: Lightning runs 1000 epochs"
        values = self.program.values(epochs.value, block)
        if not all(isinstance(one, Literal) for one in values):
            return ""
        if all(isinstance(one, Literal) and one.value is None for one in values) and isinstance(epochs.value, Constant):
            return "max_epochs=None: Lightning runs 1000 epochs"
        if all(isinstance(one, Literal) and one.value == -1 for one in values):
            return "" if self.stopping.stops(site) is not False else "max_epochs=-1 and no early stopping"
        return ""

    def _endless(self, site: Site) -> str:
        for loop, block in self._around(site):
            if isinstance(loop, While):
                endless = isinstance(loop.test, Constant) and bool(loop.test.value)
                cause = "`while True` has no way out"
            else:
                endless = isinstance(loop, For) and any(
                    name in ("itertools.count", "itertools.cycle") for name in self.program.names(loop.iterable, block)
                )
                cause = "the loop counts without end and has no way out"
            if endless and not self._has_way_out(loop, block.scope):
                return cause
        return ""

    def _around(self, site: Site) -> Iterator[tuple[Loop, Block]]:
        """Yield the loop of a site; a site is its outermost loop, so nothing outside it trains."""
        if isinstance(site.node, (For, While)):
            yield site.node, site.block

    def _has_way_out(self, loop: Loop, scope: Scope) -> bool:
        """Tell whether anything in a loop leaves it: break, return, raise, yield, exit, an iterator that runs dry."""
        if _leaves(loop.body, nested=False):
            return True
        for spot in scope.spots:
            if not any(block.owner is loop for block in spot.block.up()):
                continue
            name = tail(spot.call.func)
            if name in ("exit", "_exit", "quit", "abort", "kill"):
                return True
            if name in ("next", "__next__") and not self._goes_on(spot):
                return True
            for edge in self.program.edges(spot):
                if edge.kind != "spawn" and self._can_end(edge.target, set()):
                    return True
        return False

    def _goes_on(self, spot: Spot) -> bool:
        """Tell whether `next(iterator)` never ends a loop: its end is caught, or the iterator has none."""
        if len(spot.call.arguments) > 1 or any(isinstance(block.owner, Try) for block in spot.block.up()):
            return True
        if not spot.call.arguments:
            return False
        item = spot.call.arguments[0].value
        if "itertools.cycle" in self.program.names(item, spot.block):
            return True
        name, owner = tail(item), spot.scope.method_of
        bindings = list(spot.scope.bindings.get(name, ()))
        bindings += (
            [one for cls in self.program.lineage(owner) for one in cls.attributes.get(name, ())] if owner else []
        )
        makers = [one.node for one in bindings if isinstance(one.node, Call)]
        return bool(makers) and all(self._is_generator_without_end(one, bindings[0].block) for one in makers)

    def _is_generator_without_end(self, call: Call, block: Block) -> bool:
        return any(
            isinstance(value, FunctionValue)
            and any(
                isinstance(one, While) and isinstance(one.test, Constant) and one.test.value
                for one, _ in value.scope.statements
            )
            for value in self.program.values(call.func, block)
        )

    def _can_end(self, scope: Scope, seen: set[int]) -> bool:
        """Tell whether a function can raise or end the process."""
        if id(scope) in seen:
            return False
        seen.add(id(scope))
        if any(isinstance(one, Leave) and one.kind == "raise" for one, _ in scope.statements):
            return True
        for spot in scope.spots:
            if tail(spot.call.func) in ("exit", "_exit", "quit", "abort"):
                return True
            if any(self._can_end(edge.target, seen) for edge in self.program.edges(spot) if edge.kind == "call"):
                return True
        return False


def _leaves(body: tuple[Statement, ...], *, nested: bool) -> bool:
    """Tell whether statements leave the loop around them; a `break` in an inner loop leaves only that."""
    for one in body:
        if isinstance(one, Leave) and (one.kind in ("return", "raise") or (one.kind == "break" and not nested)):
            return True
        if isinstance(one, (Function, Class)):
            continue
        if any(isinstance(part, Group) and part.kind == "yield" for part in expressions(one)):
            return True
        inner = nested or isinstance(one, (For, While))
        for name in ("body", "orelse", "finalbody"):
            if _leaves(getattr(one, name, ()), nested=inner and name == "body"):
                return True
        for *_, held in (*getattr(one, "handlers", ()), *getattr(one, "cases", ())):
            if _leaves(held, nested=nested):
                return True
    return False
