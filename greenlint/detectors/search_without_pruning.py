"""ECO331: trials of a search that are trained to the end, however bad they are."""

from __future__ import annotations

from typing import TYPE_CHECKING

from greenlint.detector import Flag, detects, flag
from greenlint.python.searches import unpruned

if TYPE_CHECKING:
    from collections.abc import Iterator

    from greenlint.python.view import View


@detects("ECO331")
def search_without_pruning(file: View) -> Iterator[Flag]:
    if file.is_test or not {"create_study", "optimize"} <= file.module.identifiers:
        return
    for spot in unpruned(file.program, file.study.training, file.module):
        yield flag(spot.call)
