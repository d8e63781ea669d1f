"""ECO502: evaluation mode before the export."""

from __future__ import annotations

from typing import TYPE_CHECKING

import libcst as cst

from greenlint.finding import Finding, Fix
from greenlint.fixer import fixes
from greenlint.python.page import Loop, argument, dotted

if TYPE_CHECKING:
    from greenlint.python.page import Page


@fixes("ECO502")
def export_in_training_mode(page: Page, finding: Finding) -> Fix | None:
    call = page.find(finding.place, cst.Call)
    if call is None or not call.args:
        return None
    named = (found for word in ("model", "func", "obj", "mod") if (found := argument(call, word)) is not None)
    model = next(named, call.args[0]).value
    if isinstance(model, cst.Call):
        # eval() returns the module: what is made in the call is switched where it is made.
        edit = page.edit(page.end(model), page.end(model), ".eval()")
        return Fix("evaluation mode before the export", _is_safe(page, call, finding), (edit,))
    statement = page.statement(call)
    if not dotted(model) or statement is None:
        return None
    before = page.before(statement, f"{dotted(model)}.eval()")
    return (
        None if before is None else Fix("evaluation mode before the export", _is_safe(page, call, finding), (before,))
    )


def _is_safe(page: Page, call: cst.Call, finding: Finding) -> bool:
    # What trains after the export would now do so in evaluation mode.
    return not (finding.values or {}).get("trains_later", True) and not any(
        isinstance(one, Loop) for one in page.around(call)
    )
