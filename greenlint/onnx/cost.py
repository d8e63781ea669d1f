"""What a model costs: parameters, operations, memory traffic, and the largest memory for activations."""

from __future__ import annotations

import heapq
import math
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from greenlint.onnx.amount import NOTHING, Amount, number, product, size_of, total
from greenlint.onnx.units import plural

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from greenlint.onnx.graph import Dim, Graph, Node, Scope, Value
    from greenlint.onnx.tensor import Dtype

    Type = tuple[Dtype | None, "tuple[Dim, ...] | None"]

MOST_LARGEST = 10


@dataclass(frozen=True, slots=True)
class HeavyNode:
    """A node that multiplies much: multiply-accumulates in a run, and bytes of its inputs, weights and outputs.

    `weight` is the number of multiply-accumulates with the free sizes at 1. A node of a local function stands behind
    the name of the call.
    """

    place: str
    operator: str
    macs: Amount
    traffic: Amount
    weight: int


@dataclass(frozen=True, slots=True)
class Cost:
    """What a model costs.

    `macs` and `traffic` (bytes) are for one run. `parameters` counts elements of floating-point and quantized weights
    (of sparse ones those that are stored), `by_dtype` elements and stored bytes of all stored tensors. `peak` is the
    most bytes that activations take at once, when nodes run in order and each value is freed after its last reader,
    with the free sizes at 1. `unknown` counts nodes, by operator, whose cost is not known. `free` are the sizes of
    inputs that are not known. `notes` say in words what the numbers take for granted or leave out. `exact` is False
    when they are a lower bound.
    """

    operators: Mapping[str, int]
    parameters: int
    by_dtype: Mapping[str, tuple[int, int]]
    macs: Amount
    traffic: Amount
    peak: int
    largest: tuple[HeavyNode, ...]
    unknown: Mapping[str, int]
    free: tuple[str, ...]
    notes: tuple[str, ...]
    exact: bool

    @property
    def weight_bytes(self) -> int:
        """Bytes of all stored tensors."""
        return sum(size for _, size in self.by_dtype.values())


def measure(graph: Graph) -> Cost:
    """Count what a model costs.

    A Scan body counts once for each step, a Loop body once for each turn where the number of turns is a constant, else
    once. Of an If the costlier branch counts, or the one that a constant takes. Local functions count at each call,
    with the shapes that they have there.
    """
    work = _Counting(graph).scope(graph.main)
    stored: dict[str, list[int]] = {}
    parameters = sparse = 0
    for _, tensor in graph.stored:
        held = stored.setdefault(tensor.dtype.name, [0, 0])
        count = tensor.present
        sparse += tensor.is_sparse
        held[0] += count
        held[1] += tensor.stored
        # A single number without a shape is a factor, an epsilon or a scale.
        if tensor.shape and (tensor.dtype.is_float or tensor.dtype.bits in (2, 4, 8)) and tensor.dtype.name != "bool":
            parameters += count
    free = tuple(dict.fromkeys(dim for value in graph.main.inputs for dim in value.shape or () if isinstance(dim, str)))
    return Cost(
        operators=dict(Counter(node.op for node in graph.nodes).most_common()),
        parameters=parameters,
        by_dtype={name: (count, size) for name, (count, size) in sorted(stored.items(), key=lambda item: -item[1][1])},
        macs=work.macs,
        traffic=work.traffic,
        peak=work.peak,
        largest=tuple(work.heavy),
        unknown=dict(work.unknown.most_common()),
        free=free,
        notes=tuple(_notes(work, sparse)),
        exact=not work.unknown and not work.endless and work.macs.symbols <= set(free),
    )


def _notes(work: _Work, sparse: int) -> Iterable[str]:
    if work.endless:
        loops = plural(len(work.endless), "Loop")
        count, turns = ("counts", "its turns are") if len(work.endless) == 1 else ("count", "their turns are")
        yield f"{loops} {count} as one turn: {turns} known at run time only"
    if work.branches:
        ifs = plural(len(work.branches), "If")
        yield f"{ifs} with {'its' if len(work.branches) == 1 else 'their'} costlier branch"
    if sparse:
        tensors = plural(sparse, "sparse weight")
        yield f"products with {tensors} count as dense ones, which is how ONNX Runtime runs them"
    if work.quantized:
        nodes = plural(work.quantized, "node")
        yield f"QDQ: {nodes} as on whole numbers, which is how ONNX Runtime runs them; the energy takes FP32 products"


