"""The plugin, with the real flake8, and the comments it answers to, beside the real ruff."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from greenlint.flake8 import _encoded

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import Command

pytest.importorskip("flake8", reason="the plugin is tested where flake8 is installed")

TRAINING = """\
import torch

def train(model, loader):
    optimizer = torch.optim.SGD(model.parameters())
    for epoch in range(90):
        for x, y in loader:
            model(x).backward()
            optimizer.step()
"""
LINE = (
    "5:5: ECO310 [warning] missing-early-stopping: trains 90 epochs and nothing stops it when it no longer gets better"
)


def flake8(folder: Path, *words: str, said: str | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "flake8", *words], cwd=folder, input=said, capture_output=True, text=True, check=False
    )


def project(folder: Path, text: str = TRAINING) -> Path:
    (folder / "pyproject.toml").write_text('[tool.greenlint]\nselect = ["ECO310", "ECO312"]\n')
    (folder / "train.py").write_text(text)
    return folder


def test_flake8_knows_the_plugin(folder: Path) -> None:
    assert "greenlint: " in flake8(folder, "--version").stdout


def test_a_finding_is_told_as_by_the_concise_format(folder: Path, greenlint: Command) -> None:
    project(folder)
    done = flake8(folder, "--select", "ECO", "train.py")
    assert (done.returncode, done.stdout, done.stderr) == (1, f"train.py:{LINE}\n", "")
    assert done.stdout == greenlint("check", "--format", "concise", "-q").out


def test_it_runs_without_being_selected(folder: Path) -> None:
    assert "ECO310" in flake8(project(folder)).stdout


def test_other_codes_alone_leave_it_out(folder: Path) -> None:
    (folder / "greenlint.toml").write_text("nonsense = 1\n")  # would end flake8 if it were read
    done = flake8(project(folder), "--select", "E9,F")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_beginnings_of_codes_are_enough(folder: Path) -> None:
    for words in (["--select", "E"], ["--select", "ECO3"], ["--select", "F", "--extend-select", "ECO310"]):
        assert "ECO310" in flake8(project(folder), *words).stdout, words
    assert "ECO310" not in flake8(project(folder), "--extend-ignore", "ECO3").stdout


@pytest.mark.parametrize(
    "comment",
    [
        "# noqa: ECO310",
        "# noqa",
        "# noqa: E501,ECO3",
        "# greenlint: ignore[missing-early-stopping] the paper's schedule",
        "# greenlint: ignore-file[ECO310]",
    ],
)
def test_comments_answer(folder: Path, comment: str) -> None:
    project(folder, TRAINING.replace("range(90):", f"range(90):  {comment}"))
    done = flake8(folder, "--select", "ECO")
    assert (done.returncode, done.stdout) == (0, "")


def test_a_noqa_speaks_for_its_statement_as_on_the_command_line(folder: Path) -> None:
    project(folder, TRAINING.replace("range(90):", "range(\n        90\n    ):  # noqa: ECO310"))
    assert flake8(folder, "--select", "ECO").stdout == ""


def test_disable_noqa_is_about_noqa_alone(folder: Path) -> None:
    project(folder, TRAINING.replace("range(90):", "range(90):  # noqa: ECO310"))
    assert "ECO310" in flake8(folder, "--select", "ECO", "--disable-noqa").stdout
    project(folder, TRAINING.replace("range(90):", "range(90):  # greenlint: ignore[ECO310]"))
    assert flake8(folder, "--select", "ECO", "--disable-noqa").stdout == ""


def test_a_suppression_that_names_no_rule_is_told(folder: Path) -> None:
    project(folder, TRAINING.replace("range(90):", "range(90):  # greenlint: ignore[mising-early-stopping]"))
    done = flake8(folder, "--select", "ECO")
    assert 'train.py:5:30: ECO000 no rule is called "mising-early-stopping", did you mean' in done.stdout
    assert "ECO310" in done.stdout


def test_settings_and_their_options_count(folder: Path) -> None:
    project(folder)
    (folder / "pyproject.toml").write_text(
        "[tool.greenlint.rules.missing-early-stopping]\nearly-stopping-min-epochs = 1000\n"
    )
    assert "ECO310" not in flake8(folder, "--select", "ECO").stdout
    (folder / "pyproject.toml").write_text('[tool.greenlint]\nexclude = ["train.py"]\n')
    assert flake8(folder, "--select", "ECO").stdout == ""
    (folder / "pyproject.toml").write_text('[tool.greenlint.per-file-ignores]\n"train.py" = ["ECO"]\n')
    assert flake8(folder, "--select", "ECO").stdout == ""


def test_the_baseline_counts(folder: Path, greenlint: Command) -> None:
    project(folder)
    (folder / "pyproject.toml").write_text('[tool.greenlint]\nbaseline = "greenlint-baseline.json"\n')
    greenlint("baseline")
    assert flake8(folder, "--select", "ECO").stdout == ""
    (folder / "train.py").write_text(f"{TRAINING}\n\n{TRAINING.replace('train(', 'again(')}")
    assert "train.py:15:5: ECO310" in flake8(folder, "--select", "ECO").stdout


def test_a_mistake_in_the_settings_is_one_line(folder: Path) -> None:
    project(folder)
    (folder / "sub").mkdir()
    (folder / "sub" / "a.py").write_text("x = 1\n")
    (folder / "sub" / "greenlint.toml").write_text('selct = ["ECO3"]\n')
    for words in (["-j1", "train.py", "sub"], ["-j2", "train.py", "sub"]):
        done = flake8(folder, "--select", "ECO", *words)
        assert done.returncode == 1
        assert 'greenlint: sub/greenlint.toml: selct: unknown setting, did you mean "select"?' in done.stdout
        assert "Traceback" not in done.stdout + done.stderr


def test_what_flake8_cannot_parse_is_told_by_flake8_alone(folder: Path) -> None:
    project(folder, "import torch\ndef f(:\n")
    done = flake8(folder, "--select", "ECO,E9", "train.py", "absent.py")
    assert {line.split(" ")[1] for line in done.stdout.splitlines()} == {"E902", "E999"}


def test_standard_input(folder: Path) -> None:
    project(folder, "x = 1\n")
    done = flake8(folder, "--select", "ECO", "--stdin-display-name", "train.py", "-", said=TRAINING)
    assert done.stdout == f"train.py:{LINE}\n"


def test_the_encoding_of_standard_input_is_the_one_it_names() -> None:
    assert _encoded(["# -*- coding: latin-1 -*-\n", "x = 'é'\n"]).endswith(b"\xe9'\n")
    assert _encoded(["#!/usr/bin/python\n", "# coding: nonsense\n", "x = 'é'\n"]).endswith("é'\n".encode())
    assert _encoded(["x = 'é'\n"]) == "x = 'é'\n".encode()


@pytest.fixture
def large(folder: Path) -> Path:
    """Return a project whose findings can only be had by looking at the whole of it."""
    (folder / "pyproject.toml").touch()
    package = folder / "package"
    package.mkdir()
    (package / "__init__.py").touch()
    for number in range(20):
        (package / f"step_{number}.py").write_text(
            TRAINING.replace("def train(", f"def train_{number}(")
            .replace("range(90)", "range(epochs)")
            .replace("loader):", "loader, epochs):")
        )
    calls = "".join(
        f"from package.step_{number} import train_{number}\ntrain_{number}(None, None, {'90' if number % 2 else '3'})\n"
        for number in range(20)
    )
    tracked = "from codecarbon import EmissionsTracker\n\ntracker = EmissionsTracker()\ntracker.start()\n"
    (folder / "main.py").write_text(f"{tracked}{calls}tracker.stop()\n")
    return folder


def test_a_whole_project_has_the_findings_of_the_command_line(large: Path, greenlint: Command) -> None:
    told = greenlint("check", "--format", "concise", "-q").out
    assert told.count("ECO310") == 10
    assert "ECO301" not in told  # the tracker of main.py counts for every file
    for jobs in ("1", "4"):
        done = flake8(large, "--select", "ECO", "--jobs", jobs)
        assert sorted(line.removeprefix("./") for line in done.stdout.splitlines()) == sorted(told.splitlines())


def test_files_that_are_named_alone_have_the_same_findings(large: Path, greenlint: Command) -> None:
    told = greenlint("check", "--format", "concise", "-q").out.splitlines()
    done = flake8(large, "--select", "ECO", "package/step_1.py", "package/step_2.py")
    expected = [line for line in told if line.startswith(("package/step_1.py", "package/step_2.py"))]
    assert done.stdout.splitlines() == expected
    assert expected


def test_a_program_is_read_once_and_not_again_by_the_next_run(large: Path) -> None:
    """Twenty files whose programs hold twenty-one files each are not read four hundred times."""
    script = """
