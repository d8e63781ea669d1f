"""Detector of ECO731 float64-tensor."""

from __future__ import annotations

from typing import TYPE_CHECKING

from greenlint.detector import detects, flag
from greenlint.onnx import runtimes
from greenlint.onnx.units import bytes_text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from greenlint.detector import Flag
    from greenlint.onnx.graph import Graph


_FLOAT64 = 11


@detects("ECO731")
def float64_tensor(graph: Graph) -> Iterator[Flag]:
    for value, stored in graph.stored:
        if stored.dtype.name == "float64" and stored.size > 1 and value.consumers:
            yield flag(value, what="a constant", size=bytes_text(stored.stored // 2), who=runtimes.NOBODY)
    for node in graph.nodes_of("Cast"):
        output = node.output()
        if node.attribute("to") == _FLOAT64 and output is not None and not output.is_constant:
            yield flag(node, what="a Cast", size="half of what follows it", who=runtimes.NOBODY)
