"""Experiment Impact Tracker's `data.json`: one JSON object per line, watts at moments, never its pickle.

https://github.com/Breakend/experiment-impact-tracker: the power attributed to the process is integrated over time. The
tool's own PUE is not applied.
"""

from __future__ import annotations

import json
from datetime import datetime, timezone
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from greenlint.card.emissions import Run, number
from greenlint.card.language import text as both

if TYPE_CHECKING:
    from greenlint.card.emissions import Reading

TOOL = "Experiment Impact Tracker"

_POWERS = ("rapl_estimated_attributable_power_draw", "nvidia_estimated_attributable_power_draw")


def recognises(head: str) -> bool:
    """Whether the first line is a JSON object with a moment and a power draw."""
    first = head.lstrip().split("\n", 1)[0]
    return first.startswith("{") and '"timestamp"' in first and "_power_draw" in first


def read(text: str, into: Reading) -> None:
    """Read the whole file as one run; a line that is not JSON is left out."""
    samples: list[tuple[float, float, int]] = []
    for line, content in enumerate(text.splitlines(), start=1):
        if not content.strip():
            continue
        try:
            data = json.loads(content)
        except (ValueError, RecursionError):
            into.refuse(line, both("not JSON, sample left out", "pas du JSON, relevé laissé de côté"))
            continue
        sample = _sample(data)
        if sample is None:
            into.refuse(line, both("no moment or no power, sample left out", "ni instant ni puissance, relevé écarté"))
        else:
            samples.append((*sample, line))
    if len(samples) < 2:  # noqa: PLR2004 - energy needs a stretch of time
        into.refuse(1, both("fewer than two samples, no energy to add up", "moins de deux relevés, aucune énergie"))
        return
    joules = 0.0
    for (before, low, _), (after, high, _) in pairwise(samples):
        joules += (after - before) * (low + high) / 2
    end = samples[-1][0]
    into.runs.append(
        Run(
            tool=TOOL,
            path=into.path,
            line=samples[-1][2],
            run_id=into.path,
            kwh=joules / 3.6e6,
            seconds=end - samples[0][0],
            ended=datetime.fromtimestamp(end, tz=timezone.utc) if 0 < end < 1e11 else None,  # noqa: PLR2004
            scope="process",
        ),
    )


def _sample(data: Any) -> tuple[float, float] | None:  # noqa: ANN401 - whatever the line held
    if not isinstance(data, dict):
        return None
    stamp = number(data.get("timestamp"))
    watts = [amount for name in _POWERS if (amount := number(data.get(name))) is not None]
    return (stamp, sum(watts)) if stamp is not None and watts else None
