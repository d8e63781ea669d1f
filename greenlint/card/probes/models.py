"""What inspected models show."""

from __future__ import annotations

from typing import TYPE_CHECKING

from greenlint.card.checklist import load
from greenlint.card.documents import MEGABYTE
from greenlint.card.evidence import INDICATES, PROVES, REFUTES, REMARKS, Evidence
from greenlint.card.language import size, text, whole

if TYPE_CHECKING:
    from collections.abc import Iterator

    from greenlint.card.evidence import Material

_MODEST_PARAMETERS = 1_000_000_000
_NARROW_TASKS = ("-classification", "-regression", "-detection", "-segmentation", "-estimation", "-forecasting")
_MOST = 0.5
_SLACK = 100
_EDGE_BYTES = 20 * MEGABYTE
_REQUEST_BYTES = MEGABYTE


def narrow_and_small(material: Material) -> Iterator[Evidence]:
    """Models of a modest size under a card that names one narrow task."""
    card = material.repository.card
    task = card.metadata.get("pipeline_tag") if card else None
    if not isinstance(task, str) or not task.endswith(_NARROW_TASKS):
        return
    for model in material.models:
        if model.parameters <= _MODEST_PARAMETERS:
            told = text(
                f"{whole(model.parameters)} parameters, {task}", f"{whole(model.parameters, 'fr')} paramètres, {task}"
            )
            yield Evidence(INDICATES, "onnx", model.path, told)


def parameter_budget(material: Material) -> Iterator[Evidence]:
    """Models against a declared budget of parameters; one that is far above them says nothing."""
    limit = material.budget.get("parameters")
    for model in material.models if limit is not None else ():
        role = REFUTES if model.parameters > (limit or 0) else INDICATES
        if model.parameters * _SLACK < (limit or 0):
            role = REMARKS
        told = text(
            f"{whole(model.parameters)} parameters, budget {whole(int(limit or 0))}",
            f"{whole(model.parameters, 'fr')} paramètres, budget {whole(int(limit or 0), 'fr')}",
        )
        yield Evidence(role, "onnx", model.path, told)


def reduced_precision(material: Material) -> Iterator[Evidence]:
    """Most weight bytes of every model in 16 bits or fewer."""
    if any(model.reduced_share < _MOST for model in material.models):
        return
    for model in material.models:
        share = f"{model.reduced_share:.0%}"
        told = text(
            f"{share} of weight bytes in 16 bits or fewer",
            f"{share.replace('%', ' %')} des octets de poids en 16 bits ou moins",
        )
        yield Evidence(PROVES, "onnx", model.path, told)


def inference_format(material: Material) -> Iterator[Evidence]:
    """Yield each ONNX model, or another inference format in the repository."""
    for model in material.models:
        opset, digest = f"ONNX opset {model.opset}", f"sha256 {model.sha256[:12]}"
        told = text(
            f"{opset}, {size(model.file_bytes)}, {digest}", f"{opset}, {size(model.file_bytes, 'fr')}, {digest}"
        )
        yield Evidence(PROVES, "onnx", model.path, told)
    for name in material.repository.inference_files[:1]:
        told = text("an inference format, not inspected", "un format d'inférence, non inspecté")
        yield Evidence(INDICATES, "repository", name, told)


def clean_graph(material: Material) -> Iterator[Evidence]:
    """Yield graphs in which no rule found anything to remove."""
    item = load().item("DEP-1.2")
    removals = item.refuted_by if item else ()
    for model in material.models:
        if not any(finding.rule.code in removals for finding in model.findings):
            nodes = sum(model.operators.values())
            told = text(f"{nodes} nodes, nothing to remove found", f"{nodes} nœuds, rien à retirer trouvé")
            yield Evidence(PROVES, "onnx", model.path, told)


def dynamic_batch(material: Material) -> Iterator[Evidence]:
    """Models that all take a batch."""
    if not all(model.has_free_batch for model in material.models):
        return
    for model in material.models:
        shape = " x ".join(map(str, model.inputs[0].shape))
        yield Evidence(PROVES, "onnx", model.path, text(f"first input {shape}", f"première entrée {shape}"))


def edge_size(material: Material) -> Iterator[Evidence]:
    """Models small enough for a device."""
    for model in material.models:
        if model.file_bytes <= _EDGE_BYTES:
            yield Evidence(INDICATES, "onnx", model.path, text(size(model.file_bytes), size(model.file_bytes, "fr")))


def small_request(material: Material) -> Iterator[Evidence]:
    """Yield inputs of a known and small size."""
    for model in material.models:
        amount = model.request_bytes
        if amount is not None and amount <= _REQUEST_BYTES:
            told = text(f"{size(int(amount))} per request", f"{size(int(amount), 'fr')} par requête")
            yield Evidence(INDICATES, "onnx", model.path, told)
