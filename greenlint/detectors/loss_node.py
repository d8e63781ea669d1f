"""Detector of ECO703 loss-node."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from greenlint.detector import detects, flag
from greenlint.onnx import patterns, runtimes
from greenlint.onnx.units import plural

if TYPE_CHECKING:
    from collections.abc import Iterator

    from greenlint.detector import Flag
    from greenlint.onnx.graph import Graph, Node, Value


_LOSSES = ("SoftmaxCrossEntropyLoss", "NegativeLogLikelihoodLoss")
_REDUCTIONS = frozenset({"ReduceMean", "ReduceSum", "ReduceSumSquare", "ReduceL2", "ReduceL1"})
_LABEL = re.compile(r"(?i)label|target|ground.?truth|y_true")
_LOSS = re.compile(r"(?i)loss")


@detects("ECO703")
def loss_node(graph: Graph) -> Iterator[Flag]:
    for node in (*graph.nodes_of(*_LOSSES), *_made_by_hand(graph)):
        slice_ = patterns.serving_only([node]) | {node}
        labels = [value.name for value in patterns.inputs_of_only(slice_, graph.main)]
        parts = [plural(len(slice_) - 1, "node")] if len(slice_) > 1 else []
        parts += [f"input {name}" for name in labels]
        verb = "serves" if len(slice_) + len(labels) == 2 else "serve"
        also = f" ({' and '.join(parts)} {verb} only it)" if parts else ""
        yield flag(node, operator=node.op, also=also, who=runtimes.NOBODY)


def _made_by_hand(graph: Graph) -> Iterator[Node]:
    """Graph outputs that are one number reduced from a graph input that is called, or feeds what is called, a loss."""
    for value in graph.main.outputs:
        node = value.producer
        if node is None or node.op in _LOSSES or not _is_one_number(value, node) or not _is_arithmetic(node):
            continue
        slice_ = patterns.serving_only([node]) | {node}
        # A distance between two inputs is a model of its own: only the names tell it from a loss.
        labels = patterns.inputs_of_only(slice_, graph.main)
        if any(inner.op in _REDUCTIONS for inner in slice_) and (
            any(_LABEL.search(label.name) for label in labels) or (labels and _LOSS.search(value.name))
        ):
            yield node


def _is_one_number(value: Value, node: Node) -> bool:
    whole = node.op in _REDUCTIONS and node.input(1) is None and node.attribute("axes") is None
    return value.shape == () or (value.shape is None and whole and node.attribute("keepdims", 1) == 0)


def _is_arithmetic(node: Node) -> bool:
    return node.op in _REDUCTIONS or node.op in ("Neg", "Div", "Mul", "Add", "Squeeze", "Reshape")
