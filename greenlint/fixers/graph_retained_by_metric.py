"""ECO340: the loss without its graph."""

from __future__ import annotations

from typing import TYPE_CHECKING

import libcst as cst

from greenlint.finding import Finding, Fix
from greenlint.fixer import fixes
from greenlint.python.page import dotted

if TYPE_CHECKING:
    from greenlint.python.page import Page


@fixes("ECO340")
def graph_retained_by_metric(page: Page, finding: Finding) -> Fix | None:
    loss = str((finding.values or {}).get("loss", ""))
    statement = page.find(finding.place, cst.AugAssign) or page.find(finding.place, cst.Assign)
    call = page.find(finding.place, cst.Call) if statement is None else None
    collected = statement.value if statement is not None else call.args[0] if call is not None and call.args else None
    if collected is None:
        return None
    found = [
        node
        for kind in (cst.Name, cst.Attribute)
        for node in page.within(collected, kind)
        if dotted(node) == loss and not isinstance(page.parent(node), cst.Attribute)
    ]
    # detach() keeps a tensor a tensor, whatever is done with the sum later; item() would wait for the GPU.
    edits = tuple(page.edit(page.end(node), page.end(node), ".detach()") for node in found)
    return Fix(f"{loss}.detach(): the number without its graph", safe=True, edits=edits) if len(found) == 1 else None
