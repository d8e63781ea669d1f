"""Who would remove what a finding names: the words of a finding, and the severity that follows from them."""

from __future__ import annotations

from greenlint.rule import Severity

NOBODY = "no runtime removes it"
INFO, WARNING = Severity.INFO, Severity.WARNING


def ort(transformer: str, verb: str = "removes") -> str:
    """Say that ONNX Runtime does it when it loads the model, and which of its transformers."""
    return f"ONNX Runtime {verb} it at each load ({transformer})"


def severity(who: str) -> Severity:
    """Work that a runtime does at each load is told; waste that stays is a warning."""
    return WARNING if who.startswith("no runtime") else INFO
