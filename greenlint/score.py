"""Statuses in, three numbers out: the score, how much was assessed, and how much was set aside.

The scale is frozen as `greenlint-score/1`: a change to a weight, a credit or a band is a new scale. Nothing here knows
where a status comes from; `greenlint.card.evidence` decides that. Exact fractions are used, and numbers are shown
rounded down, so that a letter is never earned by rounding.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from fractions import Fraction
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

SCALE = "greenlint-score/1"

PHASE_WEIGHTS: Mapping[str, int] = {"ANA": 25, "DES": 25, "TRN": 20, "DEP": 20, "OPS": 10}
"""Percent of the score; decisions taken early bind the later ones, so they weigh more."""

BANDS: Sequence[tuple[int, str]] = ((60, "A"), (50, "B"), (40, "C"), (30, "D"), (20, "E"), (10, "F"), (0, "G"))

MINIMUM_COVERAGE = Fraction(50, 100)
MAXIMUM_NOT_APPLICABLE = Fraction(25, 100)


class Status(Enum):
    """What is known about one item, from best to least."""

    VERIFIED = "verified"
    PARTIAL = "partial"
    DECLARED = "declared"
    FAILED = "failed"
    UNKNOWN = "unknown"
    NOT_APPLICABLE = "n/a"


CREDIT: Mapping[Status, Fraction] = {
    Status.VERIFIED: Fraction(1),
    Status.PARTIAL: Fraction(1, 2),
    Status.DECLARED: Fraction(1, 4),
    Status.FAILED: Fraction(0),
    Status.UNKNOWN: Fraction(0),
}


@dataclass(frozen=True, slots=True)
class Share:
    """Three numbers over the whole checklist or one phase, each an exact fraction between 0 and 1.

    `score` and `coverage` are over what applies; `not_applicable` is over everything.
    """

    score: Fraction
    coverage: Fraction
    not_applicable: Fraction


@dataclass(frozen=True, slots=True)
class Score:
    """The score of a checklist; `grade` is None when too little is assessed or too much set aside."""

    total: Share
    phases: Mapping[str, Share]
    grade: str | None
    scale: str = SCALE


def percent(share: Fraction) -> float:
    """Percent with one decimal, rounded down: 59.99 is shown as 59.9."""
    return float(Fraction(int(share * 1000), 10))


def weights(items: Iterable[str]) -> dict[str, Fraction]:
    """Weight of each item: its phase's weight over the number of items of that phase.

    An item's id starts with its phase: `ANA-1.1`. Raises `KeyError` for a phase that the scale does not know.
    """
    ids = list(items)
    sizes = {phase: sum(1 for item in ids if phase_of(item) == phase) for phase in {phase_of(item) for item in ids}}
    return {item: Fraction(PHASE_WEIGHTS[phase_of(item)], 100 * sizes[phase_of(item)]) for item in ids}


def phase_of(item: str) -> str:
    """`ANA` for `ANA-1.1`."""
    return item.split("-", 1)[0]


def rate(statuses: Mapping[str, Status]) -> Score:
    """Score a checklist: item id -> status, every item of the checklist present."""
    weight = weights(statuses)
    total = _share(statuses, weight)
    phases = {
        phase: _share({item: status for item, status in statuses.items() if phase_of(item) == phase}, weight)
        for phase in PHASE_WEIGHTS
        if any(phase_of(item) == phase for item in statuses)
    }
    is_graded = total.coverage >= MINIMUM_COVERAGE and total.not_applicable <= MAXIMUM_NOT_APPLICABLE
    return Score(total, phases, _letter(total.score) if is_graded else None)


def gain(statuses: Mapping[str, Status], item: str, status: Status) -> Fraction:
    """By how much the score would rise if one item had another status."""
    return _share({**statuses, item: status}, weights(statuses)).score - _share(statuses, weights(statuses)).score


def _share(statuses: Mapping[str, Status], weight: Mapping[str, Fraction]) -> Share:
    everything = sum((weight[item] for item in statuses), Fraction(0))
    applies = {item: status for item, status in statuses.items() if status is not Status.NOT_APPLICABLE}
    applicable = sum((weight[item] for item in applies), Fraction(0))
    assessed = sum((weight[item] for item, status in applies.items() if status is not Status.UNKNOWN), Fraction(0))
    earned = sum((weight[item] * CREDIT[status] for item, status in applies.items()), Fraction(0))
    nothing = Fraction(0)
    return Share(
        score=earned / applicable if applicable else nothing,
        coverage=assessed / applicable if applicable else nothing,
        not_applicable=(everything - applicable) / everything if everything else nothing,
    )


def _letter(score: Fraction) -> str:
    return next(letter for threshold, letter in BANDS if score * 100 >= threshold)
