"""What ONNX Runtime, onnxslim and onnxsim really change in a model, read from their logs and outputs."""

from __future__ import annotations

import collections
import contextlib
import io
import json
import logging
import os
import re
import signal
import tempfile
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import onnx
import onnx.numpy_helper
import onnx.utils
import onnxruntime

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

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


SECONDS = 60
"""What an optimiser may take for one model."""


@dataclass
class Changes:
    """What ran, under the names of transformers.yaml, and what is left.

    `unused` are stored tensors that the loader drops, `dead` the nodes that no output needs. `left` has the operators
    that make each value afterwards, so that a node can be asked for by what it makes.
    """

    fired: list[str] = field(default_factory=list)
    unused: int = 0
    dead: int = 0
    cast_pairs: int = 0
    error: str = ""
    left: dict[str, list[str]] = field(default_factory=dict)

    def has(self, op: str, outputs: Iterable[str]) -> bool:
        """Tell whether a node is still there."""
        return any(op in self.left.get(name, ()) for name in outputs)


def changes(path: Path, memory: Path | None = None) -> dict[str, Changes]:
    """Ask every optimiser that is installed, each in a process of its own; answers are kept in `memory`, a folder."""
    kept = memory / f"{path.parent.name}-{path.name}-{path.stat().st_size}.json" if memory else None
    known = json.loads(kept.read_text()) if kept and kept.exists() else {}
    for name, ask in OPTIMISERS.items():
        if name not in known:
            known[name] = _apart(ask, path)
    if kept:
        kept.parent.mkdir(parents=True, exist_ok=True)
        kept.write_text(json.dumps(known))
    return {name: Changes(**answer) for name, answer in known.items()}


def _apart(ask: Callable[[Path], Changes], path: Path) -> dict[str, object]:
    """Ask in a child process: optimisers crash, hang and eat memory."""
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        os.close(reading)
        signal.alarm(SECONDS)
        try:
            answer = ask(path)
        except BaseException as error:  # noqa: BLE001 - whatever an optimiser dies of is an answer
            answer = Changes(error=f"{type(error).__name__}: {' '.join(str(error).split())[:120]}")
        with os.fdopen(writing, "w") as stream:
            json.dump(asdict(answer), stream)
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading) as stream:
        text = stream.read()
    os.waitpid(child, 0)
    return dict(json.loads(text)) if text else asdict(Changes(error="crashed, or took too long"))


def onnxslim(path: Path) -> Changes:
    """Optimise a model with onnxslim and read from its log what it did."""
    import onnxslim as package

    log = io.StringIO()
    handler = logging.StreamHandler(log)
    logger = logging.getLogger("onnxslim")
    logger.handlers, logger.propagate = [handler], False
    logger.setLevel(logging.DEBUG)
    for word in ("setLevel", "addHandler", "removeHandler"):
        setattr(logger, word, lambda *_: None)
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        slimmed = package.slim(onnx.load(path))
    text = log.getvalue()
    fired = {f"onnxslim removes {op}" for op in re.findall(r"removing (\w+) op", text)}
    fired |= {f"onnxslim {pattern}" for pattern in re.findall(r"matched pattern (\w+)", text)}
    if re.search(r"Node .* Op \w+ can be replaced by", text):
        fired.add("onnxslim merges equal nodes")
    if "Constant " in text and " can be replaced by " in text and re.search(r"Constant \S+ can be replaced by", text):
        fired.add("onnxslim ties equal constants")
    return Changes(fired=sorted(fired), left=left(slimmed))


def onnxsim(path: Path) -> Changes:
    """Simplify a model with onnxsim; it says nothing of what it did."""
    import onnxsim as package

    simplified, _ = package.simplify(onnx.load(path))
    return Changes(left=left(simplified))


def onnx_runtime(path: Path) -> Changes:
    """Load a model at the levels basic and extended on the CPU and read what changed."""
    levels = onnxruntime.GraphOptimizationLevel
    changes = Changes()
    fired_at_all: set[str] = set()
    log, _, error = _session(path, levels.ORT_DISABLE_ALL, ())
    changes.unused = len(re.findall(r"Removing initializer '", log))
    changes.dead = dead_nodes(path)
    changes.cast_pairs = cast_pairs(path)
    for level in (levels.ORT_ENABLE_BASIC, levels.ORT_ENABLE_EXTENDED):
        log, after, error = _session(path, level, (), changes)
        if error:
            changes.error = error
            return changes
        fired = set(re.findall(r"GraphTransformer (\S+) modified: 1", log))
        if "Level1_RuleBasedTransformer" in fired:
            fired.remove("Level1_RuleBasedTransformer")
            if level == levels.ORT_ENABLE_BASIC:
                fired |= {rule for rule in RULES if _fires(path, rule, after)}
        fired_at_all |= {re.sub(r"L[12]$", "", name) for name in fired}
    changes.fired = sorted(fired_at_all)
    return changes


def _fires(path: Path, rule: str, after: collections.Counter[str]) -> bool:
    """Tell whether a rewrite rule ran: it fires with the other rules off, or the result differs without it."""
    basic = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_BASIC
    log, _, _ = _session(path, basic, [name for name in RULES if name != rule])
    if "GraphTransformer Level1_RuleBasedTransformer modified: 1" in log:
        return True
    return _session(path, basic, [rule])[1] != after


def _session(
    path: Path, level: object, disabled: object, changes: Changes | None = None
) -> tuple[str, collections.Counter[str], str]:
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
            optimized = onnx.load(target, load_external_data=False)
            after = operators(optimized)
            if changes is not None:
                changes.left = left(optimized)
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
        if array.nbytes < 64:
            continue
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


def left(model: onnx.ModelProto) -> dict[str, list[str]]:
    """Return the operators that make each value, in all graphs."""
    made: dict[str, list[str]] = collections.defaultdict(list)
    waiting = [model.graph]
    while waiting:
        for node in waiting.pop().node:
            for name in node.output:
                made[name].append(node.op_type)
            waiting += [attribute.g for attribute in node.attribute if attribute.HasField("g")]
    return dict(made)


OPTIMISERS: dict[str, Callable[[Path], Changes]] = {"ONNX Runtime": onnx_runtime, "onnxslim": onnxslim}
with contextlib.suppress(ImportError):
    import onnxsim as _installed  # noqa: F401

    OPTIMISERS["onnxsim"] = onnxsim
