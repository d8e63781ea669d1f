"""Small models, honest and hostile, made in memory."""

from __future__ import annotations

import numpy as np
import onnx
import onnx.parser
from onnx import TensorProto, helper, numpy_helper

HEAD = '<ir_version: 8, opset_import: ["" : 17]>\n'


def parsed(text: str) -> onnx.ModelProto:
    return onnx.parser.parse_model(text if text.lstrip().startswith("<") else HEAD + text)


def with_weights(rows: int, columns: int, seed: int = 0) -> onnx.ModelProto:
    weights = np.random.default_rng(seed).standard_normal((rows, columns)).astype(np.float32)
    return graph([helper.make_node("MatMul", ["x", "w"], ["y"])], [numpy_helper.from_array(weights, "w")], (1, rows))


def graph(
    nodes: list[onnx.NodeProto], tensors: list[onnx.TensorProto] = (), shape: tuple[int, ...] = (1, 4)
) -> onnx.ModelProto:  # type: ignore[assignment]
    inputs = [helper.make_tensor_value_info("x", TensorProto.FLOAT, shape)]
    outputs = [helper.make_tensor_value_info("y", TensorProto.FLOAT, None)]
    made = helper.make_graph(nodes, "g", inputs, outputs, list(tensors))
    return helper.make_model(made, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


def external(location: str, **entries: object) -> onnx.ModelProto:
    tensor = TensorProto(name="w", data_type=1, dims=[4], data_location=1)
    for key, value in {"location": location, **entries}.items():
        tensor.external_data.add(key=key, value=str(value))
    return graph([helper.make_node("Add", ["x", "w"], ["y"])], [tensor])


def nested_ifs(depth: int) -> onnx.ModelProto:
    nodes, name = [helper.make_node("Relu", ["x"], ["o0"])], "o0"
    for level in range(1, depth + 1):
        info = helper.make_tensor_value_info(name, TensorProto.FLOAT, None)
        then = helper.make_graph(nodes, f"t{level}", [], [info])
        other = helper.make_tensor_value_info(f"e{level}", TensorProto.FLOAT, None)
        other_graph = helper.make_graph([helper.make_node("Neg", ["x"], [f"e{level}"])], f"e{level}", [], [other])
        name = f"o{level}" if level < depth else "y"
        nodes = [helper.make_node("If", ["c"], [name], then_branch=then, else_branch=other_graph)]
    condition = numpy_helper.from_array(np.array(1, dtype=np.bool_), "c")
    return graph(nodes, [condition])


def function_chain(length: int, *, cyclic: bool = False, calls: int = 2) -> onnx.ModelProto:
    opsets = [helper.make_opsetid("", 17), helper.make_opsetid("f", 1)]
    functions = []
    for level in range(length):
        target = 0 if cyclic and level == length - 1 else level + 1
        names = ["a", *(f"t{i}" for i in range(calls - 1)), "b"]
        nodes = [helper.make_node(f"F{target}", [names[i]], [names[i + 1]], domain="f") for i in range(calls)]
        functions.append(helper.make_function("f", f"F{level}", ["a"], ["b"], nodes, opsets))
    functions.append(
        helper.make_function("f", f"F{length}", ["a"], ["b"], [helper.make_node("Relu", ["a"], ["b"])], opsets)
    )
    model = graph([helper.make_node("F0", ["x"], ["y"], domain="f")])
    model.functions.extend(functions)
    model.opset_import.append(helper.make_opsetid("f", 1))
    return model


def chain(count: int) -> onnx.ModelProto:
    names = ["x", *(f"v{i}" for i in range(count - 1)), "y"]
    ops = ("Relu", "Sigmoid", "Exp", "Neg")
    return graph([helper.make_node(ops[i % 4], [names[i]], [names[i + 1]], name=f"n{i}") for i in range(count)])
