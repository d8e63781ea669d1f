"""Read an ONNX file into a plain graph, trusting nothing in it."""

from __future__ import annotations

import mmap
import os
import secrets
import stat
import warnings
from functools import partial
from math import prod
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import TYPE_CHECKING, Any

from greenlint.errors import ModelError
from greenlint.onnx import MISSING_EXTRA, folding, wire
from greenlint.onnx.graph import NO_TYPE, Graph, Node, Scope, Value

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Mapping, Sequence

    import onnx

    from greenlint.onnx.calls import Key
    from greenlint.onnx.graph import Dim, Type


MOST_NESTED = 16
"""Bodies of If, Loop and Scan inside one another; no exporter writes more, and runtimes take exponential time."""
MOST_CALLS = 100
"""Local functions that call one another in a row; onnx 1.23 infers no deeper, earlier releases overflow their stack."""
MOST_EXPANDED = 500_000
"""Nodes that local functions may stand for."""
_MOST_CLAIMS = 8
_MOST_INFERRED_NODES = 200_000
_MOST_REFINED_NODES = 20_000
_MOST_ROUNDS = 6
_READS_A_SHAPE = ("Reshape", "Expand", "Tile", "Resize", "Slice", "ConstantOfShape", "Pad", "Split", "Range")
_NAMELESS = frozenset({"", "?", "None", "-1"})
_MOST_TYPES = 10_000
_NO_TEXT = "holds a name that is not UTF-8 text"
_HAS_BODY = frozenset({"If", "Loop", "Scan", "SequenceMap"})
_LFS = b"version https://git-lfs"
_CONTROL = bytes(set(range(32)) - set(b"\t\n\r\f"))

try:
    import numpy as np  # noqa: F401 - the same sentence for either
    import onnx as _onnx
    from onnx import numpy_helper

    from greenlint.onnx import shapes
    from greenlint.onnx.calls import Calls, key_of
    from greenlint.onnx.tensor import DTYPES, UNKNOWN, Segment, Tensor
except ImportError as error:  # pragma: no cover - tested in a process of its own
    if (error.name or "").partition(".")[0] not in ("onnx", "numpy", "google", "ml_dtypes"):
        raise
    raise ModelError(MISSING_EXTRA) from None


def load(path: str | os.PathLike[str], *, dims: Mapping[str, int] | None = None, weights: str = "sample") -> Graph:
    """Read a model without its weights.

    `dims` gives sizes to symbolic dimensions; `weights` ("none", "sample", "full") says what later readers may look
    at. Raises `ModelError` with one line that starts with a verb: "is cut short: ...".
    """
    name = os.fspath(path)
    mark = secrets.token_hex(8)
    rest, size = _read(name, mark)
    model = _parse(rest)
    del rest
    sizes = _function_sizes(model)
    ir_version = model.ir_version
    _modernise(model)
    symbols = _bind(model, dims or {})
    notes: list[str] = []
    graph = None
    if shapes.is_plain(model):
        graph = _Builder(name, mark, size).build(model)
        if not shapes.spread(graph, _interned):
            graph = None
    if graph is None:
        model = _infer(model, notes)
        graph = _Builder(name, mark, size).build(model)
        _refine(model, graph)
    graph.ir_version = ir_version
    graph.weights = weights
    graph.symbols = symbols
    graph.dims = {name: size for name, size in (dims or {}).items() if name in symbols}
    graph.notes.extend(notes)
    if weights != "none" and (shared := _overlapping(graph)):
        graph.weights = "none"
        graph.notes.append(f"weights were not read: tensors claim the same bytes of {shared} over and over")
    if sizes:
        graph.expand = Calls(model, sizes, partial(_fill, name, mark)).body
    return graph


def _overlapping(graph: Graph) -> str:
    """Return the file of which tensors claim far more bytes than it has, or an empty text: reading would not end."""
    claimed: dict[str, int] = {}
    for _, tensor in graph.stored:
        for segment in tensor.segments:
            claimed[segment.path] = claimed.get(segment.path, 0) + segment.length
    for path, length in claimed.items():
        if length > _MOST_CLAIMS * os.path.getsize(path):  # noqa: PTH202  segments have texts
            return os.path.basename(path)  # noqa: PTH119
    return ""


