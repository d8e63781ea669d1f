"""Exports for deployment: where a model leaves training, in which precision and mode."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from greenlint.python.devices import offers_precision
from greenlint.python.facts import Attribute, Constant, Expression, Name, tail, written
from greenlint.python.forward import Forward
from greenlint.python.scope import once
from greenlint.python.values import Instance, Made, Unknown

if TYPE_CHECKING:
    from collections.abc import Iterator

    from greenlint.python.inference import Inference
    from greenlint.python.program import Program
    from greenlint.python.scope import Binding, Module, Spot

_ONNX = frozenset(
    [
        "torch.onnx.export",
        "torch.onnx._export",
        "torch.onnx.dynamo_export",
        "torch.onnx.utils.export",
        "torch.onnx.utils._export",
        "transformers.onnx.export",
        "transformers.onnx.convert.export",
    ]
)
_TRACED = frozenset({"torch.jit.trace", "torch.jit.script", "torch.jit.trace_module"})
_PROGRAMS = frozenset({"torch.export.export", "torch.export.export_for_inference"})
_TENSORFLOW = re.compile(
    r"^(?:tensorflow\.saved_model\.save|tensorflow\.saved_model\.simple_save|tensorflow\.lite\.TFLiteConverter(?:\.\w+)?\.convert|"
    r"tensorflow\.lite\.TocoConverter(?:\.\w+)?\.convert|tf2onnx\.convert\.from_(?:keras|function|graph_def|tflite)|keras2onnx\.convert_keras|"
    r"keras\.(?:Model|Sequential|models\.\w+|applications\.\w+(?:\.\w+)?)\.export|optimum\.exporters\.onnx\.(?:main_export|export))$"
)
_OPENVINO = re.compile(r"^openvino\.(?:\w+\.)*save_model$")
_COREML = re.compile(r"^coremltools\.(?:\w+\.)*convert$")
_REDUCED = re.compile(
    r"quanti[sz](?!able)|(?<!u)int8|(?:^|_)int4|qint|float16|fp16|half|bfloat16|bf16|^Optimize$|^optimizations$|weight_only|nncf|"
    r"(?:^|_)fp8|float8|compress_to|palettize|prune_low|_amp$|^amp$|autocast|convert_float",
    re.IGNORECASE,
)


@cache
def _kind(name: str) -> str:
    """Tell what a library's function exports, empty where it does not."""
    if name in _ONNX:
        return "onnx"
    if name in _TRACED:
        return "script" if name.endswith("script") else "trace"
    if name in _PROGRAMS:
        return "export"
    if _TENSORFLOW.match(name):
        return "convert"
    if _COREML.match(name):
        # The old converters, of Keras and Caffe, make float32 neural networks.
        old = ".converters." in name and name != "coremltools.converters.convert"
        return "convert" if old else "coreml"
    return "openvino" if _OPENVINO.match(name) else ""


_PLAIN_SAVE = frozenset({"save", "torch.jit.save", "torch.export.save", "save_to_file", "_save_for_lite_interpreter"})


@dataclass(frozen=True, slots=True, eq=False)
class Export:
    """One export: the call, what it is called in the source, and the model's expression when it has one."""

    spot: Spot
    kind: str
    model: Expression | None

    @property
    def name(self) -> str:
        """The call as it is written: `torch.onnx.export`."""
        return written(self.spot.call.func)


