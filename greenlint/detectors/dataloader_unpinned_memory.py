"""ECO202: batches copied to a CUDA GPU from pageable memory."""

from __future__ import annotations

from typing import TYPE_CHECKING

from greenlint.detector import Flag, detects, flag
from greenlint.python.data import loaders, may_serve_from_gpu, names_pinning

if TYPE_CHECKING:
    from collections.abc import Iterator

    from greenlint.python.view import View


@detects("ECO202")
def dataloader_unpinned_memory(file: View) -> Iterator[Flag]:
    found = list(loaders(file.program, file.module))
    if not found or not file.runs_models or not file.study.devices.copies_to_cuda(file.module):
        return
    for spot in found:
        # pin_memory=False is somebody's choice, and what is on the GPU already cannot be pinned.
        if not names_pinning(file.program, spot) and not may_serve_from_gpu(file.program, spot):
            yield flag(spot.call)
