from __future__ import annotations

import json
import shutil
import sys
from typing import TYPE_CHECKING

import pytest

from greenlint import catalogue
from greenlint.errors import ConfigError, RuleError
from greenlint.rule import Severity, Target

if TYPE_CHECKING:
    from pathlib import Path

RULE = """\
code: ECO999
name: wasted-heat
family: training
target: python
severity: warning
confidence: high
life: stable
since: 0.1.0
summary: Heat is wasted here.
message: "{heat} is wasted"
why: It warms the room and nobody asked for that in this house.
fix: Turn it off.
fixable: none
blind-spots: It sees no cold.
example:
  bad: |
    heat()
  good: |
    rest()
options:
  max-degrees:
    default: 30
    description: Degrees that are not reported.
evidence:
  - url: https://example.org/heat
    figure: Heat rises.
    year: 1850
"""


def written(folder: Path, text: str = RULE, name: str = "ECO999-wasted-heat.yaml") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def test_reads_every_field(tmp_path: Path) -> None:
    rule = catalogue.read(written(tmp_path))
    assert (rule.code, rule.name, rule.module) == ("ECO999", "wasted-heat", "wasted_heat")
    assert rule.severity is Severity.WARNING
    assert rule.target is Target.PYTHON
    assert rule.bad == "heat()\n"
    assert rule.options["max-degrees"].default == 30
    assert rule.evidence[0].year == 1850
    assert rule.on_by_default


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (
            "severity: warning",
            "severity: warnin",
            'severity must be one of info, warning, error, not "warnin", did you',
        ),
        ("name: wasted-heat\n", "", "name is missing"),
        ("fix: Turn", "fixd: Turn", 'fixd is no field of a rule, did you mean "fix"?'),
        ("summary: Heat is wasted here.", "summary:", "summary must be a text, not None"),
        ("  good: |\n    rest()\n", "", "example must hold exactly: bad, good"),
        ("    default: 30\n", "    default: null\n", "options.max-degrees.default must be a number"),
        ("    year: 1850", "    year: soon", "evidence[0].year must be a year"),
        ("evidence:\n", "evidence: {}\nignored:\n", "ignored is no field"),
        ("since: 0.1.0\n", "since: 0.1.0\non-by-default: maybe\n", "on-by-default must be true or false"),
    ],
)
def test_a_bad_rule_is_told_by_file_and_field(tmp_path: Path, old: str, new: str, said: str) -> None:
    assert old in RULE
    with pytest.raises(RuleError) as raised:
        catalogue.read(written(tmp_path, RULE.replace(old, new)))
    assert str(raised.value).startswith(f"rules/ECO999-wasted-heat.yaml: {said}")
    assert "\n" not in str(raised.value)


def test_broken_yaml_is_told_by_line(tmp_path: Path) -> None:
    with pytest.raises(RuleError, match=r"^rules/ECO999-wasted-heat\.yaml:[23]: not YAML"):
        catalogue.read(written(tmp_path, "code: ECO999\nname: [oops\n"))


def test_a_file_that_is_no_mapping_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RuleError, match="a rule is a mapping"):
        catalogue.read(written(tmp_path, "- ECO999\n"))


@pytest.mark.parametrize("twin", ["ECO999", "wasted-heat"])
def test_a_code_or_name_is_taken_once(tmp_path: Path, twin: str) -> None:
    written(tmp_path)
    other = RULE.replace("ECO999", "ECO998") if twin == "wasted-heat" else RULE.replace("wasted-heat", "other-heat")
    written(tmp_path, other, "ECO999-x.yaml")
    with pytest.raises(RuleError, match=f"{twin} is taken by"):
        catalogue.load(tmp_path)


@pytest.fixture
def three(tmp_path: Path) -> catalogue.Catalogue:
    for code, name in (("ECO320", "late-heat"), ("ECO310", "wasted-heat"), ("ECO201", "early-heat")):
        text = RULE.replace("ECO999", code).replace("wasted-heat", name)
        written(tmp_path, text, f"{code}-{name}.yaml")
    return catalogue.load(tmp_path)


def codes(rules: tuple[catalogue.Rule, ...]) -> list[str]:
    return [rule.code for rule in rules]


def test_rules_are_sorted_by_code(three: catalogue.Catalogue) -> None:
    assert codes(three.rules) == ["ECO201", "ECO310", "ECO320"]


@pytest.mark.parametrize("word", ["ECO310", "eco310", "wasted-heat", "Wasted-Heat"])
def test_a_rule_has_a_code_and_a_name(three: catalogue.Catalogue, word: str) -> None:
    assert three.by_word(word).code == "ECO310"


def test_a_prefix_is_no_rule_but_tells_which_there_are(three: catalogue.Catalogue) -> None:
    with pytest.raises(ConfigError, match=r'^"eco3" stands for several rules, did you mean ECO310 or ECO320'):
        three.by_word("eco3")


