from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from greenlint import discovery, git

if TYPE_CHECKING:
    from conftest import Command, Outcome

LOOP = """\
import torch


def train(model, loader, epochs):
    optimizer = torch.optim.SGD(model.parameters())
    for epoch in range(epochs):
        for x, y in loader:
            model(x).backward()
            optimizer.step()


def evaluate(model, loader):
    model.eval()
    with torch.no_grad():
        for x, y in loader:
            print(model(x))
"""
MAIN = """\
import torch
from loop import evaluate, train

net = torch.nn.Sequential(torch.nn.Linear(2, 2), torch.nn.Dropout())
train(net, [], 50)
evaluate(net, [])
"""
CHECK = ("check", "--select", "ECO310,ECO402", "--format", "concise")


def run(folder: Path, *words: str) -> str:
    done = subprocess.run(
        ("git", "-c", "user.name=a", "-c", "user.email=a@b.c", "-C", str(folder), *words),
        capture_output=True,
        check=True,
        text=True,
    )
    return done.stdout


@pytest.fixture
def repository(folder: Path) -> Path:
    run(folder, "init", "-q", "-b", "main")
    (folder / "loop.py").write_text(LOOP)
    (folder / "main.py").write_text(MAIN)
    run(folder, "add", "--all")
    run(folder, "commit", "-qm", "base")
    run(folder, "checkout", "-qb", "feature")
    return folder


def change(file: Path, old: str, new: str) -> None:
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new))


def places(told: Outcome) -> list[tuple[str, str]]:
    """Return place and code of each line."""
    assert not [line for line in told.err.splitlines() if line.startswith("error")], told.err
    return [(line.split(": ")[0], line.split(": ")[1][:6]) for line in told.out.splitlines() if ": ECO" in line]


