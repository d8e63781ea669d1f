from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from greenlint import baseline, catalogue, engine
from greenlint.baseline import Entry
from greenlint.config import Configuration, Overrides
from greenlint.errors import ConfigError
from greenlint.finding import Finding, GraphPlace, Problem, Status, TextPlace

if TYPE_CHECKING:
    from pathlib import Path

RULE = catalogue.load().by_word("ECO310")


def finding(fingerprint: str, code: str = "fit(x)", *, path: str = "a.py") -> Finding:
    return Finding(RULE, RULE.severity, TextPlace(path, 1, 1, 1, 2), "", snippet=code, fingerprint=fingerprint)


def judged(path: Path, *fingerprints: str, select: tuple[str, ...] = ("ECO310",)) -> engine.Judged:
    settings = Configuration(catalogue.load(), Overrides(select=select)).settings(path.parent)
    return engine.Judged(path, settings, relevant=True, findings=tuple(map(finding, fingerprints)))


def entry(path: str, fingerprint: str) -> Entry:
    return Entry(path, "ECO310", "fit(x)", fingerprint, "missing-early-stopping")


def keys(entries: tuple[Entry, ...]) -> list[tuple[str, str]]:
    return [(entry.path, entry.fingerprint) for entry in entries]


@pytest.fixture
def file(folder: Path) -> Path:
    for name in ("a.py", "b.py", "c.py"):
        (folder / name).touch()
    return folder / "greenlint-baseline.json"


def statuses(told: baseline.Comparison) -> list[list[str]]:
    return [[finding.status.value for finding in one.findings] for one in told.judged]


class TestMatching:
    def test_a_finding_with_an_entry_is_known(self, file: Path) -> None:
        told = baseline.compare(file, [entry("a.py", "1")], [judged(file.parent / "a.py", "1", "2")])
        assert statuses(told) == [["known", "open"]]
        assert (keys(told.met), keys(told.new), told.stale) == ([("a.py", "1")], [("a.py", "2")], ())

    def test_the_same_code_in_another_file_is_a_copy(self, file: Path) -> None:
        files = [judged(file.parent / name, "1") for name in ("a.py", "b.py")]
        assert statuses(baseline.compare(file, [entry("b.py", "1")], files)) == [["open"], ["known"]]

    def test_code_that_moves_keeps_its_entry(self, file: Path) -> None:
        files = [judged(file.parent / "a.py"), judged(file.parent / "b.py", "1")]
        told = baseline.compare(file, [entry("a.py", "1")], files)
        assert statuses(told) == [[], ["known"]]
        assert (keys(told.met), told.stale, told.untold) == ([("b.py", "1")], (), ())

    def test_an_entry_answers_once(self, file: Path) -> None:
        files = [judged(file.parent / "a.py"), *(judged(file.parent / name, "1") for name in ("b.py", "c.py"))]
        assert statuses(baseline.compare(file, [entry("a.py", "1")], files)) == [[], ["known"], ["open"]]

    def test_a_renamed_file_keeps_its_entries(self, file: Path) -> None:
        told = baseline.compare(file, [entry("old.py", "1")], [judged(file.parent / "a.py", "1")])
        assert statuses(told) == [["known"]]
        assert keys(told.met) == [("a.py", "1")]

    def test_a_file_that_was_not_judged_keeps_its_own(self, file: Path) -> None:
        told = baseline.compare(file, [entry("b.py", "1")], [judged(file.parent / "a.py", "1")])
        assert statuses(told) == [["open"]]
        assert keys(told.untold) == [("b.py", "1")]

    def test_suppressed_findings_need_no_entry(self, file: Path) -> None:
        one = judged(file.parent / "a.py", "1")
        one = replace(one, findings=tuple(replace(each, status=Status.SUPPRESSED) for each in one.findings))
        told = baseline.compare(file, [entry("a.py", "1")], [one])
        assert statuses(told) == [["suppressed"]]
        assert keys(told.stale) == [("a.py", "1")]

    def test_paths_are_those_of_the_baselines_folder(self, folder: Path) -> None:
        for place, path in ((folder / "sub", "../a.py"), (folder, "a.py")):
            told = baseline.compare(place / "known.json", [entry(path, "1")], [judged(folder / "a.py", "1")])
            assert statuses(told) == [["known"]]

    def test_a_node_of_a_graph(self, file: Path) -> None:
        one = judged(file.parent / "m.onnx")
        node = replace(finding("1"), place=GraphPlace("m.onnx", "main/Relu_3"), snippet="")
        told = baseline.compare(file, [], [replace(one, findings=(node,))])
        assert [entry.at for entry in told.new] == ["main/Relu_3"]
        assert statuses(baseline.compare(file, told.new, [replace(one, findings=(node,))])) == [["known"]]

    def test_nodes_of_two_models_are_called_alike(self, file: Path) -> None:
        node = replace(finding("1"), place=GraphPlace("b.onnx", "main/Relu_3"), snippet="")
        files = [judged(file.parent / "a.onnx"), replace(judged(file.parent / "b.onnx"), findings=(node,))]
        (file.parent / "a.onnx").touch()
        assert statuses(baseline.compare(file, [entry("a.onnx", "1")], files)) == [[], ["open"]]
        (file.parent / "a.onnx").unlink()
        assert statuses(baseline.compare(file, [entry("a.onnx", "1")], files[1:])) == [["known"]]


