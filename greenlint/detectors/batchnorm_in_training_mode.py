"""Detector of ECO705 batchnorm-in-training-mode."""

from __future__ import annotations

from typing import TYPE_CHECKING

from greenlint.detector import detects, flag
from greenlint.onnx import patterns, runtimes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from greenlint.detector import Flag
    from greenlint.onnx.graph import Graph


@detects("ECO705")
def batchnorm_in_training_mode(graph: Graph) -> Iterator[Flag]:
    for node in graph.nodes_of("BatchNormalization"):
        if not patterns.batchnorm_is_inference(node, graph.opset):
            yield flag(node, who=runtimes.NOBODY)
