"""Estimate energy and carbon of a training that nobody measured."""

from __future__ import annotations

import json
import math
import sys
import textwrap
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import argparse

    from greenlint.card.intensity import Intensity

FORMATS = ("text", "json")
WIDTH = 80


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    device = parser.add_argument_group("what ran")
    device.add_argument("--device", metavar="NAME", help="an accelerator of the table, such as a100 or t4")
    device.add_argument("--watts", type=float, metavar="W", help="power of one device, instead of a name")
    device.add_argument("--count", type=int, default=1, metavar="N", help="number of devices (default 1)")
    device.add_argument("--hours", type=float, required=True, metavar="H", help="hours that they ran")
    device.add_argument(
        "--usage", type=float, default=1.0, metavar="U", help="share of the power drawn, 0 to 1 (default 1)"
    )
    device.add_argument("--memory", type=float, default=0.0, metavar="GB", help="memory of the machine in GB")
    device.add_argument("--pue", type=float, metavar="PUE", help="power usage effectiveness of the data centre")
    where = parser.add_argument_group("carbon")
    where.add_argument("--zone", metavar="CODE", help="country, for the table of Ember: FR or FRA")
    where.add_argument(
        "--intensity", type=float, metavar="G", help="carbon intensity in g/kWh, with its source and year"
    )
    where.add_argument("--intensity-source", metavar="TEXT", help="the table that it is from")
    where.add_argument("--intensity-year", type=int, metavar="YEAR", help="the year that it is for")
    life = parser.add_argument_group("whole life")
    life.add_argument("--queries", type=float, metavar="N", help="calls over the life of the model")
    life.add_argument("--kwh-per-query", type=float, metavar="KWH", help="energy of one call")
    life.add_argument(
        "--embodied", type=float, default=0.0, metavar="G", help="share of the hardware's making, gCO2eq, for SCI"
    )
    parser.add_argument("--format", metavar="FORMAT", default="text", help="text (default) or json")


def run(options: argparse.Namespace) -> int:
    """Estimate and tell."""
    from greenlint.errors import ConfigError, did_you_mean

    if options.format not in FORMATS:
        message = f'no format is called "{options.format}"{did_you_mean(options.format, FORMATS)}'
        raise ConfigError(message)
    told = _estimate(options)
    sys.stdout.write(json.dumps(told, indent=2, ensure_ascii=False) + "\n" if options.format == "json" else _text(told))
    for note in told["notes"]:
        print(f"note: {note}", file=sys.stderr)
    return 0


def _estimate(options: argparse.Namespace) -> dict[str, Any]:
    from greenlint.card import estimate
    from greenlint.errors import ConfigError

    notes: list[str] = []
    watts, lowest, device = _power(options)
    if options.count < 1:
        message = f"--count must be 1 or more, not {options.count}"
        raise ConfigError(message)
    terms = {
        "hours": options.hours, "cores": options.count, "usage": options.usage, "memory_gb": options.memory,
        "pue": options.pue if options.pue is not None else 1.0,
    }  # fmt: skip
    kwh = estimate.energy(watts_per_core=watts, **terms)
    if not kwh > 0:
        message = "the terms give no energy at all: hours, count, usage and watts must be above zero"
        raise ConfigError(message)
    low = estimate.energy(watts_per_core=lowest, **terms) * (1 - estimate.ESTIMATE_UNCERTAINTY)
    high = kwh * (1 + estimate.ESTIMATE_UNCERTAINTY)
    if options.pue is None:
        notes.append("no PUE given: the overhead of the data centre is not in it")
    if not options.memory:
        notes.append("no memory given: only the devices are in it")
    intensity = _intensity(options, notes)
    told: dict[str, Any] = {
        "schema": "greenlint-estimate/1",
        "method": "Green Algorithms: hours x (devices x watts x usage + GB x 0.3725 W) x PUE",
        "device": device,
        "energy": {"kwh": kwh, "low": low, "high": high},
        "carbon": None,
        "whole_life": None,
        "notes": notes,
    }
    if intensity:
        told["carbon"] = {
            "gco2eq": estimate.carbon(kwh, intensity.grams_per_kwh),
            "low": estimate.carbon(low, intensity.grams_per_kwh),
            "high": estimate.carbon(high, intensity.grams_per_kwh),
            "g_per_kwh": intensity.grams_per_kwh, "source": intensity.source, "zone": intensity.zone,
            "year": intensity.year,
        }  # fmt: skip
    if options.queries is not None or options.kwh_per_query is not None:
        told["whole_life"] = _whole_life(options, kwh, intensity)
    return told


