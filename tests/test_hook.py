"""The hooks, with the real pre-commit, in a repository of its own."""

from __future__ import annotations

import os
import re
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
        "  - id: greenlint-inspect\n"
    )
    (project / ".gitignore").write_text("ignored/\n")
    installed = made.run(
        *(sys.executable, "-m", "pre_commit", "install", "--install-hooks"),
        *("--hook-type", "pre-commit", "--hook-type", "pre-merge-commit"),
    )
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


def test_what_does_not_fit_one_command_line_is_several_runs_with_the_same_findings(repository: Repository) -> None:
    """The tracker of main.py counts for the training in each batch, and the order is that of the files."""
    folder = repository.folder / "batches"
    folder.mkdir()
    for number in range(1200):
        (folder / f"{number:04d}_{'x' * 110}.py").write_text("import json\n")
    for name in ("aaa", "zzz"):
        (folder / f"{name}.py").write_text(WASTEFUL)
    (folder / "main.py").write_text(
        "from codecarbon import EmissionsTracker\nfrom batches import aaa, zzz\n\n"
        "with EmissionsTracker():\n    aaa.train(None, None)\n    zzz.train(None, None)\n"
    )
    done = repository.commit("batches/__init__.py", "", **OFFLINE)
    again = repository.run("git", "commit", "-m", "again", **OFFLINE)
    assert done.returncode == again.returncode == 1
    told, told_again = (re.sub(r"- duration: .*", "", one.stderr) for one in (done, again))
    assert told == told_again
    assert told.count(" in 1 file") + told.count(" files.") > 1  # each run counts its own
    assert "ECO301" not in told
    assert 0 < told.index("batches/aaa.py:5:5") < told.index("batches/zzz.py:5:5")
    repository.run("git", "rm", "-r", "-f", "--quiet", "batches")


def test_a_merge_is_checked(repository: Repository) -> None:
    def git(*words: str) -> subprocess.CompletedProcess[str]:
        return repository.run("git", *words, **OFFLINE)

    start = git("rev-parse", "--abbrev-ref", "HEAD").stdout.strip()
    git("checkout", "-q", "-b", "side")
    assert repository.commit("merged.py", "x = 1\n", **OFFLINE).returncode == 0
    git("checkout", "-q", start)
    assert repository.commit("merged.py", "x = 2\n", **OFFLINE).returncode == 0
    assert git("merge", "side").returncode == 1  # a conflict
    blocked = repository.commit("merged.py", WASTEFUL, **OFFLINE)
    assert blocked.returncode == 1
    assert "merged.py:5:5" in blocked.stderr
    resolved = repository.commit("merged.py", "x = 3\n", **OFFLINE)
    assert resolved.returncode == 0, resolved.stderr


def test_a_merge_without_conflicts_is_checked(repository: Repository) -> None:
    def git(*words: str) -> subprocess.CompletedProcess[str]:
        return repository.run("git", *words, **OFFLINE)

    start = git("rev-parse", "--abbrev-ref", "HEAD").stdout.strip()
    git("checkout", "-q", "-b", "other")
    (repository.folder / "from_other.py").write_text(WASTEFUL)
    git("add", "--all")
    git("commit", "-q", "--no-verify", "-m", "not checked")
    git("checkout", "-q", start)
    assert repository.commit("mine.py", "x = 1\n", **OFFLINE).returncode == 0
    merged = git("merge", "--no-edit", "other")
    assert merged.returncode == 1
    assert "from_other.py:5:5" in merged.stderr
    git("merge", "--abort")


def test_the_fixing_hook_corrects_and_stops_the_commit_once(repository: Repository) -> None:
    configuration = repository.folder / ".pre-commit-config.yaml"
    asked = configuration.read_text()
    configuration.write_text(asked.replace("- id: greenlint\n", "- id: greenlint-fix\n"))
    try:
        text = WASTEFUL.replace("90", "5").replace(
            "            model(x).backward()\n",
            "            loss = model(x)\n            loss.backward()\n            total += loss\n",
        )
        text = text.replace("    optimizer =", "    total = 0\n    optimizer =") + "    print(total)\n"
        done = repository.commit("summed.py", text, **OFFLINE)
        assert done.returncode == 1
        assert "files were modified by this hook" in done.stderr
        written = (repository.folder / "summed.py").read_text()
        assert written != text
        assert "total += loss\n" not in written
        again = repository.commit("summed.py", written, **OFFLINE)
        assert again.returncode == 0, again.stderr
    finally:
        configuration.write_text(asked)


def test_models_have_a_hook_of_their_own(repository: Repository) -> None:
    onnx = pytest.importorskip("onnx", reason="a model is made with onnx")
    text = """<ir_version: 8, opset_import: ["": 17]>
    graph (float[N, 4] x, int64[N] right) => (float loss) { loss = SoftmaxCrossEntropyLoss (x, right) }"""
    (repository.folder / "model.onnx").write_bytes(onnx.parser.parse_model(text).SerializeToString())
    done = repository.commit("notes.txt", "a model\n", **OFFLINE)
    assert done.returncode == 1
    assert "warning[ECO703 loss-node]" in done.stderr
    assert "model.onnx" in done.stderr
    repository.run("git", "rm", "-f", "--quiet", "model.onnx")
