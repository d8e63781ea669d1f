"""A run of a model in ONNX Runtime: how long it takes, and what the machine's energy counter says."""

from __future__ import annotations

import importlib.util
import re
import statistics
import textwrap
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from greenlint.errors import ModelError
from greenlint.onnx.tensor import DTYPES

if TYPE_CHECKING:
    from greenlint.onnx.graph import Graph, Value

MISSING_RUNTIME = 'measuring needs ONNX Runtime: pip install "greenlint[measure]"'
_PREFIX = re.compile(r"^\[ONNXRuntimeError\] : \d+ : \w+ : ")
_PACKAGE = re.compile(r"intel-rapl:\d+")
_COUNTERS = Path("/sys/class/powercap")
_SECONDS, _FEWEST, _MOST_BYTES = 2.0, 5, 1 << 30


@dataclass(frozen=True, slots=True)
class Measurement:
    """Milliseconds of a run on this machine's CPU, and joules of the processor package where a counter can be read."""

    runs: int
    median: float
    slowest_twentieth: float
    joules: float | None
    runtime: str
    sizes: str


def require() -> None:
    """Raise `ModelError` when ONNX Runtime is missing."""
    if importlib.util.find_spec("onnxruntime") is None:
        raise ModelError(MISSING_RUNTIME)


def measure(graph: Graph) -> Measurement:
    """Run a model on random inputs for about two seconds; sizes that are not known are 1.

    Raises `ModelError` when ONNX Runtime refuses the model or fails in it.
    """
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    feeds = {value.name: _random(value) for value in graph.main.inputs if not value.is_overridable}
    try:
        session = onnxruntime.InferenceSession(graph.path, options, providers=["CPUExecutionProvider"])
        session.run(None, feeds)
        times: list[float] = []
        began, before = time.perf_counter(), _counters()
        while time.perf_counter() - began < _SECONDS or len(times) < _FEWEST:
            start = time.perf_counter()
            session.run(None, feeds)
            times.append((time.perf_counter() - start) * 1000)
        after = _counters()
    except Exception as error:  # noqa: BLE001 - ONNX Runtime raises what it likes
        told = textwrap.shorten(_PREFIX.sub("", str(error)), 200, placeholder=" ...")
        free = [dim for value in graph.main.inputs for dim in value.shape or () if isinstance(dim, str)]
        asked = f" (its free sizes were 1: try --dim {free[0]}=...)" if free else ""
        message = f"does not run in ONNX Runtime: {told}{asked}"
        raise ModelError(message) from None
    used = _used(before, after)
    shapes = ", ".join(f"{name} {list(array.shape)}" for name, array in feeds.items())
    return Measurement(
        runs=len(times),
        median=statistics.median(times),
        slowest_twentieth=sorted(times)[int(len(times) * 0.95)],
        joules=None if used is None else used / len(times),
        runtime=f"ONNX Runtime {onnxruntime.__version__}",
        sizes=shapes,
    )


def _random(value: Value) -> Any:  # noqa: ANN401 - an array of the type that the input asks for
    if value.dtype is None or value.shape is None or value.dtype.name not in _PLAIN:
        message = f'cannot be measured: the input "{value.name}" is no tensor of plain numbers'
        raise ModelError(message)
    shape = tuple(dim if isinstance(dim, int) else 1 for dim in value.shape)
    if np.prod(shape, dtype=object) * value.dtype.bits // 8 > _MOST_BYTES:
        message = f'cannot be measured: the input "{value.name}" takes more than {_MOST_BYTES >> 30} GB'
        raise ModelError(message)
    if value.dtype.is_float:
        return np.random.default_rng(0).random(shape).astype(value.dtype.stored)
    return np.ones(shape, dtype=value.dtype.stored)


_PLAIN = frozenset(dtype.name for dtype in DTYPES.values() if dtype.bits >= 8 and "float8" not in dtype.name) - {
    "bfloat16",
    "complex64",
    "complex128",
}


@dataclass(frozen=True, slots=True)
class Counter:
    """An energy counter in microjoules: what it says, and the number after which it starts again at zero."""

    value: int
    most: int


def _counters() -> dict[str, Counter]:
    """Read the counter of each processor package (Linux powercap, RAPL); empty where they cannot be read.

    https://www.kernel.org/doc/html/latest/power/powercap/powercap.html: `intel-rapl:0` is a package, AMD's too;
    `intel-rapl:0:1` is a part of it, and `intel-rapl-mmio:0` the same package once more.
    """
    read = {}
    for folder in sorted(_COUNTERS.glob("intel-rapl:*")):
        if not _PACKAGE.fullmatch(folder.name):
            continue
        try:
            value = int((folder / "energy_uj").read_text())
            most = int((folder / "max_energy_range_uj").read_text())
        except (OSError, ValueError):
            continue
        read[folder.name] = Counter(value, most)
    return read


def _used(before: dict[str, Counter], after: dict[str, Counter]) -> float | None:
    """Return joules between two readings, None where a package cannot be read in both.

    A counter starts again at zero; it takes minutes to come round, so that within seconds it does so once at most.
    """
    if not before or before.keys() != after.keys():
        return None
    steps = [(after[name].value - old.value, old.most) for name, old in before.items()]
    return sum(step if step >= 0 else step + most + 1 for step, most in steps) / 1e6
