"""ECO502: evaluation mode before the export."""

from __future__ import annotations

from typing import TYPE_CHECKING

import libcst as cst

from greenlint.finding import Finding, Fix
from greenlint.fixer import fixes
from greenlint.python.page import argument, dotted

if TYPE_CHECKING:
    from greenlint.python.page import Page


@fixes("ECO502")
def export_in_training_mode(page: Page, finding: Finding) -> Fix | None:
    call = page.find(finding.place, cst.Call)
    values = finding.values or {}
    # What trains on after the export would do so in evaluation mode.
    if call is None or not call.args or values.get("trains_on", True):
        return None
    named = (found for word in ("model", "func", "obj", "mod") if (found := argument(call, word)) is not None)
    model = next(named, call.args[0]).value
    statement = page.statement(call)
    edit = None
    if isinstance(model, cst.Call):
        # eval() returns the module: what is made in the call is switched where it is made.
        edit = page.edit(page.end(model), page.end(model), ".eval()")
    elif dotted(model) and statement is not None:
        edit = page.before(statement, f"{dotted(model)}.eval()")
    meant = statement is not None and _last_line(page.text[: page.start(statement)]) == f"{dotted(model)}.train()"
    safe = not values.get("trains_later", True) and not page.loops(call) and not meant
    return None if edit is None else Fix(f"{page.code(model)}.eval() before the export", safe=safe, edits=(edit,))


def _last_line(text: str) -> str:
    """Return the last line of a text that holds more than a comment."""
    lines = (line.partition("#")[0].strip() for line in reversed(text.splitlines()))
    return next((line for line in lines if line), "")
