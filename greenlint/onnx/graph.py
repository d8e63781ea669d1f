"""A model as plain data: values, nodes, and the scopes they live in."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from greenlint.onnx import folding

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from greenlint.onnx.tensor import Array, Dtype, Tensor

    Type = tuple[Dtype | None, "tuple[Dim, ...] | None"]

Dim = int | str | None
"""A size: known, symbolic, or unknown."""
NO_TYPE = (None, None)
_TYPES: dict[Type, Type] = {}
_NO_SCOPES: dict[str, Scope] = {}
_NO_CAPTURES: list[Value] = []
_NO_NODES: list[Node] = []


class Value:
    """A tensor that flows through a graph.

    `producer` is None for inputs and initializers; `tensor` holds the numbers of an initializer. `consumers` has a
    node once for each use, nodes of nested subgraphs too. `shape` is None where nothing is known. `is_constant` says
    that the numbers are the same on every run: an initializer, or made from such alone. `known` is what the model or
    shape inference tells of the type.
    """

    __slots__ = (
        "_folded",
        "_stored",
        "consumers",
        "is_constant",
        "is_graph_input",
        "is_graph_output",
        "is_overridable",
        "known",
        "name",
        "producer",
        "scope",
        "tensor",
    )

    def __init__(self, name: str, scope: Scope) -> None:
        """Make a value that nothing is known of yet."""
        self.name = name
        self.scope = scope
        self.producer: Node | None = None
        self.consumers: list[Node] = _NO_NODES  # one of its own is made for the first reader
        self.known: Type | None = None
        self.tensor: Tensor | None = None
        self.is_graph_input = False
        self.is_graph_output = False
        self.is_overridable = False
        self.is_constant = False
        self._folded: Array | bool | None = False
        self._stored: Tensor | bool | None = False

    @property
    def type(self) -> Type:
        """Element type and sizes, each None where nothing is known; equal types are mostly one object."""
        if self.known is None:
            stored = self.tensor if self.tensor is not None else self.stored
            type_ = NO_TYPE if stored is None else (stored.dtype, stored.shape)
            self.known = _TYPES.setdefault(type_, type_)
        return self.known

    @property
    def dtype(self) -> Dtype | None:
        """The element type, None where nothing is known or it is no tensor."""
        return self.type[0]

    @property
    def shape(self) -> tuple[Dim, ...] | None:
        """The sizes, None where nothing is known."""
        return self.type[1]

    def __repr__(self) -> str:
        """Show the name."""
        return f"<Value {self.name}>"

    @property
    def place(self) -> str:
        """Its name behind the path of its scope."""
        return self.scope.prefix + self.name

    @property
    def rank(self) -> int | None:
        """Number of dimensions, None where unknown."""
        return None if self.shape is None else len(self.shape)

    @property
    def is_static(self) -> bool:
        """Tell whether every size is a known number."""
        return self.shape is not None and all(isinstance(dim, int) for dim in self.shape)

    @property
    def only_consumer(self) -> Node | None:
        """The node that is alone in using it, None when there are others or it leaves the graph."""
        return self.consumers[0] if len(self.consumers) == 1 and not self.is_graph_output else None

    @property
    def stored(self) -> Tensor | None:
        """The tensor of an initializer that no input overrides, or of a Constant node."""
        if self.tensor is not None:
            return None if self.is_overridable else self.tensor
        producer = self.producer
        if producer is None or producer.op != "Constant":
            return None
        if self._stored is False:
            self._stored = folding.constant_tensor(producer)
        return self._stored  # type: ignore[return-value]

    def numbers(self, most: int = 1024) -> Array | None:
        """Return the numbers of a constant with few elements, None when it is large, unknown or no constant."""
        if not self.is_constant or (self.tensor is not None and self.tensor.size > most):
            return None
        if self._folded is False or most > folding.SMALL:
            self._folded = None  # a graph that feeds itself ends here
            self._folded = folding.numbers(self, max(most, folding.SMALL))
        array: Array | None = self._folded  # type: ignore[assignment]
        return None if array is None or array.size > most else array

    def forget(self) -> None:
        """Compute the numbers anew when they are asked for: more shapes are known than before."""
        if self._folded is None:
            self._folded = False

    def scalar(self) -> float | None:
        """Return the one number of a constant with one element, else None."""
        if not self.is_constant or (self.tensor is not None and self.tensor.size != 1):
            return None
        array = self.numbers(1)
        return float(array.reshape(-1)[0].real) if array is not None and array.size == 1 else None


class Node:
    """An operator at work.

    `op` is the plain name for ONNX's own operators and `domain.name` for all others. `inputs` and `outputs` hold
    None where an optional one is left out. `scopes` are the bodies of If, Loop and Scan by attribute, and
    `captures` the outer values that they use.
    """

    __slots__ = (
        "_attributes",
        "captures",
        "domain",
        "index",
        "inputs",
        "name",
        "op",
        "outputs",
        "scope",
        "scopes",
    )

    def __init__(self, op: str, domain: str, name: str, index: int, scope: Scope) -> None:
        """Make a node that is not wired yet."""
        self.op = op
        self.domain = domain
        self.name = name
        self.index = index
        self.scope = scope
        self.inputs: tuple[Value | None, ...] = ()
        self.outputs: tuple[Value | None, ...] = ()
        # Most nodes have neither bodies nor captures: those that do get containers of their own.
        self.scopes: dict[str, Scope] = _NO_SCOPES
        self.captures: list[Value] = _NO_CAPTURES
        self._attributes: dict[str, Any] | None = None

    def __repr__(self) -> str:
        """Show the path and the operator."""
        return f"<{self.op} {self.place}>"

    @property
    def place(self) -> str:
        """Its name behind the path of its scope; `Relu#12` where it has no name."""
        return self.scope.prefix + (self.name or f"{self.op}#{self.index}")

    @property
    def attributes(self) -> Mapping[str, Any]:
        """Numbers, texts, tuples and tensors by name."""
        if self._attributes is None:
            read = self.scope.read
            self._attributes = {} if read is None else read(self.proto)
        return self._attributes

    @property
    def proto(self) -> Any:  # noqa: ANN401 - a message of the package onnx
        """What the file says of the node."""
        return self.scope.protos[self.index]

    def attribute(self, name: str, default: Any = None) -> Any:  # noqa: ANN401 - what an attribute holds
        """Return one attribute, or the default."""
        return self.attributes.get(name, default)

    def input(self, index: int) -> Value | None:
        """Return an input, None where it is left out."""
        return self.inputs[index] if index < len(self.inputs) else None

    def output(self, index: int = 0) -> Value | None:
        """Return an output, None where it is left out."""
        return self.outputs[index] if index < len(self.outputs) else None

    def producer(self, index: int = 0) -> Node | None:
        """Return the node that makes an input."""
        inputs = self.inputs
        value = inputs[index] if index < len(inputs) else None
        return None if value is None else value.producer

    def has_output(self, index: int) -> bool:
        """Tell whether an output is named and used."""
        value = self.output(index)
        return value is not None and (bool(value.consumers) or value.is_graph_output)

    @property
    def next_node(self) -> Node | None:
        """The node that is alone in using the first output, when nothing else leaves this node."""
        outputs = self.outputs
        value = outputs[0] if outputs else None
        if value is None or len(value.consumers) != 1 or value.is_graph_output:
            return None
        if len(outputs) > 1 and any(self.has_output(index) for index in range(1, len(outputs))):
            return None
        return value.consumers[0]

    def constant_input(self) -> tuple[Value, Value] | None:
        """Of a node with two inputs, return the varying and the constant one, whichever way round."""
        if len(self.inputs) != 2:
            return None
        left, right = self.inputs
        if left is None or right is None:
            return None
        if right.is_constant:
            return None if left.is_constant else (left, right)
        return (right, left) if left.is_constant else None


@dataclass(slots=True, eq=False)
class Scope:
    """The body of a graph, of a branch or loop, or of a local function.

    `prefix` is what its nodes' paths begin with; `owner` is the node it belongs to, None for the main graph and for
    functions. Names are looked up in the scope and then in its `outer` scopes. `protos` are the nodes as the
    file has them, and `read` decodes the attributes of one when somebody asks for them.
    """

    prefix: str
    kind: str
    owner: Node | None = None
    outer: Scope | None = None
    nodes: list[Node] = field(default_factory=list)
    inputs: list[Value] = field(default_factory=list)
    outputs: list[Value] = field(default_factory=list)
    initializers: list[Value] = field(default_factory=list)
    values: dict[str, Value] = field(default_factory=dict)
    protos: Sequence[Any] = ()
    read: Callable[[Any], dict[str, Any]] | None = None

    def find(self, name: str) -> Value | None:
        """Return the value a name means here."""
        scope: Scope | None = self
        while scope is not None:
            value = scope.values.get(name)
            if value is not None:
                return value
            scope = scope.outer
        return None


@dataclass(slots=True, eq=False)
class Graph:
    """A whole model: every scope of it, and what the file says of itself.

    `training` lists the scopes of `training_info`; their nodes are not among `nodes`. `sizes` are bytes in the file:
    "file", "external", "training". `symbols` are the names of sizes of the inputs, `dims` the sizes given. `expand`
    returns the body of a local function with the shapes that it has at one call, None where they cannot be told.
    """

    path: str
    ir_version: int = 0
    opsets: dict[str, int] = field(default_factory=dict)
    producer: str = ""
    main: Scope = field(default_factory=lambda: Scope("", "main"))
    scopes: list[Scope] = field(default_factory=list)
    functions: dict[str, Scope] = field(default_factory=dict)
    training: list[Scope] = field(default_factory=list)
    sizes: dict[str, int] = field(default_factory=dict)
    weights: str = "sample"
    dims: dict[str, int] = field(default_factory=dict)
    symbols: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    expand: Callable[[Node], Scope | None] | None = None
    _by_op: dict[str, list[Node]] = field(default_factory=dict)
    _memory: dict[object, Any] = field(default_factory=dict)

    @property
    def place(self) -> str:
        """Empty: the model as a whole."""
        return ""

    @property
    def opset(self) -> int:
        """The version of ONNX's own operators."""
        return self.opsets.get("", 1)

    @property
    def nodes(self) -> Iterator[Node]:
        """Every node of every scope, functions once."""
        for scope in self.scopes:
            yield from scope.nodes

    def nodes_of(self, *ops: str) -> Iterator[Node]:
        """Every node with one of these operators."""
        if not self._by_op:
            for node in self.nodes:
                self._by_op.setdefault(node.op, []).append(node)
        for op in ops:
            yield from self._by_op.get(op, ())

    @property
    def initializers(self) -> Iterator[Value]:
        """Every initializer of every scope."""
        for scope in self.scopes:
            yield from scope.initializers

    @property
    def stored_values(self) -> list[Value]:
        """Initializers that no input overrides, and the outputs of Constant nodes that hold a tensor."""
        return [value for value, _ in self.stored]

    @property
    def stored(self) -> list[tuple[Value, Tensor]]:
        """The same with their tensors."""
        pairs: list[tuple[Value, Tensor]] = self.once(_stored)
        return pairs

    def once(self, question: Callable[[Graph], Any]) -> Any:  # noqa: ANN401 - the answer's own type
        """Answer a question about the whole graph once, and remember the answer."""
        if question not in self._memory:
            self._memory[question] = question(self)
        return self._memory[question]


def _stored(graph: Graph) -> list[tuple[Value, Tensor]]:
    constants = [node.outputs[0] for node in graph.nodes_of("Constant") if node.outputs]
    candidates = [*graph.initializers, *(value for value in constants if value is not None)]
    pairs = ((value, value.stored) for value in candidates)
    return [(value, tensor) for value, tensor in pairs if tensor is not None]
