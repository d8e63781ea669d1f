"""Questions that several rules ask about a node's neighbours: what is dead, what serves only what, what fuses."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from greenlint.onnx import runtimes
from greenlint.onnx.tensor import DTYPES

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from greenlint.onnx.graph import Graph, Node, Scope, Value

_FLOATS = frozenset({"float32", "float16", "bfloat16", "float64"})


# -- life -------------------------------------------------------------------------------------------------------------


def live_nodes(graph: Graph) -> set[Node]:
    """Nodes that some output needs, or that may act on the world: unknown operators are believed to."""
    live: set[Node] = set()
    waiting: list[Node] = []

    def need(values: Iterable[Value | None]) -> None:
        waiting.extend(value.producer for value in values if value is not None and value.producer is not None)

    bodies = [scope for scope in graph.scopes if scope.owner is None]
    while bodies or waiting:
        while bodies:
            scope = bodies.pop()
            need(scope.outputs)
            waiting.extend(node for node in scope.nodes if _acts(node))
        if waiting:
            node = waiting.pop()
            if node not in live:
                live.add(node)
                need(node.inputs)
                bodies.extend(node.scopes.values())
    return live


def unread(graph: Graph) -> list[Node]:
    """Return the nodes of which no output is read or leaves the graph; without any, every node is alive."""
    found = []
    for node in graph.nodes:
        for value in node.outputs:
            if value is not None and (value.consumers or value.is_graph_output):
                break
        else:
            found.append(node)
    return found


def _acts(node: Node) -> bool:
    """Tell whether a node may do more than compute, itself or in a body."""
    if node.domain and node.domain != "ai.onnx.ml":
        return True
    return any(_acts(inner) for scope in node.scopes.values() for inner in scope.nodes)


def serving_only(nodes: Iterable[Node]) -> set[Node]:
    """Nodes that compute only for the given ones, the given ones left out."""
    given = set(nodes)
    slice_ = set(given)
    waiting = [node for given_node in given for node in _sources(given_node)]
    while waiting:
        node = waiting.pop()
        if node in slice_:
            continue
        uses = [output for output in node.outputs if output is not None]
        if any(value.is_graph_output for value in uses):
            continue
        if all(consumer in slice_ for value in uses for consumer in value.consumers):
            slice_.add(node)
            waiting.extend(_sources(node))
    return slice_ - given


def _sources(node: Node) -> Iterator[Node]:
    for value in (*node.inputs, *node.captures):
        if value is not None and value.producer is not None:
            yield value.producer


def inputs_of_only(nodes: set[Node], scope: Scope) -> list[Value]:
    """Return the graph inputs that only the given nodes read; what looks at their shape alone does not count."""
    return [
        value
        for value in scope.inputs
        if any(reader in nodes for reader in value.consumers)
        and all(reader in nodes or _looks_at_shape_alone(reader) for reader in value.consumers)
    ]


def _looks_at_shape_alone(node: Node) -> bool:
    """Tell whether a node, or all that read it, asks for a shape."""
    value = node.output()
    if node.op == "Shape" or value is None:
        return True
    return bool(value.consumers) and not value.is_graph_output and all(r.op == "Shape" for r in value.consumers)


# -- shapes and numbers -----------------------------------------------------------------------------------------------


def same_shape(left: Value | None, right: Value | None) -> bool:
    """Tell whether two shapes are known and equal; symbolic sizes are equal when they have the same name."""
    return (
        left is not None
        and right is not None
        and left.shape is not None
        and left.shape == right.shape
        and None not in left.shape
    )


def is_number(value: Value | None, number: float, tolerance: float = 1e-3) -> bool:
    """Tell whether a value is the constant with one element, that number."""
    scalar = value.scalar() if value is not None else None
    return scalar is not None and math.isclose(scalar, number, rel_tol=tolerance, abs_tol=1e-9)


def is_float(value: Value | None, names: frozenset[str] = _FLOATS) -> bool:
    """Tell whether the type is known to be one of these."""
    return value is not None and value.dtype is not None and value.dtype.name in names


def other_input(node: Node, value: Value | None) -> Value | None:
    """Of a node with two inputs, return the one that is not the given one."""
    if len(node.inputs) != 2:
        return None
    return node.inputs[1] if node.inputs[0] is value else node.inputs[0]


def axes_of(node: Node) -> tuple[int, ...] | None:
    """Return the axes of a Squeeze, Unsqueeze or Reduce, from its attribute or its constant input."""
    value = node.input(1)
    if value is not None:
        numbers = value.numbers()
        return None if numbers is None else tuple(int(number) for number in numbers.reshape(-1))
    axes = node.attribute("axes")
    return None if axes is None else tuple(axes)


# -- what is computed into what comes before it -----------------------------------------------------------------------


def batchnorm_is_inference(node: Node, opset: int) -> bool:
    """Tell whether a BatchNormalization uses its stored statistics."""
    if any(node.outputs[1:5]):
        return False
    if opset >= 14:
        return bool(node.attribute("training_mode", 0) == 0)
    return True


def folded_batchnorm(node: Node, opset: int) -> tuple[Node, str] | None:
    """Return the Conv, ConvTranspose, Gemm or MatMul that a BatchNormalization can be computed into, and who does."""
    if not batchnorm_is_inference(node, opset) or not _constants(node.inputs[1:]):
        return None
    conv = _conv_before(node, opset)
    if conv is not None:
        return conv, runtimes.ort("ConvBNFusion", "folds")
    source = node.producer(0)
    if source is None or source.next_node is not node or source.scope is not node.scope:
        return None
    if source.op == "ConvTranspose" and _constants(source.inputs[1:]):
        return source, runtimes.ort("ConvBNFusion", "folds")
    if source.op in ("Gemm", "MatMul") and _constants(source.inputs[1:]):
        left = source.input(0)
        if source.op == "MatMul" and left is not None and left.rank == 2:
            return source, runtimes.ort("MatMul_BatchNormalization_Fusion", "folds")
        return source, "ONNX Runtime does not fold it"
    return None


def _constants(values: Iterable[Value | None]) -> bool:
    for value in values:  # noqa: SIM110 - asked of every product, and a generator doubles the time
        if value is not None and not value.is_constant:
            return False
    return True


_IN_CONV = frozenset({"Conv", "BatchNormalization", "Add", "Mul"})


def _conv_before(node: Node, opset: int) -> Node | None:
    """Return the Conv with constant weights that is left before a node once what stands between has been folded."""
    source = node.producer(0) if node.op == "BatchNormalization" else _varying(node)
    for _ in range(6):
        if (
            source is None
            or source.op not in _IN_CONV
            or source.next_node is not node
            or source.scope is not node.scope
        ):
            return None
        if source.op == "Conv":
            return source if _constants(source.inputs[1:]) else None
        if source.op == "BatchNormalization":
            if not batchnorm_is_inference(source, opset) or not _constants(source.inputs[1:]):
                return None
            node, source = source, source.producer(0)
        elif source.op in ("Add", "Mul"):
            if folded_arithmetic(source, opset) is None:
                return None
            node, source = source, _varying(source)
        else:
            return None
    return None


def _varying(node: Node) -> Node | None:
    parts = node.constant_input()
    return parts[0].producer if parts else None


def folded_arithmetic(node: Node, opset: int) -> tuple[Node, str] | None:
    """Return the Conv that an Add or Mul of a constant per channel can be computed into, and ORT's name for it."""
    # ONNX Runtime looks for the constant on the right.
    if node.op not in ("Add", "Mul") or len(node.inputs) != 2 or node.inputs[1] is None:
        return None
    source = node.producer(0)
    parts = node.constant_input() if node.inputs[1].is_constant and source and source.op in _IN_CONV else None
    if parts is None:
        return None
    shape = parts[1].shape
    conv = _conv_before(node, opset)
    weight = conv.input(1) if conv is not None else None
    if conv is None or weight is None or weight.shape is None or shape is None:
        return None
    channels, rank = weight.shape[0], len(weight.shape)
    per_channel = len(shape) == rank and shape[0] == 1 and shape[1] == channels and all(d == 1 for d in shape[2:])
    per_channel |= len(shape) == rank - 1 and shape[0] == channels and all(d == 1 for d in shape[1:])
    if node.op == "Add":
        return (conv, "ConvAddFusion") if per_channel else None
    return (conv, "ConvMulFusion") if per_channel or not shape else None


