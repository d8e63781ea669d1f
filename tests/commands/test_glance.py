"""A glance says what the whole run says, or nothing."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from greenlint.commands import _glance

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import Command, Outcome

PLAIN = "import os\n\n\ndef size(path: str) -> int:\n    return os.stat(path).st_size\n"


def git(*words: str) -> None:
    subprocess.run(["git", *words], check=True, capture_output=True)


def whole_run(greenlint: Command, monkeypatch: pytest.MonkeyPatch, *words: str) -> Outcome:
    with monkeypatch.context() as patch:
        patch.setattr(_glance, "at", lambda _: None)
        return greenlint("check", *words)


@pytest.fixture
def files(folder: Path) -> Path:
    """Return a folder with files of every kind."""
    contents = {
        "a.py": PLAIN.encode(),
        "b.py": b"x = 1\r\ny = '\xc3\xa9'\r\n",
        "c.pyi": b"x: int\r",
        "empty.py": b"",
        "says.py": b"# import torch some day\nx = 'import keras'  # noqa: ECO310\n# greenlint: ignore[nothing]\n",
        "array.py": b"import numpy as np\n\nx = np.array([1])\n",
        "warns.py": b"x = '\\d'\n",
        "uses.py": b"import torch\n",
        "handed.py": b"def f(x):\n    x.backward()\n",
        "word.py": b"def train():\n    pass\n",
        "broken.py": b"x = (\n",
        "nul.py": b"x = '\0'\n",
        "marked.py": b"\xef\xbb\xbfx = 1\n",
        "coded.py": b"# coding: latin-1\nx = '\xe9'\n",
        "latin.py": b"x = '\xe9'\n",
        "deep.py": b"x = " + b"(" * 300 + b")" * 300,
        "chain.py": b"x = y" + b".z" * 1500,
        "text.txt": b"x = 1\n",
        "a.ipynb": b'{"nbformat": 4, "cells": []}',
        "build/made.py": b"x = 1\n",
        "ignored.py": b"x = 1\n",
    }
    for name, content in contents.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_bytes(content)
    return folder


@pytest.mark.parametrize(
    "words",
    [
        ["a.py"],
        ["b.py", "-q"],
        ["c.pyi", "--quiet", "--exit-zero"],
        ["a.py", "b.py", "c.pyi", "empty.py", "says.py", "array.py", "warns.py"],
        ["a.py", "./a.py"],
        ["build/made.py", "--no-cache"],
    ],
)
def test_what_is_plain_is_said_at_once(
    files: Path, greenlint: Command, monkeypatch: pytest.MonkeyPatch, words: list[str]
) -> None:
    (files / "pyproject.toml").write_text('[project]\nname = "broken\n')
    whole = whole_run(greenlint, monkeypatch, *words)
    assert _glance.at(words) == 0 == whole.code
    assert greenlint("check", *words) == whole


@pytest.mark.parametrize(
    "words",
    [
        *(["a.py", name] for name in ("uses.py", "handed.py", "word.py", "broken.py", "nul.py", "marked.py")),
        *(["a.py", name] for name in ("coded.py", "latin.py", "deep.py", "chain.py", "text.txt", "a.ipynb", "no.py")),
        *([], ["."], ["build"], ["-"], ["-q"], ["a.py", "A.py"]),
        *(["a.py", option] for option in ("--statistics", "--format=json", "-v", "--preview", "--fix", "--diff")),
        ["a.py", "--select", "ECO001"],
        ["a.py", "--output", "b.py"],
        ["a.py", "--force-exclude"],
        ["a.py\0"],
        [f"./{'./' * number}a.py" for number in range(_glance.MOST_FILES + 1)],
    ],
)
def test_what_is_not_plain_is_left_to_the_run(files: Path, capfd: pytest.CaptureFixture[str], words: list[str]) -> None:
    assert files.is_dir()
    assert _glance.at(words) is None
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("name", "text"),
    [("greenlint.toml", ""), ("pyproject.toml", "[tool.greenlint]\n"), ("pyproject.toml", "# greenlint\n")],
)
def test_settings_are_left_to_the_run(files: Path, name: str, text: str) -> None:
    inner = files / "a" / "b"
    inner.mkdir(parents=True)
    (inner / "a.py").write_text(PLAIN)
    assert _glance.at(["a/b/a.py"]) == 0
    (files / name).write_text(text)
    assert _glance.at(["a/b/a.py"]) is None


class TestForceExclude:
    def test_what_git_knows_is_kept(self, files: Path, greenlint: Command, monkeypatch: pytest.MonkeyPatch) -> None:
        (files / ".gitignore").write_text("ignored.py\n")
        (files / "é").mkdir()
        (files / "é" / "a b.py").write_text(PLAIN)
        git("init", "-q")
        git("add", "-f", "a.py", "ignored.py", "é/a b.py", "build/made.py")
        for name in ("a.py", "ignored.py", "é/a b.py"):
            words = [name, "--force-exclude"]
            whole = whole_run(greenlint, monkeypatch, *words)
            assert _glance.at(words) == 0, name
            assert greenlint("check", *words) == whole
            assert whole.out == "No findings in 1 file.\n"

    @pytest.mark.parametrize("name", ["b.py", "ignored.py", "build/made.py", "new/a.py"])
    def test_what_may_be_left_out_is_left_to_the_run(self, files: Path, name: str) -> None:
        (files / ".gitignore").write_text("ignored.py\n")
        (files / "new").mkdir()
        (files / "new" / "a.py").write_text(PLAIN)
        git("init", "-q")
        git("add", "a.py")
        assert _glance.at([name, "--force-exclude"]) is None

    def test_a_worktree_is_left_to_the_run(self, files: Path) -> None:
        (files / ".git").write_text("gitdir: elsewhere\n")
        assert _glance.at(["a.py", "--force-exclude"]) is None


def test_it_imports_next_to_nothing(files: Path) -> None:
    script = (
        "import sys\nbefore = {*sys.modules}\nfrom greenlint.cli import main\nassert main(['check', 'a.py']) == 0\n"
    )
    told = subprocess.run(
        [sys.executable, "-S", "-c", f"import sys; sys.path = {sys.path!r}\n{script}print(*{{*sys.modules}} - before)"],
        check=True,
        capture_output=True,
        text=True,
        cwd=files,
    )
    imported = {name.partition(".")[0] for name in told.stdout.splitlines()[-1].split()}
    assert "greenlint" in imported
    assert not {"argparse", "dataclasses", "enum", "json", "pathlib", "re", "subprocess", "typing"} & imported
