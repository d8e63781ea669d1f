"""What the numbers of a model look like: range, zeros, copies."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from greenlint.onnx.tensor import Tensor
from greenlint.onnx.units import count_text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from greenlint.onnx.graph import Graph, Value
    from greenlint.onnx.tensor import Array
HALF_MOST = 65504.0
HALF_LEAST = 2.0**-14
"""Largest and smallest normal number of float16, IEEE 754."""
EXACT_UP_TO = 64 << 20
"""Bytes of weights in all that are read whole without being asked to."""
_MOST_AT_ONCE = 256 << 20


@dataclass(frozen=True, slots=True)
class Statistics:
    """Counts over numbers: `tiny` are those below float16's smallest normal number and not zero.

    `largest` is the largest finite magnitude. `exact` is False for a sample.
    """

    count: int = 0
    zeros: int = 0
    tiny: int = 0
    largest: float = 0.0
    not_finite: int = 0
    exact: bool = True

    def plus(self, other: Statistics) -> Statistics:
        """Return the counts over both."""
        return Statistics(
            self.count + other.count,
            self.zeros + other.zeros,
            self.tiny + other.tiny,
            max(self.largest, other.largest),
            self.not_finite + other.not_finite,
            self.exact and other.exact,
        )


@dataclass(frozen=True, slots=True)
class HalfPrecision:
    """Whether float16 can hold the weights, in a sentence and as a fact (None where nothing was read)."""

    advice: str
    fits: bool | None


@dataclass(frozen=True, slots=True)
class Prunable:
    """A tensor with numbers that could be left out: what they are, and their bytes."""

    value: Value
    what: str
    size: int


def statistics(graph: Graph) -> dict[Value, Statistics]:
    """Statistics of every floating-point weight, as far as the graph's `weights` setting lets them be read."""
    found: dict[Value, Statistics] = graph.once(_statistics)
    return found


def _statistics(graph: Graph) -> dict[Value, Statistics]:
    weights = [value for value in graph.stored_values if _is_float(value)]
    total = sum(value.stored.stored for value in weights if value.stored is not None)
    exact = graph.weights == "full" or (graph.weights == "sample" and total <= EXACT_UP_TO)
    result = {}
    for value in weights:
        tensor = value.stored
        if tensor is not None and (graph.weights != "none" or not tensor.segments):
            result[value] = _of(tensor, exact=exact)
    return result


def _is_float(value: Value) -> bool:
    stored = value.stored
    return stored is not None and stored.dtype.is_float and stored.size > 0 and not stored.is_sparse


def _of(tensor: Tensor, *, exact: bool) -> Statistics:
    if exact or not tensor.segments:
        counted = Statistics()
        for chunk in tensor.chunks():
            counted = counted.plus(_count(chunk, exact=True))
        return counted
    return _count(tensor.sample(), exact=False)


def _count(numbers: Array, *, exact: bool) -> Statistics:
    with np.errstate(all="ignore"):
        size = np.abs(numbers)
        largest = float(size.max()) if size.size else 0.0
        not_finite = 0
        if not np.isfinite(largest):
            finite = size[np.isfinite(size)]
            not_finite = size.size - finite.size
            largest = float(finite.max()) if finite.size else 0.0
        zeros = size.size - int(np.count_nonzero(size))
        tiny = int(np.count_nonzero(size < HALF_LEAST)) - zeros
    return Statistics(size.size, zeros, tiny, largest, not_finite, exact)


def half_precision(graph: Graph) -> HalfPrecision:
    """Say whether the weights fit float16: no infinity, none above 65504, few below its normal numbers."""
    whole = Statistics()
    for value, counted in statistics(graph).items():
        whole = whole.plus(counted)
        if counted.not_finite:
            return HalfPrecision(f"FP16 is unsafe: {value.name} holds inf or nan", fits=False)
        if counted.largest >= HALF_MOST:
            return HalfPrecision(f"FP16 is unsafe: {value.name} holds {counted.largest:.3g}", fits=False)
    if graph.weights == "none" or not whole.count:
        return HalfPrecision("FP16 would halve them if their range allows it: --weights sample looks", fits=None)
    share = whole.tiny / whole.count
    if share > 0.1:
        return HalfPrecision(f"FP16 would lose digits: {share:.0%} of them are below its normal numbers", fits=False)
    seen = "" if whole.exact else " in a sample (--weights full reads all)"
    return HalfPrecision(f"FP16 would halve them: the largest is {whole.largest:.3g}{seen}", fits=True)


def prunable(graph: Graph, min_bytes: int, min_share: float) -> Iterator[Prunable]:
    """Weights of at least so many bytes of which at least that share is zero."""
    for value, counted in statistics(graph).items():
        tensor = value.stored
        if tensor is None or len(tensor.shape) < 2 or tensor.stored < min_bytes or not counted.count:
            continue
        share = counted.zeros / counted.count
        if share < min_share:
            continue
        kind = _pattern(tensor) if counted.exact else ""
        about = "" if counted.exact else "about "
        what = f"{about}{share:.0%} of its {count_text(tensor.size)} numbers are zero{kind}"
        yield Prunable(value, what, int(share * tensor.stored))


def _pattern(tensor: Tensor) -> str:
    """Say whether the zeros make whole channels or the 2:4 pattern that accelerators use."""
    if tensor.nbytes > _MOST_AT_ONCE:
        return ""
    numbers = np.concatenate(list(tensor.chunks()))
    rows = numbers.reshape(tensor.shape[0], -1)
    empty = int(np.count_nonzero(~rows.any(axis=1)))
    if empty:
        return f", with {empty} of {tensor.shape[0]} channels empty"
    if tensor.shape[-1] % 4 == 0 and (np.count_nonzero(numbers.reshape(-1, 4), axis=1) <= 2).all():
        return ", in the 2:4 pattern"
    return ""


def duplicates(values: Iterable[Value], *, exact: bool) -> Iterator[list[Value]]:
    """Yield groups of values with equal type, shape and bytes; without `exact`, only those already in memory."""
    groups: dict[object, list[Value]] = {}
    for value in values:
        tensor = value.stored
        if tensor is None or tensor.is_sparse or not tensor.dtype.bits or (tensor.segments and not exact):
            continue
        groups.setdefault((tensor.dtype.name, tensor.shape), []).append(value)
    for group in groups.values():
        if len(group) < 2:
            continue
        for alike in _split(group, Tensor.head):
            if len(alike) > 1:
                yield from (same for same in _split(alike, Tensor.digest) if len(same) > 1)


def _split(group: list[Value], key: Callable[[Tensor], bytes]) -> list[list[Value]]:
    parts: dict[bytes, list[Value]] = {}
    for value in group:
        if value.stored is not None:
            parts.setdefault(key(value.stored), []).append(value)
    return list(parts.values())
