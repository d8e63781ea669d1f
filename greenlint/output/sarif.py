"""SARIF 2.1.0 for code scanning: https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html.

Section numbers in this module are those of the specification.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from greenlint import __version__
from greenlint.finding import Finding, GraphPlace, Problem, Report, Status, TextPlace
from greenlint.output import _roots
from greenlint.output._notebooks import Notebooks, file_edit
from greenlint.rule import Severity

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from greenlint.finding import Edit, Fix
    from greenlint.output import Look
    from greenlint.rule import Rule

SHOWS_FIXES = True
SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
ROOT = "%SRCROOT%"
_LEVELS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "note"}
# https://docs.github.com/en/code-security/code-scanning/integrating-with-code-scanning/sarif-support-for-code-scanning
_GITHUB_LEVELS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "recommendation"}


def render(report: Report, look: Look) -> Iterator[str]:
    """Yield one log with one run."""
    del look
    yield from json.dumps(_log(report), indent=2, ensure_ascii=False).split("\n")


def _log(report: Report) -> dict[str, Any]:
    rules = {finding.rule.code: finding.rule for finding in sorted(report.findings, key=lambda one: one.rule.code)}
    telling = _Telling(
        folder=_roots.checkout(_roots.GITHUB, _roots.GITLAB),
        numbers={code: number for number, code in enumerate(rules)},
        # 3.27.24: either every result says what the baseline knows of it, or none does.
        compared=any(finding.status is Status.KNOWN for finding in report.findings),
        notebooks=Notebooks(),
    )
    driver = {
        "name": "greenlint",
        "version": __version__,
        "semanticVersion": __version__,
        "rules": [_rule(rule) for rule in rules.values()],
    }
    if home := _links().get("homepage") or _links().get("repository"):
        driver["informationUri"] = home
    run = {
        "tool": {"driver": driver},
        "invocations": [telling.invocation(report)],
        "columnKind": "unicodeCodePoints",
        "originalUriBaseIds": {ROOT: {"uri": f"{telling.folder.as_uri().rstrip('/')}/"}},
        "results": [telling.result(finding) for finding in report.findings],
    }
    return {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}


def _rule(rule: Rule) -> dict[str, Any]:
    """Return a reportingDescriptor (3.49)."""
    told: dict[str, Any] = {
        "id": rule.code,
        "name": rule.name,
        "shortDescription": {"text": rule.summary},
        "fullDescription": {"text": _joined(rule.why)},
        "help": {"text": _help(rule), "markdown": _markdown_help(rule)},
        "defaultConfiguration": {"level": _LEVELS[rule.severity], "enabled": rule.on_by_default},
        "properties": {
            "tags": ["eco-design", rule.family],
            "precision": rule.confidence,
            "problem.severity": _GITHUB_LEVELS[rule.severity],
            "fixable": rule.fixable,
        },
    }
    if uri := _help_uri(rule):
        told["helpUri"] = uri
    return told


def _help(rule: Rule) -> str:
    seen = "\n".join(f"Source: {one.figure.rstrip('.')} ({one.url}, {one.year})." for one in rule.evidence)
    parts = (
        _joined(rule.why),
        f"Instead: {_joined(rule.fix)}",
        f"What the rule cannot see: {_joined(rule.blind_spots)}" if rule.blind_spots else "",
        seen,
    )
    return "\n\n".join(part for part in parts if part)


def _markdown_help(rule: Rule) -> str:
    language = "python" if rule.target.value == "python" else "text"
    examples = "".join(
        f"\n\n{head}\n\n```{language}\n{code.rstrip()}\n```"
        for head, code in (("Instead of", rule.bad), ("write", rule.good))
        if code.strip()
    )
    return f"{_help(rule)}{examples}\n"


def _help_uri(rule: Rule) -> str:
    """Return the page of a rule; where the project names no site, the first source of the rule's claim."""
    site = _links().get("documentation", "")
    if site:
        return f"{site.rstrip('/')}/rules/{rule.code}-{rule.name}/"
    return rule.evidence[0].url if rule.evidence else ""


@cache
def _links() -> dict[str, str]:
    """Return the addresses that the project's metadata name, by their names in small letters."""
    from importlib.metadata import PackageNotFoundError, metadata

    try:
        named = metadata("greenlint").get_all("Project-URL") or []
    except PackageNotFoundError:
        return {}
    pairs = (entry.partition(",") for entry in named)
    return {name.strip().lower(): address.strip() for name, _, address in pairs}