class Exports:
    """The exports of one program."""

    def __init__(self, program: Program, inference: Inference) -> None:
        """Look at nothing yet."""
        self.program = program
        self.inference = inference
        self._of_file: dict[int, list[Export]] = {}

    def all(self, module: Module) -> list[Export]:
        """Return every call of a file that exports, traces or converts a model, in order."""
        key = id(module)
        if key not in self._of_file:
            spots = (spot for scope in module.scopes for spot in sorted(scope.spots, key=lambda one: one.call.at))
            self._of_file[key] = [export for spot in spots if (export := self._export(spot)) is not None]
        return self._of_file[key]

    def _export(self, spot: Spot) -> Export | None:
        if any(edge.kind == "call" for edge in self.program.edges(spot)):
            return None
        for name in self.program.callees(spot):
            kind = _kind(name)
            if kind in ("convert", "coreml", "openvino"):
                return Export(spot, kind, None)
            if kind:
                return self._with_model(spot, kind)
        return self._keras_export(spot)

    def _with_model(self, spot: Spot, kind: str) -> Export:
        for word in ("model", "func", "obj", "mod", "preprocessor"):
            argument = self.program.argument(spot.call, word)
            if argument is not None and word != "preprocessor":
                return Export(spot, kind, argument.value)
        transformers = any(name.startswith("transformers.") for name in self.program.callees(spot))
        argument = self.program.argument(spot.call, "model", 1 if transformers else 0)
        return Export(spot, kind, argument.value if argument is not None else None)

    def _keras_export(self, spot: Spot) -> Export | None:
        func = spot.call.func
        if isinstance(func, Attribute) and func.name == "export" and spot.call.arguments:
            for value in self.program.values(func.value, spot.block):
                if isinstance(value, Instance) and any(
                    base.startswith("keras.") for base in self.program.bases(value.cls)
                ):
                    return Export(spot, "convert", None)
        return None

    # Precision

    def in_full_precision(self, module: Module) -> Iterator[Export]:
        """Yield the exports for deployment of a file in which nothing reduces precision, alternatives once."""
        if reduces_precision(module):
            return
        kept: list[Export] = []
        for export in self.all(module):
            if not self._ships(export) or self._is_parameterless(export):
                continue
            twin = next((other for other in kept if self._is_alternative(other, export)), None)
            if twin is not None and export.name == "torch.onnx.export" != twin.name:
                # Of two alternatives the plain exporter is the one to mend.
                kept[kept.index(twin)] = export
            elif twin is None and not any(self._repacks(export, other) for other in kept):
                kept.append(export)
        yield from kept

    def _ships(self, export: Export) -> bool:
        """Tell whether an export leaves a file in full precision, rather than a traced object in memory."""
        call = export.spot.call
        if export.kind in ("trace", "script", "export"):
            return self._is_saved(export)
        if export.kind == "coreml":
            # ML programs are float16 unless asked otherwise (coremltools 7 and later).
            target = self.program.argument(call, "convert_to")
            precision = self.program.argument(call, "compute_precision")
            neural = target is not None and isinstance(target.value, Constant) and target.value.value == "neuralnetwork"
            return neural or (precision is not None and tail(precision.value) == "FLOAT32")
        if export.kind == "openvino":
            # save_model() compresses weights to float16 by itself (OpenVINO 2023.1 and later).
            compress = self.program.argument(call, "compress_to_fp16")
            return compress is not None and isinstance(compress.value, Constant) and compress.value.value is False
        return True

    def _is_saved(self, export: Export) -> bool:
        call = export.spot.call
        for module in self.program.modules:
            for spot in module.spots():
                func = spot.call.func
                if tail(func) not in ("save", "_save_for_lite_interpreter", "save_to_file"):
                    continue
                candidates = [argument.value for argument in spot.call.arguments[:1]]
                if isinstance(func, Attribute):
                    candidates.append(func.value)
                for item in candidates:
                    if any(
                        isinstance(value, Made) and value.call is call
                        for value in self.program.values(item, spot.block)
                    ):
                        return True
        return False

    @staticmethod
    def _is_alternative(first: Export, second: Export) -> bool:
        """Tell whether two exports are branches of one: under one `if`, or one the fallback of the other's `try`."""
        if first.spot.scope is not second.spot.scope:
            return False
        if first.spot.block.excludes(second.spot.block):
            return True
        tries = {
            id(block.owner): block.branch for block in first.spot.block.up() if type(block.owner).__name__ == "Try"
        }
        return any(
            tries.get(id(block.owner), block.branch) != block.branch
            for block in second.spot.block.up()
            if type(block.owner).__name__ == "Try"
        )

    def _repacks(self, export: Export, other: Export) -> bool:
        if export.model is None:
            return False
        return any(
            isinstance(value, Made) and value.call is other.spot.call
            for value in self.program.values(export.model, export.spot.block)
        )

    def _is_parameterless(self, export: Export) -> bool:
        """Tell whether the model is a class of the project that holds no layer and no parameter."""
        if export.model is None:
            return False
        for value in self.program.values(export.model, export.spot.block):
            if not isinstance(value, Instance) or value.call is None:
                return False
            for scope in self.program.lineage(value.cls):
                if any(_is_handed_in(one) for bindings in scope.attributes.values() for one in bindings):
                    return False
                for inner in scope.all():
                    for spot in inner.spots:
                        if any(
                            not isinstance(one, Unknown) and "super" not in getattr(one, "name", "")
                            for one in self.program.values(spot.call.func, spot.block)
                            if getattr(one, "name", "").startswith(
                                ("torch.nn.", "torchvision.", "timm.", "transformers.")
                            )
                            or type(one).__name__ == "ClassValue"
                        ):
                            return False
            return not self.program.bases(value.cls) - {"torch.nn.Module"}
        return False

    # Mode

    def as_run(self, export: Export) -> Forward | None:
        """See an export as a run of its model, for the questions that evaluation asks."""
        if export.model is None:
            return None
        return Forward(export.spot, export.model, self.program.values(export.model, export.spot.block))

    def in_training_mode(self, export: Export) -> bool:
        """Tell whether a model is surely in training mode when it is exported."""
        run = self.as_run(export)
        if run is None or export.kind not in ("onnx", "trace", "export"):
            return False
        inference = self.inference
        if not all(
            inference.is_model(value, export.spot.scope.module) or isinstance(value, Unknown) for value in run.values
        ):
            return False
        if any(isinstance(value, Made) and value.name.startswith("keras.") for value in run.values):
            return False
        return inference.switching.in_training_mode(run)

    def chooses_mode(self, export: Export) -> bool:
        """Tell whether an ONNX export says itself in which mode it runs: `dynamo=False`, or `training=...`."""
        dynamo = self.program.argument(export.spot.call, "dynamo")
        if dynamo is not None and not (isinstance(dynamo.value, Constant) and dynamo.value.value is True):
            return True
        if export.kind == "onnx" and self.program.open_ended(export.spot.call):
            return True
        return self.program.argument(export.spot.call, "training") is not None and export.kind == "onnx"

    def training_argument(self, export: Export) -> str:
        """Return how an ONNX export asks for a training graph, or an empty string."""
        if export.kind != "onnx":
            return ""
        argument = self.program.argument(export.spot.call, "training")
        if argument is None:
            return ""
        mode = tail(argument.value)
        if mode == "TRAINING" or (isinstance(argument.value, Constant) and argument.value.value is True):
            return f"training={written(argument.value) if mode else 'True'}"
        if mode == "PRESERVE" and self.in_training_mode(export):
            return f"training={written(argument.value)}"
        return ""

    def honest_arguments(self, export: Export) -> Iterator[str]:
        """Yield the arguments of an ONNX export that keep more than inference needs, and have honest uses."""
        if export.kind != "onnx":
            return
        for name, wasteful in (
            ("do_constant_folding", False),
            ("export_params", False),
            ("keep_initializers_as_inputs", True),
        ):
            argument = self.program.argument(export.spot.call, name)
            if argument is not None and isinstance(argument.value, Constant) and argument.value.value is wasteful:
                yield f"{name}={wasteful}"


def _is_handed_in(binding: Binding) -> bool:
    """See `self.body = body`: a module that a wrapper is made around has its own parameters."""
    node = binding.node
    return isinstance(node, Name) and any(one.name == node.id for one in binding.block.scope.parameters)


@once
def reduces_precision(module: Module) -> bool:
    """Tell whether a file quantises or names a reduced precision, even as an option."""
    return (
        offers_precision(module)
        or any(_REDUCED.search(word) for word in module.identifiers)
        or any(_REDUCED.search(text) for text in module.strings if len(text) < 40)  # noqa: PLR2004
    )
