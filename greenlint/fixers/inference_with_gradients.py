"""ECO401: evaluation without gradients."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import libcst as cst

from greenlint.finding import Finding, Fix
from greenlint.fixer import fixes

if TYPE_CHECKING:
    from greenlint.python.page import Page


_GRADIENTS = frozenset(
    ["backward", "zero_grad", "requires_grad", "requires_grad_", "grad", "autograd", "manual_backward", "enable_grad"]
)
_EVALUATES = ("eval", "valid", "test", "predict", "infer", "generate", "score", "accuracy")
_OLD = frozenset({"Variable", "volatile", "legacy"})
_MAKES = re.compile(r"^_*(?:get|build|create|make|load|init|setup)(?:_|$)")


@fixes("ECO401")
def inference_with_gradients(page: Page, finding: Finding) -> Fix | None:
    call = page.find(finding.place, cst.Call)
    if call is None:
        return None
    values = finding.values or {}
    function = page.function(call)
    if function is not None and _MAKES.match(function.name.value):
        return None  # what makes a model may make it for training
    if function is not None and _can_be_decorated(page, function) and not values.get("trains_here", True):
        mode = _mode(page, function, trains=bool(values.get("trains", True)))
        torch = page.imported("torch", before=page.start(function))
        edit = None if torch is None else page.above(function, f"{torch.written}.{mode}()")
    else:
        mode = "no_grad"
        statement = _stretch(page, call)
        torch = None if statement is None else page.imported("torch", before=page.start(statement))
        edit = (
            None
            if torch is None or statement is None
            else page.wrap(statement, statement, f"with {torch.written}.{mode}():")
        )
    if torch is None or edit is None:
        return None
    return Fix(f"torch.{mode}() around the evaluation", safe=False, edits=(*torch.edits, edit))


def _can_be_decorated(page: Page, function: cst.FunctionDef) -> bool:
    # A coroutine or generator runs after the decorator has ended, forward is a piece of a model, and what
    # TorchScript compiles takes no decorator.
    return (
        function.asynchronous is None
        and function.name.value not in ("forward", "__init__")
        and not any(True for _ in page.within(function.body, cst.Yield))
        and not page.words(function) & _GRADIENTS
        and not any({"jit", "script", "compile"} & page.words(one) for one in function.decorators)
    )


def _mode(page: Page, function: cst.FunctionDef, *, trains: bool) -> str:
    """Choose the stricter mode only where no gradient is wanted of its tensors, now or later."""
    name = function.name.value.lower()
    plain = not trains and any(word in name for word in _EVALUATES)
    return "inference_mode" if plain and not page.words(page.module) & (_GRADIENTS | _OLD) else "no_grad"


def _stretch(page: Page, call: cst.Call) -> cst.CSTNode | None:
    """Return the outermost loop around a call that asks for no gradients, else the statement of the call."""
    loops = [loop for loop in page.loops(call) if not page.words(loop) & (_GRADIENTS | {"step"})]
    statement = loops[-1] if loops else page.statement(call)
    if statement is None or page.words(statement) & _GRADIENTS:
        return None
    later = (cst.Await, cst.Yield, cst.FunctionDef, cst.ClassDef)
    return None if any(True for kind in later for _ in page.within(statement, kind)) else statement
