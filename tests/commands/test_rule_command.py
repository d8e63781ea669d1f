from __future__ import annotations

import argparse
import json

import pytest

from greenlint.catalogue import load
from greenlint.commands import rule
from greenlint.errors import ConfigError


def told(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    parser = argparse.ArgumentParser()
    rule.configure(parser)
    assert rule.run(parser.parse_args(words)) == 0
    return capsys.readouterr().out


@pytest.mark.parametrize("word", ["ECO310", "missing-early-stopping"])
def test_a_rule_is_explained(capsys: pytest.CaptureFixture[str], word: str) -> None:
    text = told(capsys, word)
    assert text.startswith("ECO310 missing-early-stopping\n")
    for part in ("Why", "Instead of", "write", "Fix", "What it cannot see", "Evidence"):
        assert f"\n{part}\n" in text
    assert "    early-stopping-min-epochs = 10\n" in text
    assert "# greenlint: ignore[missing-early-stopping]" in text


@pytest.mark.parametrize("code", [rule.code for rule in load().rules])
def test_every_explanation_fits_80_columns(capsys: pytest.CaptureFixture[str], code: str) -> None:
    long = [line for line in told(capsys, code).splitlines() if len(line) > 80 and "https://" not in line]
    assert not long


def test_json_has_the_fields_of_the_yaml(capsys: pytest.CaptureFixture[str]) -> None:
    document = json.loads(told(capsys, "ECO310", "--format", "json"))
    assert document["code"] == "ECO310"
    assert document["options"]["early-stopping-min-epochs"]["default"] == 10
    assert set(document["example"]) == {"bad", "good"}
    assert document["evidence"][0]["url"].startswith("https://")


def test_an_unknown_rule_is_an_error_with_the_nearest_word(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(ConfigError, match='"missing-early-stop", did you mean "missing-early-stopping"'):
        told(capsys, "missing-early-stop")


def test_a_rule_that_is_off_by_default_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    assert "off unless it is selected" in " ".join(told(capsys, "ECO001").split())
