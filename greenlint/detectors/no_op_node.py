"""Detector of ECO712 no-op-node."""

from __future__ import annotations

from typing import TYPE_CHECKING

from greenlint.detector import detects, flag
from greenlint.onnx import patterns, runtimes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from greenlint.detector import Flag
    from greenlint.onnx.graph import Graph, Node

    Found = tuple[str, str] | None


_TO_THE_END = 2**63 - 1
_SIGNS = {"Add": "+", "Sub": "-", "Mul": "x", "Div": "/"}


@detects("ECO712")
def no_op_node(graph: Graph) -> Iterator[Flag]:
    for op, judge in _JUDGES.items():
        for node in graph.nodes_of(op):
            found = judge(node) if _can_go(node) else None
            if found:
                level = runtimes.INFO if _is_tiny(node) else runtimes.severity(found[1])
                yield flag(node, level, operator=op, reason=found[0], who=found[1])


def _is_tiny(node: Node) -> bool:
    """Tell whether a node moves a few numbers only, as the arithmetic of shapes does."""
    source = node.input(0)
    sizes = source.shape if source is not None else None
    return sizes is not None and len(sizes) <= 1 and all(isinstance(size, int) and size <= 64 for size in sizes)


def _can_go(node: Node) -> bool:
    """Tell whether removal keeps the outputs: what gives a shared value or an input its name as output is needed."""
    value, source = node.output(), node.input(0)
    if value is None or source is None or (value.is_constant and node.op not in ("Identity", "Cast")):
        return False  # what makes a constant is folded as a whole: ECO714
    if not value.is_graph_output:
        return True
    producer = source.producer
    return (
        producer is not None
        and producer.scope is node.scope
        and len(source.consumers) == 1
        and not source.is_graph_output
    )


def _rule(node: Node, name: str) -> str:
    """Name the rule; it spares nodes whose result leaves the graph, and with constants those that read an input."""
    value, source = node.output(), node.input(0)
    leaves = value is not None and value.is_graph_output
    enters = len(node.inputs) > 1 and any(v is not None and v.is_graph_input for v in node.inputs)
    return runtimes.KEPT if source is None or leaves or enters else runtimes.ort(name)


def _identity(_node: Node) -> Found:
    return "copies its input", runtimes.ort("EliminateIdentity")


def _cast(node: Node) -> Found:
    if not patterns.is_own_cast(node):
        return None
    return "casts to the type that it has", _rule(node, "CastElimination")


def _transpose(node: Node) -> Found:
    order = node.attribute("perm")
    if order is None or tuple(order) != tuple(range(len(order))):
        return None
    return "leaves the axes in their order", runtimes.KEPT


def _same_shape(node: Node) -> Found:
    if not patterns.same_shape(node.input(0), node.output()):
        return None
    source = node.inputs[0]
    who = runtimes.KEPT
    if (
        node.op == "Expand"
        and source is not None
        and source.is_static
        and not source.is_constant
        and node.inputs[1]
        and node.inputs[1].is_constant
    ):
        who = _rule(node, "ExpandElimination")
    return "does not change the shape", who


def _slice(node: Node) -> Found:
    starts, ends, steps = (_bounds(node, place, name) for place, name in ((1, "starts"), (2, "ends"), (4, "steps")))
    if starts is None or ends is None or any(starts) or (steps is not None and any(step != 1 for step in steps)):
        return None
    if node.input(4) is not None and steps is None:
        return None
    if all(end == _TO_THE_END for end in ends):
        # Measured: ONNX Runtime looks at the numbers alone, and takes no other for the end.
        return "takes everything", _rule(node, "EliminateSlice")
    return ("takes everything", runtimes.KEPT) if patterns.same_shape(node.inputs[0], node.output()) else None


def _bounds(node: Node, place: int, name: str) -> list[int] | None:
    value = node.input(place)
    numbers = node.attribute(name) if value is None else value.numbers()
    return None if numbers is None else [int(number) for number in (numbers if value is None else numbers.reshape(-1))]


def _pad(node: Node) -> Found:
    pads = _bounds(node, 1, "pads")
    return ("pads nothing", runtimes.KEPT) if pads is not None and not any(pads) else None


def _one_input(node: Node) -> Found:
    return ("has one input", runtimes.KEPT) if len(node.inputs) == 1 else None


def _neutral(node: Node) -> Found:
    """x+0, x-0, x*1, x/1, where the number does not widen the shape."""
    number = 0.0 if node.op in ("Add", "Sub") else 1.0
    left, right = node.input(0), node.input(1)
    pairs = [(left, right)] if node.op in ("Sub", "Div") else [(left, right), (right, left)]
    for value, constant in pairs:
        if constant is None or value is None or value.is_constant or constant.scalar() != number:
            continue
        if value.rank is not None and constant.rank is not None and constant.rank <= value.rank:
            return f"{_SIGNS[node.op]}{number:.0f} changes nothing", _rule(node, "NoopElimination")
    return None


_JUDGES = {
    "Identity": _identity,
    "Cast": _cast,
    "Transpose": _transpose,
    "Reshape": _same_shape,
    "Expand": _same_shape,
    "Slice": _slice,
    "Pad": _pad,
    "Concat": _one_input,
    "Sum": _one_input,
    "Max": _one_input,
    "Min": _one_input,
    "Mean": _one_input,
    "Add": _neutral,
    "Sub": _neutral,
    "Mul": _neutral,
    "Div": _neutral,
}
