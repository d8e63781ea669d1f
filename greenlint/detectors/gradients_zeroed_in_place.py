"""ECO346: gradients written over with zeros instead of given back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from greenlint.detector import Flag, detects, flag
from greenlint.python.facts import written
from greenlint.python.zeroing import needs_zeros, zeroings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from greenlint.python.view import View


@detects("ECO346")
def gradients_zeroed_in_place(file: View) -> Iterator[Flag]:
    # CUDA graphs, and sums that are made by hand, need the same zeroed tensors at every step.
    if file.is_test or "set_to_none" not in file.module.identifiers or needs_zeros(file.module):
        return
    for spot in zeroings(file.program, file.module):
        yield flag(spot.call, call=written(spot.call.func))
