"""Reading an ONNX model for the card; without the extra `onnx` one sentence says what is missing."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from greenlint.card.documents import sha256
from greenlint.card.model import Input, Model
from greenlint.errors import ModelError, RuleError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from greenlint.finding import Finding


def inspect(path: Path, shown: str) -> Model:
    """Inspect one model with the stable graph rules; raises `ModelError` in one line when it cannot be read."""
    if not path.is_file():
        message = f"{shown}: no such file"
        raise ModelError(message)
    try:
        from greenlint.onnx.load import load

        graph = load(path)
    except ModelError as error:
        message = f"{shown}: {error}"
        raise ModelError(message) from None
    except ImportError as error:
        if (error.name or "").startswith("greenlint"):
            raise
        message = f"{shown}: not inspected, ONNX models are read with `pip install greenlint[onnx]`"
        raise ModelError(message) from None
    weight_bytes: Counter[str] = Counter()
    parameters = 0
    for value in graph.initializers:
        tensor = value.stored
        if tensor is None or tensor.dtype.name == "string":
            continue
        # Shapes, axes and indices are small whole numbers and no parameters of the model.
        if tensor.dtype.name in {"int64", "int32", "bool"} and tensor.size < 1024:  # noqa: PLR2004
            continue
        weight_bytes[tensor.dtype.name] += tensor.nbytes
        parameters += tensor.size
    return Model(
        path=shown,
        sha256=sha256(path),
        file_bytes=path.stat().st_size + int(graph.sizes.get("external", 0)),
        parameters=parameters,
        weight_bytes=dict(sorted(weight_bytes.items())),
        operators=dict(sorted(Counter(node.op for node in graph.nodes).items(), key=lambda pair: (-pair[1], pair[0]))),
        inputs=tuple(_inputs(graph)),
        opset=graph.opset,
        producer=graph.producer,
        findings=tuple(_findings(graph, shown)),
    )


def _inputs(graph: Any) -> Iterator[Input]:  # noqa: ANN401 - greenlint.onnx.graph.Graph, imported late
    for value in graph.main.inputs:
        if value.tensor is None:
            shape = tuple("?" if dim is None else dim for dim in value.shape or ())
            yield Input(value.name, value.dtype.name if value.dtype else "", shape)


def _findings(graph: Any, shown: str) -> Iterator[Finding]:  # noqa: ANN401
    from greenlint import catalogue
    from greenlint.detector import detector_of
    from greenlint.finding import Finding, GraphPlace
    from greenlint.rule import Life, Target

    for rule in catalogue.load().for_target(Target.GRAPH):
        if rule.life is not Life.STABLE or not rule.on_by_default:
            continue
        try:
            detector = detector_of(rule)
        except RuleError:
            continue
        options = {name.replace("-", "_"): option.default for name, option in rule.options.items()}
        for flag in detector(graph, **options):
            node = str(getattr(flag.at, "place", ""))
            message = rule.message.format(**flag.values)
            yield Finding(
                rule, flag.severity or rule.severity, GraphPlace(shown, node), message, values=dict(flag.values)
            )
