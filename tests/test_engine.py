from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from greenlint import catalogue, discovery, engine, judge, reading, syntax
from greenlint.config import Configuration, Overrides
from greenlint.detector import flag
from greenlint.errors import RuleError, SourceError
from greenlint.finding import Finding, Report, TextPlace

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

TRAINING = """\
import torch

def train(model, loader):
    optimizer = torch.optim.SGD(model.parameters())
    for epoch in range(50):
        for x, y in loader:
            model(x).backward()
            optimizer.step()
"""


def check(folder: Path, *names: str, select: tuple[str, ...] = ("ECO310",)) -> Report:
    discovery.below.cache_clear()
    configuration = Configuration(catalogue.load(), Overrides(select=select))
    files = [folder / name for name in names] or discovery.below(folder).files
    return engine.gather(engine.check(files, configuration.settings, lambda _: folder))


def told(report: Report) -> list[str]:
    return [f"{one.place.path}:{one.place.line}" for one in report.findings if isinstance(one.place, TextPlace)]


def write(folder: Path, **texts: str) -> None:
    for name, text in texts.items():
        (folder / f"{name}.py").write_text(text)


class TestReading:
    def test_a_finding_has_its_place_words_and_line(self, folder: Path) -> None:
        write(folder, a=TRAINING)
        (finding,) = check(folder).findings
        assert finding.place == TextPlace("a.py", 5, 5, 5, 27)
        assert finding.snippet == "    for epoch in range(50):"
        assert "50" in finding.message

    def test_files_are_counted(self, folder: Path) -> None:
        write(folder, a=TRAINING, b="import json\n", c="import torch\nx = (\n", empty="")
        report = check(folder)
        assert (report.checked, report.skipped, report.unreadable) == (1, 2, 1)

    @pytest.mark.parametrize(
        ("text", "place"),
        [
            (b"import torch\ndef f(:\n", "bad.py:2:7: cannot be parsed: "),
            (b"def f(:\n", "bad.py:1:7: cannot be parsed: "),
            (b"import torch\nprint 'python 2'\n", "bad.py:2:1: cannot be parsed: Missing parentheses"),
            (b"import torch\n" + b"[" * 5000 + b"]" * 5000, "bad.py:2:"),
            (b"import torch\nx = a" + b".b" * 100_000, "bad.py: cannot be parsed: nested too deeply"),
            (b"import torch\n\0\x01\x02", "bad.py:2: is not Python source: it holds NUL bytes"),
            (bytes(range(1, 256)), "bad.py:"),
        ],
    )
    def test_bad_input_costs_its_own_file_and_one_line(self, folder: Path, text: bytes, place: str) -> None:
        write(folder, good=TRAINING)
        (folder / "bad.py").write_bytes(text)
        report = check(folder)
        assert told(report) == ["good.py:5"]
        (problem,) = report.problems
        assert str(problem).startswith(place)
        assert "\n" not in str(problem)

    @pytest.mark.parametrize(
        "text",
        [
            TRAINING.replace("\n", "\r\n").encode(),
            b"\xef\xbb\xbf" + TRAINING.encode(),
            TRAINING.replace("\n\n", "\n\x0c\n").encode(),
            f"# coding: latin-1\n# é\n{TRAINING}".encode("latin-1"),
            (f"x = '{'a' * 200_000}'\n" + TRAINING).encode(),
            TRAINING.rstrip("\n").encode(),
        ],
        ids=["CRLF", "BOM", "form feed", "latin-1", "long line", "no last newline"],
    )
    def test_odd_input_is_judged_like_any_other(self, folder: Path, text: bytes) -> None:
        (folder / "a.py").write_bytes(text)
        report = check(folder)
        assert not report.problems
        (finding,) = report.findings
        assert finding.snippet == "    for epoch in range(50):"

    def test_a_file_beyond_all_measure_is_told(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        write(folder, good=TRAINING, bad=f"{TRAINING}# {'a' * 2000}\n")
        monkeypatch.setattr(reading, "LARGEST", 1000)
        report = check(folder)
        assert told(report) == ["good.py:5"]
        assert [problem.path for problem in report.problems] == ["bad.py"]
        assert "too large to be judged" in report.problems[0].message

    def test_a_file_that_vanishes_is_told(self, folder: Path) -> None:
        write(folder, a=TRAINING)
        report = check(folder, "a.py", "gone.py")
        assert told(report) == ["a.py:5"]
        assert [str(problem) for problem in report.problems] == ["gone.py: no such file"]

    def test_a_file_without_permission_is_told(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        write(folder, a=TRAINING)

        def refusing(path: Path) -> bytes:
            raise PermissionError(13, "Permission denied", str(path))

        monkeypatch.setattr("pathlib.Path.read_bytes", refusing)
        assert [str(problem) for problem in check(folder, "a.py").problems] == [
            "a.py: cannot be read: permission denied"
        ]

    def test_indentation_that_mixes_tabs_and_spaces_is_python(self, folder: Path) -> None:
        """Python counts a tab up to the next eighth column; LibCST wants the same characters."""
        lines = [f"\t    {line[8:]}" if line.startswith(" " * 8) else line for line in TRAINING.splitlines()]
        (folder / "a.py").write_text("\n".join(lines) + "\n")
        (finding,) = check(folder).findings
        assert finding.place == TextPlace("a.py", 5, 5, 5, 27)

    def test_newer_syntax_than_this_python_is_judged_if_libcst_reads_it(
        self, folder: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        write(folder, a=TRAINING)
        refused = SourceError("cannot be parsed: newer", line=1, column=1)
        monkeypatch.setattr(syntax, "check_syntax", lambda _: refused)
        assert told(check(folder)) == ["a.py:5"]

    def test_contents_stand_in_for_the_disk(self, folder: Path) -> None:
        write(folder, a="import torch\n")
        configuration = Configuration(catalogue.load(), Overrides(select=("ECO310",)))
        path = folder / "a.py"
        (one,) = engine.check([path], configuration.settings, contents={path: TRAINING.encode()})
        assert len(one.findings) == 1


class TestJudging:
    def test_a_crashing_detector_costs_its_own_findings_on_that_file(
        self, folder: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        write(folder, a=TRAINING, b=TRAINING)
        real = judge.detector_of

        def crashing(view: object, **_: object) -> Iterator[object]:
            yield from ()
            if view.module.path.name == "a.py":
                message = "on\npurpose"
                raise ZeroDivisionError(message)

        monkeypatch.setattr(judge, "detector_of", lambda rule: crashing if rule.code == "ECO311" else real(rule))
        report = check(folder, select=("ECO310", "ECO311"))
        assert told(report) == ["a.py:5", "b.py:5"]
        (problem,) = report.problems
        assert "a.py: greenlint itself failed in ECO311 oversized-epochs: ZeroDivisionError: on purpose" in str(problem)
        assert "test_engine.py" in str(problem)

    def test_a_flag_without_the_values_of_the_message_is_a_crash(
        self, folder: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        write(folder, a=TRAINING)
        real = judge.detector_of

        def forgetful(view: object) -> Iterator[object]:
            for found in real(catalogue.load().by_word("ECO310"))(view, early_stopping_min_epochs=10):
                yield flag(found.at)

        monkeypatch.setattr(judge, "detector_of", lambda _: lambda view, **_: forgetful(view))
        report = check(folder)
        assert not report.findings
        assert "failed in ECO310" in str(report.problems[0])

    def test_a_missing_detector_is_told_once(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        write(folder, a=TRAINING, b=TRAINING)

        def missing(_: object) -> None:
            message = "no detector"
            raise RuleError(message)

        monkeypatch.setattr(judge, "detector_of", missing)
        assert len(check(folder).problems) == 1

    def test_options_reach_the_detector(self, folder: Path) -> None:
        write(folder, a=TRAINING)
        (folder / "greenlint.toml").write_text("[rules.missing-early-stopping]\nearly-stopping-min-epochs = 60\n")
        assert not check(folder).findings

    def test_per_file_ignores(self, folder: Path) -> None:
        write(folder, a=TRAINING, b=TRAINING)
        (folder / "greenlint.toml").write_text('[per-file-ignores]\n"b.py" = ["ECO310"]\n')
        assert told(check(folder)) == ["a.py:5"]

    def test_findings_come_in_reading_order(self, folder: Path) -> None:
        write(folder, b=TRAINING, a=f"{TRAINING}\n{TRAINING.replace('train(', 'again(')}")
        assert told(check(folder, "b.py", "a.py")) == ["a.py:5", "a.py:14", "b.py:5"]

    def test_a_file_alone_has_the_findings_it_has_with_its_project(self, folder: Path) -> None:
        (folder / "pyproject.toml").touch()
        write(
            folder,
            steps=TRAINING.replace("50", "1"),
            main="from steps import train\nEPOCHS = 50\nfor epoch in range(EPOCHS):\n    train(m, l)\n",
        )
        assert told(check(folder, "main.py")) == told(check(folder)) == ["main.py:3"]

    def test_a_file_without_a_framework_is_judged_in_the_company_of_one(self, folder: Path) -> None:
        (folder / "pyproject.toml").touch()
        loop = "for epoch in range(50):\n    train(m, l)\n"
        write(folder, steps=TRAINING.replace("50", "1"), main=f"from steps import train\n{loop}", alone=loop)
        report = check(folder)
        assert told(report) == ["main.py:2"]
        assert (report.checked, report.skipped) == (2, 1)

    def test_a_notebook_has_cells(self, folder: Path) -> None:
        import json

        cells = [
            {"cell_type": "markdown", "source": "# hello"},
            {"cell_type": "code", "source": ["%matplotlib inline\n", "from torch import nn"]},
            {"cell_type": "code", "source": "!nvidia-smi"},
            {"cell_type": "code", "source": TRAINING},
        ]
        (folder / "n.ipynb").write_text(json.dumps({"nbformat": 4, "metadata": {}, "cells": cells}))
        (finding,) = check(folder).findings
        assert finding.place == TextPlace("n.ipynb", 5, 5, 5, 27, cell=3)
        assert finding.snippet == "    for epoch in range(50):"

    def test_a_broken_cell_is_told_by_its_cell(self, folder: Path) -> None:
        import json

        cells = [{"cell_type": "code", "source": "import torch"}, {"cell_type": "code", "source": "x = 1\ndef f(:"}]
        (folder / "n.ipynb").write_text(json.dumps({"nbformat": 4, "metadata": {}, "cells": cells}))
        assert str(check(folder).problems[0]).startswith("n.ipynb:cell 1:2:7: cannot be parsed")


class TestFingerprints:
    def fingerprints(self, folder: Path, text: str, name: str = "a") -> list[str]:
        write(folder, **{name: text})
        return [finding.fingerprint for finding in check(folder, f"{name}.py").findings]

    def test_moving_the_code_keeps_it(self, folder: Path) -> None:
        before = self.fingerprints(folder, TRAINING)
        assert (
            self.fingerprints(
                folder, "import os\n\n\n" + TRAINING.replace("    for epoch", "    # more\n    for epoch")
            )
            == before
        )
        assert self.fingerprints(folder, TRAINING, "elsewhere") == before

    def test_another_function_has_another_one(self, folder: Path) -> None:
        assert self.fingerprints(folder, TRAINING) != self.fingerprints(folder, TRAINING.replace("train(", "fit("))

    def test_twins_are_counted(self, folder: Path) -> None:
        twins = TRAINING + TRAINING.partition("\n\n")[2].partition("\n")[2]
        first, second = self.fingerprints(folder, twins)
        assert first != second
        assert self.fingerprints(folder, TRAINING) == [first]


def test_reports_are_ordered_by_cell_before_line(folder: Path) -> None:
    rule = catalogue.load().by_word("ECO310")
    places = [
        TextPlace("n.ipynb", 9, 1, 9, 2, 0),
        TextPlace("n.ipynb", 1, 1, 1, 2, 3),
        TextPlace("n.ipynb", 2, 1, 2, 2, 3),
    ]
    findings = tuple(Finding(rule, rule.severity, place, "") for place in places)
    configuration = Configuration(catalogue.load(), Overrides())
    one = engine.Judged(folder / "n.ipynb", configuration.settings(folder), relevant=True, findings=findings[::-1])
    assert engine.gather([one]).findings == findings
