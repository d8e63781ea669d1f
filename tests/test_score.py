"""The scale `greenlint-score/1`, fed with statuses."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest

from greenlint.card.checklist import Ceiling, load
from greenlint.score import BANDS, CREDIT, PHASE_WEIGHTS, SCALE, Status, gain, percent, rate, weights

IDS = [item.id for item in load().items]


def everything(status: Status) -> dict[str, Status]:
    return dict.fromkeys(IDS, status)


@pytest.mark.parametrize(
    ("status", "score", "coverage", "not_applicable", "grade"),
    [
        (Status.UNKNOWN, 0, 0, 0, None),
        (Status.NOT_APPLICABLE, 0, 0, 100, None),
        (Status.DECLARED, 25, 100, 0, "E"),
        (Status.PARTIAL, 50, 100, 0, "B"),
        (Status.VERIFIED, 100, 100, 0, "A"),
        (Status.FAILED, 0, 100, 0, "G"),
    ],
)
def test_one_status_for_all(status: Status, score: Any, coverage: Any, not_applicable: Any, grade: Any) -> None:
    rated = rate(everything(status))
    assert percent(rated.total.score) == score
    assert percent(rated.total.coverage) == coverage
    assert percent(rated.total.not_applicable) == not_applicable
    assert rated.grade == grade


def test_the_scale_is_frozen() -> None:
    assert SCALE == "greenlint-score/1"
    assert PHASE_WEIGHTS == {"ANA": 25, "DES": 25, "TRN": 20, "DEP": 20, "OPS": 10}
    assert list(BANDS) == [(60, "A"), (50, "B"), (40, "C"), (30, "D"), (20, "E"), (10, "F"), (0, "G")]
    assert [float(CREDIT[s]) for s in (Status.VERIFIED, Status.PARTIAL, Status.DECLARED)] == [1, 0.5, 0.25]
    assert Status.NOT_APPLICABLE not in CREDIT


def test_weights_add_up_and_are_equal_inside_a_phase() -> None:
    weight = weights(IDS)
    assert sum(weight.values()) == 1
    for phase, percentage in PHASE_WEIGHTS.items():
        members = {weight[item] for item in IDS if item.startswith(phase)}
        assert len(members) == 1
        assert sum(weight[item] for item in IDS if item.startswith(phase)) == Fraction(percentage, 100)


def test_through_the_ceilings_declarations_reach_13_and_the_best_is_67() -> None:
    declared = {Ceiling.VERIFIED: Status.DECLARED, Ceiling.PARTIAL: Status.UNKNOWN, Ceiling.DECLARED: Status.DECLARED}
    best = {Ceiling.VERIFIED: Status.VERIFIED, Ceiling.PARTIAL: Status.PARTIAL, Ceiling.DECLARED: Status.DECLARED}
    items = load().items
    assert percent(rate({item.id: declared[item.ceiling] for item in items}).total.score) == 13.0
    rated = rate({item.id: best[item.ceiling] for item in items})
    assert percent(rated.total.score) == 67.3
    assert rated.grade == "A"


def test_not_applicable_leaves_the_total() -> None:
    statuses = everything(Status.VERIFIED)
    statuses["ANA-1.1"] = Status.NOT_APPLICABLE
    assert percent(rate(statuses).total.score) == 100
    statuses = everything(Status.UNKNOWN)
    statuses["ANA-1.1"] = Status.NOT_APPLICABLE
    assert percent(rate(statuses).total.score) == 0


def test_too_much_not_applicable_takes_the_letter() -> None:
    statuses = everything(Status.VERIFIED)
    statuses.update({item: Status.NOT_APPLICABLE for item in IDS if item.startswith("ANA")})
    assert rate(statuses).grade == "A"  # 25 % exactly
    statuses["OPS-1.1"] = Status.NOT_APPLICABLE
    assert rate(statuses).grade is None


def test_too_little_coverage_takes_the_letter() -> None:
    statuses = everything(Status.UNKNOWN)
    statuses.update({item: Status.VERIFIED for item in IDS if item.startswith(("ANA", "TRN"))})
    assert percent(rate(statuses).total.score) == 45
    assert rate(statuses).grade is None


def test_numbers_are_rounded_down_so_that_rounding_earns_no_letter() -> None:
    assert percent(Fraction(5999, 10000)) == 59.9
    assert percent(Fraction(59999999, 100000000)) == 59.9


def test_each_band_starts_at_its_threshold() -> None:
    for threshold, letter in BANDS:
        # One phase carries the whole weight when the others do not exist.
        items = [f"ANA-1.{n}" for n in range(100)]
        statuses = {item: Status.VERIFIED if n < threshold else Status.FAILED for n, item in enumerate(items)}
        assert rate(statuses).grade == letter


def test_gain_is_what_the_score_rises_by() -> None:
    before = everything(Status.UNKNOWN)
    risen = gain(before, "TRN-1.1", Status.VERIFIED)
    assert risen == rate({**before, "TRN-1.1": Status.VERIFIED}).total.score
    assert risen == Fraction(20, 800)
