"""Detector of ECO730 fp32-weights."""

from __future__ import annotations

from typing import TYPE_CHECKING

from greenlint.detector import detects, flag
from greenlint.onnx.units import bytes_text
from greenlint.onnx.weights import half_precision

if TYPE_CHECKING:
    from collections.abc import Iterator

    from greenlint.detector import Flag
    from greenlint.onnx.graph import Graph


@detects("ECO730")
def fp32_weights(graph: Graph, min_bytes: int) -> Iterator[Flag]:
    weights = [tensor for _, tensor in graph.stored]
    total = sum(tensor.stored for tensor in weights)
    full = sum(tensor.stored for tensor in weights if tensor.dtype.name == "float32")
    if full < min_bytes or full * 2 < total or any(graph.nodes_of("QuantizeLinear", "DequantizeLinear")):
        return
    yield flag(
        graph,
        size=bytes_text(full),
        share=f"{full / total:.0%}",
        advice=half_precision(graph).advice,
    )
