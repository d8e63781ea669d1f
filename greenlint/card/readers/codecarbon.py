"""CodeCarbon's CSV, every header since 1.0: kg and kWh, rows cumulative within a run.

https://docs.codecarbon.io: the last row of a `run_id` is the run. `emissions_rate` is never read: it was a thousand
times off in 2.0 and 2.1. Whether power was measured or guessed from TDP is not recorded, and the run says so.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from greenlint.card.emissions import Run, moment, number, whole
from greenlint.card.readers._tables import Row, columns_of, rows_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from greenlint.card.emissions import Reading

TOOL = "CodeCarbon"

_NEEDED = {"emissions", "duration", "energy_consumed"}


def recognises(head: str) -> bool:
    """Whether the first line names CodeCarbon's columns, in whatever order."""
    return columns_of(head) >= _NEEDED | {"project_name"}


def read(text: str, into: Reading) -> None:
    """Read the last row of each run, or the tasks of a task file as the steps of their run."""
    last: dict[str, Row] = {}
    tasks: dict[str, list[Row]] = {}
    cut: dict[str, Row] = {}
    for row in rows_of(text, into, needed=_NEEDED):
        # Version 1 has no run id: its experiment id was drawn anew for each tracker.
        run_id = row["run_id"] or row["experiment_id"] or f"line-{row.line}"
        if row["task_name"]:
            tasks.setdefault(run_id, []).append(row)
        last[run_id] = row
        cut.pop(run_id, None)
    for run_id, row in last.items():
        into.runs.append(_tasks(run_id, tasks[run_id], into.path) if run_id in tasks else _run(run_id, row, into.path))


def _run(run_id: str, row: Row, path: str) -> Run:
    parts = tuple(number(row[name]) for name in ("cpu_energy", "gpu_energy", "ram_energy"))
    carbon = number(row["emissions"])
    energy = number(row["energy_consumed"])
    cloud = f"{row['cloud_provider']} {row['cloud_region']}".strip() if row["on_cloud"].upper() == "Y" else ""
    used = number(row["gpu_utilization_percent"])
    return Run(
        tool=TOOL,
        path=path,
        line=row.line,
        run_id=run_id,
        kwh=float("nan") if energy is None else energy,
        grams=float("nan") if carbon is None else carbon * 1000,
        seconds=number(row["duration"]),
        ended=moment(row["timestamp"]),
        project=row["project_name"],
        parts=tuple(part for part in parts if part is not None) if None not in parts else (),
        cpu_kwh=parts[0],
        gpu_kwh=parts[1],
        cpu_model=row["cpu_model"],
        cpu_threads=whole(row["cpu_count"]),
        memory_gb=number(row["ram_total_size"]),
        gpu_model=row["gpu_model"],
        gpu_count=whole(row["gpu_count"]),
        gpu_used_percent=used or None,
        country=row["country_iso_code"] or row["country_name"],
        region=row["region"],
        cloud=cloud,
        pue=number(row["pue"]),
        overhead_included=(number(row["pue"]) or 1) > 1,
        scope=row["tracking_mode"] or "machine",
        tool_version=row["codecarbon_version"],
    )


def _tasks(run_id: str, rows: list[Row], path: str) -> Run:
    from dataclasses import replace

    runs = [_run(run_id, row, path) for row in rows]
    latest = runs[-1]
    shared = len(latest.parts)
    return replace(
        latest,
        kwh=sum(run.kwh for run in runs),
        grams=_sum(run.grams for run in runs),
        seconds=sum(run.seconds or 0 for run in runs),
        parts=tuple(sum(run.parts[place] for run in runs) for place in range(shared))
        if all(len(run.parts) == shared for run in runs)
        else (),
        cpu_kwh=_sum(run.cpu_kwh for run in runs),
        gpu_kwh=_sum(run.gpu_kwh for run in runs),
        steps=tuple(run.kwh for run in runs),
    )


def _sum(amounts: Iterable[float | None]) -> float | None:
    total = 0.0
    for amount in amounts:
        if amount is None:
            return None
        total += amount
    return total
