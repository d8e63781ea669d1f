"""What ONNX Runtime and onnxslim really change in a model, read from their logs and outputs."""

from __future__ import annotations

import collections
import os
import re
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

import onnx
import onnx.numpy_helper
import onnx.utils
import onnxruntime

RULES = [
    "EliminateIdentity",
    "EliminateSlice",
    "UnsqueezeElimination",
    "EliminateDropout",
    "ExpandElimination",
    "CastElimination",
    "CastChainElimination",
    "PreShapeNodeElimination",
    "NoopElimination",
    "DivMulFusion",
    "FuseReluClip",
    "GemmSumFusion",
    "GemmTransposeFusion",
    "NotWhereFusion",
    "ConvAddFusion",
    "ConvMulFusion",
    "ConvBNFusion",
    "Pad_Fusion",
    "MatMul_BatchNormalization_Fusion",
    "LabelEncoderFusion",
]


@dataclass
class Changes:
    """What ran, under the names of transformers.yaml.

    `unused` are stored tensors that the loader drops, `dead` the nodes that no output needs.
    """

    fired: set[str] = field(default_factory=set)
    unused: int = 0
    dead: int = 0
    cast_pairs: int = 0
    error: str = ""
    before: collections.Counter[str] = field(default_factory=collections.Counter)
    after: collections.Counter[str] = field(default_factory=collections.Counter)


def onnx_runtime(path: Path) -> Changes:
    """Load a model at the levels basic and extended on the CPU and read what changed."""
    levels = onnxruntime.GraphOptimizationLevel
    changes = Changes(before=operators(onnx.load(path, load_external_data=False)))
    log, _, error = _session(path, levels.ORT_DISABLE_ALL, ())
    changes.unused = len(re.findall(r"Removing initializer '", log))
    changes.dead = dead_nodes(path)
    changes.cast_pairs = cast_pairs(path)
    for level in (levels.ORT_ENABLE_BASIC, levels.ORT_ENABLE_EXTENDED):
        log, after, error = _session(path, level, ())
        if error:
            changes.error = error
            return changes
        changes.after = after
        fired = set(re.findall(r"GraphTransformer (\S+) modified: 1", log))
        if "Level1_RuleBasedTransformer" in fired:
            fired.remove("Level1_RuleBasedTransformer")
            if level == levels.ORT_ENABLE_BASIC:
                fired |= {rule for rule in RULES if _fires(path, rule, after)}
        changes.fired |= {re.sub(r"L[12]$", "", name) for name in fired}
    return changes


def _fires(path: Path, rule: str, after: collections.Counter[str]) -> bool:
    """Tell whether a rewrite rule ran: it fires with the other rules off, or the result differs without it."""
    basic = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_BASIC
    log, _, _ = _session(path, basic, [name for name in RULES if name != rule])
    if "GraphTransformer Level1_RuleBasedTransformer modified: 1" in log:
        return True
    return _session(path, basic, [rule])[1] != after


def _session(path: Path, level: object, disabled: object) -> tuple[str, collections.Counter[str], str]:
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = level
    options.log_severity_level = 1
    options.intra_op_num_threads = 1
    with tempfile.TemporaryDirectory() as folder, tempfile.TemporaryFile() as log:
        target = Path(folder) / "optimized.onnx"
        options.optimized_model_filepath = str(target)
        stderr = os.dup(2)
        os.dup2(log.fileno(), 2)
        error = ""
        try:
            onnxruntime.InferenceSession(
                str(path), options, providers=["CPUExecutionProvider"], disabled_optimizers=list(disabled)
            )
        except Exception as failure:  # noqa: BLE001 - whatever ONNX Runtime refuses is no case
            error = " ".join(str(failure).split())[:120]
        finally:
            os.dup2(stderr, 2)
            os.close(stderr)
        log.seek(0)
        text = log.read().decode(errors="replace")
        after: collections.Counter[str] = collections.Counter()
        if target.exists():
            after = operators(onnx.load(target, load_external_data=False))
    return text, after, error


def equal_tensors(path: Path, least: int = 1000) -> bool:
    """Tell whether copies of one tensor waste so many bytes, in any graph, read by the onnx package."""
    model = onnx.load(path)
    wasted: collections.Counter[tuple[object, ...]] = collections.Counter()
    seen: set[tuple[object, ...]] = set()
    tensors: list[onnx.TensorProto] = []
    waiting = [model.graph]
    while waiting:
        graph = waiting.pop()
        tensors += graph.initializer
        for op, attribute in ((node.op_type, attribute) for node in graph.node for attribute in node.attribute):
            if attribute.HasField("g"):
                waiting.append(attribute.g)
            elif attribute.HasField("t") and op == "Constant":
                tensors.append(attribute.t)
    for tensor in tensors:
        array = onnx.numpy_helper.to_array(tensor)
        key = (tensor.data_type, tuple(tensor.dims), array.tobytes())
        wasted[key] += array.nbytes if key in seen else 0
        seen.add(key)
    return any(count >= least for count in wasted.values())


def dead_nodes(path: Path) -> int:
    """Count the nodes of the main graph that onnx.utils.Extractor does not need for the outputs."""
    model = onnx.load(path, load_external_data=False)
    graph = model.graph
    if any(attribute.HasField("g") for node in graph.node for attribute in node.attribute):
        return 0  # the extractor does not follow what bodies read from outside
    try:
        extracted = onnx.utils.Extractor(model).extract_model(
            [v.name for v in graph.input], [v.name for v in graph.output]
        )
    except Exception:  # noqa: BLE001 - it does not take every model
        return 0
    return sum(1 for node in graph.node if node.op_type != "Constant") - sum(
        1 for node in extracted.graph.node if node.op_type != "Constant"
    )


def cast_pairs(path: Path) -> int:
    """Count the Casts of the main graph that read a Cast."""
    nodes = onnx.load(path, load_external_data=False).graph.node
    casts = {node.output[0] for node in nodes if node.op_type == "Cast"}
    return sum(1 for node in nodes if node.op_type == "Cast" and node.input[0] in casts)


def operators(model: onnx.ModelProto) -> collections.Counter[str]:
    """Count the operators of all graphs; Constant is not counted, every tool stores it in its own way."""
    counts: collections.Counter[str] = collections.Counter()
    waiting = [model.graph]
    while waiting:
        for node in waiting.pop().node:
            if node.op_type != "Constant":
                counts[node.op_type] += 1
            waiting += [attribute.g for attribute in node.attribute if attribute.HasField("g")]
    return counts
