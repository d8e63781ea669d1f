"""CarbonTracker's logs: kWh and grams, already multiplied by a PUE in the consumption block.

https://github.com/lfwa/carbontracker: the block "Actual consumption" is the measurement, and by default it covers the
first epoch only; "Predicted consumption" is an extrapolation and is never read as energy. The epochs of the standard
log are not multiplied by the PUE.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from greenlint.card.emissions import Run, moment
from greenlint.card.language import text as both

if TYPE_CHECKING:
    from greenlint.card.emissions import Reading
    from greenlint.card.language import Text

TOOL = "CarbonTracker"

_ACTUAL = re.compile(
    r"Actual consumption(?: for (?P<epochs>\d+) epoch\(s\))?:\s*"
    r"Time:\s*(?P<time>\S+)\s*Energy:\s*(?P<energy>\S+)\s*kWh\s*CO2eq:\s*(?P<carbon>\S+)\s*g\b",
    re.IGNORECASE,
)
_PREDICTED = re.compile(r"Predicted consumption for (\d+) epoch\(s\)", re.IGNORECASE)
_PUE = re.compile(r"PUE\s+coefficient of ([0-9.]+)")
_VERSION = re.compile(r"carbontracker version (\S+)")
_DEVICES = re.compile(r"GPU with device\(s\) (.+?)\.(?:\s|$)")
_EPOCH = re.compile(r"Duration:\s*(\d+:\d\d:[\d.]+)((?:(?!Duration:).)*)", re.DOTALL)
_POWER = re.compile(r"Average power usage \(W\) for (\S+): \[?\s*([^\]\n]+?)\s*\]?(?:\n|$)")
_STAMP = re.compile(r"^(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d) - ", re.MULTILINE)


def recognises(head: str) -> bool:
    """Whether the log is CarbonTracker's, by its lines."""
    return "carbontracker version" in head or bool(
        re.search(r"CarbonTracker: .*\n?(?:Actual|Predicted) consumption", head) or "- CarbonTracker: " in head,
    )


def read(text: str, into: Reading) -> None:
    """Read the last block of actual consumption, or the epochs where the log has no block."""
    blocks = list(_ACTUAL.finditer(text))
    predicted = _PREDICTED.findall(text)
    steps = _steps(text)
    stamps = _STAMP.findall(text)
    pue = _PUE.search(text)
    version = _VERSION.search(text)
    devices = _DEVICES.search(text)
    names = [name.strip() for name in devices[1].split(",")] if devices else []
    shared = {
        "tool": TOOL,
        "path": into.path,
        # Output log and standard log of one run differ only in their last part, so they are told as one run.
        "run_id": re.sub(r"_carbontracker(_output)?\.log$", "", into.path.rsplit("/", 1)[-1]),
        "ended": moment(stamps[-1]) if stamps else None,
        "planned_epochs": int(predicted[-1]) if predicted else None,
        "gpu_model": names[0] if names else "",
        "gpu_count": len(names) or None,
        "tool_version": version[1] if version else "",
        "scope": "devices",
    }
    if blocks:
        block = blocks[-1]
        line = text.count("\n", 0, block.start()) + 1
        energy, carbon, seconds = _float(block["energy"]), _float(block["carbon"]), _seconds(block["time"])
        into.runs.append(
            Run(
                **shared,  # type: ignore[arg-type]
                line=line,
                kwh=energy,
                # Without a known intensity CarbonTracker writes nan grams beside a good energy.
                grams=None if carbon != carbon else carbon,  # noqa: PLR0124
                seconds=seconds,
                steps=steps,
                pue=float(pue[1]) if pue else None,
                overhead_included=True,
                notes=_covered(block["epochs"], predicted),
            ),
        )
    elif steps:
        into.runs.append(
            Run(
                **shared,  # type: ignore[arg-type]
                line=1,
                kwh=sum(steps),
                seconds=sum(_seconds(time) for time, _ in _EPOCH.findall(text)),
                steps=steps,
            ),
        )
    elif predicted:
        into.refuse(
            1,
            both(
                "only a predicted consumption, which is no measurement",
                "une consommation prédite seulement, qui n'est pas une mesure",
            ),
        )


def _covered(epochs: str | None, predicted: list[str]) -> tuple[Text, ...]:
    if epochs and predicted and int(predicted[-1]) > int(epochs):
        planned = predicted[-1]
        return (both(f"measured {epochs} of {planned} epochs", f"{epochs} époques mesurées sur {planned}"),)
    return ()


def _steps(text: str) -> tuple[float, ...]:
    steps = []
    for time, rest in _EPOCH.findall(text):
        watts = sum(_float(part) for _, powers in _POWER.findall(rest) for part in powers.split() if part != "None")
        if watts > 0:
            steps.append(watts * _seconds(time) / 3.6e6)
    return tuple(steps)


def _seconds(time: str) -> float:
    try:
        hours, minutes, seconds = time.split(":")
        return int(hours) * 3600 + int(minutes) * 60 + float(seconds)
    except ValueError:
        return float("nan")


def _float(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return float("nan")