import sys
from greenlint import reading
read = []
once = reading.facts_of
reading.facts_of = lambda text: read.append(text) or once(text)
from flake8.main.cli import main
main(["--select", "ECO", "--jobs", "1"])
print("read", len(read), file=sys.stderr)
"""

    def reads() -> int:
        done = subprocess.run([sys.executable, "-c", script], cwd=large, capture_output=True, text=True, check=False)
        assert done.stdout.count("ECO310") == 10
        return int(done.stderr.split("read ")[1])

    assert 20 <= reads() <= 22
    assert reads() == 0


def test_processes_leave_what_they_learnt_to_the_next_run(large: Path) -> None:
    for path in large.rglob("*.py"):
        os.utime(path, (1_700_000_000, 1_700_000_000))
    first = flake8(large, "--select", "ECO", "--jobs", "3")
    assert list(large.glob(".greenlint_cache/*/index.json"))
    again = flake8(large, "--select", "ECO", "--jobs", "3")
    assert first.stdout == again.stdout
    assert "ECO310" in first.stdout


@pytest.fixture
def noqa(folder: Path) -> Path:
    file = folder / "train.py"
    file.write_text("for epoch in range(300):  # noqa: ECO311\n    print(epoch)\n")
    return file


def ruff(file: Path, *words: str) -> str:
    subprocess.run(
        [sys.executable, "-m", "ruff", "check", "--isolated", "--quiet", "--fix", *words, file.name],
        cwd=file.parent,
        check=False,
    )
    return file.read_text()


def test_ruff_removes_codes_that_it_does_not_know(noqa: Path) -> None:
    assert "noqa" not in ruff(noqa, "--select", "RUF100,RUF102")


def test_ruff_leaves_them_when_it_is_told(noqa: Path) -> None:
    assert "# noqa: ECO311" in ruff(noqa, "--select", "RUF100,RUF102", "--config", 'lint.external=["ECO"]')
