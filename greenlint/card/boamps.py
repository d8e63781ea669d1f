"""BoAmps reports, written: energy in kWh per measure, with task, hardware and place.

https://github.com/Boavizta/BoAmps/tree/main/model: required are task, measures and infrastructure. What nobody told
is left out where the format lets it, and "other" where it does not.
"""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

from greenlint.card.readers.boamps import OWN

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from greenlint.card.emissions import Run

_DATA_TYPES = {
    "image": "image", "text": "text", "token": "token", "audio": "audio", "speech": "audio", "video": "video",
    "tabular": "tabular", "table": "tabular",
}  # fmt: skip

_READ_FROM_DEVICES = frozenset({"CarbonTracker", "Zeus", "Experiment Impact Tracker"})
"""CodeCarbon and Eco2AI model a processor's power where they cannot read it, and their files do not say which."""


def report(content: Mapping[str, Any], runs: Sequence[Run]) -> dict[str, Any]:
    """BoAmps report of the measured training runs; `quality` is low unless power was read from the devices."""
    info = content["info"]
    task = info.get("task", "")
    seed = " ".join((content["name"], *(run.run_id for run in runs)))
    last = max((run.ended.strftime("%Y-%m-%d %H:%M:%S") for run in runs if run.ended), default="")
    made: dict[str, Any] = {
        "header": {
            "formatVersion": "1.1.0",
            "formatVersionSpecificationUri": "https://github.com/Boavizta/BoAmps/tree/main/model",
            "reportId": f"{OWN}{uuid.uuid5(uuid.NAMESPACE_URL, seed)}",
            "reportDatetime": last or "unknown",
            "reportStatus": "draft",
            "publisher": {
                **({"name": info["authors"]} if info.get("authors") else {}),
                "projectName": content["name"],
                "confidentialityLevel": "public",
            },
        },
        "task": {
            "taskStage": "fineTuning" if info.get("training_type") == "fine-tuning" else "training",
            "taskFamily": task or "other",
            "algorithms": [_algorithm(content)],
            "dataset": _datasets(info, task),
            **({"taskDescription": info["summary"]} if info.get("summary") else {}),
        },
        "measures": [_measure(run) for run in runs],
        "infrastructure": _infrastructure(runs),
        "quality": _quality(runs),
    }
    places = {run.country for run in runs if run.country}
    if len(places) == 1:
        made["environment"] = {"country": places.pop()}
        intensity = (content["footprint"] or {}).get("intensity")
        if intensity is not None:
            made["environment"]["powerSourceCarbonIntensity"] = round(intensity, 1)
    return made


def _algorithm(content: Mapping[str, Any]) -> dict[str, Any]:
    info, models = content["info"], content["models"]
    return {
        "algorithmName": content["name"],
        **({"trainingType": info["training_type"]} if info.get("training_type") else {}),
        **({"foundationModelName": info["base_model"]} if info.get("base_model") else {}),
        **({"framework": info["library"]} if info.get("library") else {}),
        **({"parametersNumber": models[0]["parameters"]} if models else {}),
    }


def _datasets(info: Mapping[str, Any], task: str) -> list[dict[str, Any]]:
    kind = next((value for word, value in _DATA_TYPES.items() if word in task), "other")
    source = {"dataUsage": "input", "dataType": kind}
    return [{**source, "sourceUri": name} for name in info.get("datasets", ())] or [source]


def _measure(run: Run) -> dict[str, Any]:
    return {
        "measurementMethod": run.tool,
        **({"version": run.tool_version} if run.tool_version else {}),
        "powerConsumption": run.kwh,
        **({"measurementDuration": run.seconds} if run.seconds is not None else {}),
        **({"measurementDateTime": run.ended.strftime("%Y-%m-%d %H:%M:%S")} if run.ended else {}),
    }


def _infrastructure(runs: Sequence[Run]) -> dict[str, Any]:
    components: dict[tuple[str, str], int] = {}
    for run in runs:
        for kind, name, count in (("cpu", run.cpu_model, 1), ("gpu", run.gpu_model, run.gpu_count or 1)):
            if name:
                components[kind, name] = count
    clouds = {run.cloud for run in runs if run.cloud}
    return {
        "infraType": "publicCloud" if clouds else "other",
        **({"cloudProvider": clouds.pop().split()[0]} if len(clouds) == 1 else {}),
        "components": [
            {"componentName": name, "componentType": kind, "nbComponent": count}
            for (kind, name), count in components.items()
        ]
        or [{"componentType": "other", "nbComponent": 1}],
    }


def _quality(runs: Sequence[Run]) -> str:
    return "medium" if all(run.tool in _READ_FROM_DEVICES for run in runs) else "low"
