"""What is found: a rule met at a place."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from greenlint.rule import Rule, Severity


class Status(Enum):
    """Open findings count; suppressed and known ones are kept, marked, and hidden by the outputs."""

    OPEN = "open"
    SUPPRESSED = "suppressed"
    KNOWN = "known"


@dataclass(frozen=True, slots=True)
class TextPlace:
    """A stretch of a file.

    Lines and columns count from 1, `end_column` is one past the last character. In a notebook `cell` counts all
    cells from 0 and lines start at 1 in the cell.
    """

    path: str
    line: int
    column: int
    end_line: int
    end_column: int
    cell: int | None = None


@dataclass(frozen=True, slots=True)
class GraphPlace:
    """A node of an ONNX graph, by its path: `If_12.then_branch/Relu_3`; empty for the model as a whole."""

    path: str
    node: str


@dataclass(frozen=True, slots=True)
class Edit:
    """A stretch of a file and the text that takes its place; an empty stretch is where text is put in."""

    place: TextPlace
    text: str


@dataclass(frozen=True, slots=True)
class Fix:
    """What a correction does, in one phrase; whether results stay the same; and its edits, none overlapping."""

    title: str
    safe: bool
    edits: tuple[Edit, ...]


@dataclass(frozen=True, slots=True)
class Finding:
    """A rule met at a place.

    `snippet` is the first source line of the place (empty for graphs). `reason` is what a suppression gave as its
    reason. `fingerprint` stays the same when the code around the finding moves. `fix` is a correction that was worked
    out (`fixing.proposed`); None says that nobody asked, or that there is none.
    """

    rule: Rule
    severity: Severity
    place: TextPlace | GraphPlace
    message: str
    snippet: str = ""
    status: Status = Status.OPEN
    reason: str = ""
    fingerprint: str = ""
    values: Mapping[str, object] | None = None
    fix: Fix | None = None


@dataclass(frozen=True, slots=True)
class Problem:
    """What kept a file from being read or judged: one line for the user, and exit code 2.

    `line` and `column` count from 1 and are 0 where the place is unknown; `cell` as in `TextPlace`.
    """

    path: str
    message: str
    line: int = 0
    column: int = 0
    cell: int | None = None

    def __str__(self) -> str:
        """Return `path:line:column: message`, as far as the place is known."""
        where = self.path if self.cell is None else f"{self.path}:cell {self.cell}"
        if self.line:
            where += f":{self.line}:{self.column}" if self.column else f":{self.line}"
        return f"{where}: {self.message}"


@dataclass(frozen=True, slots=True)
class Report:
    """What a run found, in the order in which it is shown.

    `checked` counts the files that were judged, `skipped` those that no rule can concern, `problems` say what could
    not be read and what went wrong.
    """

    findings: tuple[Finding, ...] = ()
    checked: int = 0
    skipped: int = 0
    unreadable: int = 0
    problems: tuple[Problem, ...] = ()

    @property
    def open(self) -> tuple[Finding, ...]:
        """The findings that count."""
        return tuple(finding for finding in self.findings if finding.status is Status.OPEN)

    def by_rule(self) -> list[tuple[Rule, int]]:
        """Return how often each rule was met by an open finding, most frequent first."""
        rules = {finding.rule.code: finding.rule for finding in self.open}
        counts = Counter(finding.rule.code for finding in self.open)
        by_count = sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))
        return [(rules[code], count) for code, count in by_count]


def shown(path: Path) -> str:
    """Return a path as it is told: with forward slashes, relative to the working directory where it lies below it."""
    try:
        return path.relative_to(Path.cwd()).as_posix()
    except ValueError:
        return path.as_posix()


def reading_order(finding: Finding) -> tuple[str, int, int, int, str]:
    """Return what findings are sorted by: path, cell, line, column and code."""
    place = finding.place
    if isinstance(place, TextPlace):
        return place.path, place.cell or 0, place.line, place.column, finding.rule.code
    return place.path, 0, 0, 0, finding.rule.code
