"""Files that are small and come to much: each is one line or a short answer, never a full memory."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

pytest.importorskip("onnx", reason="greenlint inspect needs the extra [onnx]")

from onnx import TensorProto, helper, parser

from greenlint.errors import ModelError
from greenlint.onnx import load, wire
from greenlint.onnx.cost import measure
from greenlint.onnx.units import count_text

if TYPE_CHECKING:
    from pathlib import Path

MANY = wire.MOST_CRUMBS + 1


def field(number: int, body: bytes) -> bytes:
    return wire._varint_bytes(number << 3 | 2) + wire._varint_bytes(len(body)) + body


def refused(folder: Path, data: bytes) -> str:
    path = folder / "bomb.onnx"
    path.write_bytes(b"\x08\x08" + data)
    with pytest.raises(ModelError) as caught:
        load.load(path)
    return str(caught.value)


@pytest.mark.parametrize(
    "data",
    [
        field(25, b"") * MANY,
        field(20, b"") * MANY,
        field(7, field(1, b"")) * MANY,
        field(7, field(1, b"") * MANY),
        field(7, field(1, field(5, b"") * MANY)),
        field(7, field(1, field(2, b"") * MANY)),
        field(7, field(13, b"") * MANY),
    ],
    ids=["functions", "training", "graphs", "nodes", "attributes", "outputs", "values"],
)
def test_messages_that_are_nearly_empty(tmp_path: Path, data: bytes) -> None:
    assert "of its messages are nearly empty" in refused(tmp_path, data)


@pytest.mark.parametrize("dims", [field(1, b"\x01" * 2000), b"\x08\x01" * 2000], ids=["packed", "one by one"])
def test_a_tensor_of_very_many_dimensions(tmp_path: Path, dims: bytes) -> None:
    assert "more than 1024 dimensions" in refused(tmp_path, field(7, field(5, dims)))


@pytest.mark.parametrize("start", ["Constant", "Shape"])
def test_a_list_that_doubles_at_every_step(tmp_path: Path, start: str) -> None:
    first = (
        helper.make_node("Constant", [], ["c0"], value_ints=[1] * 16)
        if start == "Constant"
        else helper.make_node("Shape", ["x"], ["c0"])
    )
    nodes = [helper.make_node("Concat", [f"c{i}", f"c{i}"], [f"c{i + 1}"], axis=0) for i in range(60)]
    x, y = (helper.make_tensor_value_info(name, kind, None) for name, kind in (("x", 1), ("c60", 7)))
    model = helper.make_model(helper.make_graph([first, *nodes], "g", [x], [y]))
    path = tmp_path / "double.onnx"
    path.write_bytes(model.SerializeToString())
    assert len(load.load(path).main.nodes) == len(nodes) + 1


@pytest.mark.parametrize("size", [[10**9], [10**4, 10**5]])
@pytest.mark.parametrize("op", ["Expand", "ConstantOfShape", "Tile", "Range"])
def test_numbers_that_are_made_from_one(tmp_path: Path, op: str, size: list[int]) -> None:
    """Within the memory of a small machine: inference would follow each of them."""
    resource = pytest.importorskip("resource", reason="memory is bounded on Unix alone")
    zero, one = (helper.make_node("Constant", [], [name], value_int=i) for i, name in enumerate(("zero", "one")))
    shape = helper.make_node("Constant", [], ["shape"], value_ints=size)
    top = helper.make_node("ReduceProd", ["shape"], ["top"], keepdims=0) if len(size) > 1 else None
    top = helper.make_node("Constant", [], ["top"], value_int=10**9) if top is None or op == "Range" else top
    inputs = {"Range": ["zero", "top", "one"], "ConstantOfShape": ["shape"]}.get(op, ["zero", "shape"])
    y = helper.make_tensor_value_info("y", TensorProto.INT64, None)
    nodes = [zero, one, shape, top, helper.make_node(op, inputs, ["r"]), helper.make_node("Add", ["r", "r"], ["y"])]
    path = tmp_path / "many.onnx"
    path.write_bytes(helper.make_model(helper.make_graph(nodes, "g", [], [y])).SerializeToString())
    before = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (8 << 30, before[1]))
    try:
        assert load.load(path).main.nodes
    finally:
        resource.setrlimit(resource.RLIMIT_AS, before)


def test_a_product_of_very_many_sizes_is_a_number(tmp_path: Path) -> None:
    letters = "".join(chr(0x4E00 + i) for i in range(2000))
    shape = [2**31] * len(letters)
    infos = [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name in ("a", "b", "y")]
    node = helper.make_node("Einsum", ["a", "b"], ["y"], equation=f"{letters},{letters}->{letters}")
    model = helper.make_model(helper.make_graph([node], "g", infos[:2], infos[2:]))
    path = tmp_path / "einsum.onnx"
    path.write_bytes(model.SerializeToString())
    assert measure(load.load(path)).macs.text().startswith("more than 10^27")


def test_numbers_beyond_all_measure() -> None:
    assert count_text(10**400) == "more than 10^27"


def test_many_tensors_over_the_same_bytes(tmp_path: Path) -> None:
    (tmp_path / "w.bin").write_bytes(bytes(1 << 20))
    tensors = []
    for number in range(20):
        tensor = TensorProto(name=f"w{number}", data_type=1, dims=[1 << 18], data_location=TensorProto.EXTERNAL)
        tensor.external_data.add(key="location", value="w.bin")
        tensors.append(tensor)
    y = helper.make_tensor_value_info("y", TensorProto.FLOAT, None)
    node = helper.make_node("Sum", [tensor.name for tensor in tensors], ["y"])
    path = tmp_path / "shared.onnx"
    path.write_bytes(helper.make_model(helper.make_graph([node], "g", [], [y], tensors)).SerializeToString())
    graph = load.load(path, weights="full")
    assert (graph.weights, graph.notes) == (
        "none",
        ["weights were not read: tensors claim the same bytes of w.bin over and over"],
    )


BODIES = """<ir_version: 8, opset_import: ["" : 17]>
g (bool c) => (int64[n] y) <int64 a = {0}, int64 b = {1000000000}, int64 d = {1}> {
    y = If (c) <then_branch = t () => (int64[n] r2) { r = Range (a, b, d)
        r2 = Add (r, r) }, else_branch = e () => (int64[m] s2) { s = Range (a, b, d)
        s2 = Add (s, s) }>
}"""
FUNCTION = """<ir_version: 8, opset_import: ["" : 17, "f" : 1]>
g (float[4] x) => (int64[n] y) <int64 a = {0}, int64 b = {1000000000}, int64 d = {1}> { y = f.F (a, b, d) }
<domain: "f", opset_import: ["" : 17]>
F (a, b, d) => (r2) { r = Range (a, b, d)
    r2 = Add (r, r) }"""


@pytest.mark.parametrize("text", [BODIES, FUNCTION], ids=["bodies", "function"])
def test_numbers_that_are_made_inside(tmp_path: Path, text: str) -> None:
    resource = pytest.importorskip("resource", reason="memory is bounded on Unix alone")
    path = tmp_path / "many.onnx"
    path.write_bytes(parser.parse_model(text).SerializeToString())
    before = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (8 << 30, before[1]))
    try:
        assert measure(load.load(path)).operators["Range"] in (1, 2)
    finally:
        resource.setrlimit(resource.RLIMIT_AS, before)
