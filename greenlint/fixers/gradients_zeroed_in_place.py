"""ECO346: gradients let go instead of written over."""

from __future__ import annotations

from typing import TYPE_CHECKING

import libcst as cst

from greenlint.finding import Finding, Fix
from greenlint.fixer import fixes
from greenlint.python.page import argument

if TYPE_CHECKING:
    from greenlint.python.page import Page


@fixes("ECO346")
def gradients_zeroed_in_place(page: Page, finding: Finding) -> Fix | None:
    call = page.find(finding.place, cst.Call)
    given = argument(call, "set_to_none") if call is not None else None
    if call is None or given is None:
        return None
    edit = page.remove_argument(call, given)
    return None if edit is None else Fix("without set_to_none=False", safe=True, edits=(edit,))
