"""BoAmps reports: kWh per measure, with the task, the hardware and the place.

https://github.com/Boavizta/BoAmps
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from greenlint.card.emissions import Run, moment, number, whole
from greenlint.card.language import text as both

if TYPE_CHECKING:
    from greenlint.card.emissions import Reading

TOOL = "BoAmps"

OWN = "greenlint-"
"""What the ids of greenlint's own reports start with: they repeat other files, and are no measurement again."""


def recognises(head: str) -> bool:
    """Whether the file is a JSON object that speaks of tasks and measures, and no report of greenlint's own."""
    is_own = re.search(rf'"reportId":\s*"{OWN}', head) is not None
    words = ('"taskStage"', '"measurementMethod"')
    return head.lstrip().startswith("{") and any(word in head for word in words) and not is_own


def read(text: str, into: Reading) -> None:
    """Read each measure as one run."""
    try:
        report = json.loads(text)
    except (ValueError, RecursionError) as error:
        into.refuse(getattr(error, "lineno", 1), both("not JSON that can be read", "JSON illisible"))
        return
    header, task, place = (_mapping(report, name) for name in ("header", "task", "environment"))
    components = _mapping(report, "infrastructure").get("components")
    hardware = [part for part in components if isinstance(part, dict)] if isinstance(components, list) else []
    chips = {str(part.get("componentType", "")).lower(): part for part in hardware}
    intensity = number(place.get("powerSourceCarbonIntensity"))
    stage = str(task.get("taskStage", "")).lower()
    measures = report.get("measures") if isinstance(report, dict) else None
    if not isinstance(measures, list):
        into.refuse(1, both("no list of measures", "pas de liste de mesures"))
        return
    for place_in_list, measure in enumerate(measures):
        if not isinstance(measure, dict):
            into.refuse(
                1,
                both(
                    f"measure {place_in_list + 1} is not an object", f"la mesure {place_in_list + 1} n'est pas un objet"
                ),
            )
            continue
        energy = number(measure.get("powerConsumption"))
        kwh = float("nan") if energy is None else energy
        into.runs.append(
            Run(
                tool=TOOL,
                path=into.path,
                line=1 + place_in_list,
                run_id=f"{header.get('reportId') or into.path}#{place_in_list + 1}",
                kwh=kwh,
                grams=kwh * intensity if intensity is not None else None,
                seconds=number(measure.get("measurementDuration")),
                ended=moment(str(measure.get("measurementDateTime") or header.get("reportDatetime") or "")),
                project=str(_mapping(header, "publisher").get("projectName") or ""),
                stage="inference" if "inference" in stage else "training",
                requests=whole(task.get("nbRequest")) if task.get("nbRequest") is not None else None,
                cpu_model=str(chips.get("cpu", {}).get("componentName") or ""),
                gpu_model=str(chips.get("gpu", {}).get("componentName") or ""),
                gpu_count=whole(chips.get("gpu", {}).get("nbComponent", "")),
                country=str(place.get("country") or ""),
                method=str(measure.get("measurementMethod") or ""),
                tool_version=str(measure.get("version") or ""),
            ),
        )


def _mapping(data: Any, name: str) -> dict[str, Any]:  # noqa: ANN401 - whatever the file held
    value = data.get(name) if isinstance(data, dict) else None
    return value if isinstance(value, dict) else {}
