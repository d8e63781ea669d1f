"""ECO342: instrumentation for debugging that every step pays for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from greenlint.detector import Flag, detects, flag
from greenlint.python.debugging import left_on

if TYPE_CHECKING:
    from collections.abc import Iterator

    from greenlint.python.view import View


@detects("ECO342")
def debug_instrumentation_left_on(file: View) -> Iterator[Flag]:
    if file.is_test:
        return
    for place, setting in left_on(file.program, file.module):
        yield flag(place, setting=setting)
