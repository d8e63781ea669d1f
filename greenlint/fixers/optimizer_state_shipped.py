"""ECO504: a model without the state of its optimizer."""

from __future__ import annotations

from typing import TYPE_CHECKING

import libcst as cst

from greenlint.finding import Finding, Fix
from greenlint.fixer import fixes
from greenlint.python.page import argument, dotted

if TYPE_CHECKING:
    from greenlint.python.page import Page


@fixes("ECO504")
def optimizer_state_shipped(page: Page, finding: Finding) -> Fix | None:
    call = page.find(finding.place, cst.Call)
    if call is None or not call.args:
        return None
    if dotted(call.func) == "torch.save":
        return _without_entry(page, call)
    # The .keras format ignores the argument, and a folder may be a SavedModel of either Keras.
    path = str((finding.values or {}).get("name", ""))
    if not path.endswith((".h5", ".hdf5")):
        return None
    given = argument(call, "include_optimizer")
    edits = (
        page.add_argument(call, "include_optimizer=False")
        if given is None
        else [page.edit(page.start(given.value), page.end(given.value), "False")]
    )
    return Fix("include_optimizer=False", safe=True, edits=tuple(edits))


def _without_entry(page: Page, call: cst.Call) -> Fix | None:
    """Take the optimizer's state out of a dict, unless the text reads it anywhere."""
    state = call.args[0].value
    if isinstance(state, cst.Name):
        function = page.function(call) or page.module
        made = [
            one.value
            for one in page.within(function, cst.Assign)
            if any(dotted(target.target) == state.value for target in one.targets)
        ]
        state = made[0] if len(made) == 1 else state
    if not isinstance(state, cst.Dict) or "load_state_dict" in page.words(page.module):
        return None
    entries = [
        one
        for one in state.elements
        if isinstance(one, cst.DictElement)
        and isinstance(one.value, cst.Call)
        and dotted(one.value.func).endswith(".state_dict")
        and "optim" in dotted(one.value.func).rpartition(".")[0].rpartition(".")[2].lower()
    ]
    if len(entries) != 1 or len(state.elements) == 1:
        return None
    edit = page.remove_entry(state, entries[0])
    return None if edit is None else Fix("without the optimizer's state", safe=False, edits=(edit,))
