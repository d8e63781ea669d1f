"""Bar charts, each with the table that says the same: a title, and rows of label, value and text."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from greenlint.card.footprint import run_name
from greenlint.card.language import plain, size

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from greenlint.card.evidence import Material
    from greenlint.card.words import Words

MOST_BARS = 12


def charts(material: Material, score: Mapping[str, Any], words: Words) -> list[dict[str, Any]]:
    """Return the charts of a release: score by phase, energy by run or epoch, weights by type, nodes by operator."""
    made = [phases(score, words)]
    runs = material.training
    stepped = next((run for run in runs if len(run.steps) > 1), None)
    if len(runs) > 1 or (runs and stepped is None):
        rows = [(run_name(run), run.kwh, words.number(run.kwh, 3)) for run in runs]
        made.append(chart("energy", words["energy_chart"], words["run"], "kWh", rows))
    if stepped is not None:
        rows = [(name, kwh, words.number(kwh, 3)) for name, kwh in _grouped(stepped.steps)]
        title = words["steps_chart" if len(rows) == len(stepped.steps) else "mean_steps_chart"]
        made.append(chart("steps", title, words["run"], "kWh", rows))
    if material.models:
        model = material.models[0]
        rows = [(dtype, float(count), size(count, words.language)) for dtype, count in model.weight_bytes.items()]
        made.append(chart("weights", words["weights_by_type"], words["type"], "B", rows))
        rows = [(name, float(count), str(count)) for name, count in model.operators.items()]
        made.append(chart("operators", words["operators_chart"], words["operator"], words["nodes"], rows))
    return [one for one in made if one["rows"]]


def phases(score: Mapping[str, Any], words: Words) -> dict[str, Any]:
    """Return the chart of the score by phase."""
    rows = [(phase["name"], phase["score"], words.decimal(phase["score"])) for phase in score["phases"]]
    return chart("phases", words["phases_chart"], words["phase"], words["score"], rows, top=100.0)


def chart(  # noqa: PLR0913, PLR0917 - the words of a chart
    id_: str, title: str, label: str, unit: str, rows: Sequence[tuple[str, float, str]], top: float | None = None
) -> dict[str, Any]:
    """Return one chart; bars beyond the twelfth are added up into one."""
    shown = list(rows[:MOST_BARS])
    if len(rows) > MOST_BARS:
        rest = math.fsum(value for _, value, _ in rows[MOST_BARS:])
        shown.append((f"+ {len(rows) - MOST_BARS}", rest, plain(rest)))
    highest = top or max((value for _, value, _ in shown), default=0) or 1
    return {
        "id": id_,
        "title": title,
        "label": label,
        "unit": unit,
        "rows": [
            {"label": name, "value": value, "text": text, "share": round(value / highest, 4)}
            for name, value, text in shown
        ],
    }


def _grouped(steps: Sequence[float]) -> list[tuple[str, float]]:
    """Return steps by number; of many, the means of stretches that are equally long."""
    length = math.ceil(len(steps) / MOST_BARS)
    stretches = [(first, steps[first : first + length]) for first in range(0, len(steps), length)]
    return [
        (str(first + 1) if length == 1 else f"{first + 1}-{first + len(part)}", math.fsum(part) / len(part))
        for first, part in stretches
    ]
