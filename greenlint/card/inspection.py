"""An ONNX model for the card: inspected and summed up as `greenlint inspect` does it."""

from __future__ import annotations

import os
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

from greenlint.card.documents import printable, sha256
from greenlint.card.model import Input, Model
from greenlint.errors import ModelError

_EXTRA = "ONNX models are read with `pip install greenlint[onnx]`"


def inspect(path: Path, shown: str) -> Model:
    """Inspect one model by the settings of its project; raises `ModelError` in one line when it cannot be read."""
    if not path.is_file():
        message = f"{shown}: {'a folder, and no model; PATH comes first' if path.is_dir() else 'no such file'}"
        raise ModelError(message)
    from greenlint import catalogue, config, inspection

    absolute = Path(os.path.abspath(path))  # noqa: PTH100 - resolve() would follow links
    settings = config.Configuration(catalogue.load(), config.Overrides()).settings(absolute.parent)
    try:
        inspected = inspection.inspect(absolute, settings, weights="none")
    except (ImportError, ModelError) as error:
        if isinstance(error, ImportError) and (error.name or "").startswith("greenlint"):
            raise
        message = f"{shown}: not inspected, {_EXTRA}"
        raise ModelError(message) from None
    if inspected.graph is None:
        why = next((problem.message for problem in inspected.judged.problems), "cannot be read")
        message = f"{shown}: {why}"
        raise ModelError(message)
    summary = inspection.summarise(inspected)
    return Model(
        path=shown,
        sha256=sha256(path),
        file_bytes=summary.file_bytes + summary.external_bytes,
        parameters=summary.parameters,
        weight_bytes={dtype: stored for dtype, (_, stored) in sorted(summary.by_dtype.items()) if stored},
        operators=dict(sorted(summary.operators.items(), key=lambda pair: (-pair[1], pair[0]))),
        inputs=tuple(
            Input(printable(port.name), port.dtype, tuple(_free(size) for size in port.shape or ()))
            for port in summary.inputs
        ),
        opset=summary.opsets.get("", 0),
        producer=printable(summary.producer),
        macs=("" if summary.exact else "≥ ") + _free(summary.macs_text),
        findings=tuple(
            replace(finding, place=replace(finding.place, path=shown)) for finding in inspected.judged.findings
        ),
    )


def _free(size: Any) -> Any:  # noqa: ANN401 - a size, or a text that names sizes
    """Write a size without a name of its own, `pixels.0`, as n."""
    return re.sub(r"\b[A-Za-z_]\w*\.\d+\b", "n", size) if isinstance(size, str) else size