def _read(path: str, mark: str) -> tuple[bytes, int]:
    """Return the model's bytes without its weights, and the size of the file."""
    try:
        status = os.stat(path)
        if not stat.S_ISREG(status.st_mode):
            message = "is no regular file"
            raise ModelError(message)
        if not status.st_size:
            message = "is empty"
            raise ModelError(message)
        with Path(path).open("rb") as file:
            # Closed when nobody refers to it any more: closing it by hand fails while an exception's frames still do.
            mapped = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        _check_head(mapped[:1024])
        return wire.cut_weights(memoryview(mapped), mark), status.st_size
    except OSError as error:
        message = f"cannot be read: {(error.strerror or str(error)).lower()}"
        raise ModelError(message) from None


def _check_head(head: bytes) -> None:
    if head.startswith(_LFS):
        message = "is a Git LFS pointer, not the model: run git lfs pull"
    elif head[4:8] == b"ORTM":
        message = "is in ONNX Runtime's own format: inspect the .onnx file it was made from"
    elif len(head.translate(None, _CONTROL)) == len(head):
        message = "is text, not an ONNX model"
    elif head.startswith(b"PK\x03\x04"):
        message = "is a zip archive, not an ONNX model"
    else:
        return
    raise ModelError(message)


def _parse(data: bytes) -> onnx.ModelProto:
    try:
        model: onnx.ModelProto = _onnx.ModelProto.FromString(data)
    except Exception as error:  # noqa: BLE001 - each protobuf backend has its own
        message = f"is not an ONNX model: {_one_line(error)}"
        raise ModelError(message) from None
    if not model.HasField("graph"):
        message = "holds no graph, so it is not an ONNX model"
        raise ModelError(message)
    return model


def _one_line(error: BaseException) -> str:
    return " ".join(str(error).split())[:200] or type(error).__name__


def _domain(domain: str) -> str:
    return "" if domain == "ai.onnx" else domain


def _bodies(node: onnx.NodeProto) -> Iterable[tuple[str, onnx.GraphProto]]:
    """Yield the graphs in a node's attributes, by name."""
    for attribute in node.attribute:
        if attribute.HasField("g"):
            yield attribute.name, attribute.g
        for index, graph in enumerate(attribute.graphs):
            yield f"{attribute.name}.{index}", graph


def _function_sizes(model: onnx.ModelProto) -> dict[Key, int]:
    """Count the nodes that each local function stands for; refuse recursion and bombs."""
    bodies = {key_of(function): function.node for function in model.functions}
    sizes: dict[Key, int] = {}
    if not bodies:
        return sizes
    calls: dict[Key, list[Key]] = {}
    plain: dict[Key, int] = {}
    depths: dict[Key, int] = {}
    for key, nodes in bodies.items():
        plain[key], calls[key] = _counted(nodes, bodies)
    for key in bodies:
        _expanded(key, calls, plain, sizes, depths)
    total = sum(sizes[key] for key in _counted(model.graph.node, bodies)[1])
    if total > MOST_EXPANDED or max(sizes.values()) > MOST_EXPANDED:
        message = (
            f"has local functions that stand for {max(total, *sizes.values()):,} nodes; the most is {MOST_EXPANDED:,}"
        )
        raise ModelError(message)
    return sizes


def _counted(nodes: Iterable[onnx.NodeProto], functions: Container[Key]) -> tuple[int, list[Key]]:
    """Count nodes, those of bodies too, and list the functions that they call."""
    count, called, stack = 0, [], [list(nodes)]
    while stack:
        for node in stack.pop():
            count += 1
            key = key_of(node)
            if key in functions:
                called.append(key)
            if node.op_type in _HAS_BODY:
                stack.extend(list(graph.node) for _, graph in _bodies(node))
    return count, called


