"""Eco2AI's CSV: kWh and kg, one row per run, or one row per epoch when its training interface was used.

https://github.com/sb-ai-lab/Eco2AI: after each epoch the counters start again, so the rows of a training id add up. The
package itself is never imported.
"""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING

from greenlint.card.emissions import Run, moment, number
from greenlint.card.readers._tables import Row, columns_of, rows_of

if TYPE_CHECKING:
    from greenlint.card.emissions import Reading

TOOL = "Eco2AI"

_ENERGY = ("power_consumption(kWh)", "power_consumption(kWTh)")
_NEEDED = {"duration(s)", "CO2_emissions(kg)"}


def recognises(head: str) -> bool:
    """Whether the first line names Eco2AI's columns."""
    columns = columns_of(head)
    return columns >= _NEEDED and not columns.isdisjoint(_ENERGY)


def read(text: str, into: Reading) -> None:
    """Read each id as one run."""
    groups: dict[str, list[Row]] = {}
    for row in rows_of(text, into, needed=_NEEDED):
        groups.setdefault(row["id"] or f"line-{row.line}", []).append(row)
    for run_id, rows in groups.items():
        epochs = {row["epoch"].split(",")[0]: row for row in rows if row["epoch"].startswith("epoch:")}
        told = list(epochs.values()) if epochs else rows[-1:]
        energies = [_energy(row) for row in told]
        carbons = [number(row["CO2_emissions(kg)"]) for row in told]
        last = told[-1]
        started = moment(last["start_time"])
        gpu = re.match(r"(.+?) (\d+) device", last["GPU_name"])
        into.runs.append(
            Run(
                tool=TOOL,
                path=into.path,
                line=last.line,
                run_id=run_id,
                kwh=sum(energies),
                grams=None if None in carbons else sum(carbon for carbon in carbons if carbon is not None) * 1000,
                seconds=sum(number(row["duration(s)"]) or 0 for row in told),
                ended=started + timedelta(seconds=number(last["duration(s)"]) or 0) if started else None,
                project=last["project_name"],
                steps=tuple(energies) if epochs else (),
                cpu_model=last["CPU_name"].split("/")[0],
                gpu_model=gpu[1] if gpu and int(gpu[2]) else "",
                gpu_count=int(gpu[2]) if gpu else None,
                country=last["region/country"],
                scope="machine",
            ),
        )


def _energy(row: Row) -> float:
    for column in _ENERGY:
        if row[column]:
            amount = number(row[column])
            return float("nan") if amount is None else amount
    return float("nan")
