"""A tensor whose bytes are read only when asked for, in chunks."""

from __future__ import annotations

import hashlib
import math
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from greenlint.errors import ModelError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from io import FileIO

    from numpy.typing import NDArray

    Array = NDArray[Any]

CHUNK = 4 << 20
"""Bytes read at once."""
WINDOW = 1 << 20
"""Bytes read at once where many tensors are short."""
FEW_BYTES = 4096
"""Bytes by which tensors are first told apart."""


@dataclass(frozen=True, slots=True, eq=False)
class Dtype:
    """An element type: its name, its size in bits (0 for strings), and how its stored bytes become numbers.

    There is one object for each type, so they are compared by identity.
    """

    name: str
    bits: int
    stored: str

    @property
    def is_float(self) -> bool:
        """Tell whether elements are real numbers, of any width."""
        return "float" in self.name

    @property
    def is_integer(self) -> bool:
        """Tell whether elements are whole numbers, of any width."""
        return "int" in self.name


# The numbers of TensorProto.DataType, onnx.proto3.
DTYPES = {
    1: Dtype("float32", 32, "<f4"),
    2: Dtype("uint8", 8, "u1"),
    3: Dtype("int8", 8, "i1"),
    4: Dtype("uint16", 16, "<u2"),
    5: Dtype("int16", 16, "<i2"),
    6: Dtype("int32", 32, "<i4"),
    7: Dtype("int64", 64, "<i8"),
    8: Dtype("string", 0, ""),
    9: Dtype("bool", 8, "?"),
    10: Dtype("float16", 16, "<f2"),
    11: Dtype("float64", 64, "<f8"),
    12: Dtype("uint32", 32, "<u4"),
    13: Dtype("uint64", 64, "<u8"),
    14: Dtype("complex64", 64, "<c8"),
    15: Dtype("complex128", 128, "<c16"),
    16: Dtype("bfloat16", 16, "<u2"),
    17: Dtype("float8e4m3fn", 8, "u1"),
    18: Dtype("float8e4m3fnuz", 8, "u1"),
    19: Dtype("float8e5m2", 8, "u1"),
    20: Dtype("float8e5m2fnuz", 8, "u1"),
    21: Dtype("uint4", 4, "u1"),
    22: Dtype("int4", 4, "u1"),
    23: Dtype("float4e2m1", 4, "u1"),
    24: Dtype("float8e8m0", 8, "u1"),
    25: Dtype("uint2", 2, "u1"),
    26: Dtype("int2", 2, "u1"),
}
UNKNOWN = Dtype("unknown", 0, "")


@dataclass(frozen=True, slots=True)
class Segment:
    """Where bytes of a tensor lie: in a file, plain (`varint` False) or as packed varints."""

    path: str
    offset: int
    length: int
    varint: bool = False


