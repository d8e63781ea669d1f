"""ECO301: training that nothing measures."""

from __future__ import annotations

from typing import TYPE_CHECKING

from greenlint.detector import Flag, detects, flag

if TYPE_CHECKING:
    from collections.abc import Iterator

    from greenlint.python.view import View


@detects("ECO301")
def missing_energy_tracker(file: View) -> Iterator[Flag]:
    first = next(file.sites, None)
    if first is not None and not file.study.tracking.measures:
        yield flag(first.node, entry=file.entry)
