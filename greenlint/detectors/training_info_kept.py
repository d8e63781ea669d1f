"""Detector of ECO701 training-info-kept."""

from __future__ import annotations

from typing import TYPE_CHECKING

from greenlint.detector import detects, flag
from greenlint.onnx import runtimes
from greenlint.onnx.units import bytes_text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from greenlint.detector import Flag
    from greenlint.onnx.graph import Graph


@detects("ECO701")
def training_info_kept(graph: Graph) -> Iterator[Flag]:
    if graph.training:
        yield flag(graph, size=bytes_text(graph.sizes["training"]), who=runtimes.NOBODY)