class TestStale:
    def test_an_entry_of_a_judged_file_without_the_finding(self, file: Path) -> None:
        told = baseline.compare(file, [entry("a.py", "1")], [judged(file.parent / "a.py")])
        assert (keys(told.stale), told.untold) == ([("a.py", "1")], ())

    def test_not_where_the_rule_did_not_run(self, file: Path) -> None:
        told = baseline.compare(file, [entry("a.py", "1")], [judged(file.parent / "a.py", select=("ECO301",))])
        assert keys(told.untold) == [("a.py", "1")]

    def test_not_where_something_went_wrong(self, file: Path) -> None:
        for wrong in ({"unreadable": True}, {"problems": (Problem("a.py", "greenlint itself failed"),)}):
            told = baseline.compare(file, [entry("a.py", "1")], [replace(judged(file.parent / "a.py"), **wrong)])
            assert keys(told.untold) == [("a.py", "1")]

    def test_a_file_that_is_gone_from_a_folder_that_was_searched(self, file: Path) -> None:
        entries = [entry("src/gone.py", "1"), entry("other/gone.py", "1")]
        told = baseline.compare(file, entries, [], [file.parent / "src"])
        assert (keys(told.stale), keys(told.untold)) == ([("src/gone.py", "1")], [("other/gone.py", "1")])


class TestFile:
    def test_one_line_for_each_sorted_whatever_the_order(self, file: Path) -> None:
        entries = [entry("b.py", "1"), entry("a.py", "2"), entry("a.py", "1"), entry("a.py", "1")]
        lines = list(baseline.render(entries))
        assert lines == list(baseline.render(reversed(entries)))
        assert lines[3:-2] == [
            f'    {{"path": "{path}", "code": "ECO310", "name": "missing-early-stopping", "at": "fit(x)", '
            f'"fingerprint": "{fingerprint}"}}{comma}'
            for path, fingerprint, comma in (("a.py", "1", ","), ("a.py", "2", ","), ("b.py", "1", ""))
        ]
        file.write_text("\n".join(lines))
        assert baseline.read(file) == sorted(set(entries))

    def test_none(self, file: Path) -> None:
        file.write_text("\n".join(baseline.render([])))
        assert baseline.read(file) == []

    def test_what_a_later_version_adds_is_passed_over(self, file: Path) -> None:
        told = {"path": "a.py", "code": "ECO310", "fingerprint": "1", "since": 2030}
        file.write_text(json.dumps({"schema": "greenlint-baseline/1", "findings": [told], "more": {}}))
        assert [one.key for one in baseline.read(file)] == [("a.py", "1")]

    @pytest.mark.parametrize(
        ("text", "complaint"),
        [
            ("", "known.json:1:1: is no baseline: not JSON, expecting value"),
            ("<<<<<<< HEAD", "known.json:1:1: is no baseline: not JSON, expecting value"),
            ("[]", 'known.json: is no baseline: its schema is not "greenlint-baseline/1"'),
            ('{"version": "2.1.0"}', 'known.json: is no baseline: its schema is not "greenlint-baseline/1"'),
            (
                '{"schema": "greenlint-baseline/2"}',
                'known.json: has the schema "greenlint-baseline/2", this greenlint reads "greenlint-baseline/1": up',
            ),
            ('{"schema": "greenlint-baseline/1"}', "known.json: is no baseline: findings must be a list"),
            (
                '{"schema": "greenlint-baseline/1", "findings": [{"path": "a", "code": "b"}]}',
                "known.json: is no baseline: fingerprint of entry 1 must be a text",
            ),
            ('{"schema": "greenlint-baseline/1", "findings": [1]}', "known.json: is no baseline: path of entry 1 must"),
            ("[" * 100_000, "known.json: is no baseline: JSON nested too deeply"),
        ],
    )
    def test_what_is_no_baseline_is_one_line(self, folder: Path, text: str, complaint: str) -> None:
        file = folder / "known.json"
        file.write_text(text)
        with pytest.raises(ConfigError) as caught:
            baseline.read(file)
        assert str(caught.value).startswith(complaint)
        assert "\n" not in str(caught.value)

    def test_what_is_not_utf8(self, folder: Path) -> None:
        (folder / "known.json").write_bytes(b"\xff\xfe{")
        with pytest.raises(ConfigError, match=r"known.json: is no baseline: not UTF-8"):
            baseline.read(folder / "known.json")

    def test_a_baseline_that_is_missing_is_said_before_the_first_file_is_judged(self, folder: Path) -> None:
        settings = Configuration(catalogue.load(), Overrides(baseline=folder / "none.json")).settings(folder)

        def files() -> object:
            yield replace(judged(folder / "a.py"), settings=settings)
            pytest.fail("went on")

        with pytest.raises(ConfigError, match=r"none.json: no such file \(`greenlint baseline` writes it\)"):
            baseline.mark(files())