@dataclass(slots=True, eq=False)
class Tensor:
    """Constant numbers: their type, shape, and either their bytes or the place of their bytes.

    `stored` is the number of bytes the file spends on them, `entries` the number of elements that a sparse one holds.
    Not frozen, which would triple the time of making one.
    """

    dtype: Dtype
    shape: tuple[int, ...]
    inline: bytes | Array | None = field(default=None, repr=False)
    segments: tuple[Segment, ...] = ()
    stored: int = 0
    entries: int | None = None

    @property
    def size(self) -> int:
        """Number of elements."""
        return math.prod(self.shape)

    @property
    def present(self) -> int:
        """Number of elements that are stored: of a sparse tensor those that are not zero."""
        return self.size if self.entries is None else self.entries

    @property
    def is_sparse(self) -> bool:
        """Tell whether only some elements are stored."""
        return self.entries is not None

    @property
    def nbytes(self) -> int:
        """Bytes in memory: elements by their width, rounded up."""
        if not self.dtype.bits:
            return self.stored
        return (self.size * self.dtype.bits + 7) // 8

    def small(self, most: int = 1024) -> Array | None:
        """Return the numbers in their shape when there are at most so many, else None; strings are None."""
        if self.size > most or not self.dtype.bits or self.is_sparse:
            return None
        parts = list(self.chunks())
        flat = np.concatenate(parts) if parts else np.zeros(0, dtype=np.float32)
        return flat.reshape(self.shape) if flat.size == self.size else None

    def chunks(self) -> Iterator[Array]:
        """Yield the numbers, flat, in pieces of about `CHUNK` bytes.

        bfloat16 and float8 come as float32; 2- and 4-bit types one number per element. Raises `ModelError` when the
        file does not hold what the model says.
        """
        if not self.dtype.bits or self.is_sparse:
            return
        if isinstance(self.inline, np.ndarray):
            yield self.inline.reshape(-1)
            return
        left = self.size
        for raw, varint in self._pieces():
            numbers = _varints(raw, self.dtype) if varint else decode(raw, self.dtype)
            numbers = numbers[:left]
            left -= numbers.size
            if numbers.size:
                yield numbers
        if left:
            message = f"says {self.size} elements of a tensor, holds {self.size - left}"
            raise ModelError(message)

    def sample(self, most: int = 1 << 16) -> Array:
        """Return up to so many numbers taken from evenly spaced stretches; all of them when there are fewer."""
        pieces = []
        if self.size <= most or isinstance(self.inline, np.ndarray) or any(s.varint for s in self.segments):
            for chunk in self.chunks():
                pieces.append(chunk)
                if sum(piece.size for piece in pieces) >= most:
                    break
        elif self.inline is not None:
            pieces.append(decode(self.inline, self.dtype)[:most])
        else:
            stretches = 16
            for segment in self.segments:
                width = max(self.dtype.bits // 8, 1)
                length = most // stretches * width
                step = max(segment.length // stretches // width * width, width)
                with Path(segment.path).open("rb", buffering=0) as file:
                    for start in range(0, segment.length, step):
                        raw = read_at(file, segment.offset + start, min(length, segment.length - start))
                        pieces.append(decode(raw[: len(raw) // width * width], self.dtype))
        return np.concatenate(pieces) if pieces else np.zeros(0, dtype=np.float32)

    def head(self, files: Files) -> bytes:
        """Return the first bytes as they are stored: tensors that differ here differ."""
        if isinstance(self.inline, bytes):
            return self.inline[:FEW_BYTES]
        if self.inline is not None:
            return self.inline.reshape(-1)[: FEW_BYTES // max(self.inline.itemsize, 1)].tobytes()
        return files.read(self.segments[0], FEW_BYTES) if self.segments else b""

    def short(self, files: Files, most: int) -> bytes | None:
        """Return the bytes when there are at most so many, they stand in one place and make whole numbers."""
        if self.dtype.bits < 8:
            return None
        if isinstance(self.inline, bytes):
            return self.inline
        if len(self.segments) != 1 or self.segments[0].varint or self.segments[0].length > most:
            return None
        raw = files.read(self.segments[0], most)
        return raw if len(raw) == self.nbytes else None

    def digest(self) -> bytes:
        """Return the bytes when they are few, else a hash: of one type and shape, equal tensors have equal digests."""
        if isinstance(self.inline, bytes):
            return self.inline
        if self.inline is not None and self.inline.nbytes <= FEW_BYTES:
            return self.inline.tobytes()
        # Not for security: blake2b is the fastest hash of the standard library.
        digest = hashlib.blake2b(digest_size=16)
        if any(segment.varint for segment in self.segments) or isinstance(self.inline, np.ndarray):
            for chunk in self.chunks():
                digest.update(np.ascontiguousarray(chunk).tobytes())
        else:
            for raw, _ in self._pieces():
                digest.update(raw)
        return digest.digest()

    def _pieces(self) -> Iterator[tuple[bytes, bool]]:
        """Yield raw bytes; pieces of varints end where a number ends."""
        if isinstance(self.inline, bytes):
            yield self.inline, False
        for segment in self.segments:
            with Path(segment.path).open("rb", buffering=0) as file:
                position, end, rest = segment.offset, segment.offset + segment.length, b""
                while position < end:
                    raw = read_at(file, position, min(CHUNK, end - position))
                    if not raw:
                        message = f"ends at byte {position}, its weights at byte {end}"
                        raise ModelError(message)
                    position += len(raw)
                    if segment.varint:
                        raw, rest = _whole_varints(rest + raw)
                    yield raw, segment.varint


class Files:
    """Reads many short stretches of files, near ones at once."""

    __slots__ = ("files", "windows")

    def __init__(self) -> None:
        """Open nothing yet."""
        self.files: dict[str, FileIO] = {}
        self.windows: dict[str, tuple[int, bytes]] = {}

    def close(self) -> None:
        """Close what was opened."""
        for file in self.files.values():
            file.close()

    def read(self, segment: Segment, most: int) -> bytes:
        """Return the first bytes of a segment, at most so many; fewer when the file is shorter than it was."""
        length = min(most, segment.length)
        start, window = self.windows.get(segment.path, (0, b""))
        at = segment.offset - start
        if at >= 0 and at + length <= len(window):
            return window[at : at + length]
        file = self.files.get(segment.path)
        if file is None:
            file = Path(segment.path).open("rb", buffering=0)  # noqa: SIM115 - see close
            self.files[segment.path] = file
        if segment.length > WINDOW // 16:
            return read_at(file, segment.offset, length)
        window = read_at(file, segment.offset, WINDOW)
        self.windows[segment.path] = segment.offset, window
        return window[:length]


def read_at(file: FileIO, offset: int, length: int) -> bytes:
    """Read bytes at a place; fewer at the end of the file. There is no `pread` on Windows."""
    file.seek(offset)
    return file.read(length)


def decode(raw: bytes, dtype: Dtype) -> Array:
    """Turn stored bytes into numbers, flat; bfloat16 and float8 come as float32."""
    width = max(dtype.bits // 8, 1)
    stored = np.frombuffer(raw, dtype=dtype.stored, count=len(raw) // width)
    return _meaning(stored, dtype)


def _meaning(stored: Array, dtype: Dtype) -> Array:
    """Turn stored units into numbers, where numpy has no type of its own."""
    if dtype.name == "bfloat16":
        return (stored.astype(np.uint32) << 16).view(np.float32)
    if dtype.name in _TABLES:
        looked_up: Array = _table(dtype.name)[stored]
        return looked_up
    if dtype.bits in (2, 4):
        per_byte = 8 // dtype.bits
        shifts = np.arange(per_byte, dtype=np.uint8) * np.uint8(dtype.bits)
        units: Array = (stored[:, None] >> shifts & np.uint8((1 << dtype.bits) - 1)).reshape(-1)
        if dtype.name == "float4e2m1":
            small: Array = _E2M1[units]
            return small
        if dtype.name.startswith("int"):
            half = 1 << (dtype.bits - 1)
            signed: Array = (units.astype(np.int8) ^ half) - half
            return signed
        return units
    return stored


# https://onnx.ai/onnx/technical/float8.html and float4.html: exponent bits, mantissa bits, bias, what is special.
_TABLES = {
    "float8e4m3fn": (4, 3, 7, "fn"),
    "float8e4m3fnuz": (4, 3, 8, "fnuz"),
    "float8e5m2": (5, 2, 15, "ieee"),
    "float8e5m2fnuz": (5, 2, 16, "fnuz"),
    "float8e8m0": (8, 0, 127, "scale"),
}
_E2M1 = np.array([0, 0.5, 1, 1.5, 2, 3, 4, 6, -0.0, -0.5, -1, -1.5, -2, -3, -4, -6], dtype=np.float32)


def _table(name: str) -> NDArray[np.float32]:
    exponent_bits, mantissa_bits, bias, special = _TABLES[name]
    values = []
    for byte in range(256):
        if special == "scale":
            values.append(math.nan if byte == 255 else 2.0 ** (byte - bias))
            continue
        sign = -1.0 if byte & 0x80 else 1.0
        exponent = byte >> mantissa_bits & ((1 << exponent_bits) - 1)
        mantissa = byte & ((1 << mantissa_bits) - 1)
        if (special == "fnuz" and byte == 0x80) or (special == "fn" and byte & 0x7F == 0x7F):
            value = math.nan
        elif special == "ieee" and exponent == (1 << exponent_bits) - 1:
            value = math.nan if mantissa else sign * math.inf
        elif exponent:
            value = sign * (1 + mantissa / (1 << mantissa_bits)) * 2.0 ** (exponent - bias)
        else:
            value = sign * mantissa / (1 << mantissa_bits) * 2.0 ** (1 - bias)
        values.append(value)
    return np.array(values, dtype=np.float32)


def _whole_varints(raw: bytes) -> tuple[bytes, bytes]:
    """Split after the last number that ends."""
    end = len(raw)
    while end and raw[end - 1] & 0x80 and len(raw) - end < 10:
        end -= 1
    return raw[:end], raw[end:]


def _varints(raw: bytes, dtype: Dtype) -> Array:
    """Decode packed varints, all at once, into elements of a type.

    int32_data holds also the bits of float16, bfloat16, float8 and packed 4-bit values (onnx.proto3).
    """
    data = np.frombuffer(raw, dtype=np.uint8)
    ends = np.flatnonzero(data < 0x80)
    if not ends.size:
        return np.zeros(0, dtype=np.int64)
    starts = np.concatenate(([0], ends[:-1] + 1))
    lengths = ends - starts + 1
    values = np.zeros(ends.size, dtype=np.uint64)
    for place in range(min(int(lengths.max()), 10)):
        some = lengths > place
        values[some] |= (data[starts[some] + place] & np.uint64(0x7F)).astype(np.uint64) << np.uint64(7 * place)
    return decode_typed(values, dtype)


def decode_typed(values: NDArray[np.uint64], dtype: Dtype) -> Array:
    """Turn the 64-bit numbers of int32_data, int64_data or uint64_data into elements of a type."""
    if dtype.name == "float16":
        return values.astype(np.uint16).view(np.float16)
    if dtype.stored == "u1" or dtype.name == "bfloat16":
        return _meaning(values.astype(dtype.stored), dtype)
    return values.view(np.int64).astype(dtype.stored)
