"""Settings that switch off what a runtime does for speed by itself."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from greenlint.python.facts import Assign, Attribute, Constant, If, Subscript, tail, words_of, written

if TYPE_CHECKING:
    from collections.abc import Iterator

    from greenlint.python.facts import Expression, Node
    from greenlint.python.program import Program
    from greenlint.python.scope import Block, Module

_FLAGS = re.compile(r"^torch\.backends\.(?:cudnn|mkldnn|mkl|xnnpack|nnpack)\.enabled$")
_ENVIRONMENT = {
    "TF_ENABLE_ONEDNN_OPTS": "0",
    "TF_DISABLE_MKL": "1",
    "DNNL_DISABLE": "1",
    "TF_DISABLE_XNNPACK": "1",
    "ONNXRUNTIME_DISABLE_OPT": "1",
}
_DEBUG = re.compile(r"debug|test|determin|reproduc|profil", re.IGNORECASE)
_OPTION = re.compile(r"^(?:args?|opts?|options|cfg|config|conf|hparams|flags|environ|getenv|self)$", re.IGNORECASE)


def disabled(program: Program, module: Module) -> Iterator[tuple[Node, str]]:
    """Yield what a file switches off, with how it is written; a guard or option around it is somebody's choice."""
    for scope in module.scopes:
        if _DEBUG.search(scope.name) and scope.kind == "function":
            continue
        for statement, block in scope.statements:
            if isinstance(statement, Assign) and statement.value is not None:
                for target in statement.targets:
                    setting = _assignment(program, target, statement.value, block)
                    if setting and not guarded(block):
                        yield statement, setting
        for spot in scope.spots:
            setting = _call(program, spot.call.func, spot)
            if setting and not guarded(spot.block):
                yield spot.call, setting


def _assignment(program: Program, target: Expression, value: Expression, block: Block) -> str:
    if isinstance(target, Attribute):
        if target.name == "graph_optimization_level" and tail(value) == "ORT_DISABLE_ALL":
            return "ORT_DISABLE_ALL"
        if (
            isinstance(value, Constant)
            and value.value is False
            and any(_FLAGS.match(name) for name in program.names(target, block))
        ):
            return f"{written(target)} = False"
    if isinstance(target, Subscript) and len(target.index) == 1 and isinstance(target.index[0], Constant):
        key = str(target.index[0].value)
        if (
            tail(target.value) == "environ"
            and isinstance(value, Constant)
            and _ENVIRONMENT.get(key) == str(value.value)
        ):
            return f"{key}={value.value}"
    return ""


def _call(program: Program, func: Expression, spot: object) -> str:
    call = spot.call  # type: ignore[attr-defined]
    name = tail(func)
    if name in ("setdefault", "putenv") and len(call.arguments) == 2:  # noqa: PLR2004
        key, value = call.arguments[0].value, call.arguments[1].value
        if (
            isinstance(key, Constant)
            and isinstance(value, Constant)
            and _ENVIRONMENT.get(str(key.value)) == str(value.value)
        ):
            return f"{key.value}={value.value}"
    for argument in call.arguments:
        if argument.name == "graph_optimization_level" and tail(argument.value) == "ORT_DISABLE_ALL":
            return "ORT_DISABLE_ALL"
    if name == "flags" and "torch.backends.cudnn.flags" in program.callees(spot):  # type: ignore[arg-type]
        enabled = program.argument(call, "enabled", 0)
        if enabled is not None and isinstance(enabled.value, Constant) and enabled.value.value is False:
            return f"{written(func)}(enabled=False)"
    if name == "set_flags" and any(found.startswith("torch.backends.") for found in program.callees(spot)):  # type: ignore[arg-type]
        first = call.arguments[0].value if call.arguments else None
        if isinstance(first, Constant) and first.value is False:
            return f"{written(func)}(False)"
    return ""


def guarded(block: Block) -> bool:
    """Tell whether code runs only under a debug guard or an option: somebody chose it."""
    return any(
        isinstance(one.owner, If)
        and any(_DEBUG.search(word) or _OPTION.match(word) for word in words_of(one.owner.test))
        for one in block.up()
    )
