"""Annotations of GitHub Actions: https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands.

GitHub shows the first ten warnings, errors and notices of a step beside the code; all of them stand in the log.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from greenlint.finding import TextPlace
from greenlint.output import _roots, text
from greenlint.output._notebooks import Notebooks
from greenlint.rule import Severity

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from greenlint.finding import Finding, Problem, Report
    from greenlint.output import Look

_COMMANDS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "notice"}


def render(report: Report, look: Look) -> Iterator[str]:
    """Yield a workflow command for each open finding and each problem."""
    del look
    folder = _roots.checkout(_roots.GITHUB)
    notebooks = Notebooks()
    for finding in report.open:
        file = _roots.from_folder(finding.place.path, folder)
        yield _command(_COMMANDS[finding.severity], {"file": file, **_region(finding, notebooks)}, _told(finding))
    for problem in report.problems:
        yield _command("error", _place(problem, _roots.from_folder(problem.path, folder), notebooks), problem.message)


def _region(finding: Finding, notebooks: Notebooks) -> dict[str, object]:
    """Return the properties of the place: columns only within one line, and none in the JSON of a notebook."""
    title: dict[str, object] = {"title": f"{finding.rule.code} {finding.rule.name}"}
    place = finding.place
    if not isinstance(place, TextPlace):
        return title
    if place.cell is not None:
        line = notebooks.line(place, place.line)
        return {"line": line, **title} if line else title
    if place.line != place.end_line:
        return {"line": place.line, "endLine": place.end_line, **title}
    return {
        "line": place.line,
        "endLine": place.line,
        "col": place.column,
        "endColumn": place.end_column,
        **title,
    }


def _told(finding: Finding) -> str:
    place = finding.place
    if not isinstance(place, TextPlace):
        return f"{place.node}: {finding.message}" if place.node else finding.message
    return (
        finding.message
        if place.cell is None
        else f"cell {place.cell}, line {place.line}, column {place.column}: {finding.message}"
    )


def _place(problem: Problem, file: str, notebooks: Notebooks) -> dict[str, object]:
    line = problem.line if problem.cell is None else notebooks.line(problem, problem.line)
    return {"file": file, **({"line": line} if line else {}), "title": "greenlint"}


def _command(name: str, properties: Mapping[str, object], message: str) -> str:
    told = ",".join(f"{key}={_escaped(str(value), ':,')}" for key, value in properties.items())
    return text.printable(f"::{name} {told}::{_escaped(message)}")


def _escaped(words: str, more: str = "") -> str:
    """Escape what ends a command or a property; the percent sign first, as it marks what is escaped."""
    for character in f"%\r\n{more}":
        words = words.replace(character, f"%{ord(character):02X}")
    return words
