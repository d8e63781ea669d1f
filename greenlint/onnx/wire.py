"""Cut the weights out of an ONNX file by scanning the wire format once, and keep their place."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from greenlint.errors import ModelError

if TYPE_CHECKING:
    from collections.abc import Mapping

    Buffer = bytes | memoryview

# https://protobuf.dev/programming-guides/encoding/ and onnx.proto3: field number -> the message it holds.
_MODEL = "model"
_GRAPH = "graph"
_NODE = "node"
_ATTRIBUTE = "attribute"
_TENSOR = "tensor"
_SPARSE = "sparse tensor"
_FUNCTION = "function"
_TRAINING = "training info"
_HOLDS: Mapping[str, Mapping[int, str]] = {
    _MODEL: {7: _GRAPH, 20: _TRAINING, 25: _FUNCTION},
    _GRAPH: {1: _NODE, 5: _TENSOR, 15: _SPARSE},
    _NODE: {5: _ATTRIBUTE},
    _ATTRIBUTE: {5: _TENSOR, 6: _GRAPH, 10: _TENSOR, 11: _GRAPH, 22: _SPARSE, 23: _SPARSE},
    _TENSOR: {},
    _SPARSE: {1: _TENSOR, 2: _TENSOR},
    _FUNCTION: {7: _NODE, 11: _ATTRIBUTE},
    _TRAINING: {1: _GRAPH, 2: _GRAPH},
}
# The messages that a file can hold without end: nearly empty ones take a hundred times their bytes in memory.
_MESSAGES: Mapping[str, frozenset[int]] = {
    _MODEL: frozenset({7, 8, 14, 20, 25, 26}),
    _GRAPH: frozenset({1, 5, 11, 12, 13, 14, 15, 16}),
    _NODE: frozenset({5, 9}),
    _ATTRIBUTE: frozenset({5, 6, 10, 11, 14, 15, 22, 23}),
    _TENSOR: frozenset({13, 16}),
    _SPARSE: frozenset(),
    _FUNCTION: frozenset({7, 9, 11, 12, 14}),
    _TRAINING: frozenset({3, 4}),
}
_CRUMB = 4
_DIMS = 1
_OUTPUT = 2
_GRAPH_OF_MODEL = 7
FLOATS, INT32S, INT64S, RAW, DOUBLES, UINT64S = 4, 5, 7, 9, 10, 11
_WEIGHTS = frozenset({FLOATS, INT32S, INT64S, RAW, DOUBLES, UINT64S})
_LENGTH_DELIMITED = 2
_EXTERNAL_DATA = 13

SMALL = 1024
"""Messages and weights of at most so many bytes stay where they are."""
MOST_BYTES_WITHOUT_WEIGHTS = 192 << 20
MOST_LEVELS = 100
MOST_CRUMBS = 100_000
"""How many messages may be nearly empty; what a tool writes has hardly any."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """Bytes of a file that hold a field of a tensor: `field` is its number in TensorProto."""

    field: int
    offset: int
    length: int


def cut_weights(data: Buffer, mark: str) -> bytes:
    """Return the model's bytes without its large weights.

    Every cut leaves an `external_data` entry with the key `mark` (which the file must not be able to guess) and the
    value `field:offset:length`. Raises `ModelError` when a length says more than its message or the file holds, or
    when more than `MOST_BYTES_WITHOUT_WEIGHTS` would be left.
    """
    pieces: list[Buffer] = []
    size = _Scan(data, mark).message(_MODEL, 0, len(data), pieces, 0)
    if size > MOST_BYTES_WITHOUT_WEIGHTS:
        message = (
            f"holds {size >> 20} MB beside its weights; greenlint reads at most {MOST_BYTES_WITHOUT_WEIGHTS >> 20}"
        )
        raise ModelError(message)
    return b"".join(pieces)


def stretch_of(text: str) -> Stretch:
    """Read back what a cut has left."""
    field, offset, length = map(int, text.split(":"))
    return Stretch(field, offset, length)


class _Scan:
    """One pass over the messages that can hold weights; everything else is passed on as it is."""

    __slots__ = ("crumbs", "data", "mark")

    def __init__(self, data: Buffer, mark: str) -> None:
        self.data = data
        self.mark = mark.encode()
        self.crumbs = 0

    def message(self, kind: str, start: int, end: int, pieces: list[Buffer], level: int) -> int:
        """Append the message between two offsets, less its weights, to the pieces; return its new size."""
        if level > MOST_LEVELS:
            message = f"nests messages more than {MOST_LEVELS} deep"
            raise ModelError(message)
        data = self.data
        holds = _HOLDS[kind]
        messages = _MESSAGES[kind]
        crowded = kind is _NODE and end - start > MOST_CRUMBS
        dims = 0
        cuts = _WEIGHTS if kind is _TENSOR else frozenset()
        size = 0
        position = kept = start
        while position < end:
            field_start = position
            tag = data[position]
            position += 1
            if tag >= 0x80:
                tag, position = self.varint(field_start, end, kind)
            wire = tag & 7
            if wire == _LENGTH_DELIMITED:
                if position < end and data[position] < 0x80:
                    length = data[position]
                    position += 1
                else:
                    length, position = self.varint(position, end, kind)
                body = position
                position += length
                if position > end:
                    message = (
                        f"is cut short or not ONNX: a field of a {kind} at byte {field_start} says {length} bytes, "
                        f"{end - body} are left"
                    )
                    raise ModelError(message)
                number = tag >> 3
                if length <= SMALL:
                    in_parts = number == _GRAPH_OF_MODEL and kind is _MODEL
                    if in_parts or (length < _CRUMB and (number in messages or (crowded and number <= _OUTPUT))):
                        self.count()
                    continue
                if kind is _TENSOR and number == _DIMS:
                    message = f"is no model: a tensor at byte {start} has more than {SMALL} dimensions"
                    raise ModelError(message)
                inner = holds.get(number)
                if inner is None and number not in cuts:
                    continue
                pieces.append(data[kept:field_start])
                size += field_start - kept
                kept = position
                if inner is None:
                    size += self.cut(number, body, length, pieces)
                else:
                    size += self.inner(number, inner, body, position, pieces, level)
            elif wire == 0:
                if kind is _TENSOR and tag >> 3 == _DIMS:
                    dims += 1
                    if dims > SMALL:
                        message = f"is no model: a tensor at byte {start} has more than {SMALL} dimensions"
                        raise ModelError(message)
                while position < end and data[position] >= 0x80:
                    position += 1
                position += 1
            elif wire == 5:
                position += 4
            elif wire == 1:
                position += 8
            else:
                message = f"is not an ONNX model: byte {field_start} starts no field of a {kind}"
                raise ModelError(message)
            if tag < 8:
                message = f"is not an ONNX model: byte {field_start} starts no field of a {kind}"
                raise ModelError(message)
        if position > end:
            message = f"is cut short: the last field of a {kind} goes past byte {end}"
            raise ModelError(message)
        pieces.append(data[kept:end])
        return size + end - kept

    def count(self) -> None:
        """Count one more message that is nearly empty."""
        self.crumbs += 1
        if self.crumbs > MOST_CRUMBS:
            message = f"is no model that a tool has written: more than {MOST_CRUMBS} of its messages are nearly empty"
            raise ModelError(message)

    def inner(self, number: int, kind: str, start: int, end: int, pieces: list[Buffer], level: int) -> int:
        """Append a message with its tag and its new length."""
        place = len(pieces)
        pieces.append(b"")
        length = self.message(kind, start, end, pieces, level + 1)
        head = _varint_bytes(number << 3 | _LENGTH_DELIMITED) + _varint_bytes(length)
        pieces[place] = head
        return len(head) + length

    def cut(self, number: int, offset: int, length: int, pieces: list[Buffer]) -> int:
        """Append the entry that tells where the weights are."""
        value = f"{number}:{offset}:{length}".encode()
        entry = b"\x0a" + _varint_bytes(len(self.mark)) + self.mark + b"\x12" + _varint_bytes(len(value)) + value
        entry = _varint_bytes(_EXTERNAL_DATA << 3 | _LENGTH_DELIMITED) + _varint_bytes(len(entry)) + entry
        pieces.append(entry)
        return len(entry)

    def varint(self, position: int, end: int, kind: str) -> tuple[int, int]:
        """Return a number and the position after it."""
        data = self.data
        number = shift = 0
        start = position
        while position < end and shift < 70:
            byte = data[position]
            position += 1
            number |= (byte & 0x7F) << shift
            if byte < 0x80:
                return number, position
            shift += 7
        message = f"is cut short or not ONNX: no number ends after byte {start} of a {kind}"
        raise ModelError(message)


def _varint_bytes(number: int) -> bytes:
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)