def _expanded(
    start: Key,
    calls: Mapping[Key, list[Key]],
    plain: Mapping[Key, int],
    sizes: dict[Key, int],
    depths: dict[Key, int],
) -> None:
    """Count the nodes a function stands for, without recursion and each function once."""
    stack, open_ = [start], set()
    while stack:
        key = stack[-1]
        if key in sizes:
            stack.pop()
            continue
        waiting = [called for called in calls[key] if called not in sizes]
        if not waiting:
            sizes[key] = plain[key] + sum(sizes[called] for called in calls[key])
            depths[key] = 1 + max((depths[called] for called in calls[key]), default=0)
            if depths[key] > MOST_CALLS:
                message = f"has local functions that call one another more than {MOST_CALLS} deep"
                raise ModelError(message)
            open_.discard(key)
            stack.pop()
            continue
        open_.add(key)
        if any(called in open_ for called in waiting):
            message = f"has a local function that calls itself: {key[0]}.{key[1]}"
            raise ModelError(message)
        stack.extend(waiting)


def _modernise(model: onnx.ModelProto) -> None:
    """Before IR version 4 every initializer was an input too, though a constant: say so, or inference ignores it."""
    if model.ir_version >= 4:
        return
    constants = {tensor.name for tensor in model.graph.initializer}
    inputs = [info for info in model.graph.input if info.name not in constants]
    del model.graph.input[:]
    model.graph.input.extend(inputs)
    model.ir_version = 4


def _bind(model: onnx.ModelProto, dims: Mapping[str, int]) -> list[str]:
    """Give sizes to the symbolic dimensions of inputs and outputs of the main graph, and return the names there are.

    A dimension of an input that has no name gets one, `input.axis`, so that it can be given a size too.
    """
    graph = model.graph
    for info in graph.input:
        for axis, dim in enumerate(info.type.tensor_type.shape.dim):
            if (
                dim.dim_param in _NAMELESS
                and dim.dim_value <= 0
                and not (dim.HasField("dim_value") and dim.dim_value == 0)
            ):
                dim.dim_param = f"{info.name}.{axis}"
    words = (dim.dim_param for info in graph.input for dim in info.type.tensor_type.shape.dim if dim.dim_param)
    symbols = [word for word in words if isinstance(word, str)]
    if not any(name in dims for name in symbols):
        return symbols
    # What an exporter has written of inner sizes are formulas of the names that are now numbers: inference does better.
    del graph.value_info[:]
    for infos in (graph.input, graph.output):
        for info in infos:
            for dim in info.type.tensor_type.shape.dim:
                if dim.dim_param in dims:
                    dim.dim_value = dims[dim.dim_param]
    return symbols


def _infer(model: onnx.ModelProto, notes: list[str]) -> onnx.ModelProto:
    """Return the model with the shapes that onnx can infer, or as it is."""
    if len(model.graph.node) > _MOST_INFERRED_NODES:
        notes.append("shapes were not inferred: too many nodes")
        return model
    graph = model.graph
    sparse = list(graph.sparse_initializer)
    # Runtimes make dense tensors of sparse weights, and inference knows the shapes of products with dense ones only.
    graph.initializer.extend(
        _onnx.TensorProto(name=one.values.name, data_type=one.values.data_type, dims=one.dims) for one in sparse
    )
    del graph.sparse_initializer[:]
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            model = shapes.infer(model)
    except Exception as error:  # noqa: BLE001 - inference is a help, whatever it dies of
        notes.append(f"shapes were not inferred: {_one_line(error)}")
    if sparse:
        del model.graph.initializer[-len(sparse) :]
        model.graph.sparse_initializer.extend(sparse)
    return model


