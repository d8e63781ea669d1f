"""An estimate of a training that nobody measured: energy first, carbon only with its table, always with a range."""

from __future__ import annotations

import math
import textwrap
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

from greenlint.card.estimate import ESTIMATE_UNCERTAINTY, carbon, energy, software_carbon_intensity, whole_life
from greenlint.card.language import plain
from greenlint.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from greenlint.card.accelerators import Accelerator
    from greenlint.card.intensity import Intensity

SCHEMA = "greenlint-estimate/1"
METHOD = "Green Algorithms: hours x (devices x watts x usage + GB x 0.3725 W) x PUE"
WIDTH = 80


@dataclass(frozen=True, slots=True)
class Device:
    """What ran: its board power, and the lowest that its name may mean; `variants` are the names it may mean."""

    name: str
    watts: float
    lowest: float
    variants: tuple[str, ...] = ()
    source: str = ""
    year: int = 0

    @classmethod
    def of(cls, word: str, family: Sequence[Accelerator]) -> Device:
        """Return the device that a word stands for, at the highest power of its variants."""
        highest = max(family, key=lambda one: one.watts)
        name = highest.name if len(family) == 1 else word.lower()
        lowest = min(one.watts for one in family)
        return cls(name, highest.watts, lowest, tuple(one.name for one in family), highest.source, highest.year)


@dataclass(frozen=True, slots=True)
class Request:
    """The terms of an estimate; None for what was not given."""

    device: Device
    count: int
    hours: float
    usage: float = 1.0
    memory_gb: float = 0.0
    pue: float | None = None
    intensity: Intensity | None = None
    queries: float | None = None
    kwh_per_query: float | None = None
    embodied_grams: float = 0.0


def estimate(request: Request) -> dict[str, Any]:
    """Estimate, as plain data: kWh, gCO2eq, and notes on what is not in it; raises `ConfigError` for a wrong term."""
    if request.count < 1:
        message = f"--count must be 1 or more, not {request.count}"
        raise ConfigError(message)
    kwh, low = (_energy(request, watts) for watts in (request.device.watts, request.device.lowest))
    if not kwh > 0:
        message = "the terms give no energy at all: hours, count, usage and watts must be above zero"
        raise ConfigError(message)
    if not math.isfinite(kwh):
        message = "the terms give more energy than can be written"
        raise ConfigError(message)
    amounts = {"kwh": kwh, "low": low * (1 - ESTIMATE_UNCERTAINTY), "high": kwh * (1 + ESTIMATE_UNCERTAINTY)}
    device, intensity = request.device, request.intensity
    told: dict[str, Any] = {"name": device.name, "watts": device.watts}
    if device.source:
        told |= {"variants": list(device.variants), "source": device.source, "year": device.year}
    return {
        "schema": SCHEMA,
        "method": METHOD,
        "device": told,
        "energy": amounts,
        "carbon": _carbon(amounts, intensity) if intensity else None,
        "whole_life": _whole_life(request, kwh),
        "notes": _notes(request),
    }


def _energy(request: Request, watts: float) -> float:
    return energy(
        hours=request.hours,
        cores=request.count,
        watts_per_core=watts,
        usage=request.usage,
        memory_gb=request.memory_gb,
        pue=1.0 if request.pue is None else request.pue,
    )


def _carbon(amounts: Mapping[str, float], intensity: Intensity) -> dict[str, Any]:
    return {
        "gco2eq": carbon(amounts["kwh"], intensity.grams_per_kwh),
        "low": carbon(amounts["low"], intensity.grams_per_kwh),
        "high": carbon(amounts["high"], intensity.grams_per_kwh),
        "g_per_kwh": intensity.grams_per_kwh,
        "source": intensity.source,
        "zone": intensity.zone,
        "year": intensity.year,
    }


def _whole_life(request: Request, kwh: float) -> dict[str, Any] | None:
    if request.queries is None and request.kwh_per_query is None:
        return None
    if request.queries is None or request.kwh_per_query is None:
        message = "the whole life needs both --queries and --kwh-per-query"
        raise ConfigError(message)
    for name, value in (
        ("--queries", request.queries),
        ("--kwh-per-query", request.kwh_per_query),
        ("--embodied", request.embodied_grams),
    ):
        if not (math.isfinite(value) and value >= 0):
            message = f"{name} must be zero or more, not {value:g}"
            raise ConfigError(message)
    total = whole_life(kwh, request.queries, request.kwh_per_query)
    told: dict[str, Any] = {"kwh": total, "queries": request.queries}
    if request.intensity:
        grams_per_kwh = request.intensity.grams_per_kwh
        told["gco2eq"] = carbon(total, grams_per_kwh)
        if request.queries:
            told["sci"] = software_carbon_intensity(total, grams_per_kwh, request.embodied_grams, request.queries)
    return told


def _notes(request: Request) -> list[str]:
    intensity = request.intensity
    is_old = intensity is not None and intensity.is_old(datetime.now(tz=timezone.utc).year)
    said = (
        (request.pue is None, "no PUE given: the overhead of the data centre is not in it"),
        (not request.memory_gb, "no memory given: only the devices are in it"),
        (intensity is None, "no carbon: give --zone, or --intensity with its source and year"),
        (is_old, f"the carbon intensity of {intensity.year if intensity else 0} is more than three years old"),
        (
            bool(request.queries and intensity and not request.embodied_grams),
            "no --embodied given: making the hardware is not in the SCI",
        ),
    )
    return [note for applies, note in said if applies]


def render(told: Mapping[str, Any]) -> str:
    """Return an estimate in words, 80 columns wide."""
    energy, carbon, life, device = told["energy"], told["carbon"], told["whole_life"], told["device"]
    lines = [f"energy  {plain(energy['kwh'], 4)} kWh  (range {plain(energy['low'])} to {plain(energy['high'])} kWh)"]
    if carbon:
        low, high = plain(carbon["low"]), plain(carbon["high"])
        lines.append(f"carbon  {plain(carbon['gco2eq'], 4)} gCO2eq  (range {low} to {high} gCO2eq)")
        zone = f", {carbon['zone']}" if carbon["zone"] else ""
        lines.append(f"        {carbon['g_per_kwh']:g} g/kWh, {carbon['source']}{zone}, {carbon['year']}")
    if life:
        lines.append(f"life    {plain(life['kwh'], 4)} kWh with {plain(life['queries'])} queries (training and use)")
        if "sci" in life:
            carbon, each = plain(life["gco2eq"], 4), plain(life["sci"])
            lines.append(f"        {carbon} gCO2eq, SCI {each} gCO2eq per query, offsets excluded")
    told_of = [
        ("method", told["method"]),
        ("", "the range is +-50 %, as for any figure that was calculated and not measured"),
    ]
    if "source" in device:
        told_of.append(("device", f"{device['name']}, {device['watts']:g} W ({device['source']}, {device['year']})"))
        if len(device["variants"]) > 1:
            told_of.append(("", f"the range starts at the lowest of {', '.join(device['variants'])}"))
    else:
        told_of.append(("device", f"{device['watts']:g} W, as given"))
    for head, text in told_of:
        lines += textwrap.wrap(
            text, WIDTH, initial_indent=f"{head:<8}", subsequent_indent=" " * 8, break_long_words=False
        )
    return "\n".join(lines) + "\n"
