"""Energy and carbon by formula, for what nobody measured; always with a range and the method's name.

Sources: Green Algorithms (Lannelongue et al., 2021, https://doi.org/10.1002/advs.202100707), the whole-life formula of
Patterson et al. (2022, https://arxiv.org/abs/2204.05149), Software Carbon Intensity (ISO/IEC 21031:2024). Offsets
have no place in any of them.
"""

from __future__ import annotations

import math

from greenlint.errors import ConfigError

MEMORY_WATTS_PER_GB = 0.3725
"""Green Algorithms' figure for memory, used or not."""

ESTIMATE_UNCERTAINTY = 0.5
"""A calculated figure is "low" quality in BoAmps' words: plus or minus 50 %."""


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
