"""ECO303: a tracker that is stopped whatever happens."""

from __future__ import annotations

from typing import TYPE_CHECKING

import libcst as cst

from greenlint.finding import Finding, Fix
from greenlint.fixer import fixes
from greenlint.python.page import dotted

if TYPE_CHECKING:
    from greenlint.python.page import Page


_DEFINITIONS = (cst.FunctionDef, cst.ClassDef, cst.Import, cst.ImportFrom, cst.Global, cst.Nonlocal)


@fixes("ECO303")
def energy_tracker_not_stopped(page: Page, finding: Finding) -> Fix | None:
    call = page.find(finding.place, cst.Call)
    statement = page.parent(call) if call is not None else None
    # In a notebook the training stands in cells that no `try` can reach.
    if call is None or not isinstance(statement, cst.Expr) or page.source.cells:
        return None
    tracker, _, method = dotted(call.func).rpartition(".")
    rest = page.follows(statement)
    if not tracker.isidentifier() or method != "start" or not rest or page.body(statement) is None:
        return None
    if any(True for one in rest for kind in _DEFINITIONS for _ in page.within(one, kind)):
        return None
    step = "\t" if (page.indent(page.start(statement)) or "").endswith("\t") else page.step
    edit = page.wrap(rest[0], rest[-1], "try:", ["finally:", f"{step}{tracker}.stop()"])
    return None if edit is None else Fix(f"{tracker}.stop() whatever happens", safe=False, edits=(edit,))
