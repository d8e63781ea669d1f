from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

import pytest

from greenlint import catalogue, engine, suppression
from greenlint.config import Configuration, Overrides
from greenlint.finding import Finding, Report, Status, TextPlace
from greenlint.source import Source

if TYPE_CHECKING:
    from pathlib import Path


def judge(folder: Path, text: str, *lines: int, select: tuple[str, ...] = ("ECO3",), code: str = "ECO310") -> Report:
    """Mark findings of one rule that start on these lines of a text."""
    rule = catalogue.load().by_word(code)
    source = Source(textwrap.dedent(text).lstrip("\n"))
    settings = Configuration(catalogue.load(), Overrides(select=select)).settings(folder)
    findings = tuple(
        Finding(rule, rule.severity, TextPlace("a.py", line, 1, line, 5), "", source.lines[line - 1]) for line in lines
    )
    one = engine.Judged(folder / "a.py", settings, source, relevant=True, findings=findings)
    return engine.gather(suppression.mark([one], catalogue.load()))


def statuses(report: Report) -> list[str]:
    return [finding.status.value for finding in report.findings]


@pytest.mark.parametrize(
    "comment",
    [
        "# noqa",
        "# NOQA",
        "#noqa:ECO310",
        "# noqa: ECO310",
        "# noqa: eco310",
        "# noqa: E501, ECO310",
        "# noqa: E501 ECO310",
        "# noqa: ECO3",
        "# type: ignore  # noqa: ECO310",
        "# noqa: ECO310 the paper's schedule",
        "# greenlint: ignore",
        "# greenlint: ignore[ECO310]",
        "# greenlint: ignore[ECO3]",
        "# greenlint: ignore[missing-early-stopping]",
        "# greenlint: ignore[fp32-export, missing-early-stopping] the paper's schedule",
        "#greenlint:ignore[ECO310]",
    ],
)
def test_comments_that_suppress(folder: Path, comment: str) -> None:
    report = judge(folder, f"fit()  {comment}\n", 1)
    assert statuses(report) == ["suppressed"]
    assert not report.problems


@pytest.mark.parametrize(
    "line",
    [
        "fit()  # noqa: E501",
        "fit()  # noqa: ECO311",
        "fit()  # noqa-but-not",
        "fit('# noqa')",
        "fit('# greenlint: ignore')",
        "fit()  # greenlint: ignore[ECO5]",
        "fit()  # some other greenlint: ignore of sorts",
    ],
)
def test_comments_that_do_not(folder: Path, line: str) -> None:
    assert statuses(judge(folder, f"{line}\n", 1)) == ["open"]


def test_the_reason_is_kept(folder: Path) -> None:
    report = judge(folder, "fit()  # greenlint: ignore[ECO310] the schedule of the paper\n", 1)
    assert report.findings[0].reason == "the schedule of the paper"
    assert judge(folder, "fit()  # noqa: ECO310 - measured\n", 1).findings[0].reason == "measured"


def test_a_comment_speaks_for_its_statement_and_no_further(folder: Path) -> None:
    text = """
        fit(
            x,
            y,
        )  # noqa: ECO310
        fit(x)
        fit(
            x,  # noqa: ECO310
        )
        # noqa: ECO310
        fit(x)
    """
    assert statuses(judge(folder, text, 1, 3, 5, 6, 10)) == [
        "suppressed",
        "suppressed",
        "open",
        "suppressed",
        "open",
    ]


def test_a_comment_on_a_header_does_not_speak_for_the_body(folder: Path) -> None:
    text = """
        for epoch in range(300):  # noqa: ECO310
            fit(x)
            fit(y)  # noqa: ECO310
    """
    assert statuses(judge(folder, text, 1, 2, 3)) == ["suppressed", "open", "suppressed"]


def test_a_whole_file(folder: Path) -> None:
    text = "import torch\n# greenlint: ignore-file[missing-early-stopping] a tutorial\nfit()\nfit()\n"
    report = judge(folder, text, 3, 4)
    assert statuses(report) == ["suppressed", "suppressed"]
    assert report.findings[0].reason == "a tutorial"
    assert statuses(judge(folder, text, 3, code="ECO311")) == ["open"]
    assert statuses(judge(folder, "# greenlint: ignore-file\nfit()\n", 2, code="ECO311")) == ["suppressed"]


@pytest.mark.parametrize(
    ("comment", "complaint"),
    [
        ("# greenlint: ignore[missing-early-stoping]", 'did you mean "missing-early-stopping"?'),
        ("# greenlint: ignroe[ECO310]", '"greenlint: ignroe" is no suppression'),
    ],
)
def test_a_comment_with_a_mistake_is_a_problem(folder: Path, comment: str, complaint: str) -> None:
    report = judge(folder, f"x = 1\nfit()  {comment}\n", 2)
    assert statuses(report) == ["open"]
    (problem,) = report.problems
    assert str(problem).startswith("a.py:2:8: ")
    assert complaint in str(problem)


def test_nothing_is_dropped(folder: Path) -> None:
    report = judge(folder, "fit()  # noqa\n", 1)
    assert report.open == ()
    assert report.findings[0].status is Status.SUPPRESSED


class TestUnused:
    def found(self, folder: Path, text: str, *lines: int, select: tuple[str, ...] = ("ECO3", "ECO001")) -> list[str]:
        report = judge(folder, text, *lines, select=select)
        return [
            f"{finding.place.line}:{finding.place.column}"
            for finding in report.findings
            if finding.rule.code == "ECO001" and isinstance(finding.place, TextPlace)
        ]

    def test_is_off_unless_asked_for(self, folder: Path) -> None:
        assert self.found(folder, "fit()  # noqa: ECO310\n", select=("ECO310",)) == []

    def test_finds_comments_that_suppress_nothing(self, folder: Path) -> None:
        text = "fit()  # noqa: ECO310\nfit()  # greenlint: ignore[ECO310]\n# greenlint: ignore-file[ECO310]\n"
        assert self.found(folder, text) == ["1:8", "2:8", "3:1"]

    def test_leaves_comments_alone_that_suppress_something(self, folder: Path) -> None:
        assert self.found(folder, "fit()  # noqa: ECO310\n", 1) == []

    def test_leaves_other_linters_alone(self, folder: Path) -> None:
        assert self.found(folder, "fit()  # noqa\nfit()  # noqa: E501\n") == []

    def test_leaves_rules_alone_that_did_not_run(self, folder: Path) -> None:
        assert self.found(folder, "fit()  # noqa: ECO501\n") == []

    def test_finds_them_in_files_that_no_rule_can_concern(self, folder: Path) -> None:
        (folder / "a.py").write_text("x = 1  # noqa: ECO310\n")
        configuration = Configuration(catalogue.load(), Overrides(select=("ECO001", "ECO310")))
        judged = engine.check([folder / "a.py"], configuration.settings)
        report = engine.gather(suppression.mark(judged, catalogue.load()))
        assert [finding.rule.code for finding in report.findings] == ["ECO001"]
