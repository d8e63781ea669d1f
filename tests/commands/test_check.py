from __future__ import annotations

import json
import subprocess
from typing import TYPE_CHECKING

import pytest

from greenlint.commands import _wanted

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import Command

TRAINING = """\
import torch

def train(model, loader):
    optimizer = torch.optim.SGD(model.parameters())
    for epoch in range(50):
        for x, y in loader:
            model(x).backward()
            optimizer.step()
"""


@pytest.fixture
def training(folder: Path) -> Path:
    (folder / "pyproject.toml").touch()
    file = folder / "train.py"
    file.write_text(TRAINING)
    return file


@pytest.mark.usefixtures("training")
class TestExitCodes:
    def test_a_warning_fails(self, greenlint: Command) -> None:
        assert greenlint("check", "--select", "ECO310").code == 1

    def test_info_is_shown_and_does_not_fail(self, greenlint: Command) -> None:
        told = greenlint("check", "--select", "ECO301")
        assert told.code == 0
        assert "ECO301" in told.out

    def test_fail_on(self, greenlint: Command) -> None:
        assert greenlint("check", "--select", "ECO301", "--fail-on", "info").code == 1
        assert greenlint("check", "--select", "ECO310", "--fail-on", "error").code == 0

    def test_exit_zero(self, greenlint: Command) -> None:
        assert greenlint("check", "--select", "ECO310", "--exit-zero").code == 0

    def test_clean(self, greenlint: Command) -> None:
        told = greenlint("check", "--select", "ECO302")
        assert (told.code, told.out, told.err) == (0, "No findings in 1 file.\n", "")

    def test_what_cannot_be_read_fails_whatever_is_found(self, greenlint: Command, folder: Path) -> None:
        (folder / "bad.py").write_text("import torch\ndef f(:\n")
        told = greenlint("check", "--exit-zero")
        assert told.code == 2
        assert "ECO310" in told.out
        assert "error: bad.py:2:7: cannot be parsed: " in told.err

    def test_suppressed_findings_do_not_fail(self, greenlint: Command, training: Path) -> None:
        training.write_text(TRAINING.replace("range(50):", "range(50):  # noqa: ECO310"))
        told = greenlint("check", "--select", "ECO310")
        assert told.code == 0
        assert told.out == "No findings in 1 file, 1 suppressed.\n"


@pytest.mark.usefixtures("training")
class TestFiles:
    def test_an_empty_folder_is_said(self, greenlint: Command, folder: Path) -> None:
        (folder / "empty").mkdir()
        told = greenlint("check", "empty")
        assert told.code == 0
        assert "no Python files" in told.err

    def test_exclude(self, greenlint: Command) -> None:
        assert greenlint("check", "--exclude", "train*").code == 0
        assert greenlint("check", "--exclude", "train*", "train.py", "--select", "ECO310").code == 1
        assert greenlint("check", "--exclude", "train*", "train.py", "--force-exclude").code == 0

    def test_settings_are_those_of_the_files_folder(self, greenlint: Command, folder: Path) -> None:
        (folder / "sub").mkdir()
        (folder / "sub" / "other.py").write_text(TRAINING)
        (folder / "sub" / "greenlint.toml").write_text('ignore = ["ECO310"]\nfail-on = "info"\n')
        told = greenlint("check", "--format", "concise", "--ignore", "ECO301,ECO320")
        assert "train.py" in told.out
        assert "sub/other.py" not in told.out

    def test_config_names_one_file_for_all(self, greenlint: Command, folder: Path) -> None:
        (folder / "mine.toml").write_text('select = ["ECO302"]\n')
        assert greenlint("check", "--config", "mine.toml").code == 0

    def test_stdin(self, greenlint: Command, monkeypatch: pytest.MonkeyPatch) -> None:
        class Stdin:
            class buffer:  # noqa: N801
                @staticmethod
                def read() -> bytes:
                    return TRAINING.replace("50", "70").encode()

        monkeypatch.setattr(_wanted.sys, "stdin", Stdin)
        told = greenlint("check", "--stdin-filename", "train.py", "--format", "json", "--select", "ECO310")
        assert told.code == 1
        (finding,) = json.loads(told.out)["findings"]
        assert finding["path"] == "train.py"
        assert "70" in finding["message"]

    def test_a_dash_is_standard_input_without_a_name(
        self, greenlint: Command, monkeypatch: pytest.MonkeyPatch, folder: Path
    ) -> None:
        class Stdin:
            class buffer:  # noqa: N801
                @staticmethod
                def read() -> bytes:
                    return TRAINING.encode()

        monkeypatch.setattr(_wanted.sys, "stdin", Stdin)
        assert greenlint("check", "-", "--format", "concise", "--select", "ECO310").out.startswith("-:5:5: ECO310")
        told = greenlint("check", "-", "--stdin-filename", "train.py", "--format", "concise", "--select", "ECO310")
        assert told.out.startswith("train.py:5:5: ECO310")
        assert greenlint("check", "-", "train.py").err == "error: - takes no further paths\n"
        assert folder

    def test_from_another_folder_paths_are_absolute(
        self,
        greenlint: Command,
        training: Path,
        monkeypatch: pytest.MonkeyPatch,
        tmp_path_factory: pytest.TempPathFactory,
    ) -> None:
        monkeypatch.chdir(tmp_path_factory.mktemp("elsewhere"))
        told = greenlint("check", str(training.parent), "--format", "concise", "--select", "ECO310")
        assert told.out.startswith(f"{training.as_posix()}:5:5: ")


