"""Energy and carbon by formula, for what nobody measured; always with a range and the method's name.

Sources: Green Algorithms (Lannelongue et al., 2021, https://doi.org/10.1002/advs.202100707), the whole-life formula of
Patterson et al. (2022, https://arxiv.org/abs/2204.05149), Software Carbon Intensity (ISO/IEC 21031:2024). Offsets
have no place in any of them.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from greenlint.errors import ConfigError

if TYPE_CHECKING:
    from pathlib import Path

MEMORY_WATTS_PER_GB = 0.3725
"""Green Algorithms' figure for memory, used or not."""

ESTIMATE_UNCERTAINTY = 0.5
"""A calculated figure is "low" quality in BoAmps' words: plus or minus 50 %."""

OLDEST_FRESH_FACTOR = 3


@dataclass(frozen=True, slots=True)
class Intensity:
    """Carbon intensity of electricity in g/kWh, with its table, zone and year; 0 for an unknown year."""

    grams_per_kwh: float
    source: str
    zone: str = ""
    year: int = 0

    def warning(self, now: int) -> str:
        """One line when the factor is older than three years or has no year."""
        if not self.year:
            return f"the year of the carbon intensity from {self.source} is not known"
        if now - self.year > OLDEST_FRESH_FACTOR:
            return f"the carbon intensity of {self.year} is more than {OLDEST_FRESH_FACTOR} years old"
        return ""


@dataclass(frozen=True, slots=True)
class Amount:
    """Energy in kWh with its range; `grams` and its range are None where no intensity is known."""

    kwh: float
    low: float
    high: float
    intensity: Intensity | None = None

    @property
    def grams(self) -> float | None:
        """Carbon in gCO2eq."""
        return self.kwh * self.intensity.grams_per_kwh if self.intensity else None


def energy(  # noqa: PLR0913 - the terms of the formula
    *,
    hours: float,
    cores: float = 0,
    watts_per_core: float = 0,
    usage: float = 1,
    memory_gb: float = 0,
    pue: float = 1,
) -> float:
    """Energy in kWh: hours x (cores x watts per core x usage + memory x 0.3725 W/GB) x PUE / 1000.

    A core is whatever has the watts: a processor core, or a whole accelerator. Raises `ConfigError` for a term that is
    negative, not finite, a usage above 1 or a PUE below 1.
    """
    for name, value in (("hours", hours), ("cores", cores), ("watts", watts_per_core), ("memory", memory_gb)):
        if not (math.isfinite(value) and value >= 0):
            message = f"{name} must be zero or more, not {value:g}"
            raise ConfigError(message)
    if not 0 <= usage <= 1:
        message = f"usage must lie between 0 and 1, not {usage:g}"
        raise ConfigError(message)
    if not (math.isfinite(pue) and pue >= 1):
        message = f"PUE must be 1 or more, not {pue:g}"
        raise ConfigError(message)
    return hours * (cores * watts_per_core * usage + memory_gb * MEMORY_WATTS_PER_GB) * pue / 1000


def carbon(kwh: float, grams_per_kwh: float) -> float:
    """Carbon in gCO2eq of an energy in kWh."""
    return kwh * grams_per_kwh


def whole_life(training_kwh: float, queries: float, kwh_per_query: float) -> float:
    """Energy in kWh over the life of a model: training, and every query."""
    return training_kwh + queries * kwh_per_query


def software_carbon_intensity(kwh: float, grams_per_kwh: float, embodied_grams: float, per: float) -> float:
    """SCI in gCO2eq per functional unit: (E x I + M) / R, with `per` the number of units R; offsets excluded.

    Raises `ConfigError` when there is no unit to divide by.
    """
    if not per > 0:
        message = f"the number of functional units must be above zero, not {per:g}"
        raise ConfigError(message)
    return (kwh * grams_per_kwh + embodied_grams) / per


def intensity_of(zone: str) -> Intensity | None:
    """Carbon intensity of a country from the data file of `ecologits`, or None where the package is not installed.

    The package is found but never imported. Raises `ConfigError` for a zone that its table does not have.
    """
    path = _mixes()
    if path is None:
        return None
    wanted = alpha3(zone)
    rows = {row["name"]: row for row in json.loads(path.read_text(encoding="utf-8"))["electricity_mixes"]}
    if wanted not in rows:
        message = f'no carbon intensity for the zone "{zone}" in ecologits; give --intensity with its source and year'
        raise ConfigError(message)
    from importlib.metadata import version

    # The table states no year: the warning that follows from 0 is meant.
    return Intensity(float(rows[wanted]["gwp"]) * 1000, f"ecologits {version('ecologits')}", wanted)


def alpha3(zone: str) -> str:
    """ISO 3166 alpha-3 code of a country code, `FRA` for `fr`; other words come back in upper case."""
    from greenlint.card.countries import ALPHA3

    code = zone.strip().upper()
    return ALPHA3.get(code, code)


@cache
def _mixes() -> Path | None:
    from importlib.util import find_spec
    from pathlib import Path

    try:
        spec = find_spec("ecologits")
    except (ImportError, ValueError):
        return None
    for folder in (spec.submodule_search_locations or ()) if spec else ():
        path = Path(folder) / "data" / "electricity_mixes.json"
        if path.is_file():
            return path
    return None
