"""ECO402: evaluation mode before evaluation."""

from __future__ import annotations

from typing import TYPE_CHECKING

import libcst as cst

from greenlint.finding import Finding, Fix
from greenlint.fixer import fixes
from greenlint.python.page import dotted

if TYPE_CHECKING:
    from greenlint.python.page import Page


_TRAINS = frozenset({"backward", "step", "zero_grad", "train"})


@fixes("ECO402")
def missing_eval_mode(page: Page, finding: Finding) -> Fix | None:
    call = page.find(finding.place, cst.Call)
    values = finding.values or {}
    # Where training goes on afterwards, somebody has to say where it is switched back.
    if call is None or values.get("trains_on", True):
        return None
    model = _model(call, str(values.get("model")))
    loops = [loop for loop in page.loops(call) if not page.binds(loop, model) and not page.words(loop) & _TRAINS]
    statement = loops[-1] if loops else page.holder(call)
    if not model or statement is None or not (loops or isinstance(statement, cst.BaseSmallStatement)):
        return None
    edit = page.before(statement, f"{model}.eval()")
    return None if edit is None else Fix(f"{model}.eval() before it is evaluated", safe=False, edits=(edit,))


def _model(call: cst.Call, name: str) -> str:
    """Return the model of a call, `model(x)` or `model.generate(x)`, if it has a plain name."""
    called = dotted(call.func)
    return name if name and (called == name or called.rpartition(".")[0] == name) else ""
