"""An ONNX model as the card tells it: size, weights by type, operators, inputs, and what the graph rules found."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from greenlint.finding import Finding

BYTES_PER_ELEMENT: Mapping[str, float] = {
    "float32": 4, "float16": 2, "bfloat16": 2, "float64": 8, "int64": 8, "int32": 4, "int16": 2, "int8": 1, "uint8": 1,
    "uint16": 2, "uint32": 4, "uint64": 8, "bool": 1, "int4": 0.5, "uint4": 0.5,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Input:
    """One input of a model; a free dimension is its name or `?`."""

    name: str
    dtype: str
    shape: tuple[int | str, ...]


@dataclass(frozen=True, slots=True)
class Model:
    """One inspected model.

    `weight_bytes` are bytes of weights by dtype, `operators` node counts by name, `macs` multiply-accumulates of one
    inference in words, with the free sizes in them.
    """

    path: str
    sha256: str
    file_bytes: int
    parameters: int
    weight_bytes: Mapping[str, int]
    operators: Mapping[str, int]
    inputs: tuple[Input, ...]
    opset: int = 0
    producer: str = ""
    macs: str = ""
    findings: tuple[Finding, ...] = ()

    @property
    def reduced_share(self) -> float:
        """Share of weight bytes in types of 16 bits or fewer, of those that hold numbers."""
        total = sum(self.weight_bytes.values())
        reduced = sum(size for dtype, size in self.weight_bytes.items() if BYTES_PER_ELEMENT.get(dtype, 8) <= 2)  # noqa: PLR2004
        return reduced / total if total else 0.0

    @property
    def has_free_batch(self) -> bool:
        """Whether every input starts with a free dimension, or one above one."""
        firsts = [item.shape[0] for item in self.inputs if item.shape]
        return bool(firsts) and all(not isinstance(first, int) or first > 1 for first in firsts)

    @property
    def request_bytes(self) -> float | None:
        """Bytes of one request with a batch of one, None where another dimension is free."""
        total = 0.0
        for item in self.inputs:
            amount = BYTES_PER_ELEMENT.get(item.dtype)
            if amount is None or any(not isinstance(dim, int) for dim in item.shape[1:]):
                return None
            for dim in item.shape[1:]:
                amount *= int(dim)
            total += amount
        return total or None
