"""How a fixer is written: a function that looks at a parsed text and a finding, and returns a fix or nothing.

A fixer knows the finding (rule, place, values) and the text of its file, nothing else: a finding that comes from a
cache can be fixed like any other. Where it would have to guess it returns None.
"""

from __future__ import annotations

import importlib
from functools import cache
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

    from greenlint.finding import Finding, Fix
    from greenlint.python.page import Page
    from greenlint.rule import Rule

    Fixer = Callable[[Page, Finding], Fix | None]

Function = TypeVar("Function", bound="Callable[..., object]")


def fixes(code: str) -> Callable[[Function], Function]:
    """Mark a function as the fixer of one rule."""

    def mark(function: Function) -> Function:
        function.__greenlint_code__ = code  # type: ignore[attr-defined]
        return function

    return mark


@cache
def fixer_of(module: str) -> Fixer | None:
    """Return the function of a rule's module name in `fixers/`, None where the rule has no fixer."""
    name = f"greenlint.fixers.{module}"
    try:
        found = importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name != name:
            raise
        return None
    function: Fixer = getattr(found, module)
    return function


def has_fixer(rule: Rule) -> bool:
    """Tell whether a rule's findings may be corrected."""
    return fixer_of(rule.module) is not None
