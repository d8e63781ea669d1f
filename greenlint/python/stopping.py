"""What stops a training site early.

For a loop: a way out at the level of epochs whose condition depends on a metric. For a framework's call: a callback
or setting that stops. `None` stands for "cannot be told", and callers stay silent on it.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from greenlint.python.facts import (
    Assign,
    Attribute,
    Call,
    Class,
    Constant,
    Evaluate,
    Expression,
    For,
    Group,
    If,
    Leave,
    Mapping,
    Name,
    Node,
    Operation,
    Statement,
    Try,
    While,
    With,
    expressions,
    tail,
    walk,
)
from greenlint.python.scope import arguments_of
from greenlint.python.values import ClassValue, Display, Instance, Library, Literal, Made

if TYPE_CHECKING:
    from collections.abc import Iterator

    from greenlint.python.program import Program
    from greenlint.python.scope import Block, Scope
    from greenlint.python.training import Site

_METRIC = re.compile(
    r"patience|early|improv|converge|plateau|bad_epoch|no_gain|best|loss|(?:^|_)acc(?:$|_|uracy)|metric|score|val(?:$|_|id)|"
    r"toler|(?:^|_)tol(?:$|_)|delta|reward|perplex|(?:^|_)ppl|bleu|(?:^|_)f1|(?:^|_)auc|error|diff|target|thresh|success|"
    r"solved|stop|grad|norm|(?:^|_)eps(?:ilon)?(?:$|_)",
    re.IGNORECASE,
)
_COUNTER = re.compile(
    r"(?:^|_)(?:steps?|iters?|iterations?|epochs?|batch|batches|idx|index|[eij]|it|ep|max|total|global|num|limit|"
    r"counts?|time|start|end|elapsed|budget|rank|local|world|size|n|interval|freq|every|len|resume|step)(?:$|_|\d)",
    re.IGNORECASE,
)
_DRY = re.compile(
    r"dry_?run|fast_dev_run|debug|smoke|sanity|profile|test_mode|(?:^|_)once|(?:^|_)quick|overfit", re.IGNORECASE
)
_NOT_A_NUMBER = re.compile(r"nan|isfinite|isinf|(?:^|_)inf$|infinite", re.IGNORECASE)
_LEAVES = frozenset({"exit", "_exit", "quit", "abort"})
_STOP_CALLBACK = re.compile(r"stop|converge|plateau_?stop|patience", re.IGNORECASE)
_STOP_WORDS = frozenset({"stop_training", "should_training_stop", "should_stop", "CancelFitException", "StopTraining"})
_ROUNDS = frozenset(
    [
        "early_stopping_rounds",
        "early_stopping_round",
        "n_iter_no_change",
        "early_stopping",
        "od_wait",
        "od_type",
        "od_pval",
        "use_best_model",
        "early_stop",
    ]
)


class Stopping:
    """Early stopping at the sites of one program."""

    def __init__(self, program: Program) -> None:
        """Judge the sites of `program`."""
        self.program = program

    def stops(self, site: Site) -> bool | None:
        """Tell whether something stops a site early; None when that cannot be told."""
        if site.framework == "loop":
            return self._loop_stops(site)
        if site.spot is None or site.framework in ("estimator", "tuner"):
            return None
        if site.framework == "sklearn":
            return self._learner_stops(site)
        if site.framework == "boosting":
            return self._boosting_stops(site)
        return self._call_stops(site)

    # Loops

    def _loop_stops(self, site: Site) -> bool:
        loop, scope = site.node, site.block.scope
        if not isinstance(loop, (For, While)):
            return False
        if isinstance(loop, While) and self._depends_on_metric(loop.test, scope, loop):
            return True
        if any(self._depends(tests, scope, loop) for tests in _ways_out(loop.body, ())):
            return True
        return self._helper_stops(loop, scope)

    def _helper_stops(self, loop: For | While, scope: Scope) -> bool:
        """Look for an early stopper that leaves by itself: `early_stopping(val_loss)` that raises or exits."""
        for spot in scope.spots:
            if not any(block.owner is loop for block in spot.block.up()):
                continue
            for edge in self.program.edges(spot):
                if edge.kind == "pass":
                    continue
                if edge.kind == "call" and self._leaves(edge.target):
                    return True
        return False

    def _leaves(self, scope: Scope) -> bool:
        """Tell whether a function ends the process, or raises, when a metric says so."""
        for statement, block in scope.statements:
            leaves = (isinstance(statement, Leave) and statement.kind == "raise") or _exits(statement)
            if leaves and any(block.loops()) is False:
                tests = tuple(item.test for item, _ in block.tests())
                if tests and self._depends(tests, scope, None):
                    return True
        return False

    def _depends(self, tests: tuple[Expression, ...], scope: Scope, loop: For | While | None) -> bool:
        words = [word for test in tests for word in _words(test)]
        if any(_NOT_A_NUMBER.search(word) for word in words) or any(_DRY.search(word) for word in words):
            return False
        return any(self._depends_on_metric(test, scope, loop) for test in tests)

    def _depends_on_metric(self, test: Expression, scope: Scope, loop: For | While | None) -> bool:
        if isinstance(test, Operation) and test.operator in ("and", "or", "not"):
            return any(self._depends_on_metric(one, scope, loop) for one in test.operands)
        if isinstance(test, Constant):
            return False
        words = list(_words(test))
        if not words or any(_NOT_A_NUMBER.search(word) or _DRY.search(word) for word in words):
            return False
        if any(_METRIC.search(word) and not _is_option_limit(word) for word in words):
            return not self._counts_only(test, scope, loop)
        if all(_COUNTER.search(word) for word in words):
            return False
        # A flag or a number of another name: an option of the program does not change while it trains.
        return not all(self._is_fixed(one, scope, loop) for one in _leaves_of(test)) and not self._counts_only(
            test, scope, loop
        )

    def _counts_only(self, test: Expression, scope: Scope, loop: For | While | None) -> bool:
        """Tell whether a flag such as `should_stop` only ever follows a count of steps or epochs."""
        names = [one for one in _leaves_of(test) if isinstance(one, (Name, Attribute))]
        flags = [
            one
            for one in names
            if re.search(r"stop|done|finish|end|exit|break|flag|running|terminat", tail(one), re.IGNORECASE)
        ]
        if not flags or len(flags) != len(names):
            return False
        written = [
            tests
            for one in flags
            for where in self._scopes_writing(one, scope)
            for tests in _assignments(where, tail(one))
        ]
        return bool(written) and not any(self._depends(tests, scope, loop) for tests in written if tests)

    def _scopes_writing(self, flag: Expression, scope: Scope) -> Iterator[Scope]:
        if isinstance(flag, Attribute) and scope.method_of is not None:
            for cls in (*self.program.lineage(scope.method_of), *self.program.subclasses(scope.method_of)):
                yield from (child for child in cls.children if child.name != "__init__")
        else:
            yield scope

    def _is_fixed(self, item: Expression, scope: Scope, loop: For | While | None) -> bool:
        """Tell whether an expression is an option or a constant, rather than something computed by the training."""
        if isinstance(item, Constant):
            return True
        if isinstance(item, Name) and loop is not None:
            bindings = scope.bindings.get(item.id, ())
            if any(block.owner is loop for one in bindings for block in one.block.up()):
                return False
        if isinstance(item, Attribute) and isinstance(item.value, Name):
            owner = item.value.id.lower()
            if re.search(r"^(?:args|opts?|options|cfg|config|conf|hparams|hps|flags|params|self)$", owner):
                return owner != "self" or self._never_written(item, scope)
        values = self.program.values(item, scope.root)
        return all(isinstance(one, Literal) for one in values)

    def _never_written(self, item: Attribute, scope: Scope) -> bool:
        owner = scope.method_of
        if owner is None:
            return False
        writers = [b for cls in self.program.lineage(owner) for b in cls.attributes.get(item.name, ())]
        return bool(writers) and all(one.block.scope.name == "__init__" for one in writers)

    # Calls

    def _call_stops(self, site: Site) -> bool | None:
        program = self.program
        spot = site.spot
        if spot is None:
            return None
        calls = [(spot.call, spot.block)]
        if site.framework in ("lightning", "huggingface", "fastai"):
            makers = self.program.makers(spot)
            if not makers and site.framework != "fastai":
                return None
            calls += makers
        if site.framework == "lightning" and any(
            scope.name == "configure_callbacks" for module in program.modules for scope in module.scopes
        ):
            return None
        found: list[bool | None] = [self._added(site)]
        for call, block in calls:
            for word in ("callbacks", "cbs", "callback", "early_stopping_callback"):
                argument = program.argument(call, word)
                if argument is not None:
                    found.append(self._any_stops(argument.value, block))
            if program.open_ended(call):
                found.append(None)
        if any(one is True for one in found):
            return True
        return None if any(one is None for one in found) else False

    def _added(self, site: Site) -> bool | None:
        """Look for `trainer.add_callback(EarlyStoppingCallback(...))` and `trainer.should_stop = True`."""
        result: bool | None = False
        for module in self.program.modules:
            for spot in module.spots():
                func = spot.call.func
                if (
                    isinstance(func, Attribute)
                    and func.name in ("add_callback", "add_cb", "add_cbs")
                    and spot.call.arguments
                ):
                    verdict = self._any_stops(spot.call.arguments[0].value, spot.block)
                    result = result or verdict if verdict is not None else (True if result else None)
        if site.framework == "lightning" and any(
            target.name == "should_stop"
            for module in self.program.modules
            for scope in module.scopes
            for target, _ in scope.assigned
        ):
            return True
        return result

    def _any_stops(self, item: Expression, block: Block) -> bool | None:
        """Judge a list of callbacks, with what is appended to it elsewhere in the file."""
        verdicts: list[bool | None] = []
        for value in self.program.values(item, block):
            verdicts.extend(self._value_stops(value))
        for extra, where in appended(item, block):
            verdicts.append(self._any_stops(extra, where))
        if any(one is True for one in verdicts):
            return True
        return None if any(one is None for one in verdicts) else False

    def _value_stops(self, value: object) -> Iterator[bool | None]:
        if isinstance(value, Display):
            held = value.node.values if isinstance(value.node, Mapping) else value.node.items
            for one in held:
                yield self._any_stops(one.items[0] if isinstance(one, Group) and one.kind == "*" else one, value.block)
        elif isinstance(value, Literal):
            yield False if value.value is None else None
        elif isinstance(value, Instance):
            yield self._class_stops(value.cls)
        elif isinstance(value, ClassValue):
            yield self._class_stops(value.scope)
        elif isinstance(value, (Made, Library)):
            name = value.name
            if (
                name.endswith(("CallbackList", "list", "Compose"))
                and isinstance(value, Made)
                and value.call is not None
            ):
                for argument in value.call.arguments[:1]:
                    yield self._any_stops(argument.value, value.block)
            elif name == "list":
                yield False
            else:
                yield bool(_STOP_CALLBACK.search(name.rpartition(".")[2]))
        else:
            yield None

    def _class_stops(self, cls: Scope) -> bool | None:
        for scope in self.program.lineage(cls):
            node = scope.node
            if isinstance(node, Class) and any(
                (isinstance(one, Attribute) and one.name in _STOP_WORDS)
                or (isinstance(one, Name) and one.id in _STOP_WORDS)
                for one in walk(node.body)
            ):
                return True
        return any(_STOP_CALLBACK.search(name.rpartition(".")[2]) for name in self.program.bases(cls))

    # Boosting and learners

    def _boosting_stops(self, site: Site) -> bool | None:
        if site.spot is None:
            return None
        if {"process_type", "dart"} & site.module.strings:
            # Refreshing the trees of a model runs as many rounds as it has trees, and dart cannot stop early.
            return None
        calls = [(site.spot.call, site.spot.block), *self.program.makers(site.spot)]
        found: list[bool | None] = []
        for call, block in calls:
            for name, argument in arguments_of(call).items():
                if name in _ROUNDS:
                    return True
                if name == "callbacks":
                    found.append(self._any_stops(argument.value, block))
            # xgboost.train takes early_stopping_rounds as an argument only.
            params = (
                self.program.argument(call, "params", 0) if _is_train(call) and not self._is_xgboost(site) else None
            )
            if params is not None:
                found.append(self._params_stop(params.value, block))
            if self.program.open_ended(call):
                found.append(None)
        if any(one is True for one in found):
            return True
        return None if any(one is None for one in found) else False

    def _is_xgboost(self, site: Site) -> bool:
        return site.spot is not None and any(name.startswith("xgboost.") for name in self.program.callees(site.spot))

    def _params_stop(self, item: Expression, block: Block) -> bool | None:
        verdicts: list[bool | None] = []
        for value in self.program.values(item, block):
            if isinstance(value, Display) and isinstance(value.node, Mapping):
                keys = [key.value for key in value.node.keys if isinstance(key, Constant)]
                verdicts.append(any(key in _ROUNDS for key in keys) or (None if None in value.node.keys else False))
            elif isinstance(value, Made) and value.name == "dict" and value.call is not None:
                verdicts.append(any(name in _ROUNDS for name in arguments_of(value.call)))
            else:
                verdicts.append(None)
        words = block.scope.module.strings
        if words & _ROUNDS:
            return None
        return None if None in verdicts else any(one is True for one in verdicts)

    def _learner_stops(self, site: Site) -> bool | None:
        """Only GradientBoosting* runs all its stages by default; the others stop by `tol` or by themselves."""
        if site.spot is None:
            return None
        found = False
        for value in self.program.values(site.spot.call.func, site.spot.block):
            name = getattr(value, "name", "")
            if not re.search(r"\.GradientBoosting\w*\.fit$", name):
                return True
            found = True
        for call, block in self.program.makers(site.spot):
            if self.program.open_ended(call):
                return None
            argument = self.program.argument(call, "n_iter_no_change")
            if argument is not None:
                values = self.program.values(argument.value, block)
                if not all(isinstance(one, Literal) and one.value is None for one in values):
                    return True
        return False if found else None


def _is_train(call: Call) -> bool:
    return tail(call.func) == "train"


def _ways_out(body: tuple[Statement, ...], tests: tuple[Expression, ...]) -> Iterator[tuple[Expression, ...]]:
    """Yield the conditions of every way out of a loop that stands at its own level."""
    for statement in body:
        if (isinstance(statement, Leave) and statement.kind in ("break", "return", "raise")) or _exits(statement):
            if tests:
                yield tests
        elif isinstance(statement, If):
            yield from _ways_out(statement.body, (*tests, statement.test))
            yield from _ways_out(statement.orelse, (*tests, statement.test))
        elif isinstance(statement, With):
            yield from _ways_out(statement.body, tests)
        elif isinstance(statement, Try):
            yield from _ways_out(statement.body, tests)
            yield from _ways_out(statement.orelse, tests)
            yield from _ways_out(statement.finalbody, tests)
        elif isinstance(statement, (For, While)):
            # `for ... else: continue; break` and a return inside an inner loop leave the outer one too.
            for inner in _ways_out(statement.body, ()):
                if _returns(statement.body):
                    yield (*tests, *inner)
            yield from _ways_out(statement.orelse, tests)


def _returns(body: tuple[Statement, ...]) -> bool:
    return any(isinstance(one, Leave) and one.kind == "return" for one in expressions(body))


def _exits(statement: Statement) -> bool:
    return (
        isinstance(statement, Evaluate) and isinstance(statement.value, Call) and tail(statement.value.func) in _LEAVES
    )


def _assignments(scope: Scope, name: str) -> Iterator[tuple[Expression, ...]]:
    """Yield the conditions under which a flag is set to something other than its start, with what it is set to."""
    for statement, block in scope.statements:
        if isinstance(statement, Assign) and any(tail(target) == name for target in statement.targets):
            if isinstance(statement.value, Constant) and statement.value.value is False:
                continue
            tests = tuple(item.test for item, _ in block.tests())
            value = statement.value
            yield tests if isinstance(value, Constant) or value is None else (*tests, value)


def appended(item: Expression, block: Block) -> Iterator[tuple[Expression, Block]]:
    """Yield what is appended to a list of this name in the same file."""
    name = tail(item)
    if not isinstance(item, (Name, Attribute)) or not name:
        return
    for spot in block.scope.module.spots():
        func, arguments = spot.call.func, spot.call.arguments
        grows = isinstance(func, Attribute) and func.name in ("append", "insert", "extend") and tail(func.value) == name
        if grows and arguments:
            yield arguments[-1].value, spot.block
    for scope in block.scope.module.scopes:
        for statement, where in scope.statements:
            if not isinstance(statement, Assign) or statement.operator != "+" or statement.value is None:
                continue
            if any(tail(target) == name for target in statement.targets):
                yield statement.value, where


def _words(item: Node) -> Iterator[str]:
    for one in expressions(item):
        if isinstance(one, Name):
            yield one.id
        elif isinstance(one, Attribute):
            yield one.name
        elif isinstance(one, Constant) and isinstance(one.value, str):
            yield one.value


def _leaves_of(item: Expression) -> Iterator[Expression]:
    """Yield the names, attributes, calls and constants that a condition compares."""
    if isinstance(item, Operation):
        for one in item.operands:
            yield from _leaves_of(one)
    else:
        yield item


def _is_option_limit(word: str) -> bool:
    return bool(
        re.search(
            r"max_|_limit|stop_(?:at|after)?_?(?:step|iter|epoch)|val_(?:interval|freq|every|epoch|step)|eval_", word
        )
    )
