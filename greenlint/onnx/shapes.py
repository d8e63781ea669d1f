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
    from collections.abc import Callable, Iterable, Iterator

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
_MAKES_LISTS = frozenset(
    {"Concat", "ConstantOfShape", "Expand", "OneHot", "Pad", "Range", "Resize", "Tile", "Upsample"}
)
_MOST_LISTED = 1024
_WHOLE = frozenset({0, 6, 7})
"""Element types of lists of sizes: not told, int32 and int64."""
_NUMBERS = {dtype: number for number, dtype in DTYPES.items()}


def infer(model: onnx.ModelProto) -> onnx.ModelProto:
    """Return a model with all shapes that the onnx package can infer; raises what that package raises.

    It follows the numbers of shapes element by element and without a bound, so that a list of a billion numbers made by
    one Range would take all memory: a model that may hold one is inferred without them.
    """
    graphs = [model.graph, *model.functions]
    if not any(node.op_type in _MAKES_LISTS for node in _nodes(graphs)):
        return shape_inference.infer_shapes(model, check_type=False, strict_mode=False, data_prop=True)
    inferred = shape_inference.infer_shapes(model, check_type=False, strict_mode=False, data_prop=False)
    if any(map(_may_double, _nodes(model.functions))) or not _lists_are_short(inferred.graph):
        return inferred
    return shape_inference.infer_shapes(model, check_type=False, strict_mode=False, data_prop=True)


def _nodes(graphs: Iterable[Any]) -> Iterator[onnx.NodeProto]:
    """Yield the nodes of graphs and functions, those of bodies too."""
    waiting = list(graphs)
    while waiting:
        for node in waiting.pop().node:
            yield node
            waiting += [attribute.g for attribute in node.attribute if attribute.HasField("g")]


def _may_double(node: onnx.NodeProto) -> bool:
    """Tell whether a node of a local function, whose types are not told, may make a list longer than what it reads."""
    if node.op_type == "Concat":
        return len(set(node.input)) < len(node.input)
    return node.op_type in _MAKES_LISTS


def _lists_are_short(graph: onnx.GraphProto) -> bool:
    """Tell whether every list of whole numbers is known to be short, by what inference has told of it."""
    waiting = [graph]
    while waiting:
        inner = waiting.pop()
        told: set[str] = set()
        for info in (*inner.value_info, *inner.output):
            tensor = info.type.tensor_type
            if not tensor.HasField("shape"):
                continue
            sizes = tensor.shape.dim
            if len(sizes) != 1 or tensor.elem_type not in _WHOLE:
                told.add(info.name)
            elif sizes[0].HasField("dim_value"):
                told.add(info.name)
                if not 0 <= sizes[0].dim_value <= _MOST_LISTED:
                    return False
        for node in inner.node:
            if node.op_type in _MAKES_LISTS and node.op_type != "Concat" and not told.issuperset(node.output):
                return False
            waiting += [attribute.g for attribute in node.attribute if attribute.HasField("g")]
    return True


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
