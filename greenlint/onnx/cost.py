"""What a model costs: parameters, operations, memory traffic, and the largest memory for activations."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from greenlint.onnx.amount import NOTHING, Amount, product, size_of, total

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from greenlint.onnx.graph import Dim, Graph, Node, Scope, Value
    from greenlint.onnx.tensor import Dtype

    Type = tuple[Dtype | None, "tuple[Dim, ...] | None"]


@dataclass(frozen=True, slots=True)
class NodeCost:
    """Of one run of one node that multiplies: multiply-accumulates, and bytes of its inputs, weights and outputs."""

    node: Node
    macs: Amount

    @property
    def traffic(self) -> Amount:
        """Bytes read and written."""
        sizes = (_bytes(*value.type) for value in (*self.node.inputs, *self.node.outputs) if value is not None)
        return total(size for size in sizes if size is not None)


@dataclass(frozen=True, slots=True)
class Cost:
    """What a model costs.

    `macs` and `traffic` (bytes) are for one run. `parameters` counts elements of floating-point and quantized weights,
    `by_dtype` elements and stored bytes of all stored tensors. `peak` is the most bytes that activations take at once,
    when nodes run in order and each value is freed after its last reader, with the free sizes at 1. `unknown` counts
    nodes, by operator, whose cost is not known. `free` are the sizes of inputs that are not known; `exact` is False
    when inner sizes depend on them in a way that is not known, so that the numbers are a lower bound.
    """

    operators: Mapping[str, int]
    parameters: int
    by_dtype: Mapping[str, tuple[int, int]]
    macs: Amount
    traffic: Amount
    peak: int
    nodes: tuple[NodeCost, ...] = field(repr=False)
    unknown: Mapping[str, int]
    free: tuple[str, ...]
    exact: bool
    calls: int = 0

    @property
    def weight_bytes(self) -> int:
        """Bytes of all stored tensors."""
        return sum(size for _, size in self.by_dtype.values())

    def largest(self, count: int) -> list[NodeCost]:
        """Return the nodes with the most multiply-accumulates, the free sizes at 1."""
        return sorted(self.nodes, key=lambda cost: -cost.macs.at({}))[:count]


def measure(graph: Graph) -> Cost:
    """Count what a model costs; bodies count once for each owner, and Loop and Scan bodies as one turn."""
    nodes: list[NodeCost] = []
    missing: set[Node] = set()
    run = [node for scope in _run(graph) for node in scope.nodes]
    worked = [node for node in run if not (node.op in _FREE or node.scopes or _is_folded(node))]
    for node in worked:
        # Everything without an entry moves data or does a few operations for each element: no multiply-accumulates.
        count = _MACS.get(node.op)
        macs = NOTHING if count is None else count(node)
        if macs is None or (node.domain and _is_opaque(node)):
            missing.add(node)
        elif macs.terms:
            nodes.append(NodeCost(node, macs))
    # Equal types are mostly one object: counting objects is cheaper than comparing shapes.
    moved = [value.type for node in worked for value in (*node.inputs, *node.outputs) if value is not None]
    types = {id(type_): type_ for type_ in moved}
    seen = Counter(map(id, moved))
    if any(shape is None for _, shape in types.values()):
        missing.update(n for n in worked if any(v is not None and v.shape is None for v in (*n.inputs, *n.outputs)))
    unknown = Counter(node.op for node in worked if node in missing)
    stored: dict[str, list[int]] = {}
    parameters = 0
    for value in graph.stored_values:
        tensor = value.stored
        if tensor is None:
            continue
        held = stored.setdefault(tensor.dtype.name, [0, 0])
        held[0] += tensor.size
        held[1] += tensor.stored
        if tensor.dtype.is_float or tensor.dtype.bits in (2, 4, 8):
            parameters += tensor.size if tensor.dtype.name != "bool" else 0
    free = [dim for value in graph.main.inputs for dim in value.shape or () if isinstance(dim, str)]
    macs = total(cost.macs for cost in nodes)
    sizes = ((_bytes(*types[key]), count) for key, count in seen.items())
    traffic = total(size * count for size, count in sizes if size is not None)
    return Cost(
        operators=dict(Counter(node.op for node in graph.nodes).most_common()),
        parameters=parameters,
        by_dtype={name: (count, size) for name, (count, size) in sorted(stored.items(), key=lambda item: -item[1][1])},
        macs=macs,
        traffic=traffic,
        peak=_peak(graph.main, {}),
        nodes=tuple(nodes),
        unknown=dict(unknown.most_common()),
        free=tuple(dict.fromkeys(free)),
        exact=not unknown and macs.symbols <= set(free),
        calls=sum(1 for node in graph.nodes if node.op in graph.functions),
    )


def _run(graph: Graph) -> Iterable[Scope]:
    """Return the scopes that a run goes through: functions are not, their shapes are those of each call."""
    return (scope for scope in graph.scopes if not _in_function(scope))


def _in_function(scope: Scope) -> bool:
    inner: Scope | None = scope
    while inner is not None:
        if inner.kind == "function":
            return True
        inner = inner.owner.scope if inner.owner is not None else None
    return False


# -- operations -------------------------------------------------------------------------------------------------------


def _is_folded(node: Node) -> bool:
    """Tell whether a runtime computes a node once, at load."""
    for value in node.outputs:  # noqa: SIM110 - asked of every node, and a generator doubles the time
        if value is not None and not value.is_constant:
            return False
    return True


def _is_opaque(node: Node) -> bool:
    return bool(node.domain) and node.domain not in ("ai.onnx.ml", "com.microsoft")


def _bytes(dtype: Dtype | None, shape: tuple[Dim, ...] | None) -> Amount | None:
    if shape is None or dtype is None:
        return None
    if not dtype.bits:
        return NOTHING
    elements = product(shape)
    if dtype.bits >= 8:
        return elements * (dtype.bits // 8)
    return Amount({symbols: -(-factor * dtype.bits // 8) for symbols, factor in elements.terms.items()})


def _shape(value: Value | None) -> tuple[Dim, ...] | None:
    return None if value is None else value.shape


def _matmul(node: Node) -> Amount | None:
    """(..., m, k) x (..., k, n): one per element of the result and of k."""
    left, out = _shape(node.input(0)), _shape(node.output())
    if not left or out is None:
        return None
    inner = left[-2] if node.attribute("transA", 0) and len(left) > 1 else left[-1]
    return product(out) * size_of(inner)


def _gemm(node: Node) -> Amount | None:
    left, right = _shape(node.input(0)), _shape(node.input(1))
    if left is None or right is None or len(left) != 2 or len(right) != 2:
        return None
    rows, inner = reversed(left) if node.attribute("transA", 0) else left
    columns = right[0] if node.attribute("transB", 0) else right[1]
    return product((rows, inner, columns))


def _convolution(node: Node, weight: Value | None) -> Amount | None:
    """Per element of the result one product with each weight of its group's kernel: weight is (out, in/group, *k)."""
    kernel, out = _shape(weight), _shape(node.output())
    return None if kernel is None or out is None else product(out) * product(kernel[1:])


