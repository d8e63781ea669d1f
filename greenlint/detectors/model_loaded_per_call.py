"""ECO601: the same model read from disk again and again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from greenlint.detector import Flag, detects, flag

if TYPE_CHECKING:
    from collections.abc import Iterator

    from greenlint.python.view import View


@detects("ECO601")
def model_loaded_per_call(file: View) -> Iterator[Flag]:
    if file.is_test:
        return
    for reload in file.study.serving.reloads(file.module):
        yield flag(reload.spot.call, load=reload.name, unit=reload.unit)
