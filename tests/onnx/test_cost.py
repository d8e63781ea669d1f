"""What a model costs, against counts made by hand."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

onnx = pytest.importorskip("onnx", reason="reading models needs the extra [onnx]")
import models  # noqa: E402

from greenlint.onnx import energy  # noqa: E402
from greenlint.onnx.cost import Cost, measure  # noqa: E402
from greenlint.onnx.load import load  # noqa: E402

if TYPE_CHECKING:
    from pathlib import Path


def cost(folder: Path, text: str, **dims: int) -> Cost:
    path = folder / "model.onnx"
    onnx.save(models.parsed(text), path)
    return measure(load(path, dims=dims))


@pytest.mark.parametrize(
    ("text", "macs"),
    [
        ("g (float[2, 3] x, float[3, 5] w) => (float[2, 5] y) { y = MatMul (x, w) }", 2 * 3 * 5),
        ("g (float[7, 2, 3] x, float[3, 5] w) => (float[7, 2, 5] y) { y = MatMul (x, w) }", 7 * 2 * 3 * 5),
        ("g (float[3, 2] x, float[5, 3] w) => (float[2, 5] y) { y = Gemm <transA = 1, transB = 1> (x, w) }", 2 * 3 * 5),
        (
            "g (float[1, 4, 8, 8] x, float[6, 4, 3, 3] w) => (float[1, 6, 6, 6] y) { y = Conv (x, w) }",
            6 * 6 * 6 * 4 * 9,
        ),
        (
            "g (float[1, 4, 8, 8] x, float[4, 1, 3, 3] w) => (float[1, 4, 6, 6] y) { y = Conv <group = 4> (x, w) }",
            4 * 6 * 6 * 9,
        ),
        (
            "g (float[1, 4, 8, 8] x, float[4, 6, 2, 2] w) => (float[1, 6, 9, 9] y) { y = ConvTranspose (x, w) }",
            4 * 8 * 8 * 6 * 4,
        ),
        (
            """g (float[5, 2, 8] x, float[1, 64, 8] w, float[1, 64, 16] r) => (float[5, 1, 2, 16] y) {
                y = LSTM <hidden_size = 16> (x, w, r) }""",
            5 * 2 * 64 * (8 + 16),
        ),
        (
            """g (float[2, 3, 4] a, float[2, 4, 5] b) => (float[2, 3, 5] y) {
                y = Einsum <equation = "bij,bjk->bik"> (a, b) }""",
            2 * 3 * 4 * 5,
        ),
        ("g (float[2, 3] x) => (float[2, 3] y) { y = Relu (x) }", 0),
    ],
)
def test_multiply_accumulates(tmp_path: Path, text: str, macs: int) -> None:
    counted = cost(tmp_path, text)
    assert counted.macs.at({}) == macs
    assert counted.exact


def test_symbols_stay_symbols(tmp_path: Path) -> None:
    text = "g (float[batch, 3] x, float[3, 5] w) => (float[batch, 5] y) { y = MatMul (x, w) }"
    counted = cost(tmp_path, text)
    assert counted.macs.terms == {("batch",): 15}
    assert counted.free == ("batch",)
    assert cost(tmp_path, text, batch=4).macs.at({}) == 60


def test_traffic_is_what_goes_in_and_out(tmp_path: Path) -> None:
    text = "g (float[2, 3] x, float[3, 5] w) => (float[2, 5] y) { y = MatMul (x, w) }"
    assert cost(tmp_path, text).traffic.at({}) == 4 * (6 + 15 + 10)


def test_peak_frees_what_nobody_needs(tmp_path: Path) -> None:
    text = "g (float[100] x) => (float[100] y) { a = Exp (x)\nb = Neg (a)\nc = Abs (b)\ny = Add (c, b) }"
    assert cost(tmp_path, text).peak == 3 * 400


def test_parameters_are_no_shapes(tmp_path: Path) -> None:
    text = """g (float[2, 3] x) => (float[3, 2] y) <float[3] b = {1, 2, 3}, int64[2] s = {3, 2}> {
        h = Add (x, b)
        y = Reshape (h, s)
    }"""
    counted = cost(tmp_path, text)
    assert counted.parameters == 3
    assert counted.by_dtype == {"int64": (2, 16), "float32": (3, 12)}


def test_unknown_operators_are_told(tmp_path: Path) -> None:
    text = '<ir_version: 8, opset_import: ["" : 17, "mine" : 1]>\ng (float[2] x) => (float[2] y) { y = mine.Magic (x) }'
    counted = cost(tmp_path, text)
    assert counted.unknown == {"mine.Magic": 1}
    assert not counted.exact


def test_energy_is_a_range_and_grows_with_the_work() -> None:
    device = energy.DEVICES["server-cpu"]
    one, two = energy.estimate(10**9, 10**6, device), energy.estimate(2 * 10**9, 10**6, device)
    assert one.lowest < one.kwh < one.highest
    assert two.kwh == pytest.approx(2 * one.kwh)
    # 1 G MACs at 2.94 T/s and 270 W, a thousand times: 92 J at full use.
    assert one.lowest * 3.6e6 == pytest.approx(91.7, rel=0.01)
