"""Measuring: the energy counters of a processor, as files in a folder."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

pytest.importorskip("onnx", reason="reading models needs the extra [onnx]")
import models
import onnx

from greenlint.onnx import timing
from greenlint.onnx.load import load

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(name="powercap")
def _powercap(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "powercap"
    for name in ("intel-rapl:0", "intel-rapl:1", "intel-rapl:10", "intel-rapl:0:0", "intel-rapl-mmio:0", "dtpm"):
        (folder / name).mkdir(parents=True)
        (folder / name / "max_energy_range_uj").write_text("999999\n")
        (folder / name / "energy_uj").write_text("100\n")
    monkeypatch.setattr("greenlint.onnx.timing._COUNTERS", folder)
    return folder


def test_packages_are_read_and_their_parts_are_not(powercap: Path) -> None:
    assert sorted(timing._counters()) == ["intel-rapl:0", "intel-rapl:1", "intel-rapl:10"]
    (powercap / "intel-rapl:1" / "energy_uj").write_text("none\n")
    assert sorted(timing._counters()) == ["intel-rapl:0", "intel-rapl:10"]


def test_packages_add_up(powercap: Path) -> None:
    before = timing._counters()
    (powercap / "intel-rapl:0" / "energy_uj").write_text("500100\n")
    (powercap / "intel-rapl:10" / "energy_uj").write_text("250100\n")
    assert timing._used(before, timing._counters()) == pytest.approx(0.75)


def test_a_counter_that_starts_again_at_zero(powercap: Path) -> None:
    (powercap / "intel-rapl:0" / "energy_uj").write_text("999000\n")
    before = timing._counters()
    (powercap / "intel-rapl:0" / "energy_uj").write_text("500\n")
    # 999 000 to 999 999 are 999 steps, one more to zero, and 500 on.
    assert timing._used(before, timing._counters()) == pytest.approx(1500e-6)


def test_what_cannot_be_read_is_not_told(powercap: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = timing._counters()
    (powercap / "intel-rapl:0" / "energy_uj").unlink()
    assert timing._used(before, timing._counters()) is None
    monkeypatch.setattr("greenlint.onnx.timing._COUNTERS", powercap / "nowhere")
    assert timing._used(timing._counters(), timing._counters()) is None


def test_a_run_with_a_counter(tmp_path: Path, powercap: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("onnxruntime", reason="measuring needs ONNX Runtime")
    monkeypatch.setattr("greenlint.onnx.timing._SECONDS", 0.01)
    for name in ("intel-rapl:1", "intel-rapl:10"):
        (powercap / name / "energy_uj").unlink()
    ticks = iter((100, 600_100))
    monkeypatch.setattr(
        "greenlint.onnx.timing._counters", lambda: {"intel-rapl:0": timing.Counter(next(ticks), 999_999)}
    )
    onnx.save(models.chain(4), tmp_path / "model.onnx")
    measured = timing.measure(load(tmp_path / "model.onnx"))
    assert measured.joules == pytest.approx(0.6 / measured.runs)
    assert measured.median <= measured.slowest_twentieth
