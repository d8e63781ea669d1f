"""Mutated models are read, judged and told about, or refused in one line, for as long as the time is given.

GREENLINT_FUZZ_SECONDS makes it longer, GREENLINT_FUZZ_SEED different; a failure names the round, which can be repeated
with GREENLINT_FUZZ_ROUND.
"""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

onnx = pytest.importorskip("onnx", reason="reading models needs the extra [onnx]")
import models  # noqa: E402
import numpy as np  # noqa: E402

from greenlint import catalogue, config, inspection, output  # noqa: E402
from greenlint.finding import Report  # noqa: E402
from greenlint.output import _inspection as told  # noqa: E402

if TYPE_CHECKING:
    from collections.abc import Callable

    Random = np.random.Generator

SECONDS = float(os.environ.get("GREENLINT_FUZZ_SECONDS", "10"))
SEED = int(os.environ.get("GREENLINT_FUZZ_SEED", "0"))
LOOP = """g (float[n, 3] x, int64 m) => (float[n, 3] y) <bool on = {1}> {
    y = Loop <body = body (int64 i, bool again, float[n, 3] a) => (bool next, float[n, 3] b) {
        next = Identity (again)
        b = Relu (a)
    }> (m, on, x)
}"""
NORM = """g (float[2, 4, 8] x) => (float[2, 4, 8] y)
<float[8] w = {1, 2, 3, 4, 5, 6, 7, 8}, float e = {0.1}, float t = {2}> {
    u = ReduceMean <axes = [-1]> (x)
    d = Sub (x, u)
    p = Pow (d, t)
    v = ReduceMean <axes = [-1]> (p)
    q = Add (v, e)
    s = Sqrt (q)
    n = Div (d, s)
    h = Mul (n, w)
    z = Add (h, w)
    k = Transpose <perm = [0, 2, 1]> (z)
    c = MatMul (z, k)
    f = Softmax (c)
    o = MatMul (f, z)
    g1 = Sigmoid (o)
    y = Mul (o, g1)
}"""


def seeds() -> list[onnx.ModelProto]:
    """Return the small real models that the onnx package brings, and models of every kind of nesting."""
    folder = Path(onnx.__file__).parent / "backend" / "test" / "data"
    real = [onnx.load(path) for path in sorted(folder.glob("light/*.onnx")) if path.stat().st_size < 100_000]
    made = [models.with_weights(24, 24), models.nested_ifs(4), models.function_chain(4), models.chain(40)]
    return [*real, *made, models.parsed(LOOP), models.parsed(NORM)]


def bytes_changed(model: onnx.ModelProto, random: Random) -> bytes:
    """Change, drop and repeat bytes."""
    content = bytearray(model.SerializeToString())
    for _ in range(int(random.integers(1, 6))):
        place = int(random.integers(len(content)))
        kind = random.integers(4)
        if kind == 0:
            content[place] = int(random.integers(256))
        elif kind == 1:
            del content[place : place + int(random.integers(1, 9))]
        elif kind == 2:
            content[place:place] = content[place : place + int(random.integers(1, 64))]
        else:
            content[place:place] = bytes(random.integers(0, 256, 4, dtype=np.uint8))
    return bytes(content)


def graph_changed(model: onnx.ModelProto, random: Random) -> bytes:
    """Change what a node is, reads, says of itself, and what is said of sizes: files that parse and make no sense."""
    changed = onnx.ModelProto()
    changed.CopyFrom(model)
    graph = changed.graph
    names = [name for node in graph.node for name in node.output] + [info.name for info in graph.input] + [""]
    ops = [
        "Identity",
        "Dropout",
        "Transpose",
        "Slice",
        "Expand",
        "Loop",
        "If",
        "Constant",
        "LayerNormalization",
        "Clip",
    ]
    for _ in range(int(random.integers(1, 8))):
        node = graph.node[int(random.integers(len(graph.node)))]
        kind = random.integers(7)
        if kind == 0:
            node.op_type = str(random.choice([*ops, *(other.op_type for other in graph.node)]))
        elif kind == 1 and node.input:
            node.input[int(random.integers(len(node.input)))] = str(random.choice(names))
        elif kind == 2:
            del node.input[int(random.integers(len(node.input) + 1)) :]
        elif kind == 3:
            node.output[:] = [] if random.integers(2) else [*node.output, f"more{random.integers(1000)}"]
        elif kind == 4:
            del node.attribute[:]
        elif kind == 5 and node.attribute:
            attribute = node.attribute[int(random.integers(len(node.attribute)))]
            attribute.i, attribute.ints[:] = int(random.integers(-9, 9)), random.integers(-9, 9, 3).tolist()
        elif graph.initializer:
            graph.initializer[int(random.integers(len(graph.initializer)))].dims[:] = random.integers(0, 5, 2).tolist()
    return changed.SerializeToString()


def judge(path: Path) -> bool:
    """Inspect a model as the command does; return whether it was read, and raise for anything but one line."""
    configuration = config.Configuration(catalogue.load(), config.Overrides(preview=True))
    one = inspection.inspect(path, configuration.settings(path.parent))
    for problem in one.judged.problems:
        assert len(str(problem).splitlines()) == 1
        assert "greenlint itself failed" not in str(problem), problem
    if one.graph is None:
        return False
    summary = inspection.summarise(one)
    report = Report(findings=one.judged.findings, checked=1)
    assert list(told.text(report, [summary], output.Look()))
    assert list(told.document(report, [summary]))
    return True


def fuzz(folder: Path, seconds: float, check: Callable[[Path], bool]) -> tuple[int, int]:
    """Check mutated models until the time is over; return how many there were, and how many were read."""
    everything = seeds()
    path = folder / "model.onnx"
    read = number = 0
    only = os.environ.get("GREENLINT_FUZZ_ROUND")
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        number = int(only) if only else number + 1
        random = np.random.default_rng([SEED, number])
        mutate = graph_changed if number % 3 else bytes_changed
        path.write_bytes(mutate(everything[number % len(everything)], random))
        try:
            read += check(path)
        except Exception as error:
            message = f"round {number} of seed {SEED}: {type(error).__name__}: {error}"
            raise AssertionError(message) from error
        if only:
            break
    return number, read


@pytest.mark.slow
def test_mutated_models_are_judged_or_refused(tmp_path: Path) -> None:
    rounds, read = fuzz(tmp_path, SECONDS, judge)
    assert rounds > 20
    assert 0 < read < rounds


def test_the_fuzz_can_fail(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("greenlint.onnx.cost._is_folded", lambda _node: 1 / 0)
    with pytest.raises(AssertionError, match=r"round \d+ of seed 0: ZeroDivisionError"):
        fuzz(tmp_path, 5, judge)
