"""ECO104: a layer without the bias that batch normalisation takes away."""

from __future__ import annotations

from typing import TYPE_CHECKING

import libcst as cst

from greenlint.finding import Finding, Fix
from greenlint.fixer import fixes
from greenlint.python.page import argument, is_open_ended

if TYPE_CHECKING:
    from greenlint.python.page import Page


_MOST_BEFORE_BIAS = 7


@fixes("ECO104")
def bias_before_batchnorm(page: Page, finding: Finding) -> Fix | None:
    call = page.find(finding.place, cst.Call)
    values = finding.values or {}
    # A checkpoint with the bias would no longer load, and code that sets biases would meet None.
    if call is None or is_open_ended(call) or values.get("loads", True) or _touches_bias(page):
        return None
    keyword = "use_bias" if values.get("keras") else "bias"
    given = argument(call, keyword)
    if given is not None:
        edits = [page.edit(page.start(given.value), page.end(given.value), "False")]
    elif sum(one.keyword is None for one in call.args) > (
        2 if "Linear" in str(values.get("layer")) else _MOST_BEFORE_BIAS
    ):
        return None
    else:
        edits = page.add_argument(call, f"{keyword}=False")
    return Fix(f"{keyword}=False", safe=False, edits=tuple(edits))


def _touches_bias(page: Page) -> bool:
    """Tell whether the text reads a `bias` without asking first whether there is one."""
    return any(
        node.attr.value == "bias"
        and not any(isinstance(one, cst.If) and "bias" in page.code(one.test) for one in page.around(node))
        for node in page.nodes(cst.Attribute)
    ) or any("bias" in node.raw_value for node in page.nodes(cst.SimpleString))
