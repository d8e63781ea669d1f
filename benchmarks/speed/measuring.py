"""Commands that are run in turns, and what each took: CPU time, wall time, memory."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


@dataclass(frozen=True)
class Cost:
    """What one run took: seconds, seconds, and mebibytes at its peak, those of its children included."""

    cpu: float
    wall: float
    memory: float


@dataclass
class Contender:
    """A command that is measured again and again; `prepare` runs before each time and is not measured."""

    name: str
    command: Sequence[str]
    prepare: Callable[[], object] = lambda: None
    runs: list[Cost] = field(default_factory=list)

    def median(self, what: str) -> float:
        """Return the median of `cpu`, `wall` or `memory`."""
        return statistics.median(getattr(run, what) for run in self.runs)


def alternate(contenders: Sequence[Contender], times: int) -> None:
    """Run all of them once, then all again: what else the machine does then falls on each alike."""
    for _ in range(times):
        for one in contenders:
            one.prepare()
            one.runs.append(measured(one.command))


def measured(command: Sequence[str]) -> Cost:
    """Run a command, its output thrown away, and return what it took."""
    began = time.perf_counter()
    process = subprocess.Popen(  # noqa: S603
        command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=environment()
    )
    _, status, usage = os.wait4(process.pid, 0)
    wall = time.perf_counter() - began
    process.returncode = os.waitstatus_to_exitcode(status)
    unit = 1 << 20 if sys.platform == "darwin" else 1 << 10
    return Cost(usage.ru_utime + usage.ru_stime, wall, usage.ru_maxrss / unit)


def said(command: Sequence[str]) -> str:
    """Return what a command writes."""
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment())  # noqa: S603
    return done.stdout


def environment() -> dict[str, str]:
    """Return the environment of all that is measured: users let Python keep what it has compiled."""
    return {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}


def table(contenders: Sequence[Contender], unit: Contender) -> str:
    """Return the medians as a table in Markdown; ratios are to the medians of `unit`."""
    lines = [
        f"| | CPU | wall | peak memory | CPU / {unit.name} | wall / {unit.name} |",
        "|---|---:|---:|---:|---:|---:|",
    ]
    for one in contenders:
        cpu, wall, memory = (one.median(what) for what in ("cpu", "wall", "memory"))
        ratios = f"{cpu / unit.median('cpu'):.2f} | {wall / unit.median('wall'):.2f}"
        lines.append(f"| {one.name} | {cpu * 1000:.0f} ms | {wall * 1000:.0f} ms | {memory:.0f} MiB | {ratios} |")
    return "\n".join(lines)
