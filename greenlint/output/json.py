"""JSON for programs: one object, schema "greenlint-findings/1", described in docs/ci.md."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from greenlint.finding import Finding, Problem, Report, TextPlace

if TYPE_CHECKING:
    from collections.abc import Iterator

    from greenlint.output import Look


def render(report: Report, look: Look) -> Iterator[str]:
    """Yield the object; suppressed and known findings are in it, with their status."""
    yield from json.dumps(document(report, look), indent=2, ensure_ascii=False).split("\n")


def document(report: Report, look: Look) -> dict[str, Any]:
    """Return the whole report as plain data."""
    whole: dict[str, Any] = {
        "schema": "greenlint-findings/1",
        "findings": [told(finding) for finding in report.findings],
        "files": {"checked": report.checked, "skipped": report.skipped, "unreadable": report.unreadable},
        "errors": [_problem(problem) for problem in report.problems],
    }
    if look.statistics:
        whole["statistics"] = [
            {"code": rule.code, "name": rule.name, "severity": rule.severity.value, "count": count}
            for rule, count in report.by_rule()
        ]
    return whole


def told(finding: Finding) -> dict[str, Any]:
    """Return one finding as plain data; a place in a graph has a node in place of lines."""
    place = finding.place
    text = place if isinstance(place, TextPlace) else None
    return {
        "code": finding.rule.code,
        "name": finding.rule.name,
        "family": finding.rule.family,
        "severity": finding.severity.value,
        "confidence": finding.rule.confidence,
        "message": finding.message,
        "path": place.path,
        "line": text and text.line,
        "column": text and text.column,
        "end_line": text and text.end_line,
        "end_column": text and text.end_column,
        "cell": text and text.cell,
        "node": None if isinstance(place, TextPlace) else place.node,
        "status": finding.status.value,
        "reason": finding.reason,
        "fingerprint": finding.fingerprint,
        "fix": _fix(finding),
    }


def _fix(finding: Finding) -> dict[str, Any]:
    """Return what the rule says of corrections, and the edits where one was worked out for this finding."""
    if finding.fix is None:
        return {"description": finding.rule.fix, "applicability": finding.rule.fixable, "edits": None}
    edits = [
        {
            "path": edit.place.path,
            "line": edit.place.line,
            "column": edit.place.column,
            "end_line": edit.place.end_line,
            "end_column": edit.place.end_column,
            "cell": edit.place.cell,
            "text": edit.text,
        }
        for edit in finding.fix.edits
    ]
    return {
        "description": finding.fix.title,
        "applicability": "safe" if finding.fix.safe else "unsafe",
        "edits": edits,
    }


def _problem(problem: Problem) -> dict[str, Any]:
    return {
        "path": problem.path,
        "line": problem.line or None,
        "column": problem.column or None,
        "cell": problem.cell,
        "message": problem.message,
    }