@dataclass(frozen=True, slots=True)
class _Telling:
    """What the results of one run share: the folder of its paths, the places of its rules, its notebooks."""

    folder: Path
    numbers: Mapping[str, int]
    compared: bool
    notebooks: Notebooks

    def invocation(self, report: Report) -> dict[str, Any]:
        """Return the run itself (3.20): what could not be judged are notifications of it."""
        told: dict[str, Any] = {"executionSuccessful": not report.problems}
        if report.problems:
            told["toolExecutionNotifications"] = [self._notification(problem) for problem in report.problems]
        return told

    def _notification(self, problem: Problem) -> dict[str, Any]:
        physical: dict[str, Any] = {"artifactLocation": self._artifact(problem.path)}
        location: dict[str, Any] = {"physicalLocation": physical}
        told = problem.message
        if problem.cell is not None:
            told = f"cell {problem.cell}, line {problem.line}: {told}"
            location["logicalLocations"] = [_cell(problem.cell)]
            physical |= self._lines_of(problem, problem.line, problem.line)
        elif problem.line:
            column = {"startColumn": problem.column} if problem.column else {}
            physical["region"] = {"startLine": problem.line, **column}
        return {"level": "error", "message": {"text": told}, "locations": [location]}

    def result(self, finding: Finding) -> dict[str, Any]:
        """Return a result (3.27)."""
        told: dict[str, Any] = {
            "ruleId": finding.rule.code,
            "ruleIndex": self.numbers[finding.rule.code],
            "level": _LEVELS[finding.severity],
            "message": {"text": finding.message},
            "locations": [self._location(finding)],
        }
        if finding.fingerprint:
            told["partialFingerprints"] = {"greenlint/v1": finding.fingerprint}
        if self.compared:
            told["baselineState"] = "unchanged" if finding.status is Status.KNOWN else "new"
        if finding.status is not Status.OPEN:
            kind = "inSource" if finding.status is Status.SUPPRESSED else "external"
            told["suppressions"] = [{"kind": kind, **({"justification": finding.reason} if finding.reason else {})}]
        elif self.compared:
            told["suppressions"] = []
        if finding.fix and (fix := self._fix(finding.fix)):
            told["fixes"] = [fix]
        return told

    def _location(self, finding: Finding) -> dict[str, Any]:
        place = finding.place
        physical: dict[str, Any] = {"artifactLocation": self._artifact(place.path)}
        location: dict[str, Any] = {"id": 1, "physicalLocation": physical}
        if isinstance(place, GraphPlace):
            if place.node:
                location["logicalLocations"] = [
                    {"name": place.node.rpartition("/")[2], "fullyQualifiedName": place.node, "kind": "node"}
                ]
        elif place.cell is not None:
            physical |= self._lines_of(place, place.line, place.end_line)
            location["logicalLocations"] = [_cell(place.cell)]
            location["message"] = {"text": f"cell {place.cell}, line {place.line}, column {place.column}"}
            location["properties"] = {"cell": place.cell, "region": _region(place)}
        else:
            physical["region"] = _region(place)
            # 3.29.5: the context holds more than the region.
            if place.line == place.end_line and place.end_column - place.column < len(finding.snippet):
                physical["contextRegion"] = {
                    "startLine": place.line,
                    "endLine": place.line,
                    "snippet": {"text": finding.snippet},
                }
        return location

    def _lines_of(self, place: TextPlace | Problem, first: int, last: int) -> dict[str, Any]:
        """Return the region of the JSON in which lines of a cell are written, whole lines of it."""
        lines = [self.notebooks.line(place, line) for line in (first, last)]
        return {"region": {"startLine": lines[0], "endLine": lines[1]}} if all(lines) else {}

    def _artifact(self, path: str) -> dict[str, str]:
        """Return an artifactLocation (3.4): relative to the root below it, else absolute."""
        uri = _roots.uri(_roots.from_folder(path, self.folder))
        return {"uri": uri} if uri.startswith("file:") else {"uri": uri, "uriBaseId": ROOT}

    def _fix(self, fix: Fix) -> dict[str, Any] | None:
        """Return a fix (3.55); the edits of a notebook are those of its JSON."""
        by_path: dict[str, list[Edit]] = {}
        for edit in fix.edits:
            by_path.setdefault(edit.place.path, []).append(edit)
        changes = []
        for path, edits in by_path.items():
            whole = file_edit(path, edits) if any(edit.place.cell is not None for edit in edits) else None
            if whole is None and edits[0].place.cell is not None:
                return None
            replacements = [
                {"deletedRegion": _region(edit.place), "insertedContent": {"text": edit.text}}
                for edit in ([whole] if whole else edits)
            ]
            changes.append({"artifactLocation": self._artifact(path), "replacements": replacements})
        return {
            "description": {"text": fix.title},
            "artifactChanges": changes,
            "properties": {"applicability": "safe" if fix.safe else "unsafe"},
        }


def _region(place: TextPlace) -> dict[str, int]:
    """Return a region (3.30): as ours, columns count code points from 1, and the last one is not in it."""
    return {
        "startLine": place.line,
        "startColumn": place.column,
        "endLine": place.end_line,
        "endColumn": place.end_column,
    }


def _cell(number: int) -> dict[str, str]:
    return {"name": f"cell {number}", "fullyQualifiedName": f"cells[{number}]", "kind": "cell"}


def _joined(words: str) -> str:
    return " ".join(words.split())
