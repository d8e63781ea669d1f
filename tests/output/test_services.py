"""The formats that other programs read, held against their specifications."""

from __future__ import annotations

import json
import os
import re
from dataclasses import replace
from importlib.metadata import metadata
from itertools import pairwise
from pathlib import Path
from typing import Any

import jsonschema
import junitparser
import pytest
import sarif_subset
from markdown_it import MarkdownIt

from greenlint import catalogue, output
from greenlint.finding import Edit, Finding, Fix, GraphPlace, Problem, Report, Status, TextPlace
from greenlint.output import Look, github, jsonl, markdown, sarif
from greenlint.rule import Severity

RULE = catalogue.load().by_word("ECO310")
OTHER = catalogue.load().by_word("ECO401")
FOUND = Finding(
    rule=RULE,
    severity=Severity.WARNING,
    place=TextPlace("src/train.py", 42, 5, 42, 27),
    message="trains 90 epochs",
    snippet="    for epoch in range(90):",
    fingerprint="f" * 32,
)
GRAPH = replace(
    FOUND, place=GraphPlace("models/m.onnx", "If_12.then_branch/Relu_3"), snippet="", severity=Severity.INFO
)
CELL = replace(FOUND, place=TextPlace("a b/ä.ipynb", 2, 1, 3, 2, cell=4), snippet="model.fit(", fingerprint="c" * 32)
SUPPRESSED = replace(FOUND, status=Status.SUPPRESSED, reason="the schedule of the paper")
KNOWN = replace(FOUND, status=Status.KNOWN, reason="known in b.json", place=TextPlace("src/old.py", 1, 1, 2, 1))
ERROR = replace(FOUND, rule=OTHER, severity=Severity.ERROR, fingerprint="e" * 32)
NASTY = replace(
    FOUND,
    message="50% of `a|b`, <b>@octocat</b>: \x1b[31m\x00\ud800 ]]> &amp; \"x\" 'y'",
    place=TextPlace('we,ird: 100%/"a|b`c&<d>".py', 1, 1, 1, 2),
    snippet="\x0c\ud800",
)
PROBLEMS = (
    Problem("bad.py", "cannot be parsed: 100% wrong, sadly", 3, 4),
    Problem("b.ipynb", "cannot be parsed", 2, 1, cell=3),
    Problem("none.py", "no such file"),
)
WHOLE = Report(
    (FOUND, GRAPH, CELL, SUPPRESSED, KNOWN, ERROR, NASTY), checked=5, skipped=1, unreadable=3, problems=PROBLEMS
)
EMPTY = Report(checked=3)


