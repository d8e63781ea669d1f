"""Instrumentation for debugging that is switched on for good."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from greenlint.python.facts import Assign, Attribute, Constant, Mapping, Subscript, expressions, tail, words_of
from greenlint.python.forward import is_true
from greenlint.python.frameworks import root_of
from greenlint.python.runtimes import guarded
from greenlint.python.values import Display, Library, Literal, Made

if TYPE_CHECKING:
    from collections.abc import Iterator

    from greenlint.python.facts import Argument, Expression, Node, Statement
    from greenlint.python.program import Program
    from greenlint.python.scope import Block, Module, Scope, Spot

WORDS = frozenset(
    [
        "set_detect_anomaly",
        "detect_anomaly",
        "enable_check_numerics",
        "enable_dump_debug_info",
        "run_eagerly",
        "environ",
        "putenv",
        "debug",
    ]
)
_SWITCHES = frozenset({"torch.autograd.set_detect_anomaly", "torch.autograd.anomaly_mode.set_detect_anomaly"})
_ALWAYS = frozenset(
    [
        "torch.autograd.detect_anomaly",
        "torch.autograd.anomaly_mode.detect_anomaly",
        "tensorflow.debugging.enable_check_numerics",
        "tensorflow.debugging.experimental.enable_dump_debug_info",
    ]
)
_BLOCKING = "CUDA_LAUNCH_BLOCKING"
_HONEST = re.compile(r"debug|test|check|determin|reproduc|seed|profil|bench|anomal|nan", re.IGNORECASE)
_DETERMINISM = frozenset({"use_deterministic_algorithms", "set_deterministic", "deterministic"})
_SEEDING = frozenset({"manual_seed", "manual_seed_all"})


def left_on(program: Program, module: Module) -> Iterator[tuple[Node, str]]:
    """Yield where a file switches debugging on outside a guard, with how it is written."""
    if not module.identifiers & WORDS:
        return
    for scope in module.scopes:
        if scope.kind == "function" and _HONEST.search(scope.name):
            continue
        for spot in scope.spots:
            if not spot.lazy and not guarded(spot.block):
                setting = _switched(program, spot)
                if setting:
                    yield spot.call, setting
        for statement, block in scope.statements:
            if not guarded(block):
                setting = _assigned(statement, scope)
                if setting:
                    yield statement, setting


def _switched(program: Program, spot: Spot) -> str:
    call, name = spot.call, tail(spot.call.func)
    if name in WORDS:
        for found in program.callees(spot):
            if found in _ALWAYS:
                return f"{name}()"
            if found in _SWITCHES and _is_on(spot) and not _is_toggled(name, spot.scope.module):
                return f"{name}(True)"
    if name in ("setdefault", "putenv") and len(call.arguments) == 2:  # noqa: PLR2004
        key, value = (one.value for one in call.arguments)
        return f"{_BLOCKING}=1" if _blocks(key, value) and not _is_deterministic(spot.scope) else ""
    return next((setting for one in call.arguments if (setting := _argument(program, spot, one))), "")


def _argument(program: Program, spot: Spot, argument: Argument) -> str:
    """Return how an argument of a trainer or of Keras's `compile` asks for debugging, or an empty string."""
    name = tail(spot.call.func)
    if argument.name == "detect_anomaly" and is_true(argument.value) and name in ("Trainer", "Fabric"):
        return "detect_anomaly=True"
    if argument.name == "run_eagerly" and is_true(argument.value) and name == "compile":
        return "run_eagerly=True" if _is_stock(program, spot) else ""
    if argument.name == "debug" and name.endswith("TrainingArguments"):
        texts = [one.value for one in expressions(argument.value) if isinstance(one, Constant)]
        return 'debug="underflow_overflow"' if "underflow_overflow" in texts else ""
    return ""


def _is_on(spot: Spot) -> bool:
    return bool(spot.call.arguments) and all(
        is_true(one.value) for one in spot.call.arguments[:1] if one.name in ("", "mode", "run_eagerly")
    )


def _is_toggled(name: str, module: Module) -> bool:
    """Tell whether a file switches the same thing off elsewhere: it knows when it wants it."""
    return any(
        tail(other.call.func) == name and other.call.arguments and not is_true(other.call.arguments[0].value)
        for other in module.spots()
    )


def _assigned(statement: Statement, scope: Scope) -> str:
    if not isinstance(statement, Assign) or statement.value is None or statement.operator:
        return ""
    for target in statement.targets:
        if (
            isinstance(target, Subscript)
            and tail(target.value) == "environ"
            and len(target.index) == 1
            and _blocks(target.index[0], statement.value)
            and not _is_deterministic(scope)
        ):
            return f"{_BLOCKING}=1"
    return ""


def _blocks(key: Expression, value: Expression) -> bool:
    return (
        isinstance(key, Constant) and key.value == _BLOCKING and isinstance(value, Constant) and str(value.value) == "1"
    )


def _is_deterministic(scope: Scope) -> bool:
    """Tell whether a function asks for the same results each time, which old CUDA gave only with blocking launches."""
    wanted = _DETERMINISM | _SEEDING if scope.kind == "function" else _DETERMINISM
    return any(word in wanted for statement, _ in scope.statements for word in words_of(statement))


def _is_stock(program: Program, spot: Spot) -> bool:
    """Tell whether a Keras model, its losses and its metrics are the library's own: others may need eagerness."""
    func = spot.call.func
    if not isinstance(func, Attribute) or not _is_keras(program, func.value, spot.block):
        return False
    return all(
        _is_keras(program, one.value, spot.block)
        for one in spot.call.arguments
        if one.name in ("loss", "metrics", "weighted_metrics") or (not one.name and one is not spot.call.arguments[0])
    )


def _is_keras(program: Program, item: Expression, block: Block) -> bool:
    for value in program.values(item, block):
        if isinstance(value, Display):
            held = value.node.values if isinstance(value.node, Mapping) else value.node.items
            if not all(_is_keras(program, one, value.block) for one in held):
                return False
        elif isinstance(value, Literal):
            if not isinstance(value.value, str) and value.value is not None:
                return False
        elif not isinstance(value, (Library, Made)) or root_of(value.name) != "keras":
            return False
    return True
