"""Who would remove what a finding names: the words of a finding, and the severity that follows from them."""

from __future__ import annotations

from greenlint.rule import Severity

NOBODY = "no runtime removes it"
"""Whoever did would change what the model computes."""
KEPT = "ONNX Runtime does not remove it"
"""Measured on ONNX Runtime 1.31; others may."""
INFO, WARNING = Severity.INFO, Severity.WARNING


def ort(transformer: str, verb: str = "removes") -> str:
    """Say that ONNX Runtime does it when it loads the model, and which of its transformers."""
    return f"ONNX Runtime {verb} it at each load ({transformer})"


def ort_if_told(transformer: str, verb: str = "fuses") -> str:
    """Say the same of what depends on sizes that are symbols, which ONNX Runtime may lose on the way."""
    return f"ONNX Runtime {verb} it at each load if it can tell the sizes: {transformer}"


def severity(who: str) -> Severity:
    """Work that a runtime does at each load is told; waste that stays is a warning."""
    return WARNING if who.startswith(("no runtime", "ONNX Runtime does not")) else INFO
