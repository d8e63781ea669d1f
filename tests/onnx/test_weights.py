"""What the numbers of a model look like."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

onnx = pytest.importorskip("onnx", reason="reading models needs the extra [onnx]")
import models  # noqa: E402
import numpy as np  # noqa: E402
from onnx import helper, numpy_helper  # noqa: E402

from greenlint.onnx import weights  # noqa: E402
from greenlint.onnx.load import load  # noqa: E402

if TYPE_CHECKING:
    from pathlib import Path

    from greenlint.onnx.graph import Graph


def graph(folder: Path, *arrays: np.ndarray, how: str = "full") -> Graph:
    tensors = [numpy_helper.from_array(array, f"w{i}") for i, array in enumerate(arrays)]
    nodes = [helper.make_node("Identity", [f"w{i}"], [f"y{i}" if i else "y"]) for i in range(len(arrays))]
    onnx.save(models.graph(nodes, tensors), folder / "model.onnx")
    return load(folder / "model.onnx", weights=how)


def test_counts_over_chunks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("greenlint.onnx.weights._BLOCK", 1024)
    numbers = np.linspace(-3, 2, 5000, dtype=np.float32)
    numbers[:500], numbers[500:600], numbers[600] = 0, 1e-6, np.inf
    (counted,) = weights.statistics(graph(tmp_path, numbers)).values()
    assert (counted.count, counted.zeros, counted.tiny, counted.not_finite) == (5000, 500, 100, 1)
    assert counted.largest == pytest.approx(abs(numbers[601:]).max())
    assert counted.exact


@pytest.mark.parametrize("dtype", ["FLOAT16", "BFLOAT16", "FLOAT", "DOUBLE"])
def test_the_bits_of_every_format_are_counted_as_its_numbers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, dtype: str
) -> None:
    monkeypatch.setattr(weights, "_BLOCK", 4096)
    kind = getattr(onnx.TensorProto, dtype)
    raw = np.random.default_rng(0).bytes(1 << 18)
    count = len(raw) // {"DOUBLE": 8, "FLOAT": 4}.get(dtype, 2)
    tensor = helper.make_tensor("w", kind, [count], raw, raw=True)
    onnx.save(models.graph([helper.make_node("Identity", ["w"], ["y"])], [tensor]), tmp_path / "model.onnx")
    (counted,) = weights.statistics(load(tmp_path / "model.onnx", weights="full")).values()
    with np.errstate(all="ignore"):
        numbers = np.abs(numpy_helper.to_array(tensor).astype(np.float64))
    finite = numbers[np.isfinite(numbers)]
    assert counted.count == count
    assert counted.largest == finite.max()
    assert counted.zeros == np.count_nonzero(numbers == 0)
    assert counted.tiny == np.count_nonzero(numbers < 2.0**-14) - counted.zeros
    assert counted.not_finite == count - finite.size
    assert counted.nan == np.count_nonzero(np.isnan(numbers))


@pytest.mark.parametrize(
    ("value", "fits", "told"),
    [
        (1.0, True, "would halve"),
        (70000.0, False, "7e+04"),
        (np.inf, False, "inf"),
        (np.nan, False, "nan"),
        (1e-6, False, "lose digits"),
    ],
)
def test_half_precision(tmp_path: Path, value: float, *, fits: bool, told: str) -> None:
    array = np.full(1000, value, np.float32)
    array[0] = 1e-6 if value == 1e-6 else 1
    found = weights.half_precision(graph(tmp_path, array))
    assert found.fits is fits
    assert told in found.advice


def test_masks_and_single_numbers_do_not_forbid_half_precision(tmp_path: Path) -> None:
    plain = np.linspace(-1, 1, 1000, dtype=np.float32)
    mask = np.triu(np.full((30, 30), -np.inf, np.float32), 1)
    assert weights.half_precision(graph(tmp_path, plain, mask)).fits
    clipped = weights.half_precision(graph(tmp_path, plain, np.array(-3.4e38, np.float32)))
    assert clipped.fits
    assert "clip the constant w1" in clipped.advice
    clipped = weights.half_precision(graph(tmp_path, plain, np.where(np.isinf(mask), -3.4e38, 0).astype(np.float32)))
    assert clipped.fits
    assert "clip the constant w1" in clipped.advice


def test_folded_statistics_are_named(tmp_path: Path) -> None:
    text = """g (float[1, 2, 4, 4] x) => (float[1, 2, 4, 4] y)
        <float[2] s = {1, 1}, float[2] b = {0, 0}, float[2] m = {0, 0}, float[2] v = {1, 100000}> {
        y = BatchNormalization (x, s, b, m, v)
    }"""
    onnx.save(models.parsed(text), tmp_path / "model.onnx")
    found = weights.half_precision(load(tmp_path / "model.onnx"))
    assert not found.fits
    assert "could be folded first" in found.advice


def test_nothing_is_read_when_nothing_may_be(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    read = graph(tmp_path, np.ones(1000, np.float32), np.ones(1000, np.float32), how="none")
    monkeypatch.setattr("greenlint.onnx.tensor.read_at", lambda *_: pytest.fail("a weight was read"))
    assert not weights.statistics(read)
    assert not weights.duplicates(read)


def test_a_sample_is_told_as_such(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(weights, "EXACT_UP_TO", 1000)
    (counted,) = weights.statistics(graph(tmp_path, np.ones(1 << 20, np.float32), how="sample")).values()
    assert 0 < counted.count < 1 << 20
    assert not counted.exact


def test_short_tensors_are_counted_together_until_one_matters(tmp_path: Path) -> None:
    plain = np.linspace(-1, 1, 40, dtype=np.float32)
    together = weights.statistics(graph(tmp_path, plain, plain * 2))
    assert list(together) == [None]
    assert (together[None].count, together[None].largest) == (80, 2)
    apart = weights.statistics(graph(tmp_path, plain, plain * 1e6))
    assert [(value.name, one.largest) for value, one in apart.items() if value] == [("w0", 1), ("w1", 1e6)]


def test_zeros_and_their_patterns(tmp_path: Path) -> None:
    channels, pairs = np.ones((8, 64), np.float32), np.ones((8, 64), np.float32)
    channels[2:6], pairs[:, ::4], pairs[:, 1::4] = 0, 0, 0
    found = list(weights.prunable(graph(tmp_path, channels, pairs, np.ones((8, 64), np.float32)), 0, 0.3))
    assert ["4 of 8 channels" in one.what for one in found] == [True, False]
    assert "2:4" in found[1].what
    assert found[0].size == 4 * 64 * 4


def test_equal_tensors(tmp_path: Path) -> None:
    one = np.arange(2000, dtype=np.float32)
    other = one.copy()
    other[-1] = -1
    read = graph(tmp_path, one, other, one, one.astype(np.float64))
    (same,) = weights.duplicates(read)
    assert [value.name for value in same] == ["w0", "w2"]
