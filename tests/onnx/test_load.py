"""Reading a model: everything that onnx.load reads, without the weights, and nothing from anywhere else."""

from __future__ import annotations

import os
import sys
import warnings
from pathlib import Path

import pytest

onnx = pytest.importorskip("onnx", reason="reading models needs the extra [onnx]")
import models  # noqa: E402
import numpy as np  # noqa: E402
from onnx import helper, numpy_helper  # noqa: E402

from greenlint.errors import ModelError  # noqa: E402
from greenlint.onnx import load as loading  # noqa: E402
from greenlint.onnx import wire  # noqa: E402
from greenlint.onnx.load import load  # noqa: E402


def written(folder: Path, model: onnx.ModelProto | bytes, name: str = "model.onnx") -> Path:
    path = folder / name
    path.write_bytes(model if isinstance(model, bytes) else model.SerializeToString())
    return path


def refused(path: Path) -> str:
    with pytest.raises(ModelError) as caught:
        load(path)
    (line,) = str(caught.value).splitlines()
    return line


# -- honest models ----------------------------------------------------------------------------------------------------


def test_weights_stay_in_the_file(tmp_path: Path) -> None:
    path = written(tmp_path, models.with_weights(64, 32))
    (value,) = load(path).initializers
    assert value.tensor is not None
    assert value.tensor.inline is None
    expected = numpy_helper.to_array(onnx.load(path).graph.initializer[0])
    assert np.array_equal(np.concatenate(list(value.tensor.chunks())).reshape(64, 32), expected)


def test_weights_are_read_in_chunks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("greenlint.onnx.tensor.CHUNK", 4096)
    path = written(tmp_path, models.with_weights(64, 64))
    (value,) = load(path).initializers
    assert value.tensor is not None
    assert [chunk.size for chunk in value.tensor.chunks()] == [1024] * 4


@pytest.mark.parametrize(
    "dtype", ["float32", "float64", "float16", "int8", "uint8", "int32", "int64", "uint64", "bool"]
)
@pytest.mark.parametrize("raw", [True, False])
def test_every_way_to_store_numbers(tmp_path: Path, dtype: str, *, raw: bool) -> None:
    numbers = (np.arange(3000).reshape(30, 100) % 7 - (0 if dtype.startswith(("u", "b")) else 3)).astype(dtype)
    kind = helper.np_dtype_to_tensor_dtype(numbers.dtype)
    values = numbers.tobytes() if raw else numbers.reshape(-1).tolist()
    tensor = helper.make_tensor("w", kind, numbers.shape, values, raw=raw)
    path = written(tmp_path, models.graph([helper.make_node("Identity", ["w"], ["y"])], [tensor]))
    (value,) = load(path).initializers
    assert value.tensor is not None
    assert np.array_equal(np.concatenate(list(value.tensor.chunks())).reshape(30, 100), numbers)


@pytest.mark.parametrize(
    "name", ["BFLOAT16", "FLOAT8E4M3FN", "FLOAT8E5M2", "FLOAT8E4M3FNUZ", "FLOAT8E5M2FNUZ", "INT4", "UINT4"]
)
def test_narrow_types_mean_what_onnx_says(tmp_path: Path, name: str) -> None:
    kind = getattr(onnx.TensorProto, name)
    raw = bytes(range(256)) * 8
    count = len(raw) * 2 if name.endswith("INT4") else len(raw) // 2 if name == "BFLOAT16" else len(raw)
    tensor = helper.make_tensor("w", kind, [count], raw, raw=True)
    path = written(tmp_path, models.graph([helper.make_node("Identity", ["w"], ["y"])], [tensor]))
    (value,) = load(path).initializers
    assert value.tensor is not None
    mine = np.concatenate(list(value.tensor.chunks())).astype(np.float64)
    assert np.array_equal(mine, numpy_helper.to_array(tensor).astype(np.float64), equal_nan=True)


def test_external_data_beside_the_model(tmp_path: Path) -> None:
    (tmp_path / "w.bin").write_bytes(b"\0" * 8 + np.arange(4, dtype=np.float32).tobytes())
    path = written(tmp_path, models.external("w.bin", offset=8, length=16))
    (value,) = load(path).initializers
    assert value.numbers() is not None
    assert value.numbers().tolist() == [0, 1, 2, 3]