def is_gemm(node: Node) -> bool:
    """Tell whether an Add is the bias of the MatMul before it, so that ONNX Runtime makes both one Gemm."""
    found = matmul_of_bias(node)
    return found is not None and found.inputs[0] is not None and found.inputs[0].rank == 2


def matmul_of_bias(node: Node) -> Node | None:
    """Return the MatMul whose bias an Add is, by the shapes that Gemm takes."""
    if node.op != "Add" or len(node.inputs) != 2:
        return None
    for place, value in enumerate(node.inputs):
        matmul = value.producer if value is not None else None
        if matmul is None or matmul.op != "MatMul" or matmul.next_node is not node or matmul.scope is not node.scope:
            continue
        left, right = matmul.input(0), matmul.input(1)
        bias = node.inputs[1 - place]
        if left is None or right is None or bias is None:
            continue
        dtype, rows = left.type
        columns, added = right.shape, bias.shape
        if dtype is None or dtype.name not in _GEMM_TYPES or rows is None or added is None:
            continue
        if columns is None or len(columns) != 2 or columns[1] is None:
            continue
        if len(rows) == 2:
            if _is_gemm_bias(added, rows[0], columns[1]):
                return matmul
        elif left.is_static and right.is_static and added == (columns[1],) and not _is_projection(matmul):
            return matmul
    return None


