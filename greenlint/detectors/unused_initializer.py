"""Detector of ECO711 unused-initializer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from greenlint.detector import detects, flag
from greenlint.onnx import runtimes
from greenlint.onnx.units import bytes_text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from greenlint.detector import Flag
    from greenlint.onnx.graph import Graph


@detects("ECO711")
def unused_initializer(graph: Graph) -> Iterator[Flag]:
    for value in graph.initializers:
        if value.consumers or value.is_graph_output or value.tensor is None:
            continue
        yield flag(value, size=bytes_text(value.tensor.stored), who=runtimes.ort("unused initializer"))