@pytest.fixture(autouse=True)
def outside_of_services(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("GITHUB_WORKSPACE", "CI_PROJECT_DIR"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def book(folder: Path) -> Finding:
    """Return a finding in lines 2 and 3 of cell 1 of a notebook."""
    cells = [
        {"cell_type": "markdown", "source": "# Title\\n", "metadata": {}},
        {"cell_type": "code", "source": ["x = 1\n", "model.fit(\n", ")"], "metadata": {}, "outputs": []},
    ]
    book = {"cells": cells, "nbformat": 4, "nbformat_minor": 5, "metadata": {}}
    (folder / "b.ipynb").write_text(json.dumps(book, indent=1))
    return replace(FOUND, place=TextPlace("b.ipynb", 2, 1, 3, 2, cell=1), snippet="model.fit(")


def rendered(name: str, report: Report, **look: Any) -> str:
    """Return a format as it arrives in a file."""
    text = "".join(f"{line}\n" for line in output.by_name(name).render(report, Look(**look)))
    return text.encode("utf-8", "backslashreplace").decode()


@pytest.mark.parametrize("name", output.names())
@pytest.mark.parametrize("report", [WHOLE, EMPTY, Report()], ids=["whole", "clean", "empty"])
def test_every_format_takes_every_report(name: str, report: Report, folder: Path) -> None:
    output.write("out", output.by_name(name).render(report, Look()))
    text = (folder / "out").read_text(encoding="utf-8")
    assert "\x00" not in text
    assert "\x1b" not in text


@pytest.mark.parametrize("name", ["sarif", "gitlab", "github", "junit", "jsonl"])
def test_the_first_line_of_a_module_links_its_specification(name: str) -> None:
    assert "https://" in (output.by_name(name).__doc__ or "").splitlines()[0]


@pytest.mark.usefixtures("folder")
class TestSarif:
    def run(self, report: Report) -> dict[str, Any]:
        log = json.loads(rendered("sarif", report))
        jsonschema.validate(log, sarif_subset.LOG, format_checker=jsonschema.FormatChecker())
        if official := os.environ.get("SARIF_SCHEMA"):
            jsonschema.validate(log, json.loads(Path(official).read_text(encoding="utf-8")))
        (run,) = log["runs"]
        return run

    def result(self, finding: Finding) -> dict[str, Any]:
        (result,) = self.run(Report((finding,)))["results"]
        return result

    def test_the_log(self) -> None:
        log = json.loads(rendered("sarif", WHOLE))
        assert log["version"] == "2.1.0"
        assert log["$schema"] == sarif.SCHEMA
        run = self.run(WHOLE)
        assert run["columnKind"] == "unicodeCodePoints"
        assert run["originalUriBaseIds"] == {"%SRCROOT%": {"uri": f"{Path.cwd().as_uri()}/"}}
        assert len(run["results"]) == 7

    def test_rules_are_told_once_and_found_by_their_index(self) -> None:
        run = self.run(WHOLE)
        rules = run["tool"]["driver"]["rules"]
        assert [rule["id"] for rule in rules] == ["ECO310", "ECO401"]
        assert all(rules[result["ruleIndex"]]["id"] == result["ruleId"] for result in run["results"])

    def test_a_rule_has_help(self) -> None:
        (rule,) = self.run(Report((FOUND,)))["tool"]["driver"]["rules"]
        assert rule["name"] == "missing-early-stopping"
        assert rule["shortDescription"]["text"] == RULE.summary
        assert "Instead: " in rule["help"]["text"]
        assert "```python" in rule["help"]["markdown"]
        assert rule["helpUri"].startswith("https://")
        assert rule["defaultConfiguration"] == {"level": "warning", "enabled": True}
        assert rule["properties"]["precision"] in {"very-high", "high", "medium", "low"}

    def test_every_rule_can_be_told(self) -> None:
        findings = tuple(replace(FOUND, rule=rule) for rule in catalogue.load().rules)
        rules = self.run(Report(findings))["tool"]["driver"]["rules"]
        assert len(rules) == len(findings)
        assert all(rule["properties"]["precision"] in {"very-high", "high", "medium", "low"} for rule in rules)

    def test_a_place_in_a_text(self) -> None:
        (location,) = self.result(FOUND)["locations"]
        assert location["physicalLocation"] == {
            "artifactLocation": {"uri": "src/train.py", "uriBaseId": "%SRCROOT%"},
            "region": {"startLine": 42, "startColumn": 5, "endLine": 42, "endColumn": 27},
            "contextRegion": {"startLine": 42, "endLine": 42, "snippet": {"text": FOUND.snippet}},
        }

    def test_a_node_of_a_graph_is_a_logical_location(self) -> None:
        (location,) = self.result(GRAPH)["locations"]
        assert "region" not in location["physicalLocation"]
        assert location["logicalLocations"] == [
            {"name": "Relu_3", "fullyQualifiedName": "If_12.then_branch/Relu_3", "kind": "node"}
        ]

    def test_a_cell_has_the_lines_of_the_file_in_which_it_is_written(self, book: Finding) -> None:
        (location,) = self.result(book)["locations"]
        assert location["physicalLocation"]["region"] == {"startLine": 12, "endLine": 13}

    def test_a_cell_that_is_not_there_any_more_has_no_region(self) -> None:
        (location,) = self.result(CELL)["locations"]
        assert location["physicalLocation"] == {
            "artifactLocation": {"uri": "a%20b/%C3%A4.ipynb", "uriBaseId": "%SRCROOT%"}
        }
        assert location["logicalLocations"] == [{"name": "cell 4", "fullyQualifiedName": "cells[4]", "kind": "cell"}]
        assert location["message"]["text"] == "cell 4, line 2, column 1"

    @pytest.mark.parametrize(
        ("path", "uri"),
        [
            ("we,ird: 100%/é.py", "we,ird%3A%20100%25/%C3%A9.py"),
            ("a#b?.py", "a%23b%3F.py"),
            ("odd\udcff.py", "odd%FF.py"),
        ],
    )
    def test_paths_are_uris(self, path: str, uri: str) -> None:
        (location,) = self.result(replace(FOUND, place=TextPlace(path, 1, 1, 1, 2)))["locations"]
        assert location["physicalLocation"]["artifactLocation"]["uri"] == uri

    def test_a_path_elsewhere_is_absolute(self) -> None:
        (location,) = self.result(replace(FOUND, place=TextPlace("/else where/a.py", 1, 1, 1, 2)))["locations"]
        assert location["physicalLocation"]["artifactLocation"] == {"uri": "file:///else%20where/a.py"}

    def test_levels(self) -> None:
        levels = [self.result(replace(FOUND, severity=severity))["level"] for severity in Severity]
        assert levels == ["note", "warning", "error"]

    def test_what_is_suppressed_says_why(self) -> None:
        assert self.result(SUPPRESSED)["suppressions"] == [
            {"kind": "inSource", "justification": "the schedule of the paper"}
        ]

    def test_with_a_baseline_every_result_has_a_state(self) -> None:
        results = self.run(Report((FOUND, KNOWN, SUPPRESSED)))["results"]
        assert [result["baselineState"] for result in results] == ["new", "unchanged", "new"]
        assert [len(result["suppressions"]) for result in results] == [0, 1, 1]
        assert results[1]["suppressions"] == [{"kind": "external", "justification": "known in b.json"}]
        assert "baselineState" not in self.result(FOUND)

    def test_the_fingerprint(self) -> None:
        assert self.result(FOUND)["partialFingerprints"] == {"greenlint/v1": "f" * 32}

    def test_a_fix_has_its_edits(self) -> None:
        fix = Fix("set bias=False", safe=True, edits=(Edit(TextPlace("src/train.py", 42, 9, 42, 9), "x"),))
        (told,) = self.result(replace(FOUND, fix=fix))["fixes"]
        assert told["description"] == {"text": "set bias=False"}
        (change,) = told["artifactChanges"]
        assert change["artifactLocation"] == {"uri": "src/train.py", "uriBaseId": "%SRCROOT%"}
        assert change["replacements"] == [
            {
                "deletedRegion": {"startLine": 42, "startColumn": 9, "endLine": 42, "endColumn": 9},
                "insertedContent": {"text": "x"},
            }
        ]

    def test_edits_of_a_cell_are_edits_of_the_json(self, book: Finding, folder: Path) -> None:
        edits = (
            Edit(TextPlace("b.ipynb", 1, 5, 1, 6, cell=1), '"a"'),
            Edit(TextPlace("b.ipynb", 3, 1, 3, 1, cell=1), "y\n"),
        )
        (told,) = self.result(replace(book, fix=Fix("try", safe=True, edits=edits)))["fixes"]
        ((replacement,),) = [change["replacements"] for change in told["artifactChanges"]]
        region = replacement["deletedRegion"]
        lines = (folder / "b.ipynb").read_text().split("\n")
        first, last = lines[region["startLine"] - 1], lines[region["endLine"] - 1]
        before = "\n".join([*lines[: region["startLine"] - 1], first[: region["startColumn"] - 1]])
        after = "\n".join([last[region["endColumn"] - 1 :], *lines[region["endLine"] :]])
        book_now = json.loads(before + replacement["insertedContent"]["text"] + after)
        assert "".join(book_now["cells"][1]["source"]) == 'x = "a"\nmodel.fit(\ny\n)'

    def test_edits_of_a_cell_that_is_not_there_are_left_out(self) -> None:
        fix = Fix("try", safe=True, edits=(Edit(TextPlace("a.ipynb", 2, 9, 2, 9, cell=1), "x"),))
        assert "fixes" not in self.result(replace(CELL, fix=fix))

    def test_problems_are_notifications(self) -> None:
        (invocation,) = self.run(WHOLE)["invocations"]
        assert invocation["executionSuccessful"] is False
        told = invocation["toolExecutionNotifications"]
        assert [one["message"]["text"] for one in told] == [
            "cannot be parsed: 100% wrong, sadly",
            "cell 3, line 2: cannot be parsed",
            "no such file",
        ]
        assert told[0]["locations"][0]["physicalLocation"]["region"] == {"startLine": 3, "startColumn": 4}
        assert self.run(EMPTY)["invocations"] == [{"executionSuccessful": True}]

    def test_the_pages_of_the_rules_are_those_of_the_project(self) -> None:
        named = "".join(metadata("greenlint").get_all("Project-URL") or []).lower()
        uri = self.run(Report((FOUND,)))["tool"]["driver"]["rules"][0]["helpUri"]
        assert uri.endswith("/rules/ECO310-missing-early-stopping/") or "documentation" not in named

    def test_the_root_is_the_checkout(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        (folder / "sub").mkdir()
        monkeypatch.chdir(folder / "sub")
        monkeypatch.setenv("GITHUB_WORKSPACE", str(folder))
        run = self.run(Report((FOUND,)))
        assert run["originalUriBaseIds"]["%SRCROOT%"]["uri"] == f"{folder.as_uri()}/"
        location = run["results"][0]["locations"][0]["physicalLocation"]["artifactLocation"]
        assert location["uri"] == "sub/src/train.py"


def command(line: str) -> tuple[str, dict[str, str], str]:
    """Read a workflow command as the runner does (`ActionCommand.cs` of actions/runner)."""
    found = re.fullmatch(r"::(\w+) ([^:]*)::([^\r\n]*)", line)
    assert found, line

    def unescaped(text: str, more: str) -> str:
        for character in f"{more}\r\n%":
            text = text.replace(f"%{ord(character):02X}", character)
        return text

    properties = dict(pair.split("=", 1) for pair in found[2].split(","))
    return found[1], {key: unescaped(value, ":,") for key, value in properties.items()}, unescaped(found[3], "")


@pytest.mark.usefixtures("folder")
class TestGithub:
    def commands(self, *findings: Finding, problems: tuple[Problem, ...] = ()) -> list[tuple[str, dict[str, str], str]]:
        return [command(line) for line in github.render(Report(findings, problems=problems), Look())]

    def test_a_finding(self) -> None:
        (line,) = github.render(Report((FOUND,)), Look())
        region = "line=42,endLine=42,col=5,endColumn=27"
        assert line == f"::warning file=src/train.py,{region},title=ECO310 missing-early-stopping::trains 90 epochs"

    def test_levels(self) -> None:
        told = self.commands(*(replace(FOUND, severity=severity) for severity in Severity))
        assert [name for name, _, _ in told] == ["notice", "warning", "error"]

    def test_what_would_end_a_command_is_escaped(self) -> None:
        nasty = replace(NASTY, message="one\ntwo\r: 100%25, three")
        ((_, properties, message),) = self.commands(nasty)
        assert message == "one\ntwo\r: 100%25, three"
        assert properties["file"] == 'we,ird: 100%/"a|b`c&<d>".py'

    def test_columns_only_within_one_line(self) -> None:
        ((_, properties, _),) = self.commands(replace(FOUND, place=TextPlace("a.py", 1, 2, 3, 4)))
        assert properties == {"file": "a.py", "line": "1", "endLine": "3", "title": "ECO310 missing-early-stopping"}

    def test_what_is_not_read_by_line_says_its_place_in_words(self) -> None:
        cell, graph = self.commands(CELL, GRAPH)
        assert (cell[1].get("line"), cell[2]) == (None, "cell 4, line 2, column 1: trains 90 epochs")
        assert (graph[1].get("line"), graph[2]) == (None, "If_12.then_branch/Relu_3: trains 90 epochs")

    def test_a_cell_is_annotated_where_it_is_written(self, book: Finding) -> None:
        ((_, properties, message),) = self.commands(book)
        assert (properties["line"], message) == ("12", "cell 1, line 2, column 1: trains 90 epochs")

    def test_only_open_findings(self) -> None:
        assert self.commands(SUPPRESSED, KNOWN) == []

    def test_problems_are_errors(self) -> None:
        told = self.commands(problems=PROBLEMS)
        assert told[0] == (
            "error",
            {"file": "bad.py", "line": "3", "title": "greenlint"},
            "cannot be parsed: 100% wrong, sadly",
        )
        assert [name for name, _, _ in told] == ["error"] * 3

    def test_paths_are_those_of_the_checkout(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        (folder / "sub").mkdir()
        monkeypatch.chdir(folder / "sub")
        monkeypatch.setenv("GITHUB_WORKSPACE", str(folder))
        assert self.commands(FOUND)[0][1]["file"] == "sub/src/train.py"


@pytest.mark.usefixtures("folder")
class TestGitlab:
    def issues(self, report: Report) -> list[dict[str, Any]]:
        issues = json.loads(rendered("gitlab", report))
        for issue in issues:
            assert set(issue) == {"description", "check_name", "fingerprint", "severity", "location"}
            assert issue["severity"] in {"info", "minor", "major", "critical", "blocker"}
            assert isinstance(issue["location"]["lines"]["begin"], int)
            assert not issue["location"]["path"].startswith("./")
            assert all(isinstance(issue[key], str) for key in ("description", "check_name", "fingerprint"))
        assert len({issue["fingerprint"] for issue in issues}) == len(issues)
        return issues

    def test_a_finding(self) -> None:
        (issue,) = self.issues(Report((FOUND,)))
        assert issue["description"] == "missing-early-stopping: trains 90 epochs"
        assert (issue["check_name"], issue["severity"]) == ("ECO310", "minor")
        assert issue["location"] == {"path": "src/train.py", "lines": {"begin": 42, "end": 42}}

    def test_the_same_code_in_two_files_has_two_fingerprints(self) -> None:
        self.issues(Report((FOUND, replace(FOUND, place=TextPlace("src/copy.py", 42, 5, 42, 27)))))

    def test_the_fingerprint_moves_with_the_code(self) -> None:
        moved = replace(FOUND, place=TextPlace("src/train.py", 50, 5, 50, 27))
        assert self.issues(Report((FOUND,)))[0]["fingerprint"] == self.issues(Report((moved,)))[0]["fingerprint"]

    def test_only_open_findings_and_what_could_not_be_judged(self) -> None:
        issues = self.issues(Report((SUPPRESSED, KNOWN), problems=PROBLEMS))
        assert [issue["severity"] for issue in issues] == ["blocker"] * 3
        assert [issue["location"]["lines"]["begin"] for issue in issues] == [3, 1, 1]

    def test_a_cell_is_where_it_is_written(self, book: Finding) -> None:
        (issue,) = self.issues(Report((book,)))
        assert issue["location"] == {"path": "b.ipynb", "lines": {"begin": 12}}

    def test_nothing(self) -> None:
        assert self.issues(EMPTY) == []


@pytest.mark.usefixtures("folder")
class TestJunit:
    def suites(self, report: Report, **look: Any) -> junitparser.JUnitXml:
        text = rendered("junit", report, **look)
        parsed = junitparser.JUnitXml.fromstring(text.encode())
        told = (parsed.tests, parsed.failures, parsed.errors, parsed.skipped)
        parsed.update_statistics()
        assert told == (parsed.tests, parsed.failures, parsed.errors, parsed.skipped)
        return parsed

    def outcomes(self, report: Report, **look: Any) -> list[tuple[str, str]]:
        return [
            (case.name, type(case.result[0]).__name__ if case.result else "passed")
            for suite in self.suites(report, **look)
            for case in suite
        ]

    def test_a_finding_fails(self) -> None:
        (suite,) = self.suites(Report((FOUND,)))
        (case,) = suite
        assert (suite.name, case.name, case.classname) == (
            "src/train.py",
            "ECO310 missing-early-stopping at 42:5",
            "src/train.py",
        )
        (failure,) = case.result
        assert (failure.message, failure.type) == ("trains 90 epochs", "ECO310")
        assert "instead: " in failure.text

    def test_outcomes(self) -> None:
        assert [outcome for _, outcome in self.outcomes(WHOLE)] == [
            "Failure",  # a b/ä.ipynb
            "Error",  # b.ipynb
            "Error",  # bad.py
            "passed",  # models/m.onnx, of severity info
            "Error",  # none.py
            "Skipped",  # src/old.py
            "Failure",
            "Skipped",
            "Failure",  # src/train.py
            "Failure",  # the nasty one
        ]

    def test_the_level_that_fails_is_that_of_the_run(self) -> None:
        assert self.outcomes(Report((FOUND,)), fail_on=Severity.ERROR)[0][1] == "passed"
        assert self.outcomes(Report((GRAPH,)), fail_on=Severity.INFO)[0][1] == "Failure"

    def test_what_xml_cannot_hold_is_replaced(self) -> None:
        (suite,) = self.suites(Report((NASTY,)))
        (case,) = suite
        told = case.result[0].message
        assert told == "50% of `a|b`, <b>@octocat</b>: \ufffd[31m\ufffd\ufffd ]]> &amp; \"x\" 'y'"
        assert suite.name == NASTY.place.path

    def test_a_skipped_test_says_why(self) -> None:
        (suite,) = self.suites(Report((SUPPRESSED,)))
        (case,) = suite
        assert case.result[0].message == "suppressed: the schedule of the paper: trains 90 epochs"

    def test_nothing_found_is_a_test_that_passed(self) -> None:
        assert self.outcomes(EMPTY) == [("No findings in 3 files.", "passed")]

    def test_a_node(self) -> None:
        assert self.outcomes(Report((GRAPH,)))[0][0] == "ECO310 missing-early-stopping at If_12.then_branch/Relu_3"


class TestJsonl:
    def test_a_line_for_each(self) -> None:
        lines = [json.loads(line) for line in jsonl.render(WHOLE, Look())]
        assert [line["type"] for line in lines] == ["finding"] * 7 + ["error"] * 3 + ["summary"]
        assert lines[0]["message"] == "trains 90 epochs"
        assert lines[-1] == {
            "type": "summary",
            "schema": "greenlint-findings/1",
            "checked": 5,
            "skipped": 1,
            "unreadable": 3,
        }

    def test_findings_are_those_of_json(self) -> None:
        (finding, *_) = (json.loads(line) for line in jsonl.render(WHOLE, Look()))
        del finding["type"]
        assert finding == json.loads(rendered("json", WHOLE))["findings"][0]

    def test_statistics(self) -> None:
        lines = [json.loads(line) for line in jsonl.render(Report((FOUND,)), Look(statistics=True))]
        assert [line["type"] for line in lines] == ["finding", "statistic", "summary"]


@pytest.mark.usefixtures("folder")
class TestMarkdown:
    def rows(self, report: Report) -> list[list[str]]:
        """Return the cells of the tables as a reader sees them."""
        parser = MarkdownIt("commonmark").enable("table")
        rows: list[list[str]] = []
        for token, inline in pairwise(parser.parse(rendered("markdown", report))):
            if token.type == "tr_open":
                rows.append([])
            elif token.type == "td_open":
                rows[-1].append("".join(child.content for child in inline.children or ()))
        return [row for row in rows if row]

    def test_a_table_of_findings(self) -> None:
        assert self.rows(Report((GRAPH, FOUND, CELL, ERROR, SUPPRESSED, KNOWN))) == [
            ["error", "src/train.py:42", "ECO401 inference-with-gradients", "trains 90 epochs"],
            ["warning", "src/train.py:42", "ECO310 missing-early-stopping", "trains 90 epochs"],
            ["warning", "a b/ä.ipynb, cell 4, line 2, column 1", "ECO310 missing-early-stopping", "trains 90 epochs"],
            [
                "info",
                "models/m.onnx If_12.then_branch/Relu_3",
                "ECO310 missing-early-stopping",
                "trains 90 epochs",
            ],
        ]

    def test_what_is_markup_is_shown_as_it_is(self) -> None:
        ((_, place, _, message),) = self.rows(Report((NASTY,)))
        assert place == 'we,ird: 100%/"a|b`c&<d>".py:1'
        assert message.replace("\N{ZERO WIDTH SPACE}", "") == (
            "50% of a|b, <b>@octocat</b>:  [31m   ]]> &amp; \"x\" 'y'"
        )
        assert "@octocat" not in message

    def test_the_head_counts_and_can_be_found_again(self) -> None:
        lines = list(markdown.render(EMPTY, Look()))
        assert lines == ["<!-- greenlint -->", "### greenlint: No findings in 3 files"]

    def test_problems_come_first(self) -> None:
        assert self.rows(Report(problems=PROBLEMS))[0] == ["bad.py:3", "cannot be parsed: 100% wrong, sadly"]

    def test_a_comment_has_a_largest_size(self) -> None:
        many = tuple(replace(FOUND, place=TextPlace(f"src/{number}.py", 1, 1, 1, 2)) for number in range(5000))
        problems = tuple(Problem(f"src/{number}.py", "no such file") for number in range(5000))
        text = rendered("markdown", Report(many, problems=problems))
        assert 55_000 < len(text) < 65_536
        assert re.search(r"And \d+ more: `greenlint check` tells all.", text)
        assert "Why, and what to write instead" in text

    def test_statistics(self) -> None:
        assert list(markdown.render(Report((FOUND, FOUND)), Look(statistics=True)))[-1] == (
            "| 2 | ECO310 | missing-early-stopping |"
        )


def test_the_look_of_a_failure_is_told_by_words_too(folder: Path) -> None:
    assert folder
    for name in ("text", "concise", "markdown"):
        assert "warning" in rendered(name, Report((FOUND,)))
