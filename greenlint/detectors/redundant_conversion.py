"""Detector of ECO713 redundant-conversion."""

from __future__ import annotations

from typing import TYPE_CHECKING

from greenlint.detector import detects, flag
from greenlint.onnx import patterns, runtimes
from greenlint.onnx.tensor import DTYPES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from greenlint.detector import Flag
    from greenlint.onnx.graph import Graph, Node

    Found = tuple[str, str] | None


@detects("ECO713")
def redundant_conversion(graph: Graph) -> Iterator[Flag]:
    for op, judge in _JUDGES.items():
        for node in graph.nodes_of(op):
            first = node.producer(0)
            # A first conversion with other readers stays, and the second saves nothing by itself.
            source = first.input(0) if first is not None and first.next_node is node else None
            if first is None or source is None or source.is_constant:
                continue
            found = judge(first, node)
            if found:
                yield flag(node, runtimes.severity(found[1]), first=first.place, reason=found[0], who=found[1])


def _cast(first: Node, second: Node) -> Found:
    if first.op != "Cast":
        return None
    source = first.input(0)
    start = None if source is None else source.dtype
    middle, end = DTYPES.get(first.attribute("to")), DTYPES.get(second.attribute("to"))
    if start is None or middle is None or end is None or start is middle or middle is end:
        return None
    if not _widens(start.name, middle.name):
        return None
    if start is end:
        return f"{start.name} comes back as {end.name}", runtimes.ort("RemoveDuplicateCastTransformer")
    return f"{start.name} to {middle.name} to {end.name} is one cast", runtimes.KEPT


def _widens(start: str, middle: str) -> bool:
    """Only a first cast that loses nothing can be left out."""
    return middle in _WIDER.get(start, ())


def _transpose(first: Node, second: Node) -> Found:
    if first.op != "Transpose":
        return None
    one, two = first.attribute("perm"), second.attribute("perm")
    if one is None or two is None or len(one) != len(two):
        return None
    both = tuple(one[axis] for axis in two)
    cancel = both == tuple(range(len(both)))
    reason = "the second turns the first back" if cancel else f"both are one Transpose by {list(both)}"
    return reason, runtimes.ort("TransposeOptimizer", "merges")


def _reshape(first: Node, second: Node) -> Found:
    if first.op != "Reshape":
        return None
    target = second.input(1)
    sizes = target.numbers() if target is not None else None
    # A size of 0 copies a size of the shape between the two, so that shape counts.
    if sizes is None or (sizes == 0).any():
        return None
    return "the second shape alone counts", runtimes.KEPT


def _squeeze(first: Node, second: Node) -> Found:
    axes = patterns.axes_of(first)
    opposite = {"Squeeze": "Unsqueeze", "Unsqueeze": "Squeeze"}[second.op]
    if first.op != opposite or axes is None or axes != patterns.axes_of(second):
        return None
    return "the second undoes the first", runtimes.KEPT


def _quantize(first: Node, second: Node) -> Found:
    """Dequantize, then quantize by the same scale and zero point."""
    if first.op != "DequantizeLinear" or len(first.inputs) != len(second.inputs):
        return None
    for one, two in zip(first.inputs[1:], second.inputs[1:], strict=True):
        if one is not two:
            left, right = (None if value is None else value.numbers(1 << 12) for value in (one, two))
            if left is None or right is None or left.shape != right.shape or (left != right).any():
                return None
    before = first.producer(0)
    output = second.output()
    after = None if output is None else output.only_consumer
    if before is not None and before.op == "QuantizeLinear" and after is not None and after.op == "DequantizeLinear":
        return "both cancel", runtimes.ort("DoubleQDQPairsRemover")
    return "both cancel", runtimes.KEPT


_WIDER = {
    "float16": ("float32", "float64"),
    "bfloat16": ("float32", "float64"),
    "float32": ("float64",),
    "bool": ("int8", "uint8", "int16", "int32", "int64", "float16", "float32", "float64"),
    "uint8": ("int16", "uint16", "int32", "uint32", "int64", "uint64", "float16", "float32", "float64"),
    "int8": ("int16", "int32", "int64", "float16", "float32", "float64"),
    "int16": ("int32", "int64", "float32", "float64"),
    "uint16": ("int32", "uint32", "int64", "uint64", "float32", "float64"),
    "int32": ("int64", "float64"),
    "uint32": ("int64", "uint64", "float64"),
}
_JUDGES = {
    "Cast": _cast,
    "Transpose": _transpose,
    "Reshape": _reshape,
    "Squeeze": _squeeze,
    "Unsqueeze": _squeeze,
    "QuantizeLinear": _quantize,
}
