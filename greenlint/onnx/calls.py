"""Local functions as one call sees them: the body with the shapes and attributes that it has there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import onnx
from onnx import numpy_helper

from greenlint.errors import ModelError
from greenlint.onnx import shapes
from greenlint.onnx.graph import Scope

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Iterator, Mapping

    from greenlint.onnx.graph import Node, Value

    Key = tuple[str, str, str]
    Fill = Callable[[onnx.GraphProto, Scope, Container[str]], None]

MOST_NODES = 50_000
"""Nodes of all bodies together that are given shapes; what calls beyond that cost is unknown."""
_LEAST_NODES = 100
"""What a small body counts as: each costs an inference of its own."""
_MOST_NUMBERS = 64


def key_of(message: Any) -> Key:  # noqa: ANN401 - a node, which calls, or a function, which is called
    """Return what a call and the function that it calls have in common."""
    name = message.op_type if isinstance(message, onnx.NodeProto) else message.name
    return "" if message.domain == "ai.onnx" else message.domain, name, message.overload


class Calls:
    """Gives the bodies of local functions; calls with equal types, constants and attributes share one."""

    def __init__(self, model: onnx.ModelProto, sizes: Mapping[Key, int], fill: Fill) -> None:
        """Keep the functions of a model and how many nodes each stands for; `fill` makes a scope of a graph.

        The third argument of `fill` are the names of inputs that are constant.
        """
        self.functions = {key_of(function): function for function in model.functions}
        self.model = model
        self.sizes = sizes
        self.fill = fill
        self.bodies: dict[object, Scope | None] = {}
        self.left = MOST_NODES

    def body(self, call: Node) -> Scope | None:
        """Return the body of the function that a node calls, None where it cannot be told."""
        function = self.functions.get(key_of(call.proto))
        if function is None:
            return None
        attributes = {attribute.name: attribute for attribute in call.proto.attribute}
        signature = (
            key_of(function),
            tuple(_described(value) for value in call.inputs),
            tuple(sorted((name, a.SerializeToString(deterministic=True)) for name, a in attributes.items())),
        )
        if signature not in self.bodies:
            self.left -= max(self.sizes.get(key_of(function), 0), _LEAST_NODES)
            self.bodies[signature] = self.made(function, call, attributes) if self.left >= 0 else None
        return self.bodies[signature]

    def called(self, graph: onnx.GraphProto) -> list[onnx.FunctionProto]:
        """Return the functions that a graph calls, and those that these call."""
        found: dict[Key, onnx.FunctionProto] = {}
        waiting = [key_of(node) for node in _all_nodes(graph)]
        while waiting:
            key = waiting.pop()
            if key in self.functions and key not in found:
                found[key] = self.functions[key]
                waiting += [key_of(node) for node in _all_nodes(found[key])]
        return list(found.values())

    def made(
        self, function: onnx.FunctionProto, call: Node, attributes: Mapping[str, onnx.AttributeProto]
    ) -> Scope | None:
        """Give a body the types of a call, and let shape inference do the rest."""
        model = onnx.ModelProto(ir_version=self.model.ir_version, opset_import=function.opset_import)
        graph = model.graph
        graph.name = function.name
        graph.node.extend(function.node)
        graph.output.extend(onnx.ValueInfoProto(name=name) for name in function.output)
        given = {attribute.name: attribute for attribute in function.attribute_proto} | dict(attributes)
        missing: set[str] = set()
        for place, name in enumerate(function.input):
            value = call.input(place)
            if value is None:
                missing.add(name)
            else:
                _declare(graph, name, value)
        for node in _all_nodes(graph):
            _give_attributes(node, given)
            if missing and not missing.isdisjoint(node.input):
                node.input[:] = ["" if name in missing else name for name in node.input]
        model.functions.extend(self.called(graph))
        pairs = zip(function.input, call.inputs, strict=False)
        constant = {name for name, value in pairs if value is not None and value.is_constant}
        scope = Scope("", "call")
        try:
            inferred = shapes.infer(model)
            self.fill(inferred.graph, scope, constant)
        except ModelError:
            return None
        except Exception:  # noqa: BLE001 - inference is a help, whatever it dies of
            return None
        return scope


def _described(value: Value | None) -> object:
    """Return what the shapes inside of a body can depend on: the type, and few whole numbers."""
    if value is None:
        return None
    dtype = value.dtype
    numbers = value.numbers(_MOST_NUMBERS) if dtype is not None and dtype.is_integer else None
    return (value.type, value.is_constant, None if numbers is None else numbers.tobytes())


def _declare(graph: onnx.GraphProto, name: str, value: Value) -> None:
    """Add an input; one with few whole numbers is a constant, because sizes may come from it."""
    dtype = value.dtype
    numbers = value.numbers(_MOST_NUMBERS) if dtype is not None and dtype.is_integer else None
    if numbers is not None:
        graph.initializer.append(numpy_helper.from_array(numbers, name))
        return
    graph.input.add(name=name).type.CopyFrom(shapes.type_proto(value.type))


def _give_attributes(node: onnx.NodeProto, given: Mapping[str, onnx.AttributeProto]) -> None:
    """Put the attributes of the call where the body refers to them."""
    if not any(attribute.ref_attr_name for attribute in node.attribute):
        return
    kept = []
    for attribute in node.attribute:
        source = given.get(attribute.ref_attr_name) if attribute.ref_attr_name else attribute
        if source is not None:
            copy = onnx.AttributeProto()
            copy.CopyFrom(source)
            copy.name = attribute.name
            kept.append(copy)
    del node.attribute[:]
    node.attribute.extend(kept)


def _all_nodes(graph: onnx.GraphProto | onnx.FunctionProto) -> Iterator[onnx.NodeProto]:
    waiting: list[onnx.GraphProto | onnx.FunctionProto] = [graph]
    while waiting:
        for node in waiting.pop().node:
            yield node
            for attribute in node.attribute:
                if attribute.HasField("g"):
                    waiting.append(attribute.g)
                waiting.extend(attribute.graphs)
