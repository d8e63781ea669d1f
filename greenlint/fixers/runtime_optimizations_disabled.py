"""ECO602: the runtime's own optimisations, left on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import libcst as cst

from greenlint.finding import Finding, Fix
from greenlint.fixer import fixes
from greenlint.python.page import argument

if TYPE_CHECKING:
    from greenlint.python.page import Page


@fixes("ECO602")
def runtime_optimizations_disabled(page: Page, finding: Finding) -> Fix | None:
    setting = str((finding.values or {}).get("setting", ""))
    # ONNX Runtime's optimisations keep results; other kernels round in another order.
    safe = setting == "ORT_DISABLE_ALL"
    title = f"without {setting}"
    assigned = page.find(finding.place, cst.Assign)
    if assigned is not None:
        edit = page.remove(assigned) if len(assigned.targets) == 1 else None
        return None if edit is None else Fix(title, safe=safe, edits=(edit,))
    call = page.find(finding.place, cst.Call)
    if call is None:
        return None
    given = argument(call, "graph_optimization_level")
    if given is not None:
        edit = page.remove_argument(call, given)
    else:
        statement = page.parent(call)
        edit = page.remove(statement) if isinstance(statement, cst.Expr) else None
    return None if edit is None else Fix(title, safe=safe, edits=(edit,))
