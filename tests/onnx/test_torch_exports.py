"""What torch's exporters leave behind: training exports are found, those for inference are clean."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

pytest.importorskip("onnx", reason="reading models needs the extra [onnx]")
torch = pytest.importorskip("torch", reason="exports need torch")

from greenlint import catalogue  # noqa: E402
from greenlint.config import Configuration, Overrides  # noqa: E402
from greenlint.inspection import inspect  # noqa: E402
from greenlint.rule import Severity  # noqa: E402

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = [pytest.mark.framework, pytest.mark.slow, pytest.mark.filterwarnings("ignore")]


def training_findings(folder: Path, *, dynamo: bool, train: bool) -> set[tuple[str, Severity]]:
    if dynamo:
        pytest.importorskip("onnxscript", reason="torch's new exporter needs onnxscript")
    module = torch.nn.Sequential(
        torch.nn.Conv2d(3, 4, 3), torch.nn.BatchNorm2d(4), torch.nn.ReLU(), torch.nn.Dropout(0.5), torch.nn.Flatten()
    ).train(train)
    settings = (
        {} if dynamo else {"training": torch.onnx.TrainingMode.TRAINING if train else torch.onnx.TrainingMode.EVAL}
    )
    path = folder / "model.onnx"
    torch.onnx.export(module, (torch.rand(2, 3, 8, 8),), path, dynamo=dynamo, verbose=False, **settings)
    rules = Overrides(select=("ECO701", "ECO702", "ECO703", "ECO704", "ECO705"))
    inspected = inspect(path, Configuration(catalogue.load(), rules).settings(folder))
    assert not inspected.judged.problems
    return {(finding.rule.code, finding.severity) for finding in inspected.judged.findings}


@pytest.mark.parametrize("dynamo", [False, True])
def test_an_export_for_training(tmp_path: Path, *, dynamo: bool) -> None:
    found = training_findings(tmp_path, dynamo=dynamo, train=True)
    assert ("ECO704", Severity.WARNING) in found
    # The new exporter folds the norm even in training mode, torch 2.13.
    assert dynamo or ("ECO705", Severity.ERROR) in found


@pytest.mark.parametrize("dynamo", [False, True])
def test_an_export_for_inference(tmp_path: Path, *, dynamo: bool) -> None:
    assert not training_findings(tmp_path, dynamo=dynamo, train=False)
