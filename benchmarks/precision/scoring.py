"""Compare findings with hand-made labels: what is right, wrong, missed, and left out because judges disagree."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

ONCE_PER_FILE = frozenset({"ECO301", "ECO320"})
"""Presence rules: any line of the file is the right one, a second finding is wrong."""

CORE = tuple(f"ECO{number}" for number in (104, 201, 301, 302, 303, 310, 311, 312, 320, 340, 401, 402, 501, 502, 601))

SLACK = 2
"""Lines by which a finding may lie beside its label."""

Label = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Mark:
    """A finding as scoring sees it; `cell` as in labels, counted over all cells of a notebook."""

    code: str
    line: int
    cell: int | None = None

    def hits(self, label: Label) -> bool:
        """Tell whether the finding lies in the lines of a label of its rule."""
        if label["rule"] != self.code:
            return False
        if self.code in ONCE_PER_FILE:
            return True
        if None not in (self.cell, label.get("cell")) and self.cell != label["cell"]:
            return False
        return label["line"] - SLACK <= self.line <= label.get("end", label["line"]) + SLACK


@dataclass(slots=True)
class Tally:
    """Counts by rule, and one line for everything wrong or missed."""

    right: Counter[str] = field(default_factory=Counter)
    wrong: Counter[str] = field(default_factory=Counter)
    missed: Counter[str] = field(default_factory=Counter)
    left_out: Counter[str] = field(default_factory=Counter)
    remarks: list[str] = field(default_factory=list)

    def add(self, name: str, entry: Mapping[str, list[Label]], marks: Iterable[Mark], rules: frozenset[str]) -> None:
        """Score one labelled file; `marks` in reading order, `entry` its labels, `rules` the ones that count."""
        due = [label for label in entry.get("findings", []) if label["rule"] in rules]
        unclear = [label for label in entry.get("ambiguous", []) if label["rule"] in rules]
        open_labels = dict(enumerate(due))
        for mark in marks:
            if mark.code not in rules:
                continue
            hit = [number for number, label in enumerate(due) if mark.hits(label)]
            fresh = next((number for number in hit if number in open_labels), None)
            if fresh is not None:
                del open_labels[fresh]
                self.right[mark.code] += 1
            elif hit and mark.code in ONCE_PER_FILE:
                self._is_wrong(name, mark, " (more than one in the file)")
            elif not hit and any(mark.hits(label) for label in unclear):
                self.left_out[mark.code] += 1
            elif not hit:
                self._is_wrong(name, mark)
        for label in open_labels.values():
            self.missed[label["rule"]] += 1
            where = f"{name}:{_place(label['line'], label.get('cell'))}"
            self.remarks.append(f"missed  {label['rule']} {where}  {label.get('why', '')}".rstrip())

    def _is_wrong(self, name: str, mark: Mark, why: str = "") -> None:
        self.wrong[mark.code] += 1
        self.remarks.append(f"wrong   {mark.code} {name}:{_place(mark.line, mark.cell)}{why}")

    def counts(self, code: str) -> tuple[int, int, int]:
        """Return right, wrong and missed of a rule."""
        return self.right[code], self.wrong[code], self.missed[code]

    def table(self) -> dict[str, tuple[int, int, int]]:
        """Return the counts of every rule that has any, by code."""
        return {code: self.counts(code) for code in sorted({*self.right, *self.wrong, *self.missed})}


def _place(line: int, cell: int | None) -> str:
    return str(line) if cell is None else f"cell {cell}:{line}"


def rows(table: Mapping[str, Iterable[int]]) -> Iterator[str]:
    """Yield a line per rule and one for all: right, wrong, missed, precision and recall."""
    everything = [sum(column) for column in zip(*table.values(), strict=True)] or [0, 0, 0]
    for code, (right, wrong, missed) in [*table.items(), ("all", everything)]:
        yield (
            f"{code:6} right {right:4} wrong {wrong:4} missed {missed:4}"
            f"  precision {_share(right, wrong)}  recall {_share(right, missed)}"
        )


def _share(right: int, other: int) -> str:
    return f"{right / (right + other):5.3f}" if right + other else " n/a "
