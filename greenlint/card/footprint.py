"""Measured energy and carbon of a release, run by run, with what there is to know about the figures."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from greenlint.card.estimate import software_carbon_intensity, whole_life
from greenlint.card.freshness import freshness
from greenlint.card.language import at, whole

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from greenlint.card.emissions import Run
    from greenlint.card.evidence import Material
    from greenlint.card.words import Words


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
                "name": run_name(run),
                "kwh": run.kwh,
                "kwh_text": _energy(run.kwh, words),
                "grams_text": _carbon(material.grams(run), words),
                "kwh_number": words.number(run.kwh),
                "grams_number": "" if material.grams(run) is None else words.number(material.grams(run) or 0),
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
                "told": words["served" if run.requests else "served_uncounted"].format(
                    energy=_energy(run.kwh, words), requests=whole(run.requests or 0, words.language)
                ),
            }
            for run in material.runs
            if run.stage == "inference"
        ],
    }


def _whole_life(material: Material, training_kwh: float, words: Words) -> dict[str, Any] | None:
    answers = material.answers
    per_day, days, each = (answers.figure(name) for name in ("queries_per_day", "lifetime_days", "kwh_per_query"))
    if per_day is None or days is None or each is None:
        return None
    queries = per_day * days
    kwh = whole_life(training_kwh, queries, each)
    told = [words["whole_life"].format(queries=words.number(queries), energy=_energy(kwh, words))]
    if intensity := answers.intensity:
        carbon = _carbon(kwh * intensity.grams_per_kwh, words)
        sci = _carbon(software_carbon_intensity(kwh, intensity.grams_per_kwh, 0, queries), words)
        told.append(words["whole_life_carbon"].format(carbon=carbon, sci=sci, source=intensity.told))
    return {"kwh": kwh, "queries": queries, "told": ", ".join(told)}


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


def run_name(run: Run) -> str:
    """Name of a run: its project, unless that is the tracker's own default, and then the start of its id."""
    return run.run_id[:8] if run.project in {"", "codecarbon", "default project name"} else run.project


def _age(material: Material, words: Words) -> str:
    """Say how the runs stand to the code, or nothing when they are newer."""
    if material.is_untracked:
        return words["untracked"]
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