_GEMM_TYPES = frozenset({"float32", "float16", "bfloat16"})


def _is_gemm_bias(shape: tuple[object, ...], rows: object, columns: object) -> bool:
    if shape == (columns,):
        return True
    return len(shape) == 2 and (
        shape == (1, columns) or (rows is not None and shape[0] == rows and shape[1] in (1, columns))
    )


def _is_projection(matmul: Node) -> bool:
    """ONNX Runtime leaves the output projection of an attention alone."""
    reshape = matmul.producer(0)
    if reshape is None or reshape.op != "Reshape":
        return False
    transpose = reshape.producer(0)
    product = transpose.producer(0) if transpose is not None and transpose.op == "Transpose" else None
    softmax = product.producer(0) if product is not None and product.op == "MatMul" else None
    return softmax is not None and softmax.op == "Softmax"


_BEFORE_ACTIVATION = frozenset({"Conv", "Gemm", "Add", "Mul", "BatchNormalization"})


def before_activation(node: Node, opset: int) -> Node | None:
    """Return the Conv or Gemm that is left before a node once the runtime has folded what stands between them."""
    source = node.producer(0)
    while source is not None and source.op in ("Identity", "Dropout") and source.next_node is node:
        node, source = source, source.producer(0)
    if (
        source is None
        or source.op not in _BEFORE_ACTIVATION
        or source.next_node is not node
        or source.scope is not node.scope
    ):
        return None
    if source.op in ("Conv", "Gemm") or (source.op == "Add" and is_gemm(source)):
        return source
    if source.op == "BatchNormalization":
        found = folded_batchnorm(source, opset)
        return (
            None
            if found is None
            else found[0]
            if found[0].op == "Conv"
            else source
            if found[0].op == "MatMul"
            else None
        )
    arithmetic = folded_arithmetic(source, opset)
    return arithmetic[0] if arithmetic else None


def is_own_cast(node: Node) -> bool:
    """Tell whether a node casts to the type that its input has."""
    source = node.input(0)
    if node.op != "Cast" or source is None or source.dtype is None:
        return False
    return DTYPES.get(node.attribute("to")) is source.dtype


# -- constants --------------------------------------------------------------------------------------------------------

_MOST_IN_CHAIN = 10_000


def is_folded_further(value: Value) -> bool:
    """Tell whether every reader of a constant makes a constant of it again."""
    return (
        not value.is_graph_output
        and bool(value.consumers)
        and all(
            reader.op != "DequantizeLinear"
            and any(output is not None and output.is_constant for output in reader.outputs)
            for reader in value.consumers
        )
    )


def constant_chain(node: Node) -> set[Node]:
    """Return the nodes that make a constant; Constant nodes are stored numbers, casts to the own type are ECO712."""
    chain: set[Node] = set()
    waiting = [node]
    while waiting and len(chain) < _MOST_IN_CHAIN:
        inner = waiting.pop()
        if inner in chain or inner.op == "Constant":
            continue
        chain.add(inner)  # own casts too, so that none is walked twice
        if inner.op != "Shape":
            waiting.extend(_sources(inner))
    return {inner for inner in chain if not is_own_cast(inner)}


