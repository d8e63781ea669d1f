"""What people say of their model: a small YAML (`card.yaml`), checked strictly and offline.

Hugging Face's own package accepts almost anything here, so the checks are ours: unknown keys, unknown tasks and
licences, languages that are no codes, metrics that are no finite numbers.
"""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, Any

from greenlint.card.documents import read_yaml
from greenlint.card.hub import LICENCES, TASKS, TRAINING_TYPES
from greenlint.errors import ConfigError, did_you_mean

if TYPE_CHECKING:
    from pathlib import Path

TEXTS = (
    "summary", "architecture", "intended_use", "out_of_scope", "factors", "training_data", "evaluation_data", "ethics",
    "limitations", "recommendations", "how_to_use",
)  # fmt: skip
WORDS = ("name", "version", "authors", "contact", "task", "licence", "library", "base_model", "training_type")
LISTS = ("languages", "tags", "datasets")


def read(path: Path) -> dict[str, Any]:  # noqa: C901 - one branch for each rule
    """Read and check a `card.yaml`; raises `ConfigError` with the file and the key."""
    data = read_yaml(path)
    known = (*TEXTS, *WORDS, *LISTS, "metrics")
    for key, value in data.items():
        if key == "license":
            continue
        if key not in known:
            _refuse(path, str(key), f"unknown key{did_you_mean(str(key), known)}")
        if key in TEXTS + WORDS and not isinstance(value, (str, int, float)):
            _refuse(path, key, "must be text")
        if key in LISTS and not (isinstance(value, list) and all(isinstance(one, str) for one in value)):
            _refuse(path, key, "must be a list of words")
    if "license" in data:
        data.setdefault("licence", data.pop("license"))
    info: dict[str, Any] = {key: str(data[key]).strip() for key in TEXTS + WORDS if key in data}
    info.update({key: data[key] for key in LISTS if key in data})
    if "task" in info and info["task"] not in TASKS:
        _refuse(path, "task", f'"{info["task"]}" is no task of Hugging Face{did_you_mean(info["task"], TASKS)}')
    if "licence" in info:
        info["licence"] = info["licence"].lower()
        if info["licence"] not in LICENCES:
            _refuse(path, "licence", f'"{info["licence"]}" is unknown{did_you_mean(info["licence"], LICENCES)}')
    if "training_type" in info and info["training_type"] not in TRAINING_TYPES:
        _refuse(path, "training_type", f"must be {' or '.join(TRAINING_TYPES)}")
    for code in info.get("languages", ()):
        if not re.fullmatch(r"[a-z]{2,3}|multilingual", code):
            _refuse(path, "languages", f'"{code}" is no language code of two or three letters')
    info["metrics"] = _metrics(path, data.get("metrics", []))
    return info


def _metrics(path: Path, rows: Any) -> list[dict[str, Any]]:  # noqa: ANN401 - whatever the file held
    if not isinstance(rows, list):
        _refuse(path, "metrics", "must be a list")
    metrics = []
    for place, row in enumerate(rows, 1):
        where = f"metrics[{place}]"
        if not isinstance(row, dict):
            _refuse(path, where, "must hold name, value and dataset")
        for key in row:
            if key not in {"name", "value", "dataset", "split", "slice", "unit"}:
                _refuse(path, f"{where}.{key}", "unknown key")
        if "name" not in row or "value" not in row:
            _refuse(path, where, "needs a name and a value")
        value = row["value"]
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
            _refuse(path, f"{where}.value", f"must be a finite number, not {value!r}")
        metrics.append({**{key: str(row[key]) for key in row if key != "value"}, "value": value})
    return metrics


def _refuse(path: Path, key: str, why: str) -> None:
    message = f"{path}: {key}: {why}"
    raise ConfigError(message)
