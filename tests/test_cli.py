from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from greenlint import __version__, cli

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import Command


def test_the_version(greenlint: Command) -> None:
    assert greenlint("--version").out == f"greenlint {__version__}\n"


def test_help_names_every_command_with_its_first_line(greenlint: Command) -> None:
    told = greenlint("--help")
    for name in cli.commands():
        assert f"  {name} " in told.out
    assert all(len(line) <= 80 for line in told.out.splitlines())


@pytest.mark.parametrize("name", cli.commands())
def test_every_command_explains_itself(greenlint: Command, name: str) -> None:
    told = greenlint(name, "--help")
    assert told.code == 0
    assert told.out.startswith(f"usage: greenlint {name}")


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (["chek"], 'error: no command is called "chek", did you mean "check"?'),
        (["--fix"], "error: --fix: options come after a command, as in `greenlint check --fix`"),
        (["check", "--selct", "ECO3"], 'error: unrecognized arguments: --selct, did you mean "--select"?'),
        (["check", "--select", "ECO99"], 'error: command line: --select: no rule is called "ECO99"'),
        (["check", "--ignore", "fp32-exports"], 'no rule is called "fp32-exports", did you mean "fp32-export"?'),
        (["check", "--format", "jsn"], 'error: no format is called "jsn", did you mean "json"?'),
        (
            ["check", "--fail-on", "eror"],
            '--fail-on: must be one of info, warning, error, not "eror", did you mean "error"?',
        ),
        (["check", "--config", "none.toml"], "error: --config: none.toml: no such file"),
        (["check", "--stdin-filename", "a.py", "b.py"], "error: --stdin-filename takes no further paths"),
        (["check", "none.py"], "error: none.py: no such file"),
    ],
)
def test_a_mistake_is_one_line_and_exit_code_2(greenlint: Command, words: list[str], complaint: str) -> None:
    told = greenlint(*words)
    assert told.code == 2
    assert complaint in told.err
    assert told.err.count("\n") == 1


def test_a_path_without_a_command(greenlint: Command, folder: Path) -> None:
    (folder / "train.py").touch()
    assert "did you mean `greenlint check train.py`?" in greenlint("train.py").err


def imported_by(*words: str) -> set[str]:
    told = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "greenlint", *words], capture_output=True, text=True, check=False
    )
    return {line.rpartition("|")[2].strip().partition(".")[0] for line in told.stderr.splitlines() if "|" in line}


HEAVY = {"libcst", "onnx", "jinja2", "yaml", "numpy"}


def test_the_version_costs_no_heavy_import() -> None:
    assert not imported_by("--version") & HEAVY


def test_help_costs_no_heavy_import() -> None:
    assert not imported_by("--help") & HEAVY


def test_files_that_no_rule_can_concern_cost_no_libcst(folder: Path) -> None:
    (folder / "a.py").write_text("import json\n")
    assert "libcst" not in imported_by("check", "a.py")


@pytest.mark.slow
def test_a_reader_that_leaves_ends_the_run_without_a_traceback(folder: Path) -> None:
    for number in range(40):
        (folder / f"a{number}.py").write_text(
            "import torch\nopt = torch.optim.SGD(p)\nfor epoch in range(90):\n    x.backward()\n    opt.step()\n"
        )
    piped = subprocess.run(  # noqa: S602  a pipe is what is tested
        f"{sys.executable} -m greenlint check . | head -1",
        shell=True,
        capture_output=True,
        text=True,
        check=False,
    )
    assert "Traceback" not in piped.stderr
    assert "Exception" not in piped.stderr
    assert piped.stdout.count("\n") == 1


def test_an_interruption_is_told_in_a_word(greenlint: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(_: list[str]) -> int:
        raise KeyboardInterrupt

    monkeypatch.setattr(cli, "_run", interrupted)
    told = greenlint("check")
    assert (told.code, told.err) == (130, "interrupted\n")


@pytest.mark.skipif(sys.platform != "linux", reason="/dev/full is Linux's")
def test_a_full_disk_is_one_line() -> None:
    with open("/dev/full", "w") as full:  # noqa: PTH123
        done = subprocess.run(
            [sys.executable, "-m", "greenlint", "rules"], stdout=full, stderr=subprocess.PIPE, text=True, check=False
        )
    assert done.returncode == 2
    assert done.stderr == "error: No space left on device\n"


@pytest.mark.parametrize("encoding", ["ascii", "cp1252"])
def test_what_the_streams_cannot_write_is_escaped(folder: Path, encoding: str) -> None:
    (folder / "日本.py").write_text(
        "from tensorflow import keras\nkeras.Sequential([]).fit(x, y, epochs=300)  # é 日 🌍\n", encoding="utf-8"
    )
    for form in ("text", "json", "concise"):
        done = subprocess.run(
            [sys.executable, "-m", "greenlint", "check", "--format", form],
            cwd=folder,
            env={**os.environ, "PYTHONIOENCODING": encoding},
            capture_output=True,
            check=False,
        )
        assert (done.returncode, done.stderr) == (1, b"")
        assert rb"\u65e5" in done.stdout
        if form == "json":
            assert json.loads(done.stdout.decode(encoding))["findings"][0]["path"] == "日本.py"
        if form == "text":
            assert rb"\ud83c\udf0d" in done.stdout