def folding_bytes(node: Node, chain: set[Node]) -> tuple[int, int | None]:
    """Bytes of the stored numbers that only a chain reads, and bytes of what it comes to (None where unknown)."""
    leaves: set[Value] = set()
    for inner in chain:
        for value in inner.inputs if inner.op != "Shape" else ():
            if value is not None and value.stored is not None and all(reader in chain for reader in value.consumers):
                leaves.add(value)
    before = sum(leaf.stored.stored for leaf in leaves if leaf.stored is not None)
    after = 0
    for output in node.outputs:
        if output is None:
            continue
        numbers = output.numbers()
        if numbers is not None:
            after += numbers.nbytes
        elif output.shape is not None and output.is_static and output.dtype is not None:
            after += math.prod(dim for dim in output.shape if isinstance(dim, int)) * output.dtype.bits // 8
        else:
            return before, None
    return before, after


# -- the same again ---------------------------------------------------------------------------------------------------

_NEVER_EQUAL = frozenset(
    {"RandomNormal", "RandomNormalLike", "RandomUniform", "RandomUniformLike", "Multinomial", "Bernoulli", "Constant"}
)


def repeated(graph: Graph) -> Iterator[tuple[Node, Node, str]]:
    """Nodes that compute the same: the first, one after it, and who would merge them."""
    classes: dict[Value, object] = {}
    for scope in graph.scopes if any(map(_may_repeat, graph.scopes)) else ():
        first_of: dict[object, list[Node]] = {}
        for node in scope.nodes:
            if node.domain or node.scopes or node.op in _NEVER_EQUAL or not node.inputs:
                continue
            if (is_own_cast(node) or (node.op in ("Identity", "Dropout") and len(node.inputs) == 1)) and node.outputs[
                0
            ]:
                classes[node.outputs[0]] = _class(node.inputs[0], classes)
                continue
            key = (node.op, len(node.outputs), *[_class(value, classes) for value in node.inputs])
            earlier = first_of.get(key)
            if earlier is None:
                first_of[key] = [node]
                continue
            for first in earlier:
                if _same_attributes(first, node) and not (_leaves(first) and _leaves(node)):
                    for one, two in zip(first.outputs, node.outputs, strict=True):
                        if one is not None and two is not None:
                            classes[two] = _class(one, classes)
                    # ONNX Runtime does not share constants inside bodies, so that it sees different inputs there.
                    alike = not scope.owner or all(
                        one is two for one, two in zip(first.inputs, node.inputs, strict=True)
                    )
                    yield (
                        first,
                        node,
                        runtimes.ort("CommonSubexpressionElimination", "merges") if alike else runtimes.KEPT,
                    )
                    break
            else:
                if len(earlier) < 8:
                    earlier.append(node)


def _may_repeat(scope: Scope) -> bool:
    """Tell whether a repetition can begin here: nodes of one operator that read the same, or what may be the same."""
    for value in scope.values.values():
        if len(value.consumers) > 1 and len({node.op for node in value.consumers}) < len(value.consumers):
            return True
    for node in scope.nodes:
        if node.op in _ALIASES or (node.inputs and all(value is None or value.is_constant for value in node.inputs)):
            return True
    return False


_ALIASES = frozenset({"Cast", "Dropout", "Identity"})


def _class(value: Value | None, classes: dict[Value, object]) -> object:
    """Return what a value is compared by: itself, the first that is equal, or for one number the number."""
    if value is None:
        return None
    if not value.is_constant:
        return classes.get(value, value)
    known = classes.get(value)
    if known is None:
        known = value
        stored = value.stored
        if stored is not None and len(stored.shape) <= 1 and stored.size == 1:
            number = value.numbers(1)
            if number is not None:
                known = (stored.dtype.name, stored.shape, number.tobytes())
        classes[value] = known
    return known


def _leaves(node: Node) -> bool:
    return any(value is not None and value.is_graph_output for value in node.outputs)


def _same_attributes(left: Node, right: Node) -> bool:
    """Compare attributes as the file has them."""
    one, two = left.proto.attribute, right.proto.attribute
    if len(one) != len(two):
        return False
    return all(
        first.SerializeToString(deterministic=True) == second.SerializeToString(deterministic=True)
        for first, second in zip(sorted(one, key=lambda a: a.name), sorted(two, key=lambda a: a.name), strict=True)
    )
