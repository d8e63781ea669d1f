"""The scorecard as plain data (`greenlint-scorecard/1`), and its comparison with an earlier one."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from greenlint import __version__
from greenlint.card.collection import inputs
from greenlint.card.documents import printable, read_text
from greenlint.card.words import Words
from greenlint.errors import ConfigError
from greenlint.score import BANDS, MAXIMUM_NOT_APPLICABLE, MINIMUM_COVERAGE, SCALE, Status, percent

if TYPE_CHECKING:
    from pathlib import Path

    from greenlint.card.evidence import Assessment, Material
    from greenlint.score import Share

SCHEMA = "greenlint-scorecard/1"


def scorecard(assessment: Assessment, material: Material, language: str = "en") -> dict[str, Any]:
    """Everything that was judged, with sentences in one language. Percents have one decimal, rounded down."""
    checklist, score = assessment.checklist, assessment.score
    statuses = {judgement.item.id: judgement.status.value for judgement in assessment.judgements}
    return {
        "schema": SCHEMA,
        "tool": {"name": "greenlint", "version": __version__},
        "checklist": checklist.version,
        "scale": SCALE,
        "language": language,
        **_share(score.total),
        "grade": score.grade,
        "best": percent(assessment.in_reach),
        "why_no_grade": _why_no_grade(score.total, Words(language)),
        "phases": [
            {"id": phase.id, "name": phase.text[language], **_share(score.phases[phase.id])}
            for phase in checklist.phases
        ],
        "items": [
            {
                "id": judgement.item.id,
                "phase": judgement.item.phase,
                "text": judgement.item.text[language],
                "ceiling": judgement.item.ceiling.value,
                "status": judgement.status.value,
                "evidence": [
                    {
                        "role": piece.role,
                        "source": piece.source,
                        "where": printable(piece.where),
                        "text": printable(piece.text[language]),
                        **({"rule": piece.rule} if piece.rule else {}),
                    }
                    for piece in judgement.evidence
                ],
            }
            for judgement in assessment.judgements
        ],
        "actions": [
            {
                "item": action.item.id,
                "text": action.item.text[language],
                "counts": action.item.counts[language],
                "status": action.reachable.value,
                "points": percent(action.points),
            }
            for action in assessment.actions
        ],
        "secondary": [
            {
                "id": group.id,
                "name": group.text[language],
                "entries": [
                    {
                        "id": entry.id,
                        "text": entry.text[language],
                        "items": {id_: statuses[id_] for id_ in entry.maps_to},
                    }
                    for entry in checklist.secondary
                    if entry.list_id == group.id
                ],
            }
            for group in checklist.lists
        ],
        "inputs": [{"kind": kind, "path": path, "sha256": digest} for kind, path, digest in inputs(material)],
        "notes": [printable(note[language]) for note in material.notes],
    }


def to_json(card: dict[str, Any]) -> str:
    """JSON text of a scorecard, the same bytes for the same input."""
    return json.dumps(card, ensure_ascii=False, indent=2) + "\n"


def read_previous(path: Path) -> dict[str, Any]:
    """Read an earlier scorecard; raises `ConfigError` when it is none, or was made on another scale or checklist."""
    try:
        data = json.loads(read_text(path))
    except (ValueError, RecursionError) as error:
        message = f"{path}: not JSON: {getattr(error, 'msg', 'nested too deep')}"
        raise ConfigError(message) from None
    if not isinstance(data, dict) or data.get("schema") != SCHEMA:
        message = f"{path}: not a scorecard of schema {SCHEMA}"
        raise ConfigError(message)
    if data.get("scale") != SCALE:
        message = f"{path}: made on the scale {data.get('scale')}, which does not compare with {SCALE}"
        raise ConfigError(message)
    items = data.get("items")
    if not (
        isinstance(items, list)
        and all(isinstance(item, dict) and isinstance(item.get("id"), str) for item in items)
        and all(item.get("status") in {status.value for status in Status} for item in items)
        and (data.get("grade") is None or data["grade"] in {letter for _, letter in BANDS})
        and all(isinstance(data.get(name), (int, float)) for name in ("score", "coverage", "not_applicable"))
    ):
        message = f"{path}: a scorecard without its numbers or items"
        raise ConfigError(message)
    return data


def compare(card: dict[str, Any], previous: dict[str, Any]) -> dict[str, Any]:
    """Return what changed: differences of the three numbers, both grades, and items whose status is another."""
    before = {item["id"]: item["status"] for item in previous["items"]}
    return {
        **{name: round(card[name] - previous[name], 1) for name in ("score", "coverage", "not_applicable")},
        "grade": [previous.get("grade"), card["grade"]],
        "checklist": [previous.get("checklist"), card["checklist"]],
        "items": [
            {"id": item["id"], "text": item["text"], "was": before[item["id"]], "is": item["status"]}
            for item in card["items"]
            if item["id"] in before and before[item["id"]] != item["status"]
        ],
    }


def _share(share: Share) -> dict[str, float]:
    return {
        "score": percent(share.score),
        "coverage": percent(share.coverage),
        "not_applicable": percent(share.not_applicable),
    }


def _why_no_grade(total: Share, words: Words) -> str:
    if total.coverage < MINIMUM_COVERAGE:
        return words["low_coverage"].format(limit=int(MINIMUM_COVERAGE * 100))
    if total.not_applicable > MAXIMUM_NOT_APPLICABLE:
        return words["much_set_aside"].format(limit=int(MAXIMUM_NOT_APPLICABLE * 100))
    return ""