@pytest.mark.usefixtures("training")
class TestTelling:
    def test_output_writes_a_file_and_nothing_on_stdout(self, greenlint: Command, folder: Path) -> None:
        told = greenlint("check", "--format", "json", "--output", "report.json", "--select", "ECO310")
        assert (told.code, told.out) == (1, "")
        assert json.loads((folder / "report.json").read_text())["schema"] == "greenlint-findings/1"
        left = {".greenlint_cache", "pyproject.toml", "report.json", "train.py"}
        assert {path.name for path in folder.iterdir()} == left

    def test_an_output_that_cannot_be_written_is_one_line(self, greenlint: Command, folder: Path) -> None:
        told = greenlint("check", "--output", "none/report.txt")
        assert told.code == 2
        assert told.err == "error: none/report.txt: cannot be written: no such file or directory\n"
        assert not (folder / "none").exists()

    def test_a_mistake_writes_nothing(self, greenlint: Command, folder: Path) -> None:
        assert greenlint("check", "--select", "ECO999", "--output", "report.txt").code == 2
        assert not (folder / "report.txt").exists()

    def test_quiet(self, greenlint: Command) -> None:
        told = greenlint("check", "-q", "--select", "ECO302")
        assert (told.out, told.err) == ("", "")

    def test_verbose_talks_on_stderr(self, greenlint: Command) -> None:
        told = greenlint("check", "-v", "--format", "json")
        assert "judged 1, passed over 0" in told.err
        json.loads(told.out)

    def test_statistics(self, greenlint: Command, folder: Path) -> None:
        (folder / "again.py").write_text(TRAINING)
        told = greenlint("check", "--statistics", "--select", "ECO310,ECO301")
        assert told.out.splitlines()[:2] == ["2  ECO301  missing-energy-tracker", "2  ECO310  missing-early-stopping"]

    def test_a_preview_rule_without_preview_is_a_note(
        self, greenlint: Command, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        from dataclasses import replace

        from greenlint import catalogue
        from greenlint.rule import Life

        whole = catalogue.load()
        rules = tuple(replace(rule, life=Life.PREVIEW) if rule.code == "ECO310" else rule for rule in whole.rules)
        monkeypatch.setattr(catalogue, "load", lambda: catalogue.Catalogue(rules))
        told = greenlint("check", "--select", "ECO310")
        assert told.code == 0
        assert "ECO310 missing-early-stopping is a preview rule" in told.err
        assert "preview rule" not in greenlint("check", "--select", "ECO310", "--preview").err

    def test_nothing_is_written_beside_the_sources_without_a_cache(self, greenlint: Command, folder: Path) -> None:
        greenlint("check", "--no-cache")
        assert sorted(path.name for path in folder.iterdir()) == ["pyproject.toml", "train.py"]

    def test_twice_the_same_bytes(self, greenlint: Command) -> None:
        assert greenlint("check", "--format", "json").out == greenlint("check", "--format", "json").out


def test_git_commands_are_few(training: Path, greenlint: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    subprocess.run(["git", "init", "-q", str(training.parent)], check=True)
    for number in range(5):
        (training.parent / f"a{number}.py").write_text(TRAINING)
    calls = []
    real = subprocess.run

    def counting(command: list[str], **rest: object) -> object:
        calls.append(command)
        return real(command, **rest)

    monkeypatch.setattr("greenlint.discovery.subprocess.run", counting)
    greenlint("check", "--force-exclude", *(f"a{number}.py" for number in range(5)))
    assert len(calls) <= 3


def test_a_notebook_shows_the_line_that_stands_in_its_cell(folder: Path, greenlint: Command) -> None:
    import json

    cell = "  %time model.fit(x, y, epochs=300)  # 3 h\n"
    cells = [
        {"cell_type": "code", "metadata": {}, "source": "from tensorflow import keras\nmodel = keras.Sequential([])"},
        {"cell_type": "code", "metadata": {}, "source": cell},
    ]
    (folder / "a.ipynb").write_text(json.dumps({"nbformat": 4, "metadata": {}, "cells": cells}))
    told = greenlint("check", "--select", "ECO311").out
    column = cell.index("300") + 1
    assert f"--> a.ipynb:cell 1:1:{column}\n" in told
    assert f"1 | {cell}  | {' ' * (column - 1)}^^^\n" in told
