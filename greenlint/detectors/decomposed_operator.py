"""Detector of ECO722 decomposed-operator."""

from __future__ import annotations

from typing import TYPE_CHECKING

from greenlint.detector import detects, flag
from greenlint.onnx import composites, runtimes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from greenlint.detector import Flag
    from greenlint.onnx.graph import Graph


@detects("ECO722")
def decomposed_operator(graph: Graph) -> Iterator[Flag]:
    for found in composites.find(graph):
        who = found.who
        yield flag(found.at, runtimes.severity(who), count=found.nodes, operator=found.operator, who=who)
