"""Operators that an exporter has written as many: norms, activations, attention."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from greenlint.onnx import runtimes
from greenlint.onnx.patterns import axes_of, is_float, is_number, other_input

if TYPE_CHECKING:
    from collections.abc import Iterator

    from greenlint.onnx.graph import Graph, Node, Value


@dataclass(frozen=True, slots=True)
class Composite:
    """Nodes that are one operator: where they end, what they are, how many there are, and who would fuse them."""

    at: Node
    operator: str
    nodes: int
    who: str


def find(graph: Graph) -> Iterator[Composite]:
    """Every operator of a graph that is written as many nodes."""
    for op, matchers in _BY_ANCHOR.items():
        for node in graph.nodes_of(op):
            for matcher in matchers:
                try:
                    found = matcher(node, graph.opset)
                except IndexError:  # a node that lacks an input or output is no part of any operator
                    continue
                if found is not None:
                    yield found
                    break


def _nobody(operator: str, opset: int, since: int) -> str:
    newer = "" if opset >= since else f"; {operator} is there since opset {since}"
    return f"ONNX Runtime does not fuse it{newer}"


_FLOAT32 = frozenset({"float32"})


# -- activations ------------------------------------------------------------------------------------------------------


def _gated(node: Node, source: Value) -> tuple[Node, str] | None:
    """Follow `1 + node` times x times 0.5, and return the last product and which of the two comes in first."""
    add = node.next_node
    if add is None or add.op != "Add" or not is_number(other_input(add, node.outputs[0]), 1.0):
        return None
    first = add.next_node
    if first is None or first.op != "Mul":
        return None
    other = other_input(first, add.outputs[0])
    if other is None:
        return None
    if other is source or is_number(other, 0.5):
        second = first.next_node
        if second is None or second.op != "Mul":
            return None
        rest = other_input(second, first.outputs[0])
        wanted = is_number(rest, 0.5) if other is source else rest is source
        return (second, "x" if other is source else "half") if wanted else None
    half = other.producer
    if half is not None and half.op == "Mul" and half.next_node is first:
        parts = half.constant_input()
        if parts and parts[0] is source and is_number(parts[1], 0.5):
            return first, "both"
    return None


def _gelu(node: Node, opset: int) -> Composite | None:
    before = node.producer(0)
    if before is None or before.next_node is not node:
        return None
    source = before.input(0)
    if before.op == "Div" and is_number(before.input(1), 2**0.5):
        pass
    elif before.op == "Mul" and (parts := before.constant_input()) and is_number(parts[1], 2**-0.5):
        source = parts[0]
    else:
        return None
    end = _gated(node, source) if source is not None else None
    if end is None:
        return None
    # Of the forms of the same formula ONNX Runtime 1.31 knows those with a division by the root and no early half.
    fuses = before.op == "Div" and end[1] != "half" and is_float(source, _FLOAT32)
    who = runtimes.ort("GeluFusion", "fuses") if fuses else _nobody("Gelu", opset, 20)
    return Composite(end[0], "Gelu", 5, who)


def _fast_gelu(node: Node, opset: int) -> Composite | None:
    """X * 0.5 * (1 + tanh(0.798 * (x + 0.0447 * x**3))), with the cube as Pow or as products."""
    scale = node.producer(0)
    if scale is None or scale.op != "Mul":
        return None
    seen, waiting, source, factors = {scale}, [scale], None, 0
    while waiting and len(seen) < 8:
        inner = waiting.pop()
        for value in inner.inputs:
            if value is None:
                return None
            factors += is_number(value, 0.044715, 1e-2) or is_number(value, 0.797885, 1e-2)
            producer = value.producer
            if value.is_constant:
                continue
            if (
                producer is not None
                and producer.op in ("Mul", "Add", "Pow")
                and len(seen) < 7
                and _gated(node, value) is None
            ):
                if producer not in seen:
                    seen.add(producer)
                    waiting.append(producer)
            elif source is None:
                source = value
            elif source is not value:
                return None
    if source is None or factors < 2:
        return None
    end = _gated(node, source)
    if end is None:
        return None
    # ONNX Runtime 1.31 knows the cube as Pow, not as products, x * 0.5 by itself, and no result that leaves the graph.
    output = end[0].output()
    fuses = any(inner.op == "Pow" for inner in seen) and end[1] == "both" and is_float(source, _FLOAT32)
    fuses = fuses and output is not None and not output.is_graph_output
    who = runtimes.ort("FastGeluFusion", "fuses") if fuses else _nobody("Gelu", opset, 20)
    return Composite(end[0], "Gelu (tanh)", len(seen) + 4, who)


def _swish(node: Node, _opset: int) -> Composite | None:
    """X * sigmoid(x), and x * sigmoid(a * x)."""
    product = node.next_node
    if product is None or product.op != "Mul":
        return None
    source = other_input(product, node.outputs[0])
    if source is None:
        return None
    who = runtimes.ort("QuickGeluFusion", "fuses")
    if source is node.inputs[0]:
        return Composite(product, "SiLU", 2, who)
    scale = node.producer(0)
    if scale is not None and scale.op == "Mul" and scale.next_node is node:
        parts = scale.constant_input()
        if parts and parts[0] is source and parts[1].scalar() is not None:
            return Composite(product, "QuickGelu", 3, who)
    return None


def _hard_swish(node: Node, opset: int) -> Composite | None:
    product = node.next_node
    if product is None or product.op != "Mul" or other_input(product, node.outputs[0]) is not node.inputs[0]:
        return None
    if abs(node.attribute("alpha", 0.2) - 1 / 6) > 1e-3 or abs(node.attribute("beta", 0.5) - 0.5) > 1e-6:
        return None
    layout = "ONNX Runtime fuses it at each load, with the layout for the CPU: NchwcTransformer"
    who = layout if _follows_conv(node, product) else _nobody("HardSwish", opset, 14)
    return Composite(product, "HardSwish", 2, who)


def _follows_conv(node: Node, product: Node) -> bool:
    """Tell whether a convolution, with a folded BatchNormalization or not, feeds these two nodes alone."""
    source = node.inputs[0]
    made = source.producer if source is not None and not source.is_graph_output else None
    if made is None or any(reader not in (node, product) for reader in made.outputs[0].consumers):  # type: ignore[union-attr]
        return False
    if made.op == "BatchNormalization":
        before = made.producer(0)
        return before is not None and before.op == "Conv" and before.next_node is made
    return made.op == "Conv"


def _clipped_swish(node: Node, opset: int) -> Composite | None:
    """X * clip(x + 3, 0, 6) / 6."""
    shift = node.producer(0)
    parts = shift.constant_input() if shift is not None and shift.op == "Add" else None
    if parts is None or not is_number(parts[1], 3.0):
        return None
    low, high = _limit(node, 1, "min"), _limit(node, 2, "max")
    if low != 0.0 or high != 6.0:
        return None
    last, others = node, []
    for _ in range(2):
        following = last.next_node
        if following is None or following.op not in ("Mul", "Div"):
            return None
        others.append(other_input(following, last.outputs[0]))
        last = following
    sixth = any(is_number(value, 6.0) or is_number(value, 1 / 6) for value in others)
    return Composite(last, "HardSwish", 4, _nobody("HardSwish", opset, 14)) if sixth and parts[0] in others else None


def _limit(node: Node, place: int, name: str) -> float | None:
    value = node.input(place)
    limit = node.attribute(name) if value is None else value.scalar()
    return None if limit is None else float(limit)


def _mish(node: Node, opset: int) -> Composite | None:
    soft = node.producer(0)
    product = node.next_node
    if soft is None or soft.op != "Softplus" or soft.next_node is not node or product is None or product.op != "Mul":
        return None
    if other_input(product, node.outputs[0]) is not soft.inputs[0]:
        return None
    return Composite(product, "Mish", 3, _nobody("Mish", opset, 18))


# -- norms ------------------------------------------------------------------------------------------------------------


def _norm(node: Node, opset: int) -> Composite | None:
    """(x - mean) / sqrt(variance + epsilon), and x / sqrt(mean(x**2) + epsilon), with or without scale and bias."""
    add = node.producer(0)
    parts = add.constant_input() if add is not None and add.op == "Add" else None
    if parts is None or parts[1].scalar() is None:
        return None
    mean = parts[0].producer
    square = mean.producer(0) if mean is not None and mean.op == "ReduceMean" else None
    base = _squared(square) if square is not None else None
    if base is None or mean is None or not _over_last_axes(mean):
        return None
    end, count = _quotient(node, base)
    if end is None:
        return None
    centre = base.producer
    centred = centre is not None and centre.op == "Sub" and centre.inputs[1] is not None
    of = centre.inputs[1].producer if centred and centre is not None and centre.inputs[1] is not None else None
    count += 4
    is_layer = of is not None and of.op == "ReduceMean" and centre is not None and of.inputs[0] is centre.inputs[0]
    scale = end.next_node
    scaled = scale is not None and scale.op == "Mul" and _is_weight(other_input(scale, end.outputs[0]))
    if is_layer:
        bias = scale.next_node if scaled and scale is not None else None
        if (
            bias is not None
            and scale is not None
            and bias.op == "Add"
            and _is_weight(other_input(bias, scale.outputs[0]))
        ):
            by_power = square is not None and square.op == "Pow"
            who = runtimes.ort("LayerNormFusion", "fuses") if by_power else _nobody("LayerNormalization", opset, 17)
            return Composite(bias, "LayerNormalization", count + 4, who)
        return Composite(end, "LayerNormalization", count + 2, _nobody("LayerNormalization", opset, 17))
    if scaled and scale is not None and is_float(base):
        # ONNX Runtime 1.31 knows the form with Div, not the one with Reciprocal.
        fuses = runtimes.ort("SimplifiedLayerNormFusion", "fuses")
        who = fuses if end.op == "Div" else _nobody("RMSNormalization", opset, 23)
        return Composite(scale, "RMSNormalization", count + 1, who)
    return Composite(end, "RMSNormalization", count, _nobody("RMSNormalization", opset, 23))


def _is_weight(value: Value | None) -> bool:
    return value is not None and value.is_constant and value.rank == 1


def _squared(node: Node) -> Value | None:
    if node.op == "Pow" and is_number(node.input(1), 2.0):
        return node.inputs[0]
    if node.op == "Mul" and node.inputs[0] is node.inputs[1]:
        return node.inputs[0]
    return None


def _over_last_axes(node: Node) -> bool:
    axes = axes_of(node)
    value = node.inputs[0]
    if axes is None or node.attribute("keepdims", 1) != 1:
        return False
    if axes == (-1,):
        return True
    return value is not None and value.rank is not None and tuple(a % value.rank for a in axes) == (value.rank - 1,)


def _quotient(root: Node, base: Value) -> tuple[Node | None, int]:
    """Return the node that divides the base by a root, and the number of nodes it takes."""
    following = root.next_node
    if following is None:
        return None, 0
    if following.op == "Div" and following.inputs[1] is root.outputs[0] and following.inputs[0] is base:
        return following, 1
    inverse = following.op == "Reciprocal" or (following.op == "Div" and is_number(following.input(0), 1.0))
    product = following.next_node if inverse else None
    if product is not None and product.op == "Mul" and other_input(product, following.outputs[0]) is base:
        return product, 2
    return None, 0


def _skip_norm(node: Node, _opset: int) -> Composite | None:
    """Match a residual Add straight before a LayerNormalization."""
    add = node.producer(0)
    if add is None or add.op != "Add" or add.next_node is not node or node.attribute("axis", -1) not in (-1, 2):
        return None
    left, right = add.inputs
    if left is None or right is None or left.is_constant or right.is_constant or not is_float(left):
        return None
    if left.shape is None or left.shape != right.shape or len(left.shape) != 3:
        return None
    told = runtimes.ort if left.is_static else runtimes.ort_if_told
    return Composite(node, "SkipLayerNormalization", 2, told("SkipLayerNormFusion", "fuses"))


# -- attention --------------------------------------------------------------------------------------------------------

_BETWEEN = frozenset({"Mul", "Div", "Add", "Where", "Cast", "Reshape", "Identity", "Sub"})


def _attention(node: Node, opset: int) -> Composite | None:
    """softmax(q k + mask) v, written out."""
    after, count = node.next_node, 2
    while after is not None and after.op in ("Dropout", "Cast", "Identity", "Where", "Reshape") and count < 6:
        after, count = after.next_node, count + 1
    before = node.producer(0)
    for _ in range(6):
        if before is None or before.op == "MatMul":
            break
        if before.op not in _BETWEEN:
            return None
        varying = [v for v in before.inputs if v is not None and v.producer is not None and not v.is_constant]
        before, count = next((v.producer for v in varying if v.producer.op in {"MatMul", *_BETWEEN}), None), count + 1  # type: ignore[union-attr]
    if after is None or after.op != "MatMul" or before is None or before.op != "MatMul":
        return None
    if any(value is not None and value.is_constant for value in (*after.inputs, *before.inputs)):
        return None
    return Composite(after, "Attention", count + 1, _nobody("Attention", opset, 23))


def _rotary(node: Node, opset: int) -> Composite | None:
    """X * cos + rotate_half(x) * sin."""
    for place, value in enumerate(node.inputs):
        product, plain = (value.producer if value is not None else None), node.producer(1 - place)
        if product is None or plain is None or product.op != "Mul" or plain.op != "Mul":
            continue
        turned = next(
            (v.producer for v in product.inputs if v is not None and v.producer and v.producer.op == "Concat"), None
        )
        if turned is None or len(turned.inputs) != 2 or turned.next_node is not product:
            continue
        negative = turned.producer(0)
        if negative is not None and negative.op == "Neg":
            return Composite(node, "RotaryEmbedding", 7, _nobody("RotaryEmbedding", opset, 23))
    return None


_BY_ANCHOR = {
    "Erf": (_gelu,),
    "Tanh": (_fast_gelu, _mish),
    "Sigmoid": (_swish,),
    "HardSigmoid": (_hard_swish,),
    "Clip": (_clipped_swish,),
    "Sqrt": (_norm,),
    "LayerNormalization": (_skip_norm,),
    "Softmax": (_attention,),
    "Add": (_rotary,),
}
