"""Detector of ECO715 duplicate-initializer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from greenlint.detector import detects, flag
from greenlint.onnx import runtimes
from greenlint.onnx.units import bytes_text
from greenlint.onnx.weights import duplicates

if TYPE_CHECKING:
    from collections.abc import Iterator

    from greenlint.detector import Flag
    from greenlint.onnx.graph import Graph


@detects("ECO715")
def duplicate_initializer(graph: Graph, min_bytes: int) -> Iterator[Flag]:
    total = sum(tensor.stored for _, tensor in graph.stored)
    for same in duplicates(graph):
        wasted = sum(value.stored.stored for value in same[1:] if value.stored is not None)
        if wasted < min_bytes:
            continue
        # A small part of a file is worth knowing, and nothing to fail for.
        level = None if wasted * 100 >= total else runtimes.INFO
        others = f"{same[0].place}" if len(same) == 2 else f"{same[0].place} and {len(same) - 2} more"
        yield flag(same[-1], level, copies=len(same), others=others, size=bytes_text(wasted), who=runtimes.KEPT)
