"""Everything a card or report says, as plain data that a template can print; what is unknown is left out."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, Any

from greenlint import __version__
from greenlint.card.estimate import software_carbon_intensity, whole_life
from greenlint.card.evidence import place
from greenlint.card.freshness import freshness
from greenlint.card.language import LANGUAGES, at, in_language, size, whole

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from greenlint.card.emissions import Run
    from greenlint.card.evidence import Assessment, Material
    from greenlint.card.model import Model
    from greenlint.card.words import Words

CARD_SCHEMA = "greenlint-card/1"
MOST_BARS = 12

SECTIONS = (
    "how_to_use", "intended_use", "out_of_scope", "factors", "architecture", "training_data", "evaluation_data",
    "metrics", "ethics", "limitations", "recommendations",
)  # fmt: skip


def content(  # noqa: PLR0913, PLR0917 - the parts of a card
    material: Material,
    assessment: Assessment,
    score: Mapping[str, Any],
    info: Mapping[str, Any],
    words: Words,
    written: str = "",
) -> dict[str, Any]:
    """Content of a card: strings, numbers, lists and mappings only, so that it can be handed to any template.

    `written` is what a person wrote in an earlier card: a section that stands there is neither written again nor a gap.
    """
    footprint = footprint_of(material, words)
    there = _written(written)
    info = {key: value for key, value in info.items() if key not in there}
    return {
        "schema": CARD_SCHEMA,
        "tool": {"name": "greenlint", "version": __version__},
        "language": words.language,
        "words": words.all(),
        "name": info.get("name") or _name(material),
        "info": dict(info),
        "footprint": footprint,
        "models": [model_of(model, words) for model in material.models],
        "score": score,
        "charts": charts(material, score, words),
        "potential": _potential(assessment, words) if material.models else [],
        "potential_source": assessment.checklist.potential["source"],
        "gaps": gaps({**info, **dict.fromkeys(there, "written")}, footprint, words),
        "date": material.repository.head_date[:10],
    }


def footprint_of(material: Material, words: Words) -> dict[str, Any] | None:
    """Measured energy and carbon of training, run by run, or None when nothing was measured."""
    runs = material.training
    if not runs:
        return None
    kwh = math.fsum(run.kwh for run in runs)
    carbon = [material.grams(run) for run in runs]
    grams = None if None in carbon else math.fsum(one for one in carbon if one is not None)
    overhead = any(run.overhead_included for run in runs)
    return {
        "kwh": kwh,
        "kwh_text": _energy(kwh, words),
        "grams": grams,
        "grams_text": _carbon(grams, words) if grams is not None else "",
        "intensity": grams / kwh if grams is not None else None,
        "intensity_text": f"{grams / kwh:.0f} g/kWh" if grams is not None else "",
        "intensity_source": "; ".join((*_own_factor(runs, words), *_given_factor(material, words))),
        "given_factor": _given_factor(material, words),
        "seconds": math.fsum(run.seconds or 0 for run in runs),
        "tools": _distinct(f"{run.tool} {run.tool_version}".strip() for run in runs),
        "places": _distinct(", ".join(filter(None, (run.country, run.region))) for run in runs),
        "hardware": _distinct(_hardware(run) for run in runs),
        "methods": _distinct(_method(run, words) for run in runs),
        "notes": _distinct(at(run.where, note)[words.language] for run in runs for note in run.notes),
        "age": _age(material, words),
        "sum_of": words["sum_of"].format(count=len(runs)),
        "overhead": words["overhead_yes"] if overhead else words["overhead_no"],
        "runs": [
            {
                "name": _run_name(run),
                "kwh": run.kwh,
                "kwh_text": _energy(run.kwh, words),
                "grams_text": _carbon(material.grams(run), words),
                "seconds_text": _duration(run.seconds, words),
                "ended": run.ended.strftime("%Y-%m-%d") if run.ended else "",
                "where": run.where,
            }
            for run in runs
        ],
        "whole_life": _whole_life(material, kwh, words),
        "inference": [
            {
                "where": run.where,
                "kwh_text": _energy(run.kwh, words),
                "requests": run.requests,
            }
            for run in material.runs
            if run.stage == "inference"
        ],
    }


def model_of(model: Model, words: Words) -> dict[str, Any]:
    """Return an inspected model as data."""
    language = words.language
    return {
        "path": model.path,
        "sha256": model.sha256,
        "size_text": size(model.file_bytes, language),
        "parameters": model.parameters,
        "parameters_text": whole(model.parameters, language),
        "opset": model.opset,
        "macs_text": in_language(model.macs, language),
        "producer": model.producer,
        "inputs": [f"{item.name}: {item.dtype} {' x '.join(map(str, item.shape))}" for item in model.inputs],
        "weights": [
            {"dtype": dtype, "bytes": count, "text": size(count, language)}
            for dtype, count in model.weight_bytes.items()
        ],
        "operators": [{"name": name, "count": count} for name, count in model.operators.items()],
        "nodes": sum(model.operators.values()),
        "findings": [
            {"code": f.rule.code, "name": f.rule.name, "where": place(f), "message": f.message} for f in model.findings
        ],
    }


def charts(material: Material, score: Mapping[str, Any], words: Words) -> list[dict[str, Any]]:
    """Bar charts, each with the table that says the same: a title, and rows of label, value and text."""
    made = [
        _chart(
            "phases",
            words["phases_chart"],
            words["phase"],
            words["score"],
            [(phase["name"], phase["score"], words.decimal(phase["score"])) for phase in score["phases"]],
            top=100.0,
        ),
    ]
    runs = material.training
    stepped = next((run for run in runs if len(run.steps) > 1), None)
    if len(runs) > 1 or (runs and stepped is None):
        rows = [(_run_name(run), run.kwh, words.number(run.kwh, 3)) for run in runs]
        made.append(_chart("energy", words["energy_chart"], words["run"], "kWh", rows))
    if stepped is not None:
        rows = [(str(n), kwh, words.number(kwh, 3)) for n, kwh in enumerate(stepped.steps, 1)]
        made.append(_chart("steps", words["steps_chart"], words["run"], "kWh", rows))
    for place_in_list, model in enumerate(material.models[:1]):
        rows = [(dtype, float(count), size(count, words.language)) for dtype, count in model.weight_bytes.items()]
        made.append(_chart(f"weights-{place_in_list}", words["weights_by_type"], words["type"], "B", rows))
        rows = [(name, float(count), str(count)) for name, count in model.operators.items()]
        made.append(
            _chart(f"operators-{place_in_list}", words["operators_chart"], words["operator"], words["nodes"], rows)
        )
    return [chart for chart in made if chart["rows"]]


def gaps(info: Mapping[str, Any], footprint: Mapping[str, Any] | None, words: Words) -> list[str]:
    """Names of the parts that nobody wrote, listed once instead of printed empty."""
    optional = {"how_to_use", "architecture"}
    missing = [words[key] for key in SECTIONS if key not in optional and not info.get(key)]
    if footprint is None:
        missing.append(words["footprint"])
    elif footprint["grams"] is None:
        missing.append(words["carbon"])
    return missing


def _written(text: str) -> set[str]:
    """Keys of the sections that have a heading and content in a text, in either language."""
    from greenlint.card.repository import parse_markdown
    from greenlint.card.words import Words

    headings = {section.heading.lower() for section in parse_markdown(text, "").sections if section.has_content}
    return {key for key in SECTIONS for language in LANGUAGES if Words(language)[key].lower() in headings}


def _chart(  # noqa: PLR0913, PLR0917 - the words of a chart
    id_: str, title: str, label: str, unit: str, rows: Sequence[tuple[str, float, str]], top: float | None = None
) -> dict[str, Any]:
    shown = list(rows[:MOST_BARS])
    if len(rows) > MOST_BARS:
        rest = math.fsum(value for _, value, _ in rows[MOST_BARS:])
        shown.append((f"+ {len(rows) - MOST_BARS}", rest, f"{rest:.3g}"))
    highest = top or max((value for _, value, _ in shown), default=0) or 1
    return {
        "id": id_,
        "title": title,
        "label": label,
        "unit": unit,
        "rows": [
            {"label": name, "value": value, "text": text, "share": round(value / highest, 4)}
            for name, value, text in shown
        ],
    }


def _whole_life(material: Material, training_kwh: float, words: Words) -> dict[str, Any] | None:
    answers = material.answers
    per_day, days, each = (answers.figure(name) for name in ("queries_per_day", "lifetime_days", "kwh_per_query"))
    if per_day is None or days is None or each is None:
        return None
    queries = per_day * days
    kwh = whole_life(training_kwh, queries, each)
    intensity = answers.intensity
    carbon = kwh * intensity.grams_per_kwh if intensity else None
    return {
        "kwh_text": _energy(kwh, words),
        "queries": f"{queries:.4g}",
        "grams_text": _carbon(carbon, words),
        "sci_text": _carbon(software_carbon_intensity(kwh, intensity.grams_per_kwh, 0, queries), words)
        if intensity
        else "",
        "source": intensity.told if intensity else "",
    }


def _own_factor(runs: Sequence[Run], words: Words) -> list[str]:
    return [words["own_factor"]] if any(run.grams is not None for run in runs) else []


def _given_factor(material: Material, words: Words) -> list[str]:
    """Name the carbon intensity of the answers, where a run has no carbon of its own and rests on it."""
    given = material.answers.intensity
    if given is None or all(run.grams is not None for run in material.training):
        return []
    told = words["given_factor"].format(source=given.told)
    ended = max((run.ended.year for run in material.training if run.ended), default=given.year)
    return [told, words["old_factor"].format(year=given.year)] if given.is_old(ended) else [told]


def _potential(assessment: Assessment, words: Words) -> list[dict[str, str]]:
    french = words.language == "fr"
    return [
        {"name": row[words.language], "range": row["range_fr" if french else "range"]}
        for row in assessment.checklist.potential["entries"]
    ]


def _name(material: Material) -> str:
    """Name a project by the title of its README, else by its model, else by its folder."""
    readme = material.repository.readme
    title = next((section.heading for section in readme.sections if section.heading), "") if readme else ""
    # A title of badges and links names nothing.
    if title and not re.search(r"[\[<]", title):
        return title
    if material.models:
        return material.models[0].path.rsplit("/", 1)[-1].removesuffix(".onnx")
    return material.repository.root.resolve().name


def _energy(kwh: float, words: Words) -> str:
    return f"{words.number(kwh)} kWh"


def _carbon(grams: float | None, words: Words) -> str:
    return "" if grams is None else f"{words.number(grams)} gCO2eq"


def _duration(seconds: float | None, words: Words) -> str:
    if seconds is None:
        return ""
    for unit, length in (("h", 3600.0), ("min", 60.0)):
        if seconds >= length:
            return f"{words.number(seconds / length, 3)} {unit}"
    return f"{words.number(seconds, 3)} s"


def _run_name(run: Run) -> str:
    """Name of a run: its project, unless that is the tracker's own default, and then the start of its id."""
    return run.run_id[:8] if run.project in {"", "codecarbon", "default project name"} else run.project


def _age(material: Material, words: Words) -> str:
    """Say how the runs stand to the code, or nothing when they are newer."""
    state = freshness(material)
    if state.is_fresh:
        return ""
    if state.uncommitted:
        return words["uncommitted"].format(file=state.uncommitted)
    return words["undated"] if state.changed is None else words["stale"].format(changed=f"{state.changed:%Y-%m-%d}")


def _method(run: Run, words: Words) -> str:
    """How the tool comes to its figures, as far as it is known; what a report says of itself where it is not."""
    key = f"method {run.tool}"
    return words[key] if key in words else run.method  # noqa: SIM401 - words are no mapping


def _hardware(run: Run) -> str:
    count = f"{run.gpu_count} x " if run.gpu_count and run.gpu_count > 1 and " x " not in run.gpu_model else ""
    return f"{count}{run.gpu_model}" if run.gpu_model else run.cpu_model


def _distinct(texts: Iterable[str]) -> list[str]:
    return [text for text in dict.fromkeys(texts) if text]
