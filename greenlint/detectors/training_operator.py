"""Detector of ECO702 training-operator."""

from __future__ import annotations

from typing import TYPE_CHECKING

from greenlint.detector import detects, flag
from greenlint.onnx import patterns, runtimes
from greenlint.onnx.units import plural

if TYPE_CHECKING:
    from collections.abc import Iterator

    from greenlint.detector import Flag
    from greenlint.onnx.graph import Graph, Node


# Schemas of ONNX Runtime's training build that are not named *Grad: orttraining/core/graph/training_op_defs.cc.
_TRAINING = frozenset(
    f"com.microsoft.{name}"
    for name in (
        "AdamOptimizer",
        "AdamWOptimizer",
        "AdamWOptimizerV2",
        "ConvGradW",
        "GradientAccumulator",
        "InPlaceAccumulator",
        "InPlaceAccumulatorV2",
        "LambOptimizer",
        "LayerNormalizationGrad",
        "MixedPrecisionScale",
        "ReduceAllL2",
        "SGDOptimizer",
        "SGDOptimizerV2",
        "YieldOp",
        "ZeroGradient",
    )
)


@detects("ECO702")
def training_operator(graph: Graph) -> Iterator[Flag]:
    for node in graph.nodes:
        if node.domain and _trains(node):
            slice_ = patterns.serving_only([node])
            yield flag(node, operator=node.op, nodes=plural(len(slice_), "node"), who=runtimes.NOBODY)


def _trains(node: Node) -> bool:
    if node.domain == "ai.onnx.preview.training":
        return True
    return node.domain == "com.microsoft" and (node.op.endswith("Grad") or node.op in _TRAINING)