def _refine(model: onnx.ModelProto, graph: Graph) -> None:
    """Infer again with the constants that only this package has folded, as long as that tells more shapes.

    Targets of Reshape and Expand are often computed from shapes in ways that the inference of onnx does not follow.
    """
    known: set[str] = set()
    for _ in range(_MOST_ROUNDS):
        values = graph.main.values
        if len(graph.main.nodes) > _MOST_REFINED_NODES:
            return
        if not any(value is not None and _is_open(value) for node in graph.main.nodes for value in node.outputs):
            return
        targets = {value for node in graph.nodes_of(*_READS_A_SHAPE) for value in node.inputs[1:] if value is not None}
        folded = {
            value.name: numbers
            for value in targets
            if value.producer is not None and value.stored is None and value.scope is graph.main
            for numbers in (value.numbers(),)
            if numbers is not None and value.name not in known
        }
        if not folded:
            return
        known |= folded.keys()
        again = _onnx.ModelProto()
        again.CopyFrom(model)
        del again.graph.node[:]
        again.graph.node.extend(node for node in model.graph.node if folded.keys().isdisjoint(node.output))
        again.graph.initializer.extend(numpy_helper.from_array(array, name) for name, array in folded.items())
        model = _infer(again, [])
        for info in model.graph.value_info:
            value = values.get(info.name)
            if value is not None and value.tensor is None and _is_open(value):
                value.known = _type(info)
        for value in values.values():
            value.forget()
        for scope in graph.scopes:
            _settle(scope)


def _is_open(value: Value) -> bool:
    shape = value.shape
    return shape is None or None in shape or any(isinstance(dim, str) and dim.startswith("unk__") for dim in shape)


def _fill(path: str, mark: str, proto: onnx.GraphProto, scope: Scope, constant: Container[str]) -> None:
    """Make a scope of a graph that belongs to no model; the inputs of some names are constant."""
    builder = _Builder(path, mark, 0)
    builder.scope(proto, scope, 0)
    for value in scope.inputs:
        value.is_constant = value.name in constant
    for inner in builder.graph.scopes:
        _settle(inner)


