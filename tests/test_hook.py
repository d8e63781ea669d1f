"""The hook, with the real pre-commit, in a repository of its own."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

pytest.importorskip("pre_commit", reason="the hook is tested where pre-commit is installed")

ROOT = Path(__file__).parent.parent
SHIPPED = ("pyproject.toml", "README.md", "LICENSE", "CHANGELOG.md", ".pre-commit-hooks.yaml", "greenlint", "rules")

WASTEFUL = """\
import torch

def train(model, loader):
    optimizer = torch.optim.SGD(model.parameters())
    for epoch in range(90):
        for x, y in loader:
            model(x).backward()
            optimizer.step()
"""

pytestmark = pytest.mark.slow


@dataclass(frozen=True)
class Repository:
    folder: Path
    environment: dict[str, str]

    def run(self, *command: str, **more: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            command,
            cwd=self.folder,
            env={**self.environment, **more},
            capture_output=True,
            text=True,
            check=False,
        )

    def commit(self, name: str, text: str, **more: str) -> subprocess.CompletedProcess[str]:
        (self.folder / name).parent.mkdir(parents=True, exist_ok=True)
        (self.folder / name).write_text(text)
        self.run("git", "add", "--all")
        return self.run("git", "commit", "-m", name, **more)


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Repository:
    """Return a repository with the hook installed from a copy of this checkout, uncommitted changes included."""
    hooks = tmp_path_factory.mktemp("greenlint")
    for name in SHIPPED:
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
        copy(ROOT / name, hooks / name)
    project = tmp_path_factory.mktemp("project")
    environment = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    environment |= {
        "PRE_COMMIT_HOME": str(tmp_path_factory.mktemp("pre-commit")),
        "GIT_CONFIG_GLOBAL": os.devnull,
        **{f"GIT_{who}_{what}": "a@b.c" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")},
    }
    made = Repository(project, environment)
    for folder in (hooks, project):
        made.run("git", "init", "-q", str(folder))
    made.run("git", "-C", str(hooks), "add", "--all")
    made.run("git", "-C", str(hooks), "commit", "-q", "-m", "all")
    revision = made.run("git", "-C", str(hooks), "rev-parse", "HEAD").stdout.strip()
    (project / ".pre-commit-config.yaml").write_text(
        f"repos:\n- repo: {hooks.as_posix()}\n  rev: {revision}\n  hooks:\n  - id: greenlint\n"
    )
    (project / ".gitignore").write_text("ignored/\n")
    installed = made.run(sys.executable, "-m", "pre_commit", "install", "--install-hooks")
    if installed.returncode and "No matching distribution" in installed.stdout + installed.stderr:
        pytest.skip("no package index here to install the hook from")
    assert installed.returncode == 0, installed.stdout + installed.stderr
    return made


OFFLINE = {"PIP_NO_INDEX": "1", "PIP_INDEX_URL": "http://127.0.0.1:9"}


def test_a_clean_commit_passes(repository: Repository) -> None:
    done = repository.commit("clean.py", "import torch\n\nx = torch.zeros(3)\n", **OFFLINE)
    assert done.returncode == 0, done.stderr
    assert "greenlint" in done.stderr
    assert "Passed" in done.stderr


def test_a_wasteful_commit_is_blocked_and_says_why(repository: Repository) -> None:
    done = repository.commit("train.py", WASTEFUL, **OFFLINE)
    assert done.returncode == 1
    assert "warning[ECO310 missing-early-stopping]" in done.stderr
    assert "train.py:5:5" in done.stderr


def test_info_passes_and_is_shown(repository: Repository) -> None:
    done = repository.commit("train.py", WASTEFUL.replace("90", "5"), **OFFLINE)
    assert done.returncode == 0, done.stderr
    assert "info[ECO301 missing-energy-tracker]" in done.stderr


def test_excluded_files_are_left_out_though_pre_commit_names_them(repository: Repository) -> None:
    (repository.folder / "greenlint.toml").write_text('exclude = ["drafts"]\n')
    done = repository.commit("drafts/train.py", WASTEFUL, **OFFLINE)
    assert done.returncode == 0, done.stderr
    assert "no Python files" in done.stderr


def test_a_notebook_is_read(repository: Repository) -> None:
    import json

    cells = [{"cell_type": "code", "metadata": {}, "outputs": [], "execution_count": None, "source": WASTEFUL}]
    notebook = json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": cells})
    done = repository.commit("train.ipynb", notebook, **OFFLINE)
    assert done.returncode == 1
    assert "train.ipynb:cell 0:5:5" in done.stderr
    repository.run("git", "rm", "-f", "--quiet", "train.ipynb")


def test_nothing_of_ours_is_nothing_to_do(repository: Repository) -> None:
    done = repository.commit("notes.txt", "nothing\n", **OFFLINE)
    assert done.returncode == 0, done.stderr
    assert "no files to check" in done.stderr


def test_many_files_are_one_run(repository: Repository) -> None:
    for number in range(400):
        (repository.folder / f"module_with_a_long_name_{number}.py").write_text("import json\n")
    done = repository.commit("last.py", "import json\n", **OFFLINE)
    assert done.returncode == 0, done.stderr
    assert done.stderr.count("No findings in") == 1
