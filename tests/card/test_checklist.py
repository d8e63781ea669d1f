"""The checklist is whole, worded in both languages, and points at things that exist."""

from __future__ import annotations

import inspect
from collections import Counter
from typing import Any

import pytest

from greenlint import catalogue
from greenlint.card.checklist import Ceiling, load
from greenlint.card.probes import probes
from greenlint.card.signals import Sign, matches

ITEMS = load().items


def test_counts() -> None:
    checklist = load()
    assert (len(checklist.phases), len(checklist.objectives), len(checklist.items)) == (5, 21, 43)
    assert Counter(item.ceiling for item in ITEMS) == {Ceiling.VERIFIED: 18, Ceiling.PARTIAL: 20, Ceiling.DECLARED: 5}
    assert len({item.id for item in ITEMS}) == 43


@pytest.mark.parametrize("item", ITEMS, ids=lambda item: item.id)
def test_each_item_is_worded_and_consistent(item: Any) -> None:
    assert item.id.startswith(item.objective)
    assert item.objective.startswith(item.phase)
    for text in (item.text, item.counts, item.not_applicable_when or item.text):
        assert set(text) == {"en", "fr"}
        assert all(text.values())
        assert text["en"] != text["fr"]
    assert set(item.roles) == {"python", "onnx", "emissions", "repository", "answers"}
    if item.ceiling is Ceiling.DECLARED:
        assert item.roles["answers"] == "only"
        assert not item.checks
    if item.proving:
        assert item.roles["python"] == "proves"
    if item.ceiling is Ceiling.VERIFIED:
        assert "proves" in item.roles.values()


def test_every_probe_exists_and_is_used() -> None:
    named = {check for item in ITEMS for check in item.checks}
    assert named == set(probes())
    assert all(list(inspect.signature(probe).parameters) == ["material"] for probe in probes().values())


def test_every_pattern_can_be_read() -> None:
    for item in ITEMS:
        for pattern in item.proving + item.indicating:
            assert not matches(pattern, Sign("call", ("nothing.at.all",)))


def test_rules_that_refute_are_in_the_catalogue_or_still_to_come() -> None:
    known = {rule.code for rule in catalogue.load().rules}
    refuting = {code for item in ITEMS for code in item.refuted_by}
    stable = {rule.code for rule in catalogue.load().rules if rule.life.value == "stable"}
    assert refuting & stable
    # A preview rule may be named before it is written; a misspelt family may not.
    families = {code[:4] for code in known} | {"ECO7"}
    assert {code for code in refuting if code[:4] not in families} == set()


def test_secondary_lists_map_to_items_and_offsets_to_none() -> None:
    checklist = load()
    ids = {item.id for item in ITEMS}
    for entry in checklist.secondary:
        assert set(entry.maps_to) <= ids
    offsets = next(entry for entry in checklist.secondary if entry.id == "RULE-10")
    assert offsets.maps_to == ()
    assert {entry.list_id for entry in checklist.secondary} == {"DEV", "SOB", "GRAD", "GRA", "4M", "RULE"}
