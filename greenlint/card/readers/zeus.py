"""Zeus' window log: joules per accelerator, no carbon, and nothing about the processor.

https://ml.energy/zeus: windows may lie inside one another (epochs in a training); an inner window is a step of the
outer one and is not counted again.
"""

from __future__ import annotations

import re
from datetime import datetime, timezone
from typing import TYPE_CHECKING

from greenlint.card.emissions import Run, number
from greenlint.card.readers._tables import Row, columns_of, rows_of

if TYPE_CHECKING:
    from greenlint.card.emissions import Reading

TOOL = "Zeus"

_GPU = re.compile(r"gpu\d+_energy$")
_NEEDED = {"start_time", "window_name", "elapsed_time"}


def recognises(head: str) -> bool:
    """Whether the first line names Zeus' columns."""
    return columns_of(head) >= _NEEDED


def read(text: str, into: Reading) -> None:
    """Read each outermost window as one run, with the windows inside it as its steps."""
    windows = [window for window in map(_window, rows_of(text, into, needed=_NEEDED)) if window]
    for start, end, kwh, row in windows:
        inside = [
            other
            for other in windows
            if other[3] is not row and start <= other[0] and other[1] <= end and other[2] <= kwh
        ]
        if any(other[0] <= start and end <= other[1] and other[3] is not row and other[2] > kwh for other in windows):
            continue
        into.runs.append(
            Run(
                tool=TOOL,
                path=into.path,
                line=row.line,
                run_id=f"{row['window_name']}@{row['start_time']}",
                kwh=kwh,
                seconds=end - start,
                ended=datetime.fromtimestamp(end, tz=timezone.utc) if 0 < end < 1e11 else None,  # noqa: PLR2004
                project=row["window_name"],
                steps=tuple(other[2] for other in sorted(inside, key=lambda other: other[0])),
                gpu_count=sum(1 for name in row.cells if _GPU.match(name)) or None,
                scope="gpu",
            ),
        )


def _window(row: Row) -> tuple[float, float, float, Row] | None:
    start, length = number(row["start_time"]), number(row["elapsed_time"])
    joules = [number(cell) for name, cell in row.cells.items() if _GPU.match(name)]
    energy = sum(float("nan") if amount is None else amount for amount in joules) if joules else float("nan")
    if start is None or length is None:
        return None
    return start, start + length, energy / 3.6e6, row
