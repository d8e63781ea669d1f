"""Hold `greenlint inspect` against the limits of docs/inspect.md: CPU time and memory, as ratios of alternating runs.

    python benchmarks/inspection_speed.py [--rounds N] [--large]

The machine may be busy: the figure is the median of ratios of runs that follow one another. `--large` adds models of
500 000 nodes and of 1 GB. Linux and macOS.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

if TYPE_CHECKING:
    from collections.abc import Iterator

IMPORT = "import onnx"
LOAD = "import onnx, sys; onnx.load(sys.argv[1])"
READ = "import sys; f = open(sys.argv[1], 'rb')\nwhile f.read(4 << 20): pass"
MEGABYTE = 1 << 20


def chain(count: int) -> onnx.ModelProto:
    """Return nodes one after the other, without weights."""
    ops = ("Relu", "Neg", "Tanh", "Abs")
    names = ["x", *(f"v{i}" for i in range(count))]
    return model([helper.make_node(ops[i % 4], [names[i]], [names[i + 1]], name=f"n{i}") for i in range(count)], [16])


def perceptron(count: int) -> onnx.ModelProto:
    """Return MatMul, Add and Relu in turn: two small weights and two findings for three nodes."""
    weights = np.random.default_rng(0).random((12, 12), dtype=np.float32)
    nodes, tensors, source = [], [], "x"
    for i in range(count // 3):
        tensors += [numpy_helper.from_array(weights + i, f"w{i}"), numpy_helper.from_array(weights[0] - i, f"b{i}")]
        nodes += [
            helper.make_node("MatMul", [source, f"w{i}"], [f"m{i}"], name=f"/{i}/MatMul"),
            helper.make_node("Add", [f"m{i}", f"b{i}"], [f"a{i}"], name=f"/{i}/Add"),
            helper.make_node("Relu", [f"a{i}"], [f"r{i}"], name=f"/{i}/Relu"),
        ]
        source = f"r{i}"
    return model(nodes, [12], tensors)


def residual(count: int) -> onnx.ModelProto:
    """Return Conv, BatchNormalization, Relu and Add in turn: five small weights and two findings for four nodes."""
    random = np.random.default_rng(0)
    nodes, tensors, source = [], [], "x"
    for i in range(count // 4):
        tensors.append(numpy_helper.from_array(random.random((4, 4, 1, 1), dtype=np.float32), f"w{i}"))
        statistics_ = [f"{word}{i}" for word in ("scale", "bias", "mean", "var")]
        tensors += [numpy_helper.from_array(random.random(4, dtype=np.float32), name) for name in statistics_]
        nodes += [
            helper.make_node("Conv", [source, f"w{i}"], [f"c{i}"], name=f"/{i}/Conv"),
            helper.make_node("BatchNormalization", [f"c{i}", *statistics_], [f"n{i}"], name=f"/{i}/Norm"),
            helper.make_node("Relu", [f"n{i}"], [f"r{i}"], name=f"/{i}/Relu"),
            helper.make_node("Add", [f"r{i}", source], [f"s{i}"], name=f"/{i}/Add"),
        ]
        source = f"s{i}"
    return model(nodes, [4, 8, 8], tensors)


def gemms(count: int) -> onnx.ModelProto:
    """Return products with weights of 134 MB each."""
    weights = np.random.default_rng(0).standard_normal((8192, 4096), dtype=np.float32)
    names = ["x", *(f"h{i}" for i in range(count))]
    nodes = [helper.make_node("Gemm", [names[i], f"w{i}"], [names[i + 1]], transB=1 - i % 2) for i in range(count)]
    return model(nodes, [4096], [numpy_helper.from_array(weights * (i + 1), f"w{i}") for i in range(count)])


def model(nodes: list[onnx.NodeProto], shape: list[int], tensors: list[onnx.TensorProto] = ()) -> onnx.ModelProto:  # type: ignore[assignment]
    """Put nodes into a model of one input and one output."""
    ends = [
        helper.make_tensor_value_info(name, TensorProto.FLOAT, ["N", *shape]) for name in ("x", nodes[-1].output[0])
    ]
    graph = helper.make_graph(nodes, "g", ends[:1], ends[1:], list(tensors))
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


def written(folder: Path, kind: str, size: int) -> str:
    """Write a model in a process of its own, because the memory of a child counts from that of its parent."""
    path = str(folder / f"{kind}.onnx")
    subprocess.run([sys.executable, __file__, "--write", kind, str(size), path], check=True)  # noqa: S603
    return path


def run(*words: str) -> tuple[float, float]:
    """Run Python and return its CPU seconds and its largest memory in MB."""
    child = subprocess.Popen([sys.executable, *words], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)  # noqa: S603
    _, _, used = os.wait4(child.pid, 0)
    scale = 1 if sys.platform == "darwin" else 1024
    return used.ru_utime + used.ru_stime, used.ru_maxrss * scale / MEGABYTE


def compared(title: str, base: list[str], ours: list[str], rounds: int) -> None:
    """Print the medians and the ratio of alternating runs."""
    pairs = [(run(*base), run(*ours)) for _ in range(rounds)]
    ratio = statistics.median(mine[0] / theirs[0] for theirs, mine in pairs)
    seconds = [statistics.median(pair[who][0] for pair in pairs) for who in (0, 1)]
    memory = max(mine[1] for _, mine in pairs)
    print(f"{title:34} {seconds[0]:6.2f} s {seconds[1]:6.2f} s {ratio:6.1f} times {memory:6.0f} MB", flush=True)


def measured(folder: Path, rounds: int, *, large: bool) -> Iterator[tuple[str, list[str], list[str], int]]:
    """Yield what is to be compared: a title, the base, the inspection, and how often."""
    for size in (50_000, 500_000) if large else (50_000,):
        for make in (chain, perceptron, residual):
            path = written(folder, make.__name__, size)
            inspect = ["-m", "greenlint", "inspect", path]
            yield f"{size} nodes, {make.__name__}", ["-c", LOAD, path], inspect, rounds if size < 100_000 else 2
    if large:
        path = written(folder, "gemms", 8)
        for how, base in (("none", ["-c", IMPORT]), ("sample", ["-c", IMPORT]), ("full", ["-c", READ, path])):
            yield f"1 GB, --weights {how}", base, ["-m", "greenlint", "inspect", path, "--weights", how], rounds


def main() -> int:
    """Print one line for each comparison."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--large", action="store_true")
    parser.add_argument("--write", nargs=3, metavar=("KIND", "SIZE", "FILE"), help="write one of the models")
    arguments = parser.parse_args()
    if arguments.write:
        kind, size, path = arguments.write
        onnx.save({make.__name__: make for make in (chain, perceptron, residual, gemms)}[kind](int(size)), path)
        return 0
    print(f"{'':34} {'base':>8} {'inspect':>8} {'ratio':>12} {'memory':>9}")
    with tempfile.TemporaryDirectory() as folder:
        for title, base, ours, rounds in measured(Path(folder), arguments.rounds, large=arguments.large):
            compared(title, base, ours, rounds)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
