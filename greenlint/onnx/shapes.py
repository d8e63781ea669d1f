"""Shapes of large plain graphs: nodes whose types alone decide the result, inferred once for each combination.

Inference of a whole model by the onnx package takes as long as the rest of reading it, and much memory. A large graph
mostly repeats itself: the same operator on the same types gives the same type.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import onnx
from onnx import shape_inference

from greenlint.onnx.graph import NO_TYPE
from greenlint.onnx.tensor import DTYPES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from greenlint.onnx.graph import Graph, Node, Type

LEAST_NODES = 5_000
"""Graphs with fewer nodes are left to the inference of the whole model."""
_SAME = frozenset(
    {
        *("Abs", "BatchNormalization", "Ceil", "Clip", "Cos", "Elu", "Erf", "Exp", "Floor", "Gelu", "HardSigmoid"),
        *("HardSwish", "Identity", "LeakyRelu", "Log", "LogSoftmax", "Mish", "Neg", "PRelu", "Reciprocal", "Relu"),
        *("Round", "Selu", "Sigmoid", "Sign", "Sin", "Softmax", "Softplus", "Softsign", "Sqrt", "Tanh"),
    }
)
"""Operators whose result has the type of their first input."""
_BY_TYPES = frozenset({"Add", "Div", "MatMul", "Max", "Min", "Mul", "Pow", "Sub"})
_BY_ATTRIBUTES = frozenset({"AveragePool", "Conv", "Gemm", "GlobalAveragePool", "LRN", "MaxPool"})
_PLAIN = _SAME | _BY_TYPES | _BY_ATTRIBUTES
_NUMBERS = {dtype: number for number, dtype in DTYPES.items()}


def is_plain(model: onnx.ModelProto) -> bool:
    """Tell whether a model is large, and made of operators that need no more than the types of their inputs."""
    graph = model.graph
    if len(graph.node) < LEAST_NODES or model.functions:
        return False
    return {node.op_type for node in graph.node} <= _PLAIN and not any(node.domain for node in graph.node)


def spread(graph: Graph, read: Callable[[onnx.TypeProto], Type]) -> bool:
    """Give the values of a plain graph their types, in order; return False when something is not known.

    `read` turns a type of the onnx package into one of this.
    """
    known: dict[object, Type] = {}
    for node in graph.main.nodes:
        types = [NO_TYPE if value is None else value.type for value in node.inputs]
        value = node.outputs[0] if node.outputs else None
        if value is None or not types or types[0][1] is None or any(node.outputs[1:]):
            return False
        if node.op in _SAME:
            type_ = types[0]
        else:
            key = (node.op, *map(id, types), _attributes(node) if node.op in _BY_ATTRIBUTES else None)
            found = known.get(key)
            if found is None:
                found = known[key] = _one(node, types, graph.opset, read)
            type_ = found
        if type_[1] is None:
            return False
        if not value.is_static:
            value.known = type_
    return True


def _attributes(node: Node) -> tuple[bytes, ...]:
    return tuple(attribute.SerializeToString() for attribute in node.proto.attribute)


def _one(node: Node, types: Iterable[Type], opset: int, read: Callable[[onnx.TypeProto], Type]) -> Type:
    """Ask the onnx package for the type of one node."""
    names = list(node.proto.input)
    given = {name: type_proto(type_) for name, type_ in zip(names, types, strict=True) if name}
    try:
        schema = onnx.defs.get_schema(node.op, opset, "")
        results: dict[str, Any] = shape_inference.infer_node_outputs(schema, node.proto, given)
    except Exception:  # noqa: BLE001 - inference is a help, whatever it dies of
        return NO_TYPE
    result = results.get(node.proto.output[0])
    return NO_TYPE if result is None else read(result)


def type_proto(type_: Type) -> onnx.TypeProto:
    """Return a type in the words of the onnx package."""
    result = onnx.TypeProto()
    dtype, shape = type_
    if dtype is None:
        return result
    tensor = result.tensor_type
    tensor.elem_type = _NUMBERS.get(dtype, 0)
    if shape is None:
        return result
    tensor.shape.SetInParent()
    for size in shape:
        dim = tensor.shape.dim.add()
        if isinstance(size, int):
            dim.dim_value = size
        elif size is not None:
            dim.dim_param = size
    return result
