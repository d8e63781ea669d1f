"""Carbon intensity of electricity, never without its table, zone and year.

The order: the figure of the emission file itself, the figure that the user gives with its source and year, the table of
this package for a named country, and then none at all: there is no world average to fall back on.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from greenlint.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Mapping

LOWEST, HIGHEST = 1, 1500
"""g/kWh that a grid can have; what lies outside is a slip of units."""

OLDEST = 1990
"""The first year of the tables."""

OLDEST_FRESH = 3
"""Years."""


@dataclass(frozen=True, slots=True)
class Intensity:
    """Carbon intensity of electricity in g/kWh, with its table, zone and year."""

    grams_per_kwh: float
    source: str
    zone: str
    year: int

    def is_old(self, year: int) -> bool:
        """Whether the figure is more than three years older than what it is used for."""
        return year - self.year > OLDEST_FRESH

    @property
    def told(self) -> str:
        """`Ember, Yearly Electricity Data, FRA, 2024`."""
        return ", ".join(filter(None, (self.source, self.zone, str(self.year))))


def intensity_of(zone: str) -> Intensity:
    """Carbon intensity of a country, by either ISO code; raises `ConfigError` for one that the table does not have."""
    data = _table()
    wanted = alpha3(zone)
    if wanted not in data["zones"]:
        message = f'no carbon intensity for "{zone}": a country code such as FR is wanted, or a figure of one\'s own'
        raise ConfigError(message)
    return Intensity(float(data["zones"][wanted]), data["source"], wanted, data["year"])


def alpha3(zone: str) -> str:
    """ISO 3166 alpha-3 code of a country code, `FRA` for `fr`; other words come back in upper case."""
    from greenlint.card.countries import ALPHA3

    code = zone.strip().upper()
    return ALPHA3.get(code, code)


@cache
def _table() -> Mapping[str, Any]:
    import yaml

    path = Path(__file__).with_name("intensities.yaml")
    data: dict[str, Any] = yaml.load(path.read_bytes(), Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506
    return data