# -- a run ------------------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Work:
    """What one run of a scope does.

    `endless` are Loops whose turns, `branches` Ifs whose branch is not known; `quantized` counts nodes that runtimes
    run on whole numbers, see `_quantized`.
    """

    macs: Amount = NOTHING
    traffic: Amount = NOTHING
    peak: int = 0
    heavy: list[HeavyNode] = field(default_factory=list)
    unknown: Counter[str] = field(default_factory=Counter)
    endless: set[Node] = field(default_factory=set)
    branches: set[Node] = field(default_factory=set)
    quantized: int = 0

    @property
    def weight(self) -> tuple[int, int]:
        """What branches are compared by."""
        return self.macs.at({}), self.traffic.at({})

    def add(self, other: _Work, times: Amount, prefix: str) -> None:
        """Take in what a body does, so many times."""
        self.macs += other.macs * times
        self.traffic += other.traffic * times
        self.unknown += other.unknown
        self.endless |= other.endless
        self.branches |= other.branches
        self.quantized += other.quantized
        turns = times.at({})
        self.heavy += [
            HeavyNode(prefix + one.place, one.operator, one.macs * times, one.traffic * times, one.weight * turns)
            for one in other.heavy
        ]


class _Counting:
    """Counts scopes; what depends on types alone is computed once for each combination of types."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.held: dict[int, Amount | None] = {}
        self.sizes: dict[int, int] = {}
        self.counted: dict[object, Amount | None] = {}
        self.called: dict[Scope, _Work] = {}
        self.expanded: dict[Node, Scope | None] = {}

    def scope(self, scope: Scope) -> _Work:
        """Count one run of a scope and of all that it runs."""
        work = _Work()
        moved: list[Type] = []
        macs: list[tuple[Amount, Node]] = []
        inside: dict[Node, int] = {}
        quantized, passed = _quantized(scope)
        work.quantized = len(quantized)
        for node in scope.nodes:
            op = node.op
            if op in _FREE or node in passed:
                continue
            if node.scopes:
                inside[node] = self.bodies(node, work)
                continue
            if _is_folded(node):
                continue
            if node.domain:
                if op in self.graph.functions:
                    inside[node] = self.call(node, work)
                    continue
                if _is_opaque(node):
                    work.unknown[op] += 1
                    continue
            types = [value.type for value in node.outputs if value is not None]
            if node in quantized:
                types = [_stored_type(value) for value in (*node.inputs, *node.outputs) if value is not None]
            elif op in _READS_A_PART:
                types += types
                types += [value.type for value in node.inputs[1:] if value is not None]
            else:
                types += [value.type for value in node.inputs if value is not None]
            moved += types
            count = _MACS.get(op)
            if count is not None:
                amount = self.multiplied(node, count, types)
                if amount is None:
                    work.unknown[op] += 1
                    continue
                if amount.terms:
                    macs.append((amount, node))
            for _, shape in types:
                if shape is None:
                    work.unknown[op] += 1
                    break
        self.moved(moved, work)
        self.largest(macs, work)
        work.peak = _peak(scope, inside, self)
        return work

    def multiplied(self, node: Node, count: Callable[[Node], Amount | None], types: list[Type]) -> Amount | None:
        """Count the multiply-accumulates of a node; most depend on its types alone."""
        if node.op not in _BY_TYPES:
            return count(node)
        key = (node.op, *map(id, types))
        if key not in self.counted:
            self.counted[key] = count(node)
        return self.counted[key]

    def moved(self, moved: list[Type], work: _Work) -> None:
        """Add the bytes of many values: equal types are mostly one object, and counted as such."""
        types = dict(zip(map(id, moved), moved, strict=True))
        sizes = ((self.bytes(types[key]), count) for key, count in Counter(map(id, moved)).items())
        work.traffic = total((work.traffic, *(size * count for size, count in sizes if size is not None)))

    def bytes(self, type_: Type) -> Amount | None:
        """Return the bytes of a value, None where its type is not known."""
        key = id(type_)
        if key not in self.held:
            self.held[key] = _bytes(*type_)
        return self.held[key]

    def largest(self, macs: list[tuple[Amount, Node]], work: _Work) -> None:
        """Add up the products, and keep the nodes with the most of them."""
        amounts = {id(amount): amount for amount, _ in macs}
        weights = {key: amount.at({}) for key, amount in amounts.items()}
        counts = Counter(id(amount) for amount, _ in macs)
        work.macs = total((work.macs, *(amounts[key] * count for key, count in counts.items())))
        for amount, node in heapq.nlargest(MOST_LARGEST, macs, key=lambda pair: weights[id(pair[0])]):
            sizes = [self.bytes(value.type) for value in (*node.inputs, *node.outputs) if value is not None]
            traffic = total(size for size in sizes if size is not None)
            work.heavy.append(HeavyNode(node.place, node.op, amount, traffic, weights[id(amount)]))
        if len(work.heavy) > len(macs):
            work.heavy = heapq.nlargest(MOST_LARGEST, work.heavy, key=lambda heavy: heavy.weight)

    def bodies(self, node: Node, work: _Work) -> int:
        """Count If, Loop or Scan, and return the most bytes that its body holds at once."""
        inner = {name: self.scope(body) for name, body in node.scopes.items()}
        if node.op == "If":
            chosen = node.inputs[0].scalar() if node.inputs and node.inputs[0] is not None else None
            if chosen is None:
                name = max(inner, key=lambda name: inner[name].weight)
                if len({one.weight for one in inner.values()}) > 1:
                    work.branches.add(node)
            else:
                name = "then_branch" if chosen else "else_branch"
            if name in inner:
                work.add(inner[name], number(1), "")
                return inner[name].peak
            return 0
        turns = _turns(node, self.graph.opset)
        if turns is None:
            if any(one.macs.terms or one.traffic.terms for one in inner.values()):
                work.endless.add(node)
            turns = number(1)
        for one in inner.values():
            work.add(one, turns, "")
        return max((one.peak for one in inner.values()), default=0)

    def call(self, node: Node, work: _Work) -> int:
        """Count a call of a local function, with the shapes that it has there."""
        body = self.graph.expand(node) if self.graph.expand is not None else None
        if body is None:
            work.unknown[node.op] += 1
            return 0
        if body not in self.called:
            self.called[body] = self.scope(body)
        inner = self.called[body]
        work.add(inner, number(1), f"{node.place}/")
        return inner.peak

    def size(self, value: Value) -> int:
        """Return the bytes of a value with the free sizes at 1, 0 where they are not known."""
        type_ = value.type
        size = self.sizes.get(id(type_))
        if size is None:
            held = self.bytes(type_)
            size = self.sizes[id(type_)] = 0 if held is None else held.at({})
        return size


def _quantized(scope: Scope) -> tuple[set[Node], set[Node]]:
    """Return the nodes that read dequantized values alone, and the conversions around them that runtimes leave out."""
    converts = [node for node in scope.nodes if node.op == "DequantizeLinear"]
    fed = {reader for node in converts for value in node.outputs if value is not None for reader in value.consumers}
    nodes = {
        node
        for node in fed
        if node.scope is scope
        and node.op not in _FREE
        and all(v is None or v.is_constant or _made_by(v, "DequantizeLinear") for v in node.inputs)
        and not all(v is None or v.is_constant for v in node.inputs)
    }
    passed = {
        node
        for node in converts
        for value in node.outputs[:1]
        if value is not None and value.consumers and not value.is_graph_output and nodes.issuperset(value.consumers)
    }
    passed |= {r for node in nodes for v in node.outputs[:1] if v for r in v.consumers if r.op == "QuantizeLinear"}
    return nodes, passed


def _made_by(value: Value, op: str) -> bool:
    return value.producer is not None and value.producer.op == op


def _stored_type(value: Value) -> Type:
    """Return the type that a value has before it is dequantized, or after it has been quantized."""
    source = value.producer.inputs[0] if value.producer is not None and _made_by(value, "DequantizeLinear") else None
    if source is not None:
        return source.type
    reader = value.only_consumer
    after = reader.output() if reader is not None and reader.op == "QuantizeLinear" else None
    return value.type if after is None else after.type


def _turns(node: Node, opset: int) -> Amount | None:
    """Return how often a Loop or Scan runs its body, None where that is known at run time only."""
    (body,) = node.scopes.values() if len(node.scopes) == 1 else (None,)
    if body is None:
        return None
    if node.op == "Scan":
        count = node.attribute("num_scan_inputs")
        first = len(node.inputs) - count if isinstance(count, int) else len(node.inputs)
        scanned = _shape(node.input(first)) if 0 <= first < len(node.inputs) else None
        if scanned is None or opset < 9:
            return None
        axis = (node.attribute("scan_input_axes") or (0,))[0]
        return size_of(scanned[axis]) if -len(scanned) <= axis < len(scanned) else None
    if node.op != "Loop" or len(node.inputs) < 2 or len(body.inputs) < 2 or not body.outputs:
        return None
    most, start, again = node.inputs[0], node.inputs[1], body.outputs[0]
    count = most.scalar() if most is not None else None
    runs_on = start is None or start.scalar() == 1
    source = again.producer
    if source is not None and source.op == "Identity" and source.inputs[0] is not None:
        again = source.inputs[0]
    keeps_on = again is body.inputs[1] or again.scalar() == 1
    return number(max(int(count), 0)) if count is not None and runs_on and keeps_on else None


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


def _fused_attention(node: Node) -> Amount | None:
    """ONNX Runtime's attention with its projection inside: (batch, length, width) x (width, 3 hidden)."""
    source, weight = _shape(node.input(0)), _shape(node.input(1))
    if source is None or weight is None or len(source) != 3 or len(weight) != 2 or not isinstance(weight[1], int):
        return None
    rows = product(source[:2])
    return product((*source, weight[1])) + rows * size_of(source[1]) * (2 * (weight[1] // 3))


def _attention_of_projected(node: Node) -> Amount | None:
    """ONNX Runtime's attention over projected (batch, length, width), with what was cached before."""
    query, key = _shape(node.input(0)), _shape(node.input(1))
    cached = _shape(node.input(6 if node.op.endswith("MultiHeadAttention") else 3))
    if query is None or key is None or len(query) != 3 or len(key) != 3:
        return None
    length = size_of(key[1]) + (size_of(cached[2]) if cached is not None and len(cached) == 4 else NOTHING)
    return product(query) * length * 2


def _unknown(_node: Node) -> None:
    """Multiplies, and nobody has written down here how much."""


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
    "com.microsoft.Attention": _fused_attention,
    "com.microsoft.QAttention": _fused_attention,
    "com.microsoft.MultiHeadAttention": _attention_of_projected,
    "com.microsoft.GroupQueryAttention": _attention_of_projected,
    "com.microsoft.QGemm": _gemm,
    **{
        f"com.microsoft.{name}": _unknown
        for name in (
            "BeamSearch",
            "DecoderMaskedMultiHeadAttention",
            "DynamicQuantizeLSTM",
            "FusedMatMulActivation",
            "GemmFastGelu",
            "GemmFloat8",
            "GreedySearch",
            "LongformerAttention",
            "MatMulBnb4",
            "MoE",
            "NhwcConv",
            "NhwcFusedConv",
            "PackedAttention",
            "PackedMultiHeadAttention",
            "PagedAttention",
            "QMoE",
            "Sampling",
            "SparseAttention",
            "WhisperBeamSearch",
        )
    },
    "DFT": _unknown,
    "STFT": _unknown,
}
_BY_TYPES = frozenset(
    {"MatMul", "MatMulInteger", "QLinearMatMul", "Conv", "ConvInteger", "QLinearConv", "ConvTranspose"}
)
"""Operators whose products depend on no attribute."""
_READS_A_PART = frozenset({"Gather", "GatherElements", "GatherND", "Slice", "Split"})
"""Operators that read of their first input what they write, whatever its size."""
_FREE = frozenset({"Constant", "Shape", "Size", "Identity", "Dropout", "Reshape", "Flatten", "Squeeze", "Unsqueeze"})
"""Operators that compute nothing and for which runtimes hand the same memory on."""


# -- memory -----------------------------------------------------------------------------------------------------------


def _peak(scope: Scope, inside: Mapping[Node, int], counting: _Counting) -> int:
    """Return the most bytes of values that are alive at once, with free sizes at 1; weights are not counted.

    `inside` are the bytes that a body or a called function adds while its node runs.
    """
    size = counting.size
    readers: dict[Value | None, float] = {value: _readers(value) for value in scope.inputs}
    now = peak = sum(map(size, scope.inputs))
    for node in scope.nodes:
        if node.op == "Constant":
            continue
        dropped = 0
        for value in node.outputs:
            if value is None or value.is_constant:
                continue
            held = size(value)
            now += held
            left = _readers(value)
            if left:
                readers[value] = left
            else:
                dropped += held
        peak = max(peak, now + inside.get(node, 0) if inside else now)
        now -= dropped
        for value in (*node.inputs, *node.captures) if node.captures else node.inputs:
            rest = readers.get(value)
            if rest is None or value is None:
                continue
            if rest > 1:
                readers[value] = rest - 1
            else:
                now -= size(value)
                del readers[value]
    return peak


def _readers(value: Value) -> float:
    """How often a value is read; one that leaves the graph is never freed."""
    return math.inf if value.is_graph_output else len(value.consumers)
