"""Shapes of large plain graphs: the same as the onnx package infers for the whole model."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

onnx = pytest.importorskip("onnx", reason="reading models needs the extra [onnx]")
import models  # noqa: E402

from greenlint.onnx import shapes  # noqa: E402
from greenlint.onnx.load import load  # noqa: E402

if TYPE_CHECKING:
    from pathlib import Path

PLAIN = """g (float[N, 4, 8, 8] x, float[N, 3] z) => (float[N, 4, 8, 8] y, float[N, 5] v)
<float[4, 4, 1, 1] w = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16}, float[4] s = {1, 2, 3, 4},
 float[3, 5] m = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15}, float[5] b = {1, 2, 3, 4, 5}> {
    c = Conv (x, w)
    n = BatchNormalization (c, s, s, s, s)
    r = Relu (n)
    p = MaxPool <kernel_shape = [2, 2], strides = [2, 2]> (r)
    q = GlobalAveragePool (p)
    y = Add (r, q)
    h = MatMul (z, m)
    a = Add (h, b)
    v = Softmax (a)
}"""


def types(path: Path, least: int, monkeypatch: pytest.MonkeyPatch) -> dict[str, object]:
    monkeypatch.setattr(shapes, "LEAST_NODES", least)
    return {name: value.type for name, value in load(path).main.values.items()}


def test_the_same_as_inference_of_the_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    onnx.save(models.parsed(PLAIN), tmp_path / "model.onnx")
    whole = types(tmp_path / "model.onnx", 10**9, monkeypatch)
    monkeypatch.setattr("greenlint.onnx.load._infer", lambda *_: pytest.fail("the whole model was inferred"))
    assert types(tmp_path / "model.onnx", 1, monkeypatch) == whole
    assert all(shape is not None for _, shape in whole.values())


@pytest.mark.parametrize(
    "line", ["y = Reshape (x, s)", "y = Relu (ghost)", "y = Add (x, t)", "o = Relu (x)\ny, mask = Dropout (o)"]
)
def test_what_needs_more_is_left_to_the_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, line: str) -> None:
    text = f"g (float[4] x, float ghost, float[a] t) => (y) <int64[1] s = {{4}}> {{ {line} }}".replace(
        "(y)", "(float y)"
    )
    model = models.parsed(text)
    model.graph.input[1].type.tensor_type.ClearField("shape")
    model.graph.output[0].type.tensor_type.ClearField("shape")
    onnx.save(model, tmp_path / "model.onnx")
    whole = types(tmp_path / "model.onnx", 10**9, monkeypatch)
    assert types(tmp_path / "model.onnx", 1, monkeypatch) == whole
