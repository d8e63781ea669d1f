"""The loops of a program that run gradient steps, and which of them go over epochs."""

from __future__ import annotations

import re
from functools import cached_property
from typing import TYPE_CHECKING

from greenlint.python.facts import (
    Assign,
    Attribute,
    Call,
    Expression,
    For,
    Loop,
    Mapping,
    Name,
    Statement,
    While,
    tail,
    words_of,
)
from greenlint.python.frameworks import root_of
from greenlint.python.loops import EPOCH, loop_words, range_of
from greenlint.python.values import (
    Display,
    Made,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from greenlint.python.program import Program
    from greenlint.python.scope import Block, Scope, Spot

# A loop over these goes around a training: it has no epochs of its own.
_AROUND = re.compile(
    r"fold|split|seed|(?:^|_)runs?(?:$|_)|trial|repeat|param|config|hyper|layer|(?:^|_)tasks?(?:$|_)|(?:^|_)exps?(?:$|_)|"
    r"experiment|kf|(?:^|_)cv(?:$|_)|dataset|model|(?:^|_)reps?(?:$|_)|(?:^|_)lrs?(?:$|_)|learning_rate|generation|combo|"
    r"setting|subject|size|arch|(?:^|_)names?(?:$|_)",
    re.IGNORECASE,
)
_PLAIN_NAME = re.compile(r"^(?:_|[a-z])$")
_MOST_SCOPES = 200
_RUNS = ("call", "pass", "guess")
_UPDATES = frozenset(
    [
        "step",
        "optimizer_step",
        "add_",
        "sub_",
        "addcdiv_",
        "addcmul_",
        "copy_",
        "mul_",
        "apply_gradients",
        "manual_backward",
        "backward_step",
        "minimize",
        "train_on_batch",
        "loss_scaler",
    ]
)
_STEPPING = frozenset({"loss_scaler", "scaler", "grad_scaler"})
_SESSIONS = (
    "Session",
    "InteractiveSession",
    "MonitoredTrainingSession",
    "MonitoredSession",
    "SingularMonitoredSession",
)


class TrainingLoops:
    """The training loops of one program; a loop is known by the identity of its node."""

    def __init__(self, program: Program) -> None:
        """Look at nothing yet."""
        self.program = program

    def steps(self, spot: Spot) -> bool:
        """Tell whether a call is a gradient step, or the back-propagation of one."""
        func = spot.call.func
        if "scaler" in tail(func).lower():
            return any(name.endswith("NativeScaler()") for name in self.program.callees(spot))
        if isinstance(func, Name):
            return func.id == "backward" and "torch.autograd.backward" in self.program.callees(spot)
        if not isinstance(func, Attribute):
            return False
        if func.name in ("backward", "manual_backward"):
            return self._backward(spot, func)
        if func.name == "apply_gradients":
            return not spot.scope.module.roots & {"jax", "flax", "optax"}
        if func.name == "minimize":
            return any(root_of(name) in ("tensorflow", "keras") for name in self.program.callees(spot))
        if func.name == "train_on_batch":
            return not self.program.edges(spot)
        if func.name == "run":
            return self._runs_train_op(spot)
        return False

    def _backward(self, spot: Spot, func: Attribute) -> bool:
        if isinstance(func.value, Call) and isinstance(func.value.func, Name) and func.value.func.id == "super":
            return False
        scope = spot.scope
        if scope.name == "backward" and scope.parameters and scope.parameters[0].name == "ctx":
            return False
        return not any(edge.kind == "call" for edge in self.program.edges(spot))

    def _runs_train_op(self, spot: Spot) -> bool:
        call = spot.call
        fetches = self.program.argument(call, "fetches", 0)
        names = self.program.callees(spot)
        if fetches is None:
            return any(name.endswith((".minimize.run", ".apply_gradients.run")) for name in names)
        known = any(name.endswith(f".{one}.run") for name in names for one in _SESSIONS)
        if not known and not (isinstance(call.func, Attribute) and "sess" in tail(call.func.value).lower()):
            return False
        return any(_is_train_op(name) for name in self._fetched(fetches.value, spot.block))

    def _fetched(self, item: Expression, block: Block, depth: int = 0) -> Iterator[str]:
        for value in self.program.values(item, block):
            if isinstance(value, Display) and depth < 4:  # noqa: PLR2004
                held = value.node.values if isinstance(value.node, Mapping) else value.node.items
                for one in held:
                    yield from self._fetched(one, value.block, depth + 1)
            elif isinstance(value, Made):
                yield value.name
                if value.name.endswith((".group", "tuple", ".identity")) and value.call is not None:
                    for argument in value.call.arguments:
                        if depth < 4:  # noqa: PLR2004
                            yield from self._fetched(argument.value, value.block, depth + 1)

    def trains(self, scope: Scope) -> bool:
        """Tell whether a function runs gradient steps, itself or through the functions that it runs."""
        return id(scope) in self._training_scopes

    @cached_property
    def _training_scopes(self) -> set[int]:
        """Every function that runs gradient steps: those with a step of their own, and whoever runs them."""
        waiting = [
            scope
            for module in self.program.modules
            for scope in module.scopes
            if any(not spot.lazy and self.steps(spot) for spot in scope.spots)
        ]
        found = {id(scope) for scope in waiting}
        while waiting:
            for edge in self.program.callers(waiting.pop()):
                caller = edge.spot.scope
                if edge.kind in _RUNS and not edge.spot.lazy and id(caller) not in found:
                    found.add(id(caller))
                    waiting.append(caller)
        return found

    def spot_trains(self, spot: Spot) -> bool:
        """Tell whether a call is a gradient step or runs one."""
        if self.steps(spot):
            return True
        return any(edge.kind in _RUNS and self.trains(edge.target) for edge in self.program.edges(spot))

    @cached_property
    def all(self) -> dict[int, tuple[Loop, Block]]:
        """Every loop whose body runs gradient steps, with the block it stands in."""
        found: dict[int, tuple[Loop, Block]] = {}
        for module in self.program.modules:
            for scope in module.scopes:
                for spot in scope.spots:
                    loops = [block for block in spot.block.up() if _is_loop(block)]
                    if loops and not spot.lazy and self.spot_trains(spot):
                        for block in loops:
                            owner = block.owner
                            if isinstance(owner, (For, While)) and block.parent is not None:
                                found[id(owner)] = (owner, block.parent)
        return found

    def _parents(self, block: Block) -> list[int]:
        """Return the training loops directly around a loop, in its scope or in the callers of its function."""
        for outer in block.loops():
            if id(outer) in self.all:
                return [id(outer)]
        return self._calling_loops(block.scope, set())

    def _calling_loops(self, scope: Scope, seen: set[int]) -> list[int]:
        if id(scope) in seen:
            return []
        seen.add(id(scope))
        found: list[int] = []
        for edge in self.program.callers(scope):
            if edge.kind not in _RUNS:
                continue
            around = next((outer for outer in edge.spot.block.loops() if id(outer) in self.all), None)
            if around is not None:
                found.append(id(around))
            else:
                found.extend(self._calling_loops(edge.spot.scope, seen))
        return found

    @cached_property
    def tree(self) -> dict[int, list[int]]:
        """Training loops inside each training loop."""
        children: dict[int, list[int]] = {}
        for key, (_, block) in self.all.items():
            for parent in self._parents(block):
                if parent != key:
                    children.setdefault(parent, []).append(key)
        return children

    def outermost(self) -> Iterator[tuple[Loop, Block]]:
        """Yield the epoch loops: the outermost loops, or the epoch loops inside one over folds, seeds or settings."""
        inner = {child for children in self.tree.values() for child in children}
        chosen: dict[int, None] = {}
        for key, (_, block) in self.all.items():
            if key in inner or not self._updates(block):
                continue
            for one in self._epoch_level(key, set()):
                if not self._is_one_epoch(*self.all[one]):
                    chosen[one] = None
        for key in chosen:
            yield self.all[key]

    def _is_one_epoch(self, loop: Loop, block: Block) -> bool:
        """Tell whether a loop over batches stands in a function that nobody calls: its caller holds the epochs."""
        scope = block.scope
        return (
            isinstance(loop, For)
            and scope.kind == "function"
            and scope.name != "main"
            and not self.program.callers(scope)
            and range_of(loop.iterable) is None
            and not any(EPOCH.search(word) for word in loop_words(loop))
            and any(word == one.name for one in scope.parameters for word in words_of(loop.iterable))
        )

    def _updates(self, block: Block) -> bool:
        """Tell whether what a loop runs updates what was back-propagated: a gradient alone is no training."""
        if block.scope.node is None and block.scope.module.identifiers & _UPDATES:
            return True
        seen: set[int] = set()
        waiting = [block.scope]
        if any(self.steps(spot) and tail(spot.call.func) != "backward" for spot in block.scope.spots):
            return True
        while waiting and len(seen) < _MOST_SCOPES:
            scope = waiting.pop()
            if id(scope) in seen:
                continue
            seen.add(id(scope))
            if any(tail(spot.call.func) in _UPDATES or tail(spot.call.func) in _STEPPING for spot in scope.spots):
                return True
            if any(_sets_parameter(statement) for statement, _ in scope.statements):
                return True
            waiting.extend(edge.target for spot in scope.spots for edge in self.program.edges(spot))
            waiting.extend(scope.children)
        return False

    def inside(self, loop: Loop) -> list[int]:
        """Return the keys of the training loops inside a loop, at any depth."""
        found: list[int] = []
        waiting = [id(loop)]
        while waiting:
            for child in self.tree.get(waiting.pop(), ()):
                if child not in found:
                    found.append(child)
                    waiting.append(child)
        return found

    def _epoch_level(self, key: int, seen: set[int]) -> list[int]:
        """Descend from a loop over folds, seeds or settings to the epoch loops in it."""
        loop, _ = self.all[key]
        if key in seen or not isinstance(loop, For):
            return [key]
        seen.add(key)
        words = loop_words(loop)
        if any(EPOCH.search(word) for word in words):
            return [key]
        if not any(_AROUND.search(word) for word in words) and not _PLAIN_NAME.match(tail(loop.target)):
            return [key]
        below = [
            child
            for child in self.tree.get(key, ())
            if any(EPOCH.search(word) for word in loop_words(self.all[child][0]))
            or self._epoch_level(child, seen) != [child]
        ]
        return [found for child in below for found in self._epoch_level(child, seen)] or [key]


def _is_train_op(name: str) -> bool:
    return name.endswith((".minimize", ".apply_gradients", ".create_train_op", ".optimize_loss", ".get_updates"))


def _is_loop(block: Block) -> bool:
    return isinstance(block.owner, (For, While)) and block.branch == "body"


def _sets_parameter(statement: Statement) -> bool:
    """See an update by hand: `w.data -= lr * w.grad`, `w -= lr * w.grad`."""
    if not isinstance(statement, Assign) or statement.value is None or "grad" not in set(words_of(statement.value)):
        return False
    mine = {tail(target) for target in statement.targets}
    return statement.operator in ("-", "+") or "data" in mine or bool(mine & set(words_of(statement.value)))
