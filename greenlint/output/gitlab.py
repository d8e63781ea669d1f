"""GitLab Code Quality: https://docs.gitlab.com/ci/testing/code_quality/#code-quality-report-format."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

from greenlint.finding import TextPlace
from greenlint.output import _roots
from greenlint.output._notebooks import Notebooks
from greenlint.rule import Severity

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from greenlint.finding import Finding, Problem, Report
    from greenlint.output import Look

_SEVERITIES = {Severity.ERROR: "major", Severity.WARNING: "minor", Severity.INFO: "info"}


def render(report: Report, look: Look) -> Iterator[str]:
    """Yield one list of issues: the open findings, and what could not be read."""
    del look
    folder = _roots.checkout(_roots.GITLAB)
    notebooks = Notebooks()
    issues = [_issue(finding, folder, notebooks) for finding in report.open]
    issues += [_problem(problem, folder, notebooks) for problem in report.problems]
    yield from json.dumps(issues, indent=2, ensure_ascii=False).split("\n")


def _issue(finding: Finding, folder: Path, notebooks: Notebooks) -> dict[str, Any]:
    place = finding.place
    path = _roots.from_folder(place.path, folder)
    lines = {"begin": 1}
    told = finding.message
    if not isinstance(place, TextPlace):
        told = f"{place.node}: {told}" if place.node else told
    elif place.cell is not None:
        told = f"cell {place.cell}, line {place.line}, column {place.column}: {told}"
        lines = {"begin": notebooks.line(place, place.line) or 1}
    else:
        lines = {"begin": place.line, "end": place.end_line}
    return {
        "description": f"{finding.rule.name}: {told}",
        "check_name": finding.rule.code,
        "fingerprint": _fingerprint(path, finding.fingerprint),
        "severity": _SEVERITIES[finding.severity],
        "location": {"path": path, "lines": lines},
    }


def _problem(problem: Problem, folder: Path, notebooks: Notebooks) -> dict[str, Any]:
    line = problem.line if problem.cell is None else notebooks.line(problem, problem.line)
    path = _roots.from_folder(problem.path, folder)
    return {
        "description": problem.message,
        "check_name": "greenlint",
        "fingerprint": _fingerprint(path, str(problem)),
        "severity": "blocker",
        "location": {"path": path, "lines": {"begin": line or 1}},
    }


def _fingerprint(path: str, own: str) -> str:
    """Return what no other issue of the report has: ours is the same for equal code in two files."""
    return hashlib.sha256(f"{path}\n{own}".encode("utf-8", "backslashreplace")).hexdigest()[:32]
