"""Detector of ECO720 unfused-batchnorm."""

from __future__ import annotations

from typing import TYPE_CHECKING

from greenlint.detector import detects, flag
from greenlint.onnx import patterns, runtimes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from greenlint.detector import Flag
    from greenlint.onnx.graph import Graph


@detects("ECO720")
def unfused_batchnorm(graph: Graph) -> Iterator[Flag]:
    for node in graph.nodes_of("BatchNormalization"):
        found = patterns.folded_batchnorm(node, graph.opset)
        if found:
            source, who = found
            yield flag(node, runtimes.severity(who), source=f"{source.op} {source.place}", who=who)
