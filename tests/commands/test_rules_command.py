from __future__ import annotations

import argparse
import json

import pytest

from greenlint.catalogue import load
from greenlint.commands import rules
from greenlint.errors import ConfigError


def told(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    parser = argparse.ArgumentParser()
    rules.configure(parser)
    assert rules.run(parser.parse_args(words)) == 0
    return capsys.readouterr().out


def test_every_rule_is_listed_once_within_80_columns(capsys: pytest.CaptureFixture[str]) -> None:
    lines = told(capsys).splitlines()
    assert [line.split()[0] for line in lines if line.startswith("  ")] == [rule.code for rule in load().rules]
    assert max(map(len, lines)) <= 80


def test_families_are_headings(capsys: pytest.CaptureFixture[str]) -> None:
    headings = [line for line in told(capsys).splitlines() if line and not line.startswith(" ")]
    assert headings[:3] == ["tool", "design", "data"]
    assert len(headings) == len(set(headings))


def test_words_choose(capsys: pytest.CaptureFixture[str]) -> None:
    assert told(capsys, "ECO31", "fp32-export").split() == [
        *("training", "ECO310", "warning", "missing-early-stopping"),
        *("ECO311", "warning", "oversized-epochs"),
        *("ECO312", "error", "unbounded-training"),
        *("ECO313", "warning", "ineffective-early-stopping", "(preview)"),
        *("export", "ECO501", "info", "fp32-export"),
    ]


def test_json_lists_whole_rules(capsys: pytest.CaptureFixture[str]) -> None:
    listed = json.loads(told(capsys, "--format", "json"))
    assert [rule["code"] for rule in listed] == [rule.code for rule in load().rules]
    assert all(rule["why"] for rule in listed)


def test_an_unknown_word_is_an_error(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(ConfigError, match="no rule is called"):
        told(capsys, "ECO9")


def test_a_rule_that_is_off_by_default_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    assert "unused-suppression (off by default)" in told(capsys, "ECO0")