class _Builder:
    """Turns the parsed model into plain data."""

    def __init__(self, path: str, mark: str, size: int) -> None:
        self.path = path
        self.real = os.path.realpath(path)
        self.folder = os.path.realpath(os.path.dirname(path) or ".")  # noqa: PTH120 - realpath keeps ".."
        self.mark = mark
        self.size = size
        self.graph = Graph(path, sizes={"file": size, "external": 0, "training": 0})
        self.external: dict[str, tuple[str, int]] = {}
        # A large graph has few different operators and shapes: one object for each spares memory, which is time.
        self.words: dict[str, str] = {}
        self.shapes: dict[tuple[int, ...], tuple[int, ...]] = {}

    def build(self, model: onnx.ModelProto) -> Graph:
        graph = self.graph
        words = (model.producer_name, model.producer_version, *(opset.domain for opset in model.opset_import))
        if not all(isinstance(word, str) for word in words):
            raise ModelError(_NO_TEXT)
        graph.producer = f"{model.producer_name} {model.producer_version}".strip()
        for opset in model.opset_import:
            graph.opsets[_domain(opset.domain)] = opset.version
        self.scope(model.graph, graph.main, 0)
        for function in model.functions:
            if isinstance(function.name, bytes) or isinstance(function.domain, bytes):
                raise ModelError(_NO_TEXT)
            name = f"{function.domain}.{function.name}" if function.domain else function.name
            scope = Scope(f"{name}/", "function")
            graph.scopes.append(scope)
            graph.functions[name] = scope
            for inputs in function.input:
                scope.inputs.append(self.new(scope, inputs, "function"))
            self.nodes(function.node, scope, 0)
            for output in function.output:
                self.output(scope, output, f"function {name}")
        for index, training in enumerate(model.training_info):
            for part in ("initialization", "algorithm"):
                scope = Scope(f"training_info.{index}.{part}/", "training", outer=graph.main)
                self.training(getattr(training, part), scope)
                graph.training.append(scope)
            graph.sizes["training"] += training.ByteSize() + sum(
                value.tensor.stored for scope in graph.training[-2:] for value in scope.initializers if value.tensor
            )
        for scope in graph.scopes:
            _settle(scope)
        graph.sizes["external"] = sum(size for _, size in self.external.values())
        return graph

    def training(self, proto: onnx.GraphProto, scope: Scope) -> None:
        """Keep what training is made of; nothing in it is judged, so names are not resolved."""
        for tensor in proto.initializer:
            value = Value(tensor.name, scope)
            value.tensor = self.tensor(tensor)
            scope.initializers.append(value)
        for index, node in enumerate(proto.node):
            scope.nodes.append(Node(_op(node), _domain(node.domain), node.name, index, scope))

    def new(self, scope: Scope, name: str | bytes, kind: str) -> Value:
        if isinstance(name, bytes):
            raise ModelError(_NO_TEXT)
        if name in scope.values:
            message = f'defines "{_short(name)}" twice in the same {kind}'
            raise ModelError(message)
        value = scope.values[name] = Value(name, scope)
        return value

    def scope(self, proto: onnx.GraphProto, scope: Scope, level: int) -> None:
        if level > MOST_NESTED:
            message = f"nests If, Loop or Scan more than {MOST_NESTED} deep"
            raise ModelError(message)
        self.graph.scopes.append(scope)
        for info in proto.input:
            value = self.new(scope, info.name, "graph")
            value.is_graph_input = True
            value.known = _type(info)
            scope.inputs.append(value)
        read, define = self.tensor, self.initializer
        for tensor in proto.initializer:
            define(scope, tensor.name, read(tensor))
        for sparse in proto.sparse_initializer:
            self.initializer(scope, sparse.values.name, self.sparse(sparse))
        self.nodes(proto.node, scope, level)
        known = scope.values
        for info in proto.value_info:
            inner = known.get(info.name)
            if inner is not None and inner.tensor is None:
                inner.known = _type(info)
        for info in proto.output:
            value = self.output(scope, info.name, "graph")
            if value.known is None and value.tensor is None:
                value.known = _type(info)

    def output(self, scope: Scope, name: str, kind: str) -> Value:
        value = scope.find(name)
        if value is None:
            message = f'has an output "{_short(name)}" that nothing in the {kind} makes'
            raise ModelError(message)
        if value.scope is not scope:
            _capture(value, scope)
        value.is_graph_output = True
        scope.outputs.append(value)
        return value

    def initializer(self, scope: Scope, name: str, tensor: Tensor) -> None:
        value = scope.values.get(name)
        if value is None:
            if not isinstance(name, str):
                raise ModelError(_NO_TEXT)
            value = scope.values[name] = Value(name, scope)
        elif value.tensor is not None:
            message = f'defines "{_short(name)}" twice in the same graph'
            raise ModelError(message)
        else:
            # An initializer that is also an input is a default; before IR version 4 it was a constant, see _modernise.
            value.is_overridable = True
        value.tensor = tensor
        value.known = None
        value.is_constant = not value.is_overridable
        scope.initializers.append(value)

    def nodes(self, protos: Sequence[onnx.NodeProto], scope: Scope, level: int) -> None:
        """Make the nodes and wire them; nodes out of order are put in order, a cycle is refused."""
        bodies: list[Node] = []
        known, here, words = scope.values, scope.nodes, self.words
        scope.read, scope.protos = self.attributes, protos
        for index, proto in enumerate(protos):
            domain, op, label = proto.domain, proto.op_type, proto.name
            # What is not UTF-8 comes as bytes from protobuf.
            if not (isinstance(domain, str) and isinstance(op, str) and isinstance(label, str)):
                raise ModelError(_NO_TEXT)
            op = words.setdefault(op, op)
            if not domain or domain == "ai.onnx":
                node = Node(op, "", label, index, scope)
                if op in _HAS_BODY:
                    bodies.append(node)
            else:
                node = Node(f"{domain}.{op}", domain, label, index, scope)
                bodies.append(node)
            outputs: list[Value | None] = []
            for name in proto.output:
                if name:
                    if name in known or name.__class__ is bytes:
                        self.new(scope, name, "graph")
                    value = known[name] = Value(name, scope)
                    value.producer = node
                    outputs.append(value)
                else:
                    outputs.append(None)
            node.outputs = tuple(outputs)
            here.append(node)
        in_order = True
        for node, proto in zip(here, protos, strict=True):
            index = node.index
            inputs: list[Value | None] = []
            for name in proto.input:
                source = known.get(name)
                if source is None and name:
                    source = self.outer(scope, name, node)
                if source is not None:
                    if source.consumers:
                        source.consumers.append(node)
                    else:
                        source.consumers = [node]
                    producer = source.producer
                    if producer is not None and producer.index >= index and producer.scope is scope:
                        in_order = False
                inputs.append(source)
            node.inputs = tuple(inputs)
        for node in bodies:
            self.bodies(node, level)
            in_order = in_order and all(source.index < node.index for source in _sources(node))
        if not in_order:
            _order(scope)

    def outer(self, scope: Scope, name: str, node: Node) -> Value:
        """Return the value that a name means outside of a body."""
        source = scope.find(name)
        if source is None:
            message = f'has a node {_short(node.place)} that reads "{_short(name)}", which nothing makes'
            raise ModelError(message)
        _capture(source, scope)
        return source

    def bodies(self, node: Node, level: int) -> None:
        for name, graph in _bodies(node.proto):
            if not node.scopes:
                node.scopes, node.captures = {}, []
            inner = Scope(f"{node.place}.{name}/", "body", owner=node, outer=node.scope)
            node.scopes[name] = inner
            self.scope(graph, inner, level + 1)

    def attributes(self, proto: onnx.NodeProto) -> dict[str, Any]:
        return {attribute.name: self.attribute(attribute) for attribute in proto.attribute}

    def attribute(self, proto: onnx.AttributeProto) -> Any:  # noqa: ANN401 - what an attribute holds, by kind
        kind = proto.type
        if kind == 1:
            return proto.f
        if kind == 2:
            return proto.i
        if kind == 3:
            return proto.s.decode("utf-8", "replace")
        if kind == 4:
            return self.tensor(proto.t)
        if kind == 6:
            return tuple(proto.floats)
        if kind == 7:
            return tuple(proto.ints)
        if kind == 8:
            return tuple(text.decode("utf-8", "replace") for text in proto.strings)
        if kind == 9:
            return tuple(self.tensor(tensor) for tensor in proto.tensors)
        if kind == 11:
            return self.sparse(proto.sparse_tensor)
        # Graphs are scopes; a reference to a function's attribute has no value here.
        return None

    def sparse(self, proto: onnx.SparseTensorProto) -> Tensor:
        values, indices = self.tensor(proto.values), self.tensor(proto.indices)
        stored = values.stored + indices.stored
        return Tensor(values.dtype, _dims(proto, "sparse"), stored=stored, entries=values.size)

    def tensor(self, proto: onnx.TensorProto) -> Tensor:
        """Tell where the numbers are; refuse what does not fit the file or the shape."""
        dtype = DTYPES.get(proto.data_type, UNKNOWN)
        raw = proto.raw_data
        if raw and not proto.data_location and not proto.external_data:
            # The way of nearly all small tensors; whatever is amiss is told below.
            sizes = tuple(proto.dims)
            if prod(sizes) * dtype.bits + 7 >> 3 == len(raw) and (len(sizes) < 2 or min(sizes) > 0):
                return Tensor(dtype, self.shapes.setdefault(sizes, sizes), raw, (), len(raw))
        shape = _dims(proto, proto.name)
        if dtype is UNKNOWN and proto.data_type:
            self.graph.notes.append(f'tensor "{_short(proto.name)}" has the unknown type {proto.data_type}')
        result = (
            self.external_tensor(proto, dtype, shape) if proto.data_location == 1 else self.own(proto, dtype, shape)
        )
        if dtype.bits and not any(segment.varint for segment in result.segments) and result.stored != result.nbytes:
            message = (
                f'says that "{_short(proto.name)}" is {dtype.name}{list(shape)}, {result.nbytes:,} bytes, '
                f"and holds {result.stored:,}"
            )
            raise ModelError(message)
        return result

    def own(self, proto: onnx.TensorProto, dtype: Any, shape: tuple[int, ...]) -> Tensor:  # noqa: ANN401
        cuts = [wire.stretch_of(entry.value) for entry in proto.external_data if entry.key == self.mark]
        if any(cut.field == wire.RAW for cut in cuts):
            cuts = [cut for cut in cuts if cut.field == wire.RAW][-1:]
        segments = tuple(
            Segment(self.real, cut.offset, cut.length, cut.field in (wire.INT32S, wire.INT64S, wire.UINT64S))
            for cut in cuts
        )
        if segments:
            return Tensor(dtype, shape, None, segments, sum(segment.length for segment in segments))
        if proto.HasField("raw_data"):
            return Tensor(dtype, shape, proto.raw_data, stored=len(proto.raw_data))
        if not dtype.bits:
            return Tensor(dtype, shape, stored=sum(map(len, proto.string_data)))
        array = _typed(proto, dtype)
        count = array.size
        size = Tensor(dtype, shape).size
        if count != size:
            message = f'says that "{_short(proto.name)}" has {size:,} elements, and holds {count:,}'
            raise ModelError(message)
        return Tensor(dtype, shape, array, stored=Tensor(dtype, shape).nbytes)

    def external_tensor(self, proto: onnx.TensorProto, dtype: Any, shape: tuple[int, ...]) -> Tensor:  # noqa: ANN401
        entries = {entry.key: entry.value for entry in proto.external_data}
        path, size = self.confined(entries.get("location", ""), proto.name)
        try:
            offset = int(entries.get("offset", "0") or 0)
            length = int(entries["length"]) if entries.get("length") else size - offset
        except ValueError:
            message = f'has no number where the external data of "{_short(proto.name)}" begins or ends'
            raise ModelError(message) from None
        if offset < 0 or length < 0 or offset + length > size:
            message = f'says that "{_short(proto.name)}" is at byte {offset} to {offset + length} of a file of {size}'
            raise ModelError(message)
        if "length" not in entries and dtype.bits:
            length = min(length, Tensor(dtype, shape).nbytes)
        return Tensor(dtype, shape, None, (Segment(path, offset, length),), length)

    def confined(self, location: str, name: str) -> tuple[str, int]:
        """Return the real path and the size of an external file; refuse any that is not in the model's folder.

        CVE-2022-25882, CVE-2024-27318, CVE-2025-51480: no `..`, no absolute path, no link out, no device.
        """
        known = self.external.get(location)
        if known is not None:
            return known
        parts = PurePosixPath(location.replace("\\", "/")).parts
        absolute = location.startswith(("/", "\\")) or PureWindowsPath(location).drive
        if not location or "\0" in location or absolute or ".." in parts:
            message = f'reads "{_short(name)}" from outside its folder: "{_short(location)}"'
            raise ModelError(message)
        path = os.path.realpath(os.path.join(self.folder, location))  # noqa: PTH118 - realpath follows the links
        if os.path.commonpath([path, self.folder]) != self.folder:
            message = f'reads "{_short(name)}" through a link out of its folder: "{_short(location)}"'
            raise ModelError(message)
        try:
            status = os.stat(path)
        except OSError:
            message = f'lacks its external data: "{_short(location)}" is not beside it'
            raise ModelError(message) from None
        if not stat.S_ISREG(status.st_mode):
            message = f'reads "{_short(name)}" from what is no regular file: "{_short(location)}"'
            raise ModelError(message)
        if status.st_nlink > 1:
            message = f'reads "{_short(name)}" from a hard link, which may lead out of its folder: "{_short(location)}"'
            raise ModelError(message)
        self.external[location] = path, status.st_size
        return path, status.st_size


