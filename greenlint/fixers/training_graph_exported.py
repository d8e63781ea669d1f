"""ECO503: an export that asks for inference."""

from __future__ import annotations

from typing import TYPE_CHECKING

import libcst as cst

from greenlint.finding import Finding, Fix
from greenlint.fixer import fixes
from greenlint.python.page import argument, dotted

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
    # Weights beside the graph, or weights as inputs, are asked for by those who load it. A training graph of a model
    # that was put into evaluation mode was not meant; of another, it may be trained where it is loaded.
    safe = name not in _HONEST and (name != "training" or _is_evaluated(page, call))
    return None if edit is None else Fix(f"without {name}=", safe=safe, edits=(edit,))


def _is_evaluated(page: Page, call: cst.Call) -> bool:
    """Tell whether the text calls eval() on the model of an export, or on what the model is made of."""
    given = argument(call, "model")
    model = dotted(given.value if given is not None else call.args[0].value)
    return any(
        isinstance(one.func, cst.Attribute)
        and one.func.attr.value == "eval"
        and (dotted(one.func.value) == model or _becomes(page, one, model))
        for one in page.nodes(cst.Call)
    )


def _becomes(page: Page, call: cst.Call, name: str) -> bool:
    """See `model = Net().eval()`."""
    holder = page.parent(call)
    return isinstance(holder, cst.Assign) and any(dotted(one.target) == name for one in holder.targets)
