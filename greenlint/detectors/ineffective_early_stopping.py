"""ECO313: early stopping that cannot act."""

from __future__ import annotations

from typing import TYPE_CHECKING

from greenlint.detector import Flag, detects, flag
from greenlint.python.patience import powerless, unused

if TYPE_CHECKING:
    from collections.abc import Iterator

    from greenlint.python.view import View


@detects("ECO313")
def ineffective_early_stopping(file: View) -> Iterator[Flag]:
    if not {"EarlyStopping", "EarlyStoppingCallback"} & file.module.identifiers:
        return
    sites = list(file.sites)
    if sites:
        for call, reason in unused(file.program, file.module):
            yield flag(call, reason=reason)
    told = set()
    for site in sites:
        for call, reason in powerless(file.program, site):
            if id(call) not in told and any(spot.call is call for spot in file.module.spots()):
                told.add(id(call))
                yield flag(call, reason=reason)