def _short(text: str | bytes) -> str:
    """Make a name of the file fit to print: one line, no control characters."""
    if isinstance(text, bytes):
        text = text.decode("utf-8", "replace")
    printable = "".join(char if char.isprintable() else "?" for char in text)
    return printable if len(printable) <= 80 else printable[:77] + "..."


def _op(proto: onnx.NodeProto) -> str:
    domain = _domain(proto.domain)
    return f"{domain}.{proto.op_type}" if domain else proto.op_type


def _dims(proto: Any, name: str) -> tuple[int, ...]:  # noqa: ANN401 - a tensor, plain or sparse
    shape = tuple(proto.dims)
    if any(dim < 0 for dim in shape):
        message = f'gives "{_short(name)}" a negative size: {list(shape)}'
        raise ModelError(message)
    return shape


def _typed(proto: onnx.TensorProto, dtype: Any) -> Any:  # noqa: ANN401 - an array of the type
    """Return the small numbers of a tensor that keeps them in typed fields."""
    import numpy as np

    from greenlint.onnx.tensor import decode_typed

    name = dtype.name
    if name in ("float32", "complex64"):
        return np.array(proto.float_data, dtype=np.float32).view(dtype.stored)
    if name in ("float64", "complex128"):
        return np.array(proto.double_data, dtype=np.float64).view(dtype.stored)
    if name == "int64":
        return np.array(proto.int64_data, dtype=np.int64)
    if name in ("uint32", "uint64"):
        return np.array(proto.uint64_data, dtype=np.uint64).astype(dtype.stored)
    return decode_typed(np.array(proto.int32_data, dtype=np.int32).astype(np.int64).view(np.uint64), dtype)


