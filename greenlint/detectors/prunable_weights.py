"""Detector of ECO732 prunable-weights."""

from __future__ import annotations

from typing import TYPE_CHECKING

from greenlint.detector import detects, flag
from greenlint.onnx import runtimes
from greenlint.onnx.units import bytes_text
from greenlint.onnx.weights import prunable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from greenlint.detector import Flag
    from greenlint.onnx.graph import Graph


@detects("ECO732")
def prunable_weights(graph: Graph, min_bytes: int, min_share: float) -> Iterator[Flag]:
    for found in prunable(graph, min_bytes, min_share):
        yield flag(found.value, what=found.what, size=bytes_text(found.size), who=runtimes.NOBODY)
