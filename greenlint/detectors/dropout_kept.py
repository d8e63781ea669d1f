"""Detector of ECO704 dropout-kept."""

from __future__ import annotations

from typing import TYPE_CHECKING

from greenlint.detector import detects, flag
from greenlint.onnx import runtimes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from greenlint.detector import Flag
    from greenlint.onnx.graph import Graph, Node


@detects("ECO704")
def dropout_kept(graph: Graph) -> Iterator[Flag]:
    for node in graph.nodes_of("Dropout"):
        trains = _trains(node, graph.opset)
        # Nobody removes what may drop: a mode that is an input, or a mask that is used.
        if trains is None or node.has_output(1):
            yield flag(node, runtimes.WARNING, mode="a training mode that is an input", who=runtimes.NOBODY)
            continue
        value = node.output()
        stays = value is not None and value.is_graph_output
        who = runtimes.NOBODY if stays else runtimes.ort("EliminateDropout")
        amount = node.input(1)
        ratio = node.attribute("ratio") if amount is None else amount.scalar()
        if trains and ratio != 0:
            yield flag(node, runtimes.WARNING, mode="training mode on", who=who)
        else:
            yield flag(node, runtimes.INFO, mode="training mode off", who=who)


def _trains(node: Node, opset: int) -> bool | None:
    if opset < 7:
        return bool(node.attribute("is_test", 0) == 0)
    mode = node.input(2)
    if mode is None:
        return False
    value = mode.scalar()
    return None if value is None else bool(value)
