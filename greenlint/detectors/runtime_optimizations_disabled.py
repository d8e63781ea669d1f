"""ECO602: optimisations of the runtime switched off."""

from __future__ import annotations

from typing import TYPE_CHECKING

from greenlint.detector import Flag, detects, flag
from greenlint.python.runtimes import disabled

if TYPE_CHECKING:
    from collections.abc import Iterator

    from greenlint.python.view import View


@detects("ECO602")
def runtime_optimizations_disabled(file: View) -> Iterator[Flag]:
    if file.is_test:
        return
    for place, setting in disabled(file.program, file.module):
        yield flag(place, setting=setting)
