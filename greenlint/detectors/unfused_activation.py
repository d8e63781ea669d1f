"""Detector of ECO721 unfused-activation."""

from __future__ import annotations

from typing import TYPE_CHECKING

from greenlint.detector import detects, flag
from greenlint.onnx import patterns, runtimes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from greenlint.detector import Flag
    from greenlint.onnx.graph import Graph, Node


# The activations that ONNX Runtime 1.31 takes: conv_activation_fusion.cc and gemm_activation_fusion.cc.
_OF_CONV = dict.fromkeys(("Relu", "Sigmoid", "Tanh", "LeakyRelu", "Clip", "HardSigmoid"))
_OF_GEMM = dict.fromkeys(
    ("Relu", "Sigmoid", "Tanh", "LeakyRelu", "HardSigmoid", "Elu", "Selu", "Softplus", "Softsign", "ThresholdedRelu")
)


@detects("ECO721")
def unfused_activation(graph: Graph) -> Iterator[Flag]:
    for node in graph.nodes_of(*(_OF_CONV | _OF_GEMM)):
        source = patterns.before_activation(node, graph.opset)
        if source is None:
            continue
        if source.op == "Conv" and node.op in _OF_CONV and _is_plain(node):
            who = runtimes.ort("ConvActivationFusion", "fuses")
        elif source.op != "Conv" and node.op in _OF_GEMM:
            who = runtimes.ort("GemmActivationFusion", "fuses")
        else:
            continue
        yield flag(node, operator=node.op, source=f"{source.op} {source.place}", who=who)


def _is_plain(node: Node) -> bool:
    """Tell whether the limits of a Clip are constants: numbers are what a Conv's activation works on."""
    return all(value is None or value.is_constant for value in node.inputs[1:])