_TYPES: dict[bytes, Type] = {}


def _type(info: onnx.ValueInfoProto) -> Type:
    """Return type and shape."""
    return _interned(info.type)


def _interned(proto: onnx.TypeProto) -> Type:
    """Read a type; a graph has few different ones, and each is read once."""
    key = proto.SerializeToString()
    known = _TYPES.get(key)
    if known is None:
        if len(_TYPES) > _MOST_TYPES:
            _TYPES.clear()
        known = _TYPES[key] = _read_type(proto)
    return known


def _read_type(proto: onnx.TypeProto) -> Type:
    if not proto.HasField("tensor_type"):
        return NO_TYPE
    tensor = proto.tensor_type
    dtype = DTYPES.get(tensor.elem_type)
    if not tensor.HasField("shape"):
        return dtype, None
    return dtype, tuple(dim.dim_value if dim.dim_value > 0 else _unusual_size(dim) for dim in tensor.shape.dim)


def _unusual_size(dim: onnx.TensorShapeProto.Dimension) -> Dim:
    """Return 0, a name, or None; sizes below zero stand for unknown ones in old exports."""
    if dim.HasField("dim_value"):
        return 0 if dim.dim_value == 0 else None
    return None if dim.dim_param in _NAMELESS or not isinstance(dim.dim_param, str) else dim.dim_param


