"""ECO342: debugging switched off."""

from __future__ import annotations

from typing import TYPE_CHECKING

import libcst as cst

from greenlint.finding import Finding, Fix
from greenlint.fixer import fixes
from greenlint.python.page import argument, dotted

if TYPE_CHECKING:
    from greenlint.python.page import Page


@fixes("ECO342")
def debug_instrumentation_left_on(page: Page, finding: Finding) -> Fix | None:
    setting = str((finding.values or {}).get("setting", ""))
    title = f"without {setting}"
    assigned = page.find(finding.place, cst.Assign)
    call = page.find(finding.place, cst.Call) if assigned is None else None
    if call is not None and (given := argument(call, setting.partition("=")[0])) is not None:
        edit = page.remove_argument(call, given)
        return None if edit is None else Fix(title, safe=True, edits=(edit,))
    statement = assigned if call is None else page.parent(call)
    if not isinstance(statement, (cst.Assign, cst.Expr)) or (
        isinstance(statement, cst.Assign) and (len(statement.targets) > 1 or dotted(statement.value))
    ):
        return None
    removed = page.remove(statement)
    return None if removed is None else Fix(title, safe=True, edits=(removed,))