@pytest.mark.usefixtures("repository")
class TestFindings:
    def test_what_was_there_is_known(self, greenlint: Command) -> None:
        assert places(greenlint(*CHECK)) == [("loop.py:6:5", "ECO310")]
        told = greenlint(*CHECK, "--diff-base", "main")
        assert (told.code, told.out, told.err) == (0, "No findings in 2 files, 1 known.\n", "")

    def test_the_reason_is_told(self, greenlint: Command) -> None:
        told = greenlint("check", "--select", "ECO310", "--format", "json", "--diff-base", "main")
        (finding,) = json.loads(told.out)["findings"]
        assert (finding["status"], finding["reason"]) == ("known", "there before, in main")

    def test_a_line_above_changes_nothing(self, greenlint: Command, repository: Path) -> None:
        change(repository / "loop.py", "import torch\n", "import os\nimport torch\n")
        assert places(greenlint(*CHECK, "--diff-base", "main")) == []

    @pytest.mark.parametrize("committed", [True, False])
    def test_a_changed_line_counts(self, greenlint: Command, repository: Path, committed: bool) -> None:  # noqa: FBT001
        change(repository / "loop.py", "for epoch in range(epochs)", "for step in range(epochs)")
        if committed:
            run(repository, "commit", "-qam", "change")
        told = greenlint(*CHECK, "--diff-base", "main")
        assert told.code == 1
        assert places(told) == [("loop.py:6:5", "ECO310")]

    def test_a_finding_on_another_line_of_the_file_counts(self, greenlint: Command, repository: Path) -> None:
        change(repository / "loop.py", "    model.eval()\n", "")
        assert places(greenlint(*CHECK, "--diff-base", "main")) == [("loop.py:15:19", "ECO402")]

    def test_a_finding_in_another_file_of_the_program_counts(self, greenlint: Command, repository: Path) -> None:
        change(repository / "main.py", "train(net, [], 50)", "train(net, [], 5)")
        run(repository, "commit", "-qam", "short")
        run(repository, "branch", "-f", "main")
        assert places(greenlint(*CHECK)) == []
        change(repository / "main.py", "train(net, [], 5)", "train(net, [], 90)")
        assert places(greenlint(*CHECK, "--diff-base", "main")) == [("loop.py:6:5", "ECO310")]

    def test_new_files_count_whole(self, greenlint: Command, repository: Path) -> None:
        (repository / "untracked.py").write_text(LOOP + MAIN.replace("from loop import evaluate, train\n", ""))
        (repository / "added.py").write_text(LOOP + MAIN.replace("from loop import evaluate, train\n", ""))
        run(repository, "add", "added.py")
        (repository / ".gitignore").write_text("ignored.py\n")
        (repository / "ignored.py").write_text(LOOP + MAIN.replace("from loop import evaluate, train\n", ""))
        told = greenlint(*CHECK, "--diff-base", "main", ".", "ignored.py")
        assert places(told) == [(f"{name}.py:6:5", "ECO310") for name in ("added", "ignored", "untracked")]

    def test_a_file_that_is_named_counts_whatever_its_suffix(self, greenlint: Command, repository: Path) -> None:
        script = repository / "train"
        script.write_text(LOOP + MAIN.replace("from loop import evaluate, train\n", ""))
        run(repository, "add", "train")
        run(repository, "commit", "-qm", "script")
        run(repository, "branch", "-f", "main")
        assert places(greenlint(*CHECK, "train", "--diff-base", "main")) == []
        change(script, "for epoch", "for step")
        assert places(greenlint(*CHECK, "train", "--diff-base", "main")) == [("train:6:5", "ECO310")]

    def test_a_renamed_file_is_compared_with_itself(self, greenlint: Command, repository: Path) -> None:
        run(repository, "mv", "loop.py", "training.py")
        change(repository / "main.py", "from loop", "from training")
        assert places(greenlint(*CHECK, "--diff-base", "main")) == []
        change(repository / "training.py", "    model.eval()\n", "")
        assert places(greenlint(*CHECK, "--diff-base", "main")) == [("training.py:15:19", "ECO402")]

    def test_a_file_that_is_gone_was_there(self, greenlint: Command, repository: Path) -> None:
        (repository / "loop.py").write_text(
            LOOP.replace("import torch\n", "from stops import Stopper\n\nimport torch\n")
        )
        change(
            repository / "loop.py",
            "            optimizer.step()\n",
            "            optimizer.step()\n        if Stopper().step(0): break\n",
        )
        (repository / "stops.py").write_text("class Stopper:\n    def step(self, loss):\n        return loss > 1\n")
        run(repository, "add", "--all")
        run(repository, "commit", "-qm", "stops")
        run(repository, "branch", "-f", "main")
        before = places(greenlint(*CHECK))
        (repository / "stops.py").unlink()
        appeared = [one for one in places(greenlint(*CHECK)) if one not in before]
        assert places(greenlint(*CHECK, "--diff-base", "main")) == appeared

    def test_what_others_did_on_the_base_since_is_not_ours(self, greenlint: Command, repository: Path) -> None:
        run(repository, "checkout", "-q", "main")
        change(repository / "loop.py", "for epoch in range(epochs)", "for step in range(epochs)")
        run(repository, "commit", "-qam", "theirs")
        run(repository, "checkout", "-q", "feature")
        assert places(greenlint(*CHECK, "--diff-base", "main")) == []

    def test_line_ends_are_no_change(self, greenlint: Command, repository: Path) -> None:
        (repository / "loop.py").write_bytes(LOOP.replace("\n", "\r\n").encode())
        assert places(greenlint(*CHECK, "--diff-base", "main")) == []

    def test_a_comment_that_is_taken_away_brings_its_finding_back(self, greenlint: Command, repository: Path) -> None:
        change(repository / "loop.py", "import torch\n", "# greenlint: ignore-file[ECO310] for now\nimport torch\n")
        run(repository, "commit", "-qam", "ignored")
        run(repository, "branch", "-f", "main")
        change(repository / "loop.py", "# greenlint: ignore-file[ECO310] for now\n", "")
        assert places(greenlint(*CHECK, "--diff-base", "main")) == [("loop.py:6:5", "ECO310")]

    def test_only_some_files(self, greenlint: Command, repository: Path) -> None:
        change(repository / "loop.py", "    model.eval()\n", "")
        assert places(greenlint(*CHECK, "--diff-base", "main", "main.py")) == []
        assert places(greenlint(*CHECK, "--diff-base", "main", "loop.py")) == [("loop.py:15:19", "ECO402")]

    def test_from_a_folder_inside(self, greenlint: Command, repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        (repository / "sub").mkdir()
        change(repository / "loop.py", "    model.eval()\n", "")
        monkeypatch.chdir(repository / "sub")
        told = greenlint(*CHECK, "--diff-base", "main", "..")
        assert [code for _, code in places(told)] == ["ECO402"]

    def test_with_a_baseline(self, greenlint: Command, repository: Path) -> None:
        change(repository / "loop.py", "    model.eval()\n", "")
        greenlint("baseline", "--select", "ECO402")
        assert places(greenlint(*CHECK, "--diff-base", "main", "--baseline", "greenlint-baseline.json")) == []

    def test_standard_input(self, greenlint: Command, repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        from greenlint.commands import _wanted

        class Stdin:
            class buffer:  # noqa: N801
                @staticmethod
                def read() -> bytes:
                    return LOOP.replace("    model.eval()\n", "").encode()

        assert repository
        monkeypatch.setattr(_wanted.sys, "stdin", Stdin)
        told = greenlint(*CHECK, "--diff-base", "main", "--stdin-filename", "loop.py")
        assert places(told) == [("loop.py:15:19", "ECO402")]


@pytest.mark.usefixtures("repository")
class TestNotebooks:
    def book(self, *sources: str) -> str:
        cells = [
            {"cell_type": "code", "source": source.splitlines(keepends=True), "metadata": {}, "outputs": []}
            for source in sources
        ]
        return json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": cells}, indent=1)

    def test_lines_of_cells_are_compared(self, greenlint: Command, repository: Path) -> None:
        whole = LOOP + MAIN.replace("from loop import evaluate, train\n", "")
        file = repository / "a.ipynb"
        file.write_text(self.book("import torch", whole))
        run(repository, "add", "a.ipynb")
        run(repository, "commit", "-qm", "book")
        run(repository, "branch", "-f", "main")
        # Another cell above, and other white space in the JSON.
        file.write_text(self.book("import torch", "print('more')", whole).replace("\n ", "\n   "))
        assert places(greenlint(*CHECK, "a.ipynb", "--diff-base", "main")) == []
        file.write_text(self.book("import torch", "print('more')", whole.replace("for epoch", "for step")))
        assert places(greenlint(*CHECK, "a.ipynb", "--diff-base", "main")) == [("a.ipynb:cell 2:6:5", "ECO310")]


class TestTrouble:
    def complaint(self, told: Outcome) -> str:
        assert told.code == 2
        assert told.out == ""
        assert told.err.count("\n") == 1
        return told.err.strip()

    def test_no_repository(self, greenlint: Command, folder: Path) -> None:
        (folder / "a.py").touch()
        assert self.complaint(greenlint("check", "--diff-base", "main")) == (
            "error: --diff-base: . is in no git repository"
        )

    @pytest.mark.parametrize(
        ("base", "complaint"),
        [
            ("mian", 'no commit is called "mian", did you mean "main"?'),
            ("", 'no commit is called ""'),
            ("main:loop.py", 'no commit is called "main:loop.py"'),
            ("trunk", 'no commit is called "trunk", did you mean "origin/trunk"?'),
        ],
    )
    def test_an_unknown_commit(self, greenlint: Command, repository: Path, base: str, complaint: str) -> None:
        run(repository, "update-ref", "refs/remotes/origin/trunk", "main")
        assert self.complaint(greenlint("check", "--diff-base", base)) == f"error: --diff-base: {complaint}"

    def test_a_word_that_git_would_take_for_an_option(self, greenlint: Command, repository: Path) -> None:
        told = greenlint("check", "--diff-base=--output=out")
        assert self.complaint(told) == 'error: --diff-base: no commit is called "--output=out"'
        assert not (repository / "out").exists()

    def test_a_shallow_clone(self, greenlint: Command, repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        run(repository, "commit", "-q", "--allow-empty", "-m", "more")
        run(repository, "clone", "-q", "--depth", "1", f"file://{repository}", "shallow")
        monkeypatch.chdir(repository / "shallow")
        assert self.complaint(greenlint("check", "--diff-base", "main")) == (
            'error: --diff-base: no commit is called "main" '
            "(the clone is shallow: `git fetch --unshallow`, or `fetch-depth: 0` in GitHub Actions)"
        )

    def test_no_commit_in_common(self, greenlint: Command, repository: Path) -> None:
        run(repository, "checkout", "-q", "--orphan", "other")
        assert self.complaint(greenlint("check", "--diff-base", "main")) == "error: --diff-base: there is no commit yet"
        run(repository, "commit", "-qm", "other")
        assert self.complaint(greenlint("check", "--diff-base", "main")) == (
            "error: --diff-base: HEAD and main have no commit in common"
        )

    def test_without_git(self, greenlint: Command, repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        assert repository
        monkeypatch.setattr(git, "run", lambda *_, **__: None)
        assert self.complaint(greenlint("check", "--diff-base", "main")) == "error: --diff-base: git is not installed"

    def test_a_repository_inside_that_does_not_know_the_branch(self, greenlint: Command, repository: Path) -> None:
        inner = repository / "inner"
        inner.mkdir()
        run(inner, "init", "-q", "-b", "other")
        (inner / "a.py").write_text(LOOP + MAIN.replace("from loop import evaluate, train\n", ""))
        run(inner, "add", "--all")
        run(inner, "commit", "-qm", "inner")
        told = greenlint(*CHECK, "--diff-base", "main")
        assert told.out == "No findings in 3 files, 2 known.\n"
        assert told.err == "note: inner: is a repository without main, its findings are left out\n"

    def test_nothing_of_the_repository_is_run(self, greenlint: Command, repository: Path) -> None:
        trap = f"touch {repository}/sprung; cat"
        for key in ("diff.external", "diff.trap.textconv", "diff.trap.command", "core.fsmonitor"):
            run(repository, "config", key, trap)
        (repository / ".gitattributes").write_text("*.py diff=trap\n")
        change(repository / "loop.py", "    model.eval()\n", "")
        (repository / "sprung").unlink(missing_ok=True)
        assert places(greenlint(*CHECK, "--diff-base", "main")) == [("loop.py:15:19", "ECO402")]
        assert not (repository / "sprung").exists()

    @pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such names")
    def test_a_name_with_anything_in_it(self, greenlint: Command, repository: Path) -> None:
        name = 'a "b"\n\'ü.py'
        (repository / name).write_text(LOOP + MAIN.replace("from loop import evaluate, train\n", ""))
        run(repository, "add", "--all")
        run(repository, "commit", "-qm", "odd")
        run(repository, "branch", "-f", "main")
        change(repository / name, "    model.eval()\n", "")
        assert [code for _, code in places(greenlint(*CHECK, "--diff-base", "main"))] == ["ECO402"]


def test_the_repository_of_a_folder(repository: Path) -> None:
    assert discovery.repository_of(repository / "none" / "there") == repository
    assert discovery.repository_of(Path("/")) is None