def _settle(scope: Scope) -> None:
    """Mark what is constant, in order; outer scopes come before their bodies."""
    for node in scope.nodes:
        if folding.makes_constant(node):
            for value in node.outputs:
                if value is not None:
                    value.is_constant = True


def _capture(value: Value, scope: Scope) -> None:
    """Note that the owners of a body read a value from outside of it."""
    inner: Scope | None = scope
    while inner is not None and inner is not value.scope:
        if inner.owner is not None:
            inner.owner.captures.append(value)
        inner = inner.outer


def _sources(node: Node) -> Iterable[Node]:
    """Yield the nodes of the same scope that a node or its bodies read from."""
    for value in (*node.inputs, *node.captures):
        if value is not None and value.producer is not None and value.producer.scope is node.scope:
            yield value.producer


def _order(scope: Scope) -> None:
    """Put the nodes of a scope in an order in which each comes after what it reads."""
    waits: dict[Node, int] = {}
    readers: dict[Node, list[Node]] = {}
    for node in scope.nodes:
        sources = set(_sources(node))
        waits[node] = len(sources)
        for source in sources:
            readers.setdefault(source, []).append(node)
    ready = [node for node in scope.nodes if not waits[node]]
    ordered: list[Node] = []
    for node in ready:
        ordered.append(node)
        for reader in readers.get(node, ()):
            waits[reader] -= 1
            if not waits[reader]:
                ready.append(reader)
    if len(ordered) < len(scope.nodes):
        stuck = next(node for node in scope.nodes if waits[node])
        message = f"has a cycle: node {_short(stuck.place)} waits for itself"
        raise ModelError(message)
    scope.nodes[:] = ordered