def test_a_branch_sees_outer_values(tmp_path: Path) -> None:
    graph = load(written(tmp_path, models.nested_ifs(3)))
    assert [scope.kind for scope in graph.scopes].count("body") == 6
    x = graph.main.inputs[0]
    assert {node.op for node in x.consumers} == {"Relu", "Neg"}
    assert "If#0.then_branch/If#0.then_branch/If#0.then_branch/Relu#0" in {node.place for node in graph.nodes}


def test_nodes_out_of_order_are_put_in_order(tmp_path: Path) -> None:
    nodes = [helper.make_node("Neg", ["h"], ["y"]), helper.make_node("Relu", ["x"], ["h"])]
    assert [node.op for node in load(written(tmp_path, models.graph(nodes))).nodes] == ["Relu", "Neg"]


def test_functions_are_read_once(tmp_path: Path) -> None:
    graph = load(written(tmp_path, models.function_chain(8)))
    assert len(graph.functions) == 9
    assert sum(1 for _ in graph.nodes) == 1 + 8 * 2 + 1


def test_a_size_is_given_by_name_or_by_place(tmp_path: Path) -> None:
    model = models.parsed("g (float[batch, 4] x, float[4] z) => (float[batch, 4] y) { y = Add (x, z) }")
    model.graph.input[1].type.tensor_type.shape.dim[0].Clear()
    graph = load(written(tmp_path, model), dims={"batch": 2, "z.0": 4})
    assert [value.shape for value in graph.main.inputs] == [(2, 4), (4,)]
    assert graph.main.outputs[0].shape == (2, 4)


