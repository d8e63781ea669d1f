"""Detector of ECO723 unfused-matmul."""

from __future__ import annotations

from typing import TYPE_CHECKING

from greenlint.detector import detects, flag
from greenlint.onnx import linear, runtimes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from greenlint.detector import Flag
    from greenlint.onnx.graph import Graph


@detects("ECO723")
def unfused_matmul(graph: Graph) -> Iterator[Flag]:
    for node in graph.nodes_of("Add", "Sum", "Mul", "Div", "Transpose", "Pad"):
        found = linear.fused_into(node, graph.opset)
        if found:
            target, transformer = found
            who = runtimes.ort(transformer, "fuses")
            yield flag(node, operator=node.op, target=f"{target.op} {target.place}", who=who)