@pytest.mark.parametrize(
    ("words", "chosen"),
    [
        (["ALL"], ["ECO201", "ECO310", "ECO320"]),
        (["all"], ["ECO201", "ECO310", "ECO320"]),
        (["ECO3"], ["ECO310", "ECO320"]),
        (["ECO"], ["ECO201", "ECO310", "ECO320"]),
        (["ECO32", "early-heat", "ECO320"], ["ECO201", "ECO320"]),
        ([], []),
    ],
)
def test_words_stand_for_rules(three: catalogue.Catalogue, words: list[str], chosen: list[str]) -> None:
    assert codes(three.select(words)) == chosen


@pytest.mark.parametrize(
    ("word", "near"),
    [
        ("wasted-hea", ', did you mean "wasted-heat"?'),
        ("ECO311", ', did you mean "ECO310"?'),
        ("eco311", ', did you mean "ECO310"?'),
        ("ECO9", ""),
        ("coffee", ""),
    ],
)
def test_an_unknown_word_is_told_with_the_nearest(three: catalogue.Catalogue, word: str, near: str) -> None:
    with pytest.raises(ConfigError) as raised:
        three.select([word])
    assert str(raised.value) == f'no rule is called "{word}"{near}'


def test_retired_rules_keep_their_code_and_do_not_run(tmp_path: Path) -> None:
    written(tmp_path, RULE.replace("life: stable", "life: retired"))
    read = catalogue.load(tmp_path)
    assert read.by_word("ECO999").name == "wasted-heat"
    assert read.for_target(Target.PYTHON) == ()


def test_the_installed_catalogue_is_found() -> None:
    assert (catalogue.rules_folder() / "schema.json").is_file()
    assert catalogue.load().by_word("ECO310").options["early-stopping-min-epochs"].default == 10


def test_a_missing_folder_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(catalogue, "__file__", str(tmp_path / "greenlint" / "catalogue.py"))
    with pytest.raises(RuleError, match="the rules of greenlint are missing"):
        catalogue.rules_folder()


def test_pure_python_yaml_reads_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import yaml

    fast = catalogue.read(written(tmp_path))
    monkeypatch.delattr(yaml, "CSafeLoader", raising=False)
    assert catalogue.read(written(tmp_path)) == fast


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a copy of the rules, in a process that may write bytecode beside its sources."""
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    monkeypatch.setattr(sys, "pycache_prefix", None)
    return shutil.copytree(catalogue.rules_folder(), tmp_path / "rules", ignore=shutil.ignore_patterns("__pycache__"))


class TestCompiled:
    def test_json_says_what_yaml_says(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        plain = catalogue.load(folder)
        assert catalogue._compiled(folder) == plain
        monkeypatch.setattr(catalogue, "_yaml", pytest.fail)
        assert catalogue._compiled(folder) == plain
        assert [path.name for path in (folder / "__pycache__").iterdir()] == ["catalogue.json"]

    @pytest.mark.parametrize("broken", ["", "{", "[]", "{}", "[1]", "\udcff", '{"made from": 1}'])
    def test_a_broken_file_is_made_anew(self, folder: Path, broken: str) -> None:
        plain = catalogue._compiled(folder)
        file = folder / "__pycache__" / "catalogue.json"
        whole = file.read_bytes()
        file.write_text(broken, "utf-8", "surrogateescape")
        assert catalogue._compiled(folder) == plain
        assert file.read_bytes() == whole

    @pytest.mark.parametrize("key", ["rules", "made from"])
    @pytest.mark.parametrize("value", [None, [None], [{}], [[]], 7, "x", {"code": 1}])
    def test_a_field_of_another_kind_is_made_anew(self, folder: Path, key: str, value: object) -> None:
        plain = catalogue._compiled(folder)
        file = folder / "__pycache__" / "catalogue.json"
        file.write_text(json.dumps({**json.loads(file.read_bytes()), key: value}))
        assert catalogue._compiled(folder) == plain

    def test_a_changed_rule_counts_at_once(self, folder: Path) -> None:
        catalogue._compiled(folder)
        rule = next(folder.glob("ECO310-*.yaml"))
        rule.write_text(rule.read_text().replace("severity: warning", "severity: error"))
        assert catalogue._compiled(folder).by_word("ECO310").severity is Severity.ERROR
        rule.unlink()
        with pytest.raises(ConfigError):
            catalogue._compiled(folder).by_word("ECO310")

    def test_a_rule_that_is_none_is_told(self, folder: Path) -> None:
        catalogue._compiled(folder)
        written(folder, RULE.replace("name: ", "nam: "))
        with pytest.raises(RuleError, match="nam is no field"):
            catalogue._compiled(folder)

    def test_what_cannot_be_written_is_done_without(self, folder: Path) -> None:
        (folder / "__pycache__").write_text("in the way")
        assert catalogue._compiled(folder) == catalogue.load(folder)

    def test_nothing_is_left_of_what_cannot_be_put_in_its_place(self, folder: Path) -> None:
        (folder / "__pycache__" / "catalogue.json").mkdir(parents=True)
        assert catalogue._compiled(folder) == catalogue.load(folder)
        assert [path.name for path in (folder / "__pycache__").iterdir()] == ["catalogue.json"]

    def test_nothing_is_written_where_python_is_to_write_no_bytecode(
        self, folder: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(sys, "dont_write_bytecode", True)
        assert catalogue._compiled(folder) == catalogue.load(folder)
        assert not (folder / "__pycache__").exists()