@pytest.mark.slow
def test_the_same_nodes_and_tensors_as_onnx_load(tmp_path: Path) -> None:
    """All of the onnx package's own cases, with every weight above 16 bytes cut out and read back."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from onnx.backend.test.loader import load_model_tests

        tests = [case.model for case in load_model_tests(kind="node") if case.model is not None]
    folder = Path(onnx.__file__).parent / "backend" / "test" / "data"
    tests += [onnx.load(path, load_external_data=False) for path in sorted(folder.rglob("*.onnx"))]
    assert len(tests) > 1000
    small, wire.SMALL = wire.SMALL, 16
    try:
        for model in tests:
            path = written(tmp_path, model)
            rest, _ = loading._read(str(path), "mark")
            mine, whole = (
                bare(onnx.ModelProto.FromString(rest)),
                bare(onnx.ModelProto.FromString(model.SerializeToString())),
            )
            assert mine == whole, model.graph.name
            load(path)
    finally:
        wire.SMALL = small


def bare(model: onnx.ModelProto) -> onnx.ModelProto:
    """Take the numbers out of every tensor, wherever it hides."""
    waiting = [model]
    while waiting:
        message = waiting.pop()
        if isinstance(message, onnx.TensorProto):
            for field in (
                "raw_data",
                "float_data",
                "int32_data",
                "int64_data",
                "double_data",
                "uint64_data",
                "external_data",
            ):
                message.ClearField(field)
        for field, value in message.ListFields():
            if field.message_type is not None:
                repeated = hasattr(value, "add") or not hasattr(value, "ListFields")
                waiting.extend(value if repeated else [value])
    return model


# -- hostile files ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "is empty"),
        (b"hello\n" * 100, "is text"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n", "git lfs pull"),
        (b"PK\x03\x04" + bytes(100), "zip"),
        (bytes(4) + b"ORTM" + bytes(100), "own format"),
        (bytes(1000), "is not an ONNX model"),
        (b"\x08\x08", "holds no graph"),
        (b"\x08\x08\x3a\xff\xff\xff\xff\x0f", "cut short"),
        (b"\x08\x08\x3a\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff", "cut short"),
    ],
)
def test_what_is_no_model(tmp_path: Path, content: bytes, told: str) -> None:
    assert told in refused(written(tmp_path, content))


@pytest.mark.parametrize("keep", [0.3, 0.5, 0.99])
def test_a_model_cut_short(tmp_path: Path, keep: float) -> None:
    content = models.with_weights(64, 64).SerializeToString()
    assert "cut short" in refused(written(tmp_path, content[: int(len(content) * keep)]))


@pytest.mark.parametrize(
    "location", ["../secret", "/etc/passwd", "a/../../secret", "C:\\secret", "..\\secret", "", "a\0b"]
)
def test_external_data_outside_the_folder(tmp_path: Path, location: str) -> None:
    (tmp_path / "secret").write_bytes(bytes(16))
    (tmp_path / "models").mkdir()
    assert "outside its folder" in refused(written(tmp_path / "models", models.external(location)))


@pytest.mark.skipif(sys.platform == "win32", reason="links need rights on Windows")
@pytest.mark.parametrize("kind", ["symlink", "folder link", "hard link", "device", "pipe", "folder"])
def test_external_data_that_is_no_plain_file(tmp_path: Path, kind: str) -> None:
    folder = tmp_path / "models"
    folder.mkdir()
    (tmp_path / "secret").write_bytes(bytes(16))
    target, location = folder / "w", "w"
    if kind == "symlink":
        target.symlink_to(tmp_path / "secret")
    elif kind == "folder link":
        target.symlink_to(tmp_path)
        location = "w/secret"
    elif kind == "hard link":
        os.link(tmp_path / "secret", target)
    elif kind == "device":
        target.symlink_to("/dev/zero")
    elif kind == "pipe":
        os.mkfifo(target)
    else:
        target.mkdir()
    assert "w" in refused(written(folder, models.external(location)))


@pytest.mark.parametrize(
    "entries", [{"offset": 8}, {"offset": -1}, {"length": 10**18}, {"offset": "abc"}, {"offset": 10**30}]
)
def test_external_data_past_the_end(tmp_path: Path, entries: dict[str, object]) -> None:
    (tmp_path / "w").write_bytes(bytes(16))
    entries = {"length": 16, **entries}
    assert '"w"' in refused(written(tmp_path, models.external("w", **entries)))


@pytest.mark.parametrize("dims", [[1 << 40], [-4], [4, 1 << 62, 1 << 62], [5]])
def test_shapes_that_lie(tmp_path: Path, dims: list[int]) -> None:
    tensor = numpy_helper.from_array(np.zeros(4, np.float32), "w")
    del tensor.dims[:]
    tensor.dims.extend(dims)
    assert '"w"' in refused(written(tmp_path, models.graph([helper.make_node("Add", ["x", "w"], ["y"])], [tensor])))


@pytest.mark.parametrize(
    ("nodes", "told"),
    [
        ([("Relu", ["b"], ["a"]), ("Relu", ["a"], ["b"]), ("Relu", ["x"], ["y"])], "cycle"),
        ([("Add", ["y", "x"], ["y"])], "cycle"),
        ([("Relu", ["x"], ["y"]), ("Neg", ["x"], ["y"])], "twice"),
        ([("Add", ["x", "ghost"], ["y"])], "nothing makes"),
        ([("Relu", ["x"], ["z"])], "nothing in the graph makes"),
    ],
)
def test_graphs_that_are_none(tmp_path: Path, nodes: list[tuple[str, list[str], list[str]]], told: str) -> None:
    assert told in refused(written(tmp_path, models.graph([helper.make_node(*node) for node in nodes])))


def test_too_many_levels(tmp_path: Path) -> None:
    assert "deep" in refused(written(tmp_path, models.nested_ifs(20)))


def test_functions_that_explode_or_never_end(tmp_path: Path) -> None:
    assert "stand for" in refused(written(tmp_path, models.function_chain(24)))
    assert "calls itself" in refused(written(tmp_path, models.function_chain(3, cyclic=True)))


def test_functions_that_call_too_deep(tmp_path: Path) -> None:
    assert "more than 100 deep" in refused(written(tmp_path, models.function_chain(120, calls=1)))
    assert len(load(written(tmp_path, models.function_chain(90, calls=1))).functions) == 91


def test_messages_nested_too_deep(tmp_path: Path) -> None:
    content = bytes(2000)
    for _ in range(200):
        for field in (6, 5, 1):
            head = wire._varint_bytes(field << 3 | 2) + wire._varint_bytes(len(content))
            content = head + content
    content = b"\x08\x08\x3a" + wire._varint_bytes(len(content)) + content
    assert "deep" in refused(written(tmp_path, content))


def test_names_cannot_speak_to_the_terminal(tmp_path: Path) -> None:
    line = refused(written(tmp_path, models.graph([helper.make_node("Add", ["x", "\x1b[31m\nerror"], ["y"])])))
    assert "\x1b" not in line
