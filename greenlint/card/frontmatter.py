"""The front matter of a Hugging Face model card: written from what is known, and checked before it is written.

https://huggingface.co/docs/hub/model-cards, https://huggingface.co/docs/hub/model-cards-co2: carbon in grams.
"""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, Any

from greenlint.card.hub import LICENCES, TASKS
from greenlint.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Mapping

CO2_KEYS = ("emissions", "source", "training_type", "geographical_location", "hardware_used")


def build(content: Mapping[str, Any], existing: Mapping[str, Any]) -> dict[str, Any]:
    """Metadata of a card: what was there stays, what is known now replaces it, and nothing is made up."""
    info, footprint = content["info"], content["footprint"]
    fresh: dict[str, Any] = {}
    for key, name in (
        ("languages", "language"),
        ("licence", "license"),
        ("library", "library_name"),
        ("task", "pipeline_tag"),
        ("tags", "tags"),
        ("datasets", "datasets"),
        ("base_model", "base_model"),
    ):
        if info.get(key):
            fresh[name] = info[key]
    if footprint and footprint["grams"] is not None:
        carbon: dict[str, Any] = {
            "emissions": float(f"{footprint['grams']:.4g}"),
            "source": "; ".join((", ".join(footprint["tools"]), footprint["sum_of"], *footprint["given_factor"])),
        }
        if info.get("training_type"):
            carbon["training_type"] = info["training_type"]
        if footprint["places"]:
            carbon["geographical_location"] = ", ".join(footprint["places"])
        if footprint["hardware"]:
            carbon["hardware_used"] = ", ".join(footprint["hardware"])
        fresh["co2_eq_emissions"] = carbon
    index = _model_index(info)
    if index:
        fresh["model-index"] = index
    metadata = {**existing, **fresh}
    # huggingface_hub writes the results last, and a card has to survive its round trip.
    if "model-index" in metadata:
        metadata["model-index"] = metadata.pop("model-index")
    check(metadata)
    return metadata


def _model_index(info: Mapping[str, Any]) -> list[dict[str, Any]]:
    rows = [row for row in info.get("metrics", ()) if row.get("dataset")]
    if not rows or not info.get("task") or not info.get("name"):
        return []
    groups: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for row in rows:
        groups.setdefault((row["dataset"], row.get("split", "")), []).append(row)
    results = []
    for (dataset, split), members in groups.items():
        told = {"name": dataset, "type": _slug(dataset), **({"split": split} if split else {})}
        results.append(
            {
                "task": {"type": info["task"]},
                "dataset": told,
                "metrics": [
                    {"type": _slug(row["name"]), "value": row["value"], "name": row["name"]} for row in members
                ],
            },
        )
    return [{"name": info["name"], "results": results}]


def check(metadata: Mapping[str, Any], where: str = "front matter") -> None:
    """Check metadata strictly and offline; raises `ConfigError` with the first key that is wrong."""
    for problem in problems(metadata):
        message = f"{where}: {problem}"
        raise ConfigError(message)


def problems(metadata: Mapping[str, Any]) -> list[str]:
    """Everything that is wrong with the metadata of a card, one line each."""
    wrong = []
    task = metadata.get("pipeline_tag")
    if task is not None and task not in TASKS:
        wrong.append(f'pipeline_tag: "{task}" is no task')
    licence = metadata.get("license")
    if licence is not None and not all(isinstance(one, str) and one in LICENCES for one in _listed(licence)):
        wrong.append(f"license: {licence!r} is unknown")
    wrong += [
        f"language: {code!r} is no language code"
        for code in _listed(metadata.get("language"))
        if not isinstance(code, str) or not re.fullmatch(r"[a-z]{2,3}(-[A-Za-z]+)?|multilingual|code", code)
    ]
    carbon = metadata.get("co2_eq_emissions")
    if isinstance(carbon, dict):
        wrong += [f"co2_eq_emissions.{key}: unknown key" for key in carbon if key not in CO2_KEYS]
        carbon = carbon.get("emissions")
        if carbon is None:
            wrong.append("co2_eq_emissions: no emissions")
    if carbon is not None and (
        isinstance(carbon, bool) or not isinstance(carbon, (int, float)) or not math.isfinite(carbon) or carbon <= 0
    ):
        wrong.append(f"co2_eq_emissions.emissions: {carbon!r} is no number of grams above zero")
    return wrong


def dump(metadata: Mapping[str, Any]) -> str:
    """YAML between its two lines of dashes, in the layout that huggingface_hub writes; empty without metadata."""
    import yaml

    if not metadata:
        return ""
    text = yaml.safe_dump(dict(metadata), sort_keys=False, allow_unicode=True).strip()
    return f"---\n{text}\n---\n"


def _listed(value: Any) -> list[Any]:  # noqa: ANN401 - whatever the metadata held
    return value if isinstance(value, list) else [] if value is None else [value]


def _slug(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "_", text.lower()).strip("_") or "metric"
