"""ECO330: every combination of a large grid trained."""

from __future__ import annotations

from typing import TYPE_CHECKING

from greenlint.detector import Flag, detects, flag
from greenlint.python.searches import grids

if TYPE_CHECKING:
    from collections.abc import Iterator

    from greenlint.python.view import View


@detects("ECO330")
def exhaustive_hyperparameter_search(file: View, max_search_fits: int) -> Iterator[Flag]:
    if file.is_test or "GridSearchCV" not in file.module.identifiers:
        return
    for spot, settings, folds, fits in grids(file.program, file.module):
        if fits > max_search_fits:
            yield flag(spot.call, settings=settings, folds=folds, fits=fits)
