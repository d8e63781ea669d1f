"""Detector of ECO740 outdated-opset."""

from __future__ import annotations

from typing import TYPE_CHECKING

from greenlint.detector import detects, flag

if TYPE_CHECKING:
    from collections.abc import Iterator

    from greenlint.detector import Flag
    from greenlint.onnx.graph import Graph


@detects("ECO740")
def outdated_opset(graph: Graph, min_opset: int, max_ir_version: int) -> Iterator[Flag]:
    if "" in graph.opsets and graph.opset < min_opset:
        reason = f"opset {graph.opset} misses operators that runtimes are tuned for"
        yield flag(graph, reason=reason, wanted=f"opset {min_opset} or later")
    if graph.ir_version > max_ir_version:
        reason = f"IR version {graph.ir_version} is newer than runtimes read"
        yield flag(graph, reason=reason, wanted=f"IR version {max_ir_version} or earlier")
