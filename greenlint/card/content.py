"""Everything a card or report says, as plain data that a template can print; what is unknown is left out."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from greenlint import __version__
from greenlint.card.charts import charts
from greenlint.card.evidence import place
from greenlint.card.footprint import footprint_of
from greenlint.card.hub import SECTIONS
from greenlint.card.language import in_language, size, whole

if TYPE_CHECKING:
    from collections.abc import Mapping

    from greenlint.card.evidence import Assessment, Material
    from greenlint.card.model import Model
    from greenlint.card.words import Words

CARD_SCHEMA = "greenlint-card/1"


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
    """Keys of the sections that have a heading and content in a text."""
    from greenlint.card.repository import parse_markdown

    card = parse_markdown(text, "")
    return {key for key, words in SECTIONS.items() if card.filled(*words)}


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