def _transposed_convolution(node: Node) -> Amount | None:
    """Per element of the input one product with each weight of its group's kernel: weight is (in, out/group, *k)."""
    kernel, source = _shape(node.input(1)), _shape(node.input(0))
    return None if kernel is None or source is None else product(source) * product(kernel[1:])


def _recurrent(gates: int) -> Callable[[Node], Amount | None]:
    """Per step and direction, the gates' products with the input and with the state."""

    def count(node: Node) -> Amount | None:
        source, weight, state = _shape(node.input(0)), _shape(node.input(1)), _shape(node.input(2))
        if source is None or weight is None or state is None or len(source) != 3 or len(weight) != 3:
            return None
        directions, width, _ = weight
        hidden = state[-1]
        return product((*source[:2], directions, width)) * (size_of(source[2]) + size_of(hidden))

    del gates  # the rows of the weight hold them already
    return count


def _einsum(node: Node) -> Amount | None:
    """Return the product of all sizes named: right for the two-operand products that exporters write."""
    equation = str(node.attribute("equation", "")).replace(" ", "")
    terms = equation.partition("->")[0].split(",")
    if len(terms) < 2 or "." in equation:
        return NOTHING if len(terms) == 1 and "." not in equation else None
    sizes: dict[str, Dim] = {}
    for letters, value in zip(terms, node.inputs, strict=False):
        shape = _shape(value)
        if shape is None or len(shape) != len(letters):
            return None
        sizes.update(zip(letters, shape, strict=True))
    return product(sizes.values())


