"""Arithmetic around a matrix product or convolution that can be computed inside it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from greenlint.onnx.patterns import folded_arithmetic, is_float, matmul_of_bias, other_input

if TYPE_CHECKING:
    from greenlint.onnx.graph import Node, Value

Fused = tuple["Node", str] | None
"""The node that takes the other in, and ONNX Runtime's name for doing so."""
_MATMUL_TYPES = frozenset({"float32", "float64"})


def fused_into(node: Node, opset: int) -> Fused:
    """Return what a node can be computed inside of, by the rules of ONNX Runtime 1.31 on a CPU."""
    if node.op == "Add":
        matmul = matmul_of_bias(node)
        if matmul is not None:
            return matmul, "MatMulAddFusion"
        return folded_arithmetic(node, opset)
    if node.op == "Sum":
        return _gemm_sum(node)
    if node.op in ("Mul", "Div"):
        return folded_arithmetic(node, opset) or _scale(node)
    if node.op == "Transpose":
        return _transpose(node)
    return _pad(node, opset)


def _gemm_sum(node: Node) -> Fused:
    """Gemm without a bias, then a Sum."""
    for place, value in enumerate(node.inputs):
        gemm = value.producer if value is not None else None
        bias = node.inputs[1 - place] if len(node.inputs) == 2 else None
        if gemm is None or gemm.op != "Gemm" or gemm.next_node is not node or gemm.input(2) is not None:
            continue
        product, shape = gemm.output(), bias.shape if bias is not None else None
        if product is None or product.shape is None or shape is None or len(shape) > 2:
            continue
        if all(dim in (1, wanted) for dim, wanted in zip(reversed(shape), reversed(product.shape), strict=False)):
            return gemm, "GemmSumFusion"
    return None


def _scale(node: Node) -> Fused:
    """Match a product with one number, before or after a MatMul."""
    parts = node.constant_input()
    if parts is None or (node.op == "Div" and parts[0] is not node.inputs[0]):
        return None
    value, factor = parts
    if (
        factor.scalar() is None
        or not value.rank
        or (factor.rank or 0) > value.rank
        or not is_float(value, _MATMUL_TYPES)
    ):
        return None
    matmul = value.producer
    if matmul is not None and matmul.op == "MatMul" and matmul.next_node is node:
        return matmul, "MatMulScaleFusion"
    readers = node.outputs[0].consumers if node.outputs[0] is not None else []
    for reader in readers:
        if reader.op == "MatMul" and reader.scope is node.scope and not _has_bias(reader):
            return reader, "MatMulScaleFusion"
    return None


def _has_bias(matmul: Node) -> bool:
    """Tell whether a MatMul has become a Gemm before scales are looked at."""
    following = matmul.next_node
    return following is not None and matmul_of_bias(following) is matmul


def _transpose(node: Node) -> Fused:
    order, value = node.attribute("perm"), node.output()
    if value is None or node.input(0) is None or value.is_constant:
        return None
    if order is None:
        order = (1, 0) if value.rank == 2 else ()
    rank = len(order)
    source = node.producer(0)
    if rank == 2 and source is not None and source.op == "Gemm" and source.next_node is node and tuple(order) == (1, 0):
        return source, "GemmTransposeFusion"
    swaps = rank >= 2 and tuple(order) == (*range(rank - 2), rank - 1, rank - 2)
    # ONNX Runtime's product also takes matrices whose first axis is not the batch.
    moves = rank > 2 and (*order[:-2], *sorted(order[-2:])) == (*range(1, rank - 1), 0, rank - 1)
    if value.is_graph_output or not (swaps or moves) or _follows_transpose(node):
        return None
    for reader in value.consumers:
        if reader.scope is not node.scope:
            continue
        other = other_input(reader, value)
        if moves and (other is None or other.rank != rank):
            continue
        if reader.op == "MatMul" and is_float(value, _MATMUL_TYPES):
            if not _has_bias(reader):
                return reader, "MatmulTransposeFusion"
            if moves:
                continue
            if reader.inputs[0] is not None and reader.inputs[0].rank == 2:
                return reader, "GemmTransposeFusion"
        if swaps and reader.op == "Gemm" and value in reader.inputs[:2]:
            return reader, "GemmTransposeFusion"
    return None


_MOVES = frozenset({"Slice", "Squeeze", "Unsqueeze", "Split", "Gather", "Identity"})


def _follows_transpose(node: Node) -> bool:
    """Tell whether ONNX Runtime may merge a Transpose with one before it, and fuse neither."""
    source = node.producer(0)
    for _ in range(4):
        if source is None or source.op not in _MOVES:
            break
        source = source.producer(0)
    return source is not None and source.op == "Transpose"


def _pad(node: Node, opset: int) -> Fused:
    """Zeros around the pixels, straight before a convolution or pooling."""
    following = node.next_node
    if node.op != "Pad" or following is None or following.op not in ("Conv", "AveragePool", "MaxPool"):
        return None
    if node.attribute("mode", "constant") != "constant" or following.attribute("auto_pad", "NOTSET") != "NOTSET":
        return None
    pads = _numbers(node.input(1)) if opset >= 11 else node.attribute("pads")
    if pads is None or len(pads) < 6 or min(pads) < 0 or None in node.inputs[2:]:
        return None
    half = len(pads) // 2
    if any((*pads[:2], *pads[half : half + 2])) or not any(pads):
        return None
    if following.op != "Conv":
        # Pooling is another matter: the padding of a mean or a maximum is no zero.
        return None
    fill = node.input(2)
    value = (
        (fill.scalar() if fill is not None else node.attribute("value", 0.0))
        if opset >= 11
        else node.attribute("value", 0.0)
    )
    return (following, "Pad_Fusion") if value == 0 else None


def _numbers(value: Value | None) -> list[int] | None:
    numbers = value.numbers() if value is not None else None
    return None if numbers is None else [int(number) for number in numbers.reshape(-1)]
