"""ECO202: batches in pinned memory."""

from __future__ import annotations

from typing import TYPE_CHECKING

import libcst as cst

from greenlint.finding import Finding, Fix
from greenlint.fixer import fixes
from greenlint.python.page import is_open_ended

if TYPE_CHECKING:
    from greenlint.python.page import Page


@fixes("ECO202")
def dataloader_unpinned_memory(page: Page, finding: Finding) -> Fix | None:
    call = page.find(finding.place, cst.Call)
    if call is None or is_open_ended(call):
        return None
    # Without a GPU torch warns and pins nothing.
    return Fix("pin_memory=True", safe=True, edits=tuple(page.add_argument(call, "pin_memory=True")))
