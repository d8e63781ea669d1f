"""What is found: a rule met at a place."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
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
    """A node of an ONNX graph, by its path: `graph/If_12.then_branch/Relu_3`; empty for the model as a whole."""

    path: str
    node: str


@dataclass(frozen=True, slots=True)
class Finding:
    """A rule met at a place.

    `snippet` is the first source line of the place (empty for graphs). `reason` is what a suppression gave as its
    reason. `fingerprint` stays the same when the code around the finding moves.
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
