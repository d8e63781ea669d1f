"""ECO201: batches prepared in the process that feeds the accelerator."""

from __future__ import annotations

from typing import TYPE_CHECKING

from greenlint.detector import Flag, detects, flag
from greenlint.python.data import is_in_memory, loaders, suffers_from_workers, workers_off

if TYPE_CHECKING:
    from collections.abc import Iterator

    from greenlint.python.view import View


@detects("ECO201")
def dataloader_single_process(file: View) -> Iterator[Flag]:
    if not file.runs_models or not file.study.devices.places(file.module):
        return
    for spot in loaders(file.program, file.module):
        off = workers_off(file.program, spot)
        # What is in memory already is handed over faster than a worker could.
        if off and not is_in_memory(file.program, spot):
            yield flag(spot.call, workers=off, hazard=suffers_from_workers(file.program, spot))
