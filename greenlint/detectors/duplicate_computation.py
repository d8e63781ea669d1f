"""Detector of ECO716 duplicate-computation."""

from __future__ import annotations

from typing import TYPE_CHECKING

from greenlint.detector import detects, flag
from greenlint.onnx import patterns, runtimes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from greenlint.detector import Flag
    from greenlint.onnx.graph import Graph


@detects("ECO716")
def duplicate_computation(graph: Graph) -> Iterator[Flag]:
    for first, again, who in patterns.repeated(graph):
        yield flag(again, runtimes.severity(who), operator=again.op, first=first.place, who=who)
