"""Formulas, the accelerator table and carbon intensities."""

from __future__ import annotations

import math
from typing import Any

import pytest

from greenlint.card import accelerators, estimate, intensity
from greenlint.card.countries import ALPHA3
from greenlint.errors import ConfigError


def test_the_seed_that_was_measured_as_0_000165() -> None:
    kwh = estimate.energy(hours=41 / 3600, cores=1, watts_per_core=12.5, memory_gb=2.930 / 0.3725)
    assert kwh == pytest.approx(0.0001757, rel=0.001)
    assert kwh / 0.000165 == pytest.approx(1.065, rel=0.001)


@pytest.mark.parametrize(("kwh", "kg"), [(0.000165, 1.4007e-5), (0.001281, 1.0874e-4), (0.000444, 3.7664e-5)])
def test_seed_carbon_within_one_percent(kwh: float, kg: float) -> None:
    assert estimate.carbon(kwh, 84.9) / 1000 == pytest.approx(kg, rel=0.01)


def test_green_algorithms_term_by_term() -> None:
    kwh = estimate.energy(hours=2, cores=8, watts_per_core=400, usage=0.5, memory_gb=64, pue=1.2)
    assert kwh == pytest.approx(2 * (8 * 400 * 0.5 + 64 * 0.3725) * 1.2 * 0.001)


def test_whole_life_and_sci() -> None:
    assert estimate.whole_life(10, 1000, 0.001) == 11
    assert estimate.software_carbon_intensity(11, 50, 450, 1000) == pytest.approx(1.0)
    with pytest.raises(ConfigError):
        estimate.software_carbon_intensity(1, 1, 0, 0)


@pytest.mark.parametrize(
    "terms", [{"hours": -1}, {"hours": math.nan}, {"hours": 1, "usage": 1.1}, {"hours": 1, "pue": 0.9}]
)
def test_impossible_terms_are_refused(terms: Any) -> None:
    with pytest.raises(ConfigError):
        estimate.energy(cores=1, watts_per_core=1, **terms)


def test_every_accelerator_has_a_source_and_a_year() -> None:
    table = accelerators.table()
    assert len(table) >= 30
    for device in table:
        assert 5 < device.watts <= 1200
        assert device.source.startswith(("https://", "http://"))
        assert 2015 < device.year < 2030
    assert len({device.name for device in table}) == len(table)


@pytest.mark.parametrize(
    ("told", "name"),
    [
        ("NVIDIA A100-SXM4-80GB", "a100-sxm-80gb"),
        ("2 x Tesla T4", "t4"),
        ("t4", "t4"),
        ("Tesla V100-PCIE-32GB", "v100-pcie"),
        ("Some New GPU", None),
        ("A100", None),
    ],
)
def test_devices_are_found_by_their_whole_name(told: str, name: Any) -> None:
    device = accelerators.find(told)
    assert (device.name if device else None) == name


def test_a_family_name_stands_for_its_variants() -> None:
    assert {device.watts for device in accelerators.choose("a100")} == {250, 300, 400}
    assert {device.name for device in accelerators.choose("A100-PCIE")} == {"a100-pcie-40gb", "a100-pcie-80gb"}
    assert {device.name for device in accelerators.choose("Tesla V100-SXM2-16GB")} == {"v100-sxm2"}
    assert {device.name for device in accelerators.choose("h200")} == {"h200-sxm", "h200-nvl"}


def test_an_unknown_device_asks_and_does_not_guess() -> None:
    with pytest.raises(ConfigError, match='did you mean "a100"'):
        accelerators.choose("a1000")
    for word in ("rtx", "gtx", "nvidia", "", "80gb"):
        with pytest.raises(ConfigError, match="give its board power with --watts"):
            accelerators.choose(word)


def test_zones() -> None:
    assert intensity.alpha3("fr") == "FRA"
    assert intensity.alpha3("FRA") == "FRA"
    assert len(ALPHA3) == 249


def test_the_table_of_intensities_has_a_source_and_a_year() -> None:
    france, sweden = intensity.intensity_of("FR"), intensity.intensity_of("swe")
    assert 20 < france.grams_per_kwh < 90
    assert 5 < sweden.grams_per_kwh < 50
    assert (france.zone, france.year) == ("FRA", 2024)
    assert france.told == "Ember, Yearly Electricity Data, FRA, 2024"
    zones = intensity._table()["zones"]
    assert len(zones) > 80
    assert set(zones) <= {*ALPHA3.values(), "XKX"}
    assert all(intensity.LOWEST <= value <= intensity.HIGHEST for value in zones.values())


def test_a_zone_that_the_table_lacks_has_no_intensity() -> None:
    with pytest.raises(ConfigError, match='no carbon intensity for "France": a country code'):
        intensity.intensity_of("France")


def test_a_figure_is_old_after_three_years() -> None:
    assert intensity.Intensity(50, "t", "FR", 2020).is_old(2026)
    assert not intensity.Intensity(50, "t", "FR", 2023).is_old(2026)
