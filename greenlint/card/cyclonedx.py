"""CycloneDX ML-BOM, 1.6 and 1.7: energy in kWh and carbon in tonnes, as the specification fixes them.

https://cyclonedx.org/docs/1.6/json/: a plain mapping, because the Python package drops the model card on a round trip.
"""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

from greenlint import __version__
from greenlint.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Mapping

VERSIONS = ("1.6", "1.7")

GRAMS_PER_TONNE = 1_000_000


def bom(content: Mapping[str, Any], version: str = "1.6") -> dict[str, Any]:
    """Bill of materials of a model. Raises `ConfigError` for a version that cannot hold energy."""
    if version not in VERSIONS:
        message = f"CycloneDX {version} cannot be written; there are {', '.join(VERSIONS)}"
        raise ConfigError(message)
    info = content["info"]
    name = content["name"]
    reference = f"model:{name}"
    component: dict[str, Any] = {
        "type": "machine-learning-model",
        "bom-ref": reference,
        "name": name,
        **({"version": info["version"]} if info.get("version") else {}),
        **({"description": info["summary"]} if info.get("summary") else {}),
        **({"authors": [{"name": info["authors"]}]} if info.get("authors") else {}),
        **({"licenses": [{"license": {"name": info["licence"]}}]} if info.get("licence") else {}),
    }
    if content["models"]:
        component["hashes"] = [{"alg": "SHA-256", "content": content["models"][0]["sha256"]}]
    card = _model_card(content, reference)
    if card:
        component["modelCard"] = card
    seed = f"{name} {info.get('version', '')} {component.get('hashes')}"
    return {
        "$schema": f"http://cyclonedx.org/schema/bom-{version}.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": version,
        "serialNumber": f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_URL, seed)}",
        "version": 1,
        "metadata": {
            "tools": {"components": [{"type": "application", "name": "greenlint", "version": __version__}]},
            "component": component,
        },
    }


def _model_card(content: Mapping[str, Any], reference: str) -> dict[str, Any]:  # noqa: C901 - one branch for each part
    info = content["info"]
    card: dict[str, Any] = {}
    parameters: dict[str, Any] = {}
    if info.get("task"):
        parameters["task"] = info["task"]
    if info.get("architecture"):
        parameters["modelArchitecture"] = " ".join(info["architecture"].split())
    if info.get("datasets"):
        parameters["datasets"] = [{"type": "dataset", "name": name} for name in info["datasets"]]
    if content["models"]:
        parameters["inputs"] = [{"format": text} for text in content["models"][0]["inputs"]]
    if parameters:
        card["modelParameters"] = parameters
    if info.get("metrics"):
        card["quantitativeAnalysis"] = {
            "performanceMetrics": [
                {
                    "type": row["name"],
                    "value": str(row["value"]),
                    **({"slice": row["slice"]} if row.get("slice") else {}),
                }
                for row in info["metrics"]
            ],
        }
    considerations: dict[str, Any] = {}
    for key, name in (("intended_use", "useCases"), ("limitations", "technicalLimitations")):
        if info.get(key):
            considerations[name] = [" ".join(info[key].split())]
    if info.get("ethics"):
        considerations["ethicalConsiderations"] = [{"name": " ".join(info["ethics"].split())}]
    footprint = content["footprint"]
    if footprint:
        considerations["environmentalConsiderations"] = {
            "energyConsumptions": [_consumption(footprint, info, reference)],
            "properties": [
                {"name": "greenlint:score", "value": str(content["score"]["score"])},
                {"name": "greenlint:coverage", "value": str(content["score"]["coverage"])},
                {"name": "greenlint:scale", "value": content["score"]["scale"]},
            ],
        }
    if considerations:
        card["considerations"] = considerations
    return {"bom-ref": f"{reference}:card", **card} if card else {}


def _consumption(footprint: Mapping[str, Any], info: Mapping[str, Any], reference: str) -> dict[str, Any]:
    energy = {"value": _round(footprint["kwh"]), "unit": "kWh"}
    told: dict[str, Any] = {
        "activity": "fine-tuning" if info.get("training_type") == "fine-tuning" else "training",
        "energyProviders": [
            {
                "bom-ref": f"{reference}:energy",
                "description": "; ".join(footprint["places"]) or "unknown",
                "organization": {"name": "unknown"},
                "energySource": "unknown",
                "energyProvided": energy,
            },
        ],
        "activityEnergyCost": energy,
    }
    if footprint["grams"] is not None:
        told["co2CostEquivalent"] = {"value": _round(footprint["grams"] / GRAMS_PER_TONNE), "unit": "tCO2eq"}
    return told


def _round(value: float) -> float:
    return float(f"{value:.6g}")
