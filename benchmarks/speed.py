"""Measure greenlint beside its peers on a folder: CPU time, wall time and memory, as medians of alternating runs.

usage: python benchmarks/speed.py FOLDER [--runs 5] [--torchfix PATH] [--ruff PATH]

Nothing is fetched. A peer is measured when its executable is named or found on the PATH; each belongs into a virtual
environment of its own, since TorchFix pins an old LibCST:

    python -m venv torchfix && torchfix/bin/python -m pip install torchfix
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Cost:
    """What one run took: seconds, seconds, and mebibytes at its peak."""

    cpu: float
    wall: float
    memory: float


def main() -> int:
    """Print the table and return 0, or 2 when there is nothing to measure."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--torchfix", default=shutil.which("torchfix"))
    parser.add_argument("--ruff", default=shutil.which("ruff"))
    options = parser.parse_args()
    if not options.folder.is_dir():
        print(f"error: {options.folder}: no such folder", file=sys.stderr)
        return 2
    folder = str(options.folder)
    contenders = {"greenlint check": [sys.executable, "-m", "greenlint", "check", "-q", folder]}
    if options.torchfix:
        contenders["torchfix --select=ALL"] = [options.torchfix, "--select=ALL", folder]
    if options.ruff:
        contenders["ruff check --select ALL"] = [
            *(options.ruff, "check", "--no-cache", "--isolated", "--select", "ALL", "--preview", "-q", folder),
        ]
    contenders["python -c 'import libcst'"] = [sys.executable, "-c", "import libcst"]
    contenders["greenlint --version"] = [sys.executable, "-m", "greenlint", "--version"]
    contenders["python -c pass"] = [sys.executable, "-c", "pass"]
    runs: dict[str, list[Cost]] = {name: [] for name in contenders}
    for _ in range(options.runs):
        for name, command in contenders.items():
            runs[name].append(measure(command))
    files = sorted(options.folder.rglob("*.py"))
    lines = sum(file.read_bytes().count(b"\n") for file in files)
    print(f"{options.folder.name}: {len(files)} Python files, {lines} lines")
    print(f"Python {sys.version.split()[0]}, {os.cpu_count()} cores, medians of {options.runs} alternating runs")
    print()
    print("| command | CPU | wall | peak memory | CPU, greenlint = 1 |")
    print("|---|---:|---:|---:|---:|")
    own = statistics.median(cost.cpu for cost in runs["greenlint check"])
    for name, costs in runs.items():
        cpu, wall, memory = (
            statistics.median(getattr(cost, field) for cost in costs) for field in ("cpu", "wall", "memory")
        )
        print(f"| `{name}` | {cpu:.2f} s | {wall:.2f} s | {memory:.0f} MiB | {cpu / own:.2f} |")
    return 0


def measure(command: list[str]) -> Cost:
    """Run a command, its output thrown away, and return what it took with its children."""
    began = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)  # noqa: S603
    _, status, usage = os.wait4(process.pid, 0)
    wall = time.perf_counter() - began
    process.returncode = os.waitstatus_to_exitcode(status)
    return Cost(usage.ru_utime + usage.ru_stime, wall, usage.ru_maxrss / 1024)


if __name__ == "__main__":
    raise SystemExit(main())