def _power(options: argparse.Namespace) -> tuple[float, float, dict[str, Any]]:
    """Watts of one device, the lowest watts that its name may mean, and what is known of it."""
    from greenlint.card.accelerators import choose
    from greenlint.errors import ConfigError

    if options.watts is not None:
        if options.device:
            message = "give --device or --watts, not both"
            raise ConfigError(message)
        return options.watts, options.watts, {"name": "given", "watts": options.watts}
    if not options.device:
        message = "which device? give --device NAME or --watts W"
        raise ConfigError(message)
    family = choose(options.device)
    device = max(family, key=lambda one: one.watts)
    return (
        device.watts,
        min(one.watts for one in family),
        {
            "name": device.name if len(family) == 1 else options.device.lower(),
            "watts": device.watts,
            "variants": [one.name for one in family],
            "source": device.source,
            "year": device.year,
        },
    )


def _intensity(options: argparse.Namespace, notes: list[str]) -> Intensity | None:
    from datetime import datetime, timezone

    from greenlint.card.intensity import HIGHEST, OLDEST, Intensity, intensity_of
    from greenlint.errors import ConfigError

    intensity = None
    this_year = datetime.now(tz=timezone.utc).year
    if options.intensity is None and (options.intensity_source or options.intensity_year):
        message = "--intensity-source and --intensity-year say whose --intensity it is, which is missing"
        raise ConfigError(message)
    if options.intensity is not None:
        if not options.intensity_source or not options.intensity_year:
            message = "--intensity needs --intensity-source and --intensity-year: tables disagree by up to ten times"
            raise ConfigError(message)
        if not (math.isfinite(options.intensity) and 0 < options.intensity <= HIGHEST):
            message = f"--intensity must lie between 0 and {HIGHEST} g/kWh, not {options.intensity:g}"
            raise ConfigError(message)
        if not OLDEST <= options.intensity_year <= this_year:
            message = f"--intensity-year must lie between {OLDEST} and {this_year}, not {options.intensity_year}"
            raise ConfigError(message)
        intensity = Intensity(options.intensity, options.intensity_source, options.zone or "", options.intensity_year)
    elif options.zone:
        intensity = intensity_of(options.zone)
    else:
        notes.append("no carbon: give --zone, or --intensity with its source and year")
    if intensity and intensity.is_old(this_year):
        notes.append(f"the carbon intensity of {intensity.year} is more than three years old")
    return intensity


def _whole_life(options: argparse.Namespace, kwh: float, intensity: Intensity | None) -> dict[str, Any]:
    from greenlint.card.estimate import software_carbon_intensity, whole_life
    from greenlint.errors import ConfigError

    if options.queries is None or options.kwh_per_query is None:
        message = "the whole life needs both --queries and --kwh-per-query"
        raise ConfigError(message)
    for name, value in (
        ("--queries", options.queries),
        ("--kwh-per-query", options.kwh_per_query),
        ("--embodied", options.embodied),
    ):
        if not (math.isfinite(value) and value >= 0):
            message = f"{name} must be zero or more, not {value:g}"
            raise ConfigError(message)
    total = whole_life(kwh, options.queries, options.kwh_per_query)
    told: dict[str, Any] = {"kwh": total, "queries": options.queries}
    if intensity:
        told["gco2eq"] = total * intensity.grams_per_kwh
        if options.queries:
            told["sci"] = software_carbon_intensity(total, intensity.grams_per_kwh, options.embodied, options.queries)
    return told


def _text(told: dict[str, Any]) -> str:
    from greenlint.card.language import plain

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
