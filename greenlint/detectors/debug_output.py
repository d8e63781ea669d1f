"""Detector of ECO717 debug-output."""

from __future__ import annotations

from typing import TYPE_CHECKING

from greenlint.detector import detects, flag
from greenlint.onnx import runtimes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from greenlint.detector import Flag
    from greenlint.onnx.graph import Graph


@detects("ECO717")
def debug_output(graph: Graph) -> Iterator[Flag]:
    for value in graph.main.outputs:
        if value.producer is not None and value.consumers and len(graph.main.outputs) > 1:
            yield flag(value.producer, what=f"the inner value {value.name} is also an output", who=runtimes.NOBODY)
    for node in graph.nodes:
        if node.domain and node.op.rsplit(".", 1)[-1] in ("Print", "Assert", "PythonPrint"):
            yield flag(node, what=f"{node.op} is for debugging", who=runtimes.NOBODY)
