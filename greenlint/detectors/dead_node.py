"""Detector of ECO710 dead-node."""

from __future__ import annotations

from typing import TYPE_CHECKING

from greenlint.detector import detects, flag
from greenlint.onnx import patterns, runtimes
from greenlint.onnx.units import plural

if TYPE_CHECKING:
    from collections.abc import Iterator

    from greenlint.detector import Flag
    from greenlint.onnx.graph import Graph


@detects("ECO710")
def dead_node(graph: Graph) -> Iterator[Flag]:
    for node in patterns.unread(graph):
        if node in graph.once(patterns.live_nodes):
            continue
        chain = patterns.serving_only([node])
        also = f" and {plural(len(chain), 'node')} before it" if chain else ""
        # Measured with ONNX Runtime 1.31: it drops stored numbers that nobody reads, and runs every other dead node.
        who = runtimes.ort("unused initializer") if node.op == "Constant" else f"{runtimes.KEPT}, onnxslim does"
        yield flag(node, runtimes.severity(who), operator=node.op, also=also, who=who)
