"""How a detector is written: a function that looks at plain data and yields flags."""

from __future__ import annotations

import importlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

from greenlint.errors import RuleError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from greenlint.rule import Rule, Severity

    Detector = Callable[..., Iterator["Flag"]]

Function = TypeVar("Function", bound="Callable[..., Iterator[Flag]]")


@dataclass(frozen=True, slots=True)
class Flag:
    """What a detector yields: where, and the values for the rule's message.

    `at` is a node of the facts (Python) or a node of the graph (ONNX); `severity` overrides the rule's.
    """

    at: Any
    values: Mapping[str, object] = field(default_factory=dict)
    severity: Severity | None = None


def flag(at: object, severity: Severity | None = None, **values: object) -> Flag:
    """Make a flag; keyword arguments fill the placeholders of the rule's message."""
    return Flag(at, values, severity)


def detects(code: str) -> Callable[[Function], Function]:
    """Mark a function as the detector of one rule."""

    def mark(function: Function) -> Function:
        function.__greenlint_code__ = code  # type: ignore[attr-defined]
        return function

    return mark


def detector_of(rule: Rule) -> Detector:
    """Import the detector of a rule: the function of the rule's name in the module of the rule's name.

    Raises `RuleError` when the module or the function is not there, or is marked with another code.
    """
    where = f"greenlint/detectors/{rule.module}.py"
    try:
        module = importlib.import_module(f"greenlint.detectors.{rule.module}")
    except ModuleNotFoundError as error:
        if error.name != f"greenlint.detectors.{rule.module}":
            raise
        message = f"{rule.code} {rule.name} has no detector: {where} is missing"
        raise RuleError(message) from None
    function: Detector | None = getattr(module, rule.module, None)
    if function is None or getattr(function, "__greenlint_code__", None) != rule.code:
        message = f'{where} must define {rule.module}() marked with @detects("{rule.code}")'
        raise RuleError(message)
    return function
