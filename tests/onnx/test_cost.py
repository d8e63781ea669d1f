"""What a model costs, against counts made by hand."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

onnx = pytest.importorskip("onnx", reason="reading models needs the extra [onnx]")
import models  # noqa: E402
import numpy as np  # noqa: E402
from onnx import helper, numpy_helper  # noqa: E402

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


LAYER = """<ir_version: 8, opset_import: ["" : 17, "f" : 1]>
g (float[batch, 3] x, float[3, 5] w, float[5, 7] v) => (float[batch, 7] y) {
    [one] h = f.Layer <times = 2> (x, w)
    [two] y = f.Layer <times = 3> (h, v)
}
<domain: "f", opset_import: ["" : 17]>
Layer <times> (a, b) => (c) {
    count = Constant <value_int: int = @times> ()
    [mm] p = MatMul (a, b)
    c = Relu (p)
}"""


def test_functions_cost_what_each_call_does(tmp_path: Path) -> None:
    counted = cost(tmp_path, LAYER, batch=4)
    assert counted.macs.at({}) == 4 * 3 * 5 + 4 * 5 * 7
    assert [heavy.place for heavy in counted.largest] == ["two/mm", "one/mm"]
    assert counted.exact
    assert cost(tmp_path, LAYER).macs.terms == {("batch",): 50}
    assert counted.operators["MatMul"] == 1


def test_functions_of_functions(tmp_path: Path) -> None:
    path = tmp_path / "model.onnx"
    onnx.save(models.function_chain(10), path)
    counted = measure(load(path))
    assert counted.traffic.at({}) == 1024 * 2 * 4 * 4
    assert counted.exact


def test_calls_beyond_the_bound_are_unknown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("greenlint.onnx.calls.MOST_NODES", 150)
    counted = cost(tmp_path, LAYER)
    assert counted.unknown == {"f.Layer": 1}
    assert not counted.exact


LOOP = """g (float[3, 3] x, int64 n) => (float[3, 3] y) <int64 most = {{10}}, bool on = {{1}}> {{
    y = Loop <body = body (int64 i, bool again, float[3, 3] a) => (bool next, float[3, 3] b) {{
        {line}
        [mm] b = MatMul (a, x)
    }}> ({count}, on, x)
}}"""


@pytest.mark.parametrize(
    ("count", "line", "turns"),
    [
        ("most", "next = Identity (again)", 10),
        ("most", "next = Constant <value = bool {1}> ()", 10),
        ("most", "s = ReduceSum <keepdims = 0> (a)\nnext = Cast <to = 9> (s)", None),
        ("n", "next = Identity (again)", None),
    ],
)
def test_loops(tmp_path: Path, count: str, line: str, turns: int | None) -> None:
    counted = cost(tmp_path, LOOP.format(count=count, line=line))
    assert counted.macs.at({}) == 27 * (turns or 1)
    assert counted.exact is (turns is not None)
    assert ["one turn" in note for note in counted.notes] == ([] if turns else [True])


def test_a_scan_runs_once_for_each_step(tmp_path: Path) -> None:
    text = """g (float[3] s, float[seq, 3] x, float[3, 3] w) => (float[3] last, float[seq, 3] all) {
        last, all = Scan <num_scan_inputs = 1, body = body (float[3] a, float[3] b) => (float[3] c, float[3] d) {
            p = MatMul (b, w)
            c = Add (a, p)
            d = Identity (c)
        }> (s, x)
    }"""
    assert cost(tmp_path, text).macs.terms == {("seq",): 9}
    assert cost(tmp_path, text, seq=7).macs.at({}) == 63


@pytest.mark.parametrize(("condition", "macs", "notes"), [("c", 27 + 45, 1), ("no", 27, 0), ("yes", 72, 0)])
def test_the_costlier_branch_counts(tmp_path: Path, condition: str, macs: int, notes: int) -> None:
    text = f"""g (float[3, 3] x, float[3, 5] w, bool c) => (float[3, 3] y, float[n, m] z)
    <bool yes = {{1}}, bool no = {{0}}> {{
        y = MatMul (x, x)
        z = If ({condition}) <then_branch = t () => (float[n, m] a) {{ a = MatMul (x, w) }},
            else_branch = e () => (float[n, m] b) {{ b = Relu (x) }}>
    }}"""
    counted = cost(tmp_path, text)
    assert counted.macs.at({}) == macs
    assert len(counted.notes) == notes


def test_sparse_weights_count_as_what_they_hold_and_their_products_as_dense(tmp_path: Path) -> None:
    values = numpy_helper.from_array(np.ones(4, np.float32), "w")
    indices = numpy_helper.from_array(np.arange(0, 12, 3, dtype=np.int64), "i")
    model = models.graph([helper.make_node("MatMul", ["x", "w"], ["y"])])
    model.graph.sparse_initializer.append(helper.make_sparse_tensor(values, indices, [4, 3]))
    onnx.save(model, tmp_path / "model.onnx")
    counted = measure(load(tmp_path / "model.onnx"))
    assert counted.macs.at({}) == 12
    assert counted.parameters == 4
    assert counted.by_dtype["float32"] == (4, 48)
    (note,) = counted.notes
    assert "1 sparse weight count as dense" in note


def test_quantized_nodes_move_whole_numbers(tmp_path: Path) -> None:
    text = """g (float[2, 3] x) => (float[2, 5] y)
    <float s = {0.1}, int8 z = {0}, int8[3, 5] w = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15}> {
        xq = QuantizeLinear (x, s, z)
        xd = DequantizeLinear (xq, s, z)
        wd = DequantizeLinear (w, s, z)
        p = MatMul (xd, wd)
        pq = QuantizeLinear (p, s, z)
        y = DequantizeLinear (pq, s, z)
    }"""
    counted = cost(tmp_path, text)
    # The product alone, then the two conversions at the ends, each with its scale and zero point.
    assert counted.traffic.at({}) == (6 + 15 + 10) + (24 + 6 + 5) + (10 + 40 + 5)
    assert counted.macs.at({}) == 30
    assert "QDQ: 1 node" in counted.notes[0]


def test_reading_a_part_of_a_table_moves_that_part(tmp_path: Path) -> None:
    text = "g (float[1000, 8] table, int64[2] ids) => (float[2, 8] y) { y = Gather (table, ids) }"
    assert cost(tmp_path, text).traffic.at({}) == 2 * 64 + 16


def test_attention_of_onnx_runtime(tmp_path: Path) -> None:
    text = """<ir_version: 8, opset_import: ["" : 17, "com.microsoft" : 1]>
    g (float[1, 4, 8] q, float[1, 6, 8] k, float[1, 6, 8] v) => (float[1, 4, 8] y) {
        y = com.microsoft.MultiHeadAttention <num_heads = 2> (q, k, v)
    }"""
    counted = cost(tmp_path, text)
    assert counted.macs.at({}) == 2 * 4 * 8 * 6
    text = text.replace("MultiHeadAttention <num_heads = 2>", "PagedAttention")
    assert cost(tmp_path, text).unknown == {"com.microsoft.PagedAttention": 1}


def test_energy_is_a_range_and_grows_with_the_work() -> None:
    device = energy.DEVICES["server-cpu"]
    one, two = energy.estimate(10**9, 10**6, device), energy.estimate(2 * 10**9, 10**6, device)
    assert one.lowest < one.kwh < one.highest
    assert two.kwh == pytest.approx(2 * one.kwh)
    # 1 G MACs at 2.94 T/s and 270 W, a thousand times: 92 J at full use.
    assert one.lowest * 3.6e6 == pytest.approx(91.7, rel=0.01)
