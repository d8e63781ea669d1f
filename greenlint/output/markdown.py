"""Markdown for the comment of a pull request: https://github.github.com/gfm/.

The first line is a comment by which a job finds its earlier comment again. What does not fit into the largest comment
that GitHub takes is counted.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from greenlint.finding import Finding, Problem, Report, TextPlace
from greenlint.output import _roots, text
from greenlint.rule import Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from greenlint.output import Look
    from greenlint.rule import Rule

MARK = "<!-- greenlint -->"
LARGEST = 60_000
"""Characters; GitHub takes 65 536, GitLab a million."""


def render(report: Report, look: Look) -> Iterator[str]:
    """Yield what was found as a table, the gravest first, then why each rule matters."""
    yield MARK
    yield f"### greenlint: {text.summary(report).rstrip('.')}"
    room = LARGEST
    if look.statistics:
        rows = [f"| {count} | {rule.code} | {rule.name} |" for rule, count in report.by_rule()]
        yield from _table(("count", "code", "name"), rows)
        return
    if report.problems:
        problems = [
            f"| {_place(problem.path, _line(problem))} | {_plain(problem.message)} |" for problem in report.problems
        ]
        kept = list(_fitting(problems, room // 4))
        yield from _table(("file", "could not be judged"), kept)
        yield from _left_out(len(problems) - len(kept))
        room -= sum(map(len, kept))
    found = sorted(report.open, key=lambda finding: -finding.severity.rank)
    rules = {finding.rule.code: finding.rule for finding in found}
    reasons = list(_fitting([line for rule in rules.values() for line in _reason(rule)], room // 3))
    rows = list(_fitting([_row(finding) for finding in found], room - sum(map(len, reasons))))
    if rows:
        yield from _table(("severity", "place", "rule", "finding"), rows)
        yield from _left_out(len(found) - len(rows))
    if reasons:
        yield ""
        yield "<details><summary>Why, and what to write instead</summary>"
        yield ""
        yield from reasons
        yield ""
        yield "</details>"


def _table(heads: tuple[str, ...], rows: list[str]) -> Iterator[str]:
    yield ""
    yield f"| {' | '.join(heads)} |"
    yield "|---" * len(heads) + "|"
    yield from rows


def _left_out(number: int) -> Iterator[str]:
    if number:
        yield ""
        yield f"And {number} more: `greenlint check` tells all."


def _fitting(lines: list[str], room: int) -> Iterator[str]:
    for line in lines:
        room -= len(line) + 1
        if room < 0:
            return
        yield line


def _row(finding: Finding) -> str:
    place = finding.place
    if not isinstance(place, TextPlace):
        where = f" {_code(place.node)}" if place.node else ""
    elif place.cell is not None:
        where = f", cell {place.cell}, line {place.line}, column {place.column}"
    else:
        where = f":{place.line}"
    severity = "info" if finding.severity is Severity.INFO else f"**{finding.severity.value}**"
    rule = finding.rule
    return f"| {severity} | {_place(place.path, where)} | {rule.code} {rule.name} | {_plain(finding.message)} |"


def _reason(rule: Rule) -> Iterator[str]:
    yield f"- **{rule.code} {rule.name}**: {_plain(rule.why)} Instead: {_plain(rule.fix)}"


def _line(problem: Problem) -> str:
    if problem.cell is not None:
        return f", cell {problem.cell}, line {problem.line}"
    return f":{problem.line}" if problem.line else ""


def _place(path: str, where: str) -> str:
    path = _roots.from_folder(path, _roots.checkout(_roots.GITHUB, _roots.GITLAB))
    return f"{_code(path + where)}" if where.startswith(":") else f"{_code(path)}{where}"


def _code(words: str) -> str:
    """Return a code span; in the cell of a table a bar is escaped even there."""
    words = " ".join(_printable(words).split(" ")).replace("|", "\\|")
    longest = max((len(run) for run in re.findall("`+", words)), default=0)
    fence = "`" * (longest + 1)
    pad = " " if words.startswith("`") or words.endswith("`") else ""
    return f"{fence}{pad}{words}{pad}{fence}"


def _plain(words: str) -> str:
    """Return words as they are: no markup but their code spans, nobody notified by an `@`."""
    pieces = re.split(r"(`[^`]+`)", _printable(words))
    return "".join(_code(piece[1:-1]) if number % 2 else _escaped(piece) for number, piece in enumerate(pieces))


def _escaped(words: str) -> str:
    words = re.sub(r"([\\`*_\[\]|~$])", r"\\\1", words.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;"))
    return words.replace("@", "@\N{ZERO WIDTH SPACE}").replace("#", "#\N{ZERO WIDTH SPACE}")


def _printable(words: str) -> str:
    return "".join(character if character.isprintable() else " " for character in words)
