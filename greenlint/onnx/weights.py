"""What the numbers of a model look like: range, zeros, copies."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from greenlint.errors import ModelError
from greenlint.onnx.tensor import CHUNK, FEW_BYTES, Files, Tensor, decode
from greenlint.onnx.units import count_text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from greenlint.onnx.graph import Graph, Value
    from greenlint.onnx.tensor import Array, Dtype

HALF_MOST = 65504.0
HALF_LEAST = 2.0**-14
"""Largest and smallest normal number of float16, IEEE 754."""
EXACT_UP_TO = 64 << 20
"""Bytes of weights in all that are read whole without being asked to."""
_MOST_AT_ONCE = 256 << 20
_BLOCK = 1 << 18
WORTH_SHARING = 64
"""Bytes of a tensor from which on a copy counts; axes and single numbers are smaller, and exporters repeat them."""
SHORT = (1 << 16) - 1
"""Bytes of a tensor that is counted together with others."""


@dataclass(frozen=True, slots=True)
class Statistics:
    """Counts over numbers: `tiny` are those below float16's smallest normal number and not zero.

    `largest` is the largest finite magnitude, `not_finite` counts infinities and what is no number, `nan` the latter.
    `exact` is False for a sample.
    """

    count: int = 0
    zeros: int = 0
    tiny: int = 0
    largest: float = 0.0
    not_finite: int = 0
    nan: int = 0
    exact: bool = True

    def plus(self, other: Statistics) -> Statistics:
        """Return the counts over both."""
        return Statistics(
            self.count + other.count,
            self.zeros + other.zeros,
            self.tiny + other.tiny,
            max(self.largest, other.largest),
            self.not_finite + other.not_finite,
            self.nan + other.nan,
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


def statistics(graph: Graph) -> dict[Value | None, Statistics]:
    """Statistics of every floating-point weight, as far as the graph's `weights` setting lets them be read.

    Short ones are counted together, under None, as long as there is nothing to say of one of them: a model may have a
    hundred thousand.
    """
    found: dict[Value | None, Statistics] = graph.once(_statistics)
    return found


def _statistics(graph: Graph) -> dict[Value | None, Statistics]:
    weights = [(value, tensor) for value, tensor in graph.stored if _is_float(tensor)]
    total = sum(tensor.stored for _, tensor in weights)
    exact = graph.weights == "full" or (graph.weights == "sample" and total <= EXACT_UP_TO)
    result: dict[Value | None, Statistics] = {}
    same: dict[object, Statistics] = {}
    pools: dict[Dtype, _Pool] = {}
    with closing(Files()) as files:
        for value, tensor in weights:
            if tensor.segments and graph.weights == "none":
                continue
            raw = tensor.short(files, SHORT)
            if raw is None:
                # Tied weights may name one place of a file, which is read once.
                key = (tensor.dtype, tensor.segments) if tensor.segments else value
                if key not in same:
                    same[key] = _of(tensor, exact=exact)
                result[value] = same[key]
            else:
                pools.setdefault(tensor.dtype, _Pool(tensor.dtype, result)).add(value, raw)
    for pool in pools.values():
        pool.empty()
    return result


class _Pool:
    """Short tensors of one type, which are counted many at once."""

    def __init__(self, dtype: Dtype, result: dict[Value | None, Statistics]) -> None:
        self.dtype = dtype
        self.result = result
        self.values: list[Value] = []
        self.parts: list[bytes] = []
        self.size = 0

    def add(self, value: Value, raw: bytes) -> None:
        self.values.append(value)
        self.parts.append(raw)
        self.size += len(raw)
        if self.size > CHUNK:
            self.empty()

    def empty(self) -> None:
        """Count what is in: together when nothing is to be said of a single one."""
        counted = _count(decode(b"".join(self.parts), self.dtype), exact=True)
        if counted.not_finite or counted.largest >= HALF_MOST:
            for value, raw in zip(self.values, self.parts, strict=True):
                self.result[value] = _count(decode(raw, self.dtype), exact=True)
        elif counted.count:
            self.result[None] = self.result.get(None, Statistics()).plus(counted)
        self.values.clear()
        self.parts.clear()
        self.size = 0


def _is_float(tensor: Tensor) -> bool:
    # A single number without a shape is a factor, an epsilon or a scale, and no weight.
    return bool(tensor.shape) and tensor.dtype.is_float and tensor.stored > 0 and tensor.entries is None


def _of(tensor: Tensor, *, exact: bool) -> Statistics:
    if exact or not tensor.segments:
        plain = _PLAIN.get(tensor.dtype.name)
        if plain is not None and tensor.segments and not any(segment.varint for segment in tensor.segments):
            return _count_plain(tensor, plain)
        counted = Statistics()
        for chunk in tensor.chunks():
            counted = counted.plus(_count(chunk, exact=True))
        return counted
    return _count(tensor.sample(), exact=False)


@dataclass(frozen=True, slots=True)
class _Plain:
    """A floating-point format of sign, exponent and fraction, whose magnitudes are ordered as whole numbers.

    `infinity` and `tiny` are the bits of infinity and of float16's smallest normal number; `shift` moves the bits to
    those of `numbers`.
    """

    bits: str
    numbers: str
    infinity: int
    tiny: int
    shift: int = 0


_PLAIN = {
    "float16": _Plain("<u2", "<f2", 0x7C00, 0x0400),
    "bfloat16": _Plain("<u4", "<f4", 0x7F80, 0x3880, 16),
    "float32": _Plain("<u4", "<f4", 0x7F80 << 16, 0x3880 << 16),
    "float64": _Plain("<u8", "<f8", 0x7FF0 << 48, 0x3F10 << 48),
}


def _count_plain(tensor: Tensor, plain: _Plain) -> Statistics:
    """Count a large tensor in blocks that stay in the processor's cache, in memory that is used again and again."""
    width = tensor.dtype.bits // 8
    stored = np.dtype(f"<u{width}")
    buffer = bytearray(_BLOCK)
    block, magnitudes = np.frombuffer(buffer, stored), np.empty(_BLOCK // width, stored)
    below, mask = np.empty(_BLOCK // width, np.bool_), stored.type((1 << (tensor.dtype.bits - 1)) - 1)
    count = zeros = tiny = not_finite = nan = largest = 0
    for segment in tensor.segments:
        with Path(segment.path).open("rb", buffering=0) as file:
            file.seek(segment.offset)
            left = segment.length
            while left > 0:
                size = file.readinto(memoryview(buffer)[: min(_BLOCK, left)]) // width
                if not size:
                    message = f"ends {left} bytes before its weights do"
                    raise ModelError(message)
                left -= size * width
                some = np.bitwise_and(block[:size], mask, out=magnitudes[:size])
                none = size - int(np.count_nonzero(some))
                most = int(some.max())
                if most >= plain.infinity:
                    finite = some[some < plain.infinity]
                    not_finite += size - finite.size
                    nan += int(np.count_nonzero(some > plain.infinity))
                    most = int(finite.max()) if finite.size else 0
                count, zeros, largest = count + size, zeros + none, max(largest, most)
                tiny += int(np.count_nonzero(np.less(some, plain.tiny, out=below[:size]))) - none
    magnitude = float(np.array([largest << plain.shift], plain.bits).view(plain.numbers)[0])
    return Statistics(count, zeros, tiny, magnitude, not_finite, nan)


def _count(numbers: Array, *, exact: bool) -> Statistics:
    with np.errstate(all="ignore"):
        size = np.abs(numbers)
        largest = float(size.max()) if size.size else 0.0
        not_finite = nan = 0
        if not np.isfinite(largest):
            finite = size[np.isfinite(size)]
            not_finite = size.size - finite.size
            nan = int(np.count_nonzero(np.isnan(size)))
            largest = float(finite.max()) if finite.size else 0.0
        zeros = size.size - int(np.count_nonzero(size))
        tiny = int(np.count_nonzero(size < HALF_LEAST)) - zeros
    return Statistics(size.size, zeros, tiny, largest, not_finite, nan, exact)


def half_precision(graph: Graph) -> HalfPrecision:
    """Say whether the weights fit float16: no infinity among them, none above 65504, few below its normal numbers.

    Masks of zeros and infinities fit: float16 has both.
    """
    whole = Statistics()
    for value, counted in statistics(graph).items():
        if value is None:
            whole = whole.plus(counted)
            continue
        if counted.nan or (counted.not_finite and counted.largest):
            what = "nan" if counted.nan else "inf beside other numbers"
            return HalfPrecision(f"FP16 is unsafe: {value.name} holds {what}", fits=False)
        if counted.largest < HALF_MOST:
            whole = whole.plus(counted)
        elif not _is_mask(value):
            told = f"FP16 is unsafe: {value.name} holds {counted.largest:.3g}"
            if all(reader.op == "BatchNormalization" for reader in value.consumers):
                told += ", statistics of a BatchNormalization that could be folded first"
            return HalfPrecision(told, fits=False)
    if graph.weights == "none" or not whole.count:
        return HalfPrecision("FP16 would halve them if their range allows it: --weights sample looks", fits=None)
    share = whole.tiny / whole.count
    if share > 0.1:
        return HalfPrecision(f"FP16 would lose digits: {share:.0%} of them are below its normal numbers", fits=False)
    seen = "" if whole.exact else " in a sample (--weights full reads all)"
    return HalfPrecision(
        f"FP16 would halve them: the largest is {whole.largest:.3g}{seen}{_too_large(graph)}", fits=True
    )


def _is_mask(value: Value) -> bool:
    """Tell whether a tensor has nothing but zeros and one number that stands for infinity."""
    stored = value.stored
    if stored is None or stored.nbytes > CHUNK or stored.size == 0:
        return False
    numbers = np.abs(np.concatenate(list(stored.chunks())))
    most = numbers.max()
    return bool(np.all((numbers == 0) | (numbers == most)))


def _too_large(graph: Graph) -> str:
    """Name a single number, or a mask, that float16 cannot hold: converters have to clip it."""
    known = statistics(graph)
    for value, stored in graph.stored:
        if stored.dtype.name != "float32":
            continue
        number = known[value].largest if value in known else None if stored.shape else value.scalar()
        if number is not None and HALF_MOST <= abs(number) < np.inf:
            return f"; clip the constant {value.name} of {number:.3g}"
    return ""


def prunable(graph: Graph, min_bytes: int, min_share: float) -> Iterator[Prunable]:
    """Weights of at least so many bytes of which at least that share is zero."""
    known = statistics(graph)
    for value, tensor in graph.stored:
        if len(tensor.shape) < 2 or tensor.stored < min_bytes or not _is_float(tensor):
            continue
        if tensor.segments and graph.weights == "none":
            continue
        counted = known[value] if value in known else _of(tensor, exact=True)
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


def duplicates(graph: Graph) -> list[list[Value]]:
    """Return groups of values with equal type, shape and bytes; weights that may not be read are in none."""
    found: list[list[Value]] = graph.once(_duplicates)
    return found


def _duplicates(graph: Graph) -> list[list[Value]]:
    return list(_equal(graph))


def _equal(graph: Graph) -> Iterator[list[Value]]:
    groups: dict[object, list[Value]] = {}
    for value, tensor in graph.stored:
        if tensor.stored < WORTH_SHARING or tensor.is_sparse or not tensor.dtype.bits:
            continue
        if tensor.segments and graph.weights == "none":
            continue
        groups.setdefault((tensor.dtype, tensor.shape), []).append(value)
    with closing(Files()) as files:
        for group in groups.values():
            if len(group) < 2:
                continue
            for alike in _split(group, lambda tensor: tensor.head(files)):
                if len(alike) < 2:
                    continue
                if alike[0].stored is not None and alike[0].stored.nbytes <= FEW_BYTES:
                    yield alike  # the first bytes were all
                else:
                    yield from (same for same in _split(alike, _digests()) if len(same) > 1)


def _digests() -> Callable[[Tensor], bytes]:
    """Return a function that reads each place of a file once."""
    known: dict[object, bytes] = {}

    def digest(tensor: Tensor) -> bytes:
        if not tensor.segments:
            return tensor.digest()
        if tensor.segments not in known:
            known[tensor.segments] = tensor.digest()
        return known[tensor.segments]

    return digest


def _split(group: list[Value], key: Callable[[Tensor], bytes]) -> list[list[Value]]:
    parts: dict[bytes, list[Value]] = {}
    for value in group:
        if value.stored is not None:
            parts.setdefault(key(value.stored), []).append(value)
    return list(parts.values())
