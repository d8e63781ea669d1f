"""ECO505: pruned weights shipped with their masks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from greenlint.detector import Flag, detects, flag
from greenlint.python.pruning import masks, ships_model, unmasks

if TYPE_CHECKING:
    from collections.abc import Iterator

    from greenlint.python.view import View


@detects("ECO505")
def pruning_mask_kept(file: View) -> Iterator[Flag]:
    pruned = next(masks(file.program, file.module), None)
    if pruned is not None and not unmasks(file.program) and ships_model(file.program):
        spot, method = pruned
        yield flag(spot.call, method=method)
