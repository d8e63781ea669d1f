"""ECO207: a tensor made where it is needed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import libcst as cst

from greenlint.finding import Finding, Fix
from greenlint.fixer import fixes
from greenlint.python.page import argument, dotted

if TYPE_CHECKING:
    from greenlint.python.page import Page


_RANDOM = ("rand", "randn", "randint", "randperm")


@fixes("ECO207")
def tensor_created_on_host(page: Page, finding: Finding) -> Fix | None:
    copy = page.find(finding.place, cst.Call)
    if copy is None or not isinstance(copy.func, cst.Attribute) or not isinstance(copy.func.value, cst.Call):
        return None
    maker = copy.func.value
    name = dotted(maker.func).rpartition(".")[2]
    # Random numbers differ between devices; a leaf that wants gradients would become another tensor.
    if (
        not name
        or name in _RANDOM
        or argument(maker, "requires_grad")
        or maker.lpar
        or copy.func.attr.value not in ("to", "cuda")
    ):
        return None
    device = _device(page, copy)
    between = page.text[page.end(maker) : page.end(copy)]
    if not device or "#" in between or "#" in device:
        return None
    edits = [*page.add_argument(maker, f"device={device}"), page.edit(page.end(maker), page.end(copy), "")]
    return Fix(f"{name}(..., device={device})", safe=True, edits=tuple(edits))


def _device(page: Page, copy: cst.Call) -> str:
    """Return what a copy gives as the device, empty where it says more than that."""
    if not copy.args:
        return '"cuda"' if dotted(copy.func.with_changes(value=cst.Name("x"))) == "x.cuda" else ""
    first, *rest = copy.args
    if rest or first.star or (first.keyword is not None and first.keyword.value != "device"):
        return ""
    return page.code(first.value)
