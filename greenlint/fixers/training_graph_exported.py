"""ECO503: an export that asks for inference."""

from __future__ import annotations

from typing import TYPE_CHECKING

import libcst as cst

from greenlint.finding import Finding, Fix
from greenlint.fixer import fixes
from greenlint.python.page import argument

if TYPE_CHECKING:
    from greenlint.python.page import Page


_HONEST = ("export_params", "keep_initializers_as_inputs")


@fixes("ECO503")
def training_graph_exported(page: Page, finding: Finding) -> Fix | None:
    call = page.find(finding.place, cst.Call)
    name = str((finding.values or {}).get("argument", "")).partition("=")[0]
    given = argument(call, name) if call is not None else None
    if call is None or given is None:
        return None
    edit = page.remove_argument(call, given)
    # Weights beside the graph, or weights as inputs, are asked for by those who load it.
    return None if edit is None else Fix(f"without {name}=", safe=name not in _HONEST, edits=(edit,))