def _attention(node: Node) -> Amount | None:
    """Scores and their product with the values: (batch, heads, q, d) x (batch, heads, d, k), then x (k, dv)."""
    query, key, value = (_shape(node.input(place)) for place in range(3))
    if query is None or key is None or value is None:
        return None
    if len(query) == 4 and len(key) == 4 and len(value) == 4:
        return product((*query, key[2])) + product((*query[:3], key[2], value[3]))
    if len(query) == 3 and len(key) == 3 and len(value) == 3:
        groups: int = node.attribute("q_num_heads", 1) // max(node.attribute("kv_num_heads", 1), 1)
        return product((*query, key[1])) + product((*query[:2], key[1], value[2])) * max(groups, 1)
    return None


def _quantized_bits(node: Node) -> Amount | None:
    out, inner = _shape(node.output()), node.attribute("K")
    return None if out is None or inner is None else product(out) * size_of(int(inner))


_MACS: dict[str, Callable[[Node], Amount | None]] = {
    "MatMul": _matmul,
    "MatMulInteger": _matmul,
    "com.microsoft.FusedMatMul": _matmul,
    "com.microsoft.MatMulIntegerToFloat": _matmul,
    "com.microsoft.DynamicQuantizeMatMul": _matmul,
    "com.microsoft.MatMulNBits": _quantized_bits,
    "QLinearMatMul": _matmul,
    "Gemm": _gemm,
    "com.microsoft.FusedGemm": _gemm,
    "Conv": lambda node: _convolution(node, node.input(1)),
    "com.microsoft.FusedConv": lambda node: _convolution(node, node.input(1)),
    "ConvInteger": lambda node: _convolution(node, node.input(1)),
    "QLinearConv": lambda node: _convolution(node, node.input(3)),
    "DeformConv": lambda node: _convolution(node, node.input(1)),
    "ConvTranspose": _transposed_convolution,
    "LSTM": _recurrent(4),
    "GRU": _recurrent(3),
    "RNN": _recurrent(1),
    "Einsum": _einsum,
    "Attention": _attention,
}
_FREE = frozenset({"Constant", "Shape", "Size", "Identity", "Dropout", "Reshape", "Flatten", "Squeeze", "Unsqueeze"})
"""Operators that compute nothing and for which runtimes hand the same memory on."""


# -- memory -----------------------------------------------------------------------------------------------------------


def _peak(scope: Scope, known: dict[int, int]) -> int:
    """Return the most bytes of values that are alive at once, with free sizes at 1; weights are not counted.

    A body adds its own peak while its owner runs.
    """
    readers = {value: _readers(value) for value in scope.inputs}
    now = peak = sum(_held(value.type, known) for value in scope.inputs)
    for node in scope.nodes:
        if node.op == "Constant":
            continue
        dropped = 0
        for value in node.outputs:
            if value is None or value.is_constant:
                continue
            held = _held(value.type, known)
            now += held
            left = _readers(value)
            if left:
                readers[value] = left
            else:
                dropped += held
        within = max(_peak(body, known) for body in node.scopes.values()) if node.scopes else 0
        peak = max(peak, now + within)
        now -= dropped
        for value in (*node.inputs, *node.captures):
            if value is None or value not in readers:
                continue
            readers[value] -= 1
            if not readers[value]:
                now -= _held(value.type, known)
                del readers[value]
    return peak


def _readers(value: Value) -> float:
    """How often a value is read; one that leaves the graph is never freed."""
    return math.inf if value.is_graph_output else len(value.consumers)


def _held(type_: Type, known: dict[int, int]) -> int:
    """Return the bytes of a value, from what is known of its type."""
    held = known.get(id(type_))
    if held is None:
        size = _bytes(*type_)
        held = known[id(type_)] = 0 if size is None else size.at({})
    return held
