"""Estimate energy and carbon of a training that nobody measured."""

from __future__ import annotations

import json
import math
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import argparse

    from greenlint.card.estimation import Device
    from greenlint.card.intensity import Intensity

FORMATS = ("text", "json")


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
    from greenlint.card.estimation import Request, estimate, render
    from greenlint.errors import ConfigError, did_you_mean

    if options.format not in FORMATS:
        message = f'no format is called "{options.format}"{did_you_mean(options.format, FORMATS)}'
        raise ConfigError(message)
    told = estimate(
        Request(
            device=_device(options),
            count=options.count,
            hours=options.hours,
            usage=options.usage,
            memory_gb=options.memory,
            pue=options.pue,
            intensity=_intensity(options),
            queries=options.queries,
            kwh_per_query=options.kwh_per_query,
            embodied_grams=options.embodied,
        ),
    )
    sys.stdout.write(
        json.dumps(told, indent=2, ensure_ascii=False) + "\n" if options.format == "json" else render(told)
    )
    for note in told["notes"]:
        print(f"note: {note}", file=sys.stderr)
    return 0


def _device(options: argparse.Namespace) -> Device:
    from greenlint.card.accelerators import choose
    from greenlint.card.estimation import Device
    from greenlint.errors import ConfigError

    if options.watts is not None and options.device:
        message = "give --device or --watts, not both"
        raise ConfigError(message)
    if options.watts is not None:
        return Device("given", options.watts, options.watts)
    if not options.device:
        message = "which device? give --device NAME or --watts W"
        raise ConfigError(message)
    return Device.of(options.device, choose(options.device))


def _intensity(options: argparse.Namespace) -> Intensity | None:
    from datetime import datetime, timezone

    from greenlint.card.intensity import HIGHEST, OLDEST, Intensity, intensity_of
    from greenlint.errors import ConfigError

    value, source, year = options.intensity, options.intensity_source, options.intensity_year
    this_year = datetime.now(tz=timezone.utc).year
    message = ""
    if value is None:
        if source or year:
            message = "--intensity-source and --intensity-year say whose --intensity it is, which is missing"
    elif not source or not year:
        message = "--intensity needs --intensity-source and --intensity-year: tables disagree by up to ten times"
    elif not (math.isfinite(value) and 0 < value <= HIGHEST):
        message = f"--intensity must lie between 0 and {HIGHEST} g/kWh, not {value:g}"
    elif not OLDEST <= year <= this_year:
        message = f"--intensity-year must lie between {OLDEST} and {this_year}, not {year}"
    if message:
        raise ConfigError(message)
    if value is not None:
        return Intensity(value, source, options.zone or "", year)
    return intensity_of(options.zone) if options.zone else None
