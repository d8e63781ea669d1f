from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

BENCHMARK = Path(__file__).parents[2] / "benchmarks" / "speed"
ALONE = ("--torchfix", "", "--flake8", "", "--fixit", "", "--ruff", "", "--runs", "1")

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not hasattr(os, "wait4"), reason="measures with wait4, which Windows lacks"),
    pytest.mark.skipif(
        not (Path(sys.executable).parent / "greenlint").exists() and not shutil.which("greenlint"),
        reason="measures the command, which is not installed",
    ),
]


@pytest.fixture
def tree(folder: Path) -> Path:
    (folder / "source").mkdir()
    (folder / "source" / "train.py").write_text("import torch\nfor epoch in range(90):\n    loss.backward()\n")
    (folder / "source" / "plain.py").write_text("import os\n\nprint(os.name)\n")
    return folder / "source"


def measure(*words: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, BENCHMARK, *words], capture_output=True, text=True, check=False)


def test_a_folder_is_measured_and_left_as_it_was(tree: Path) -> None:
    before = {path: path.read_bytes() for path in tree.iterdir()}
    done = measure(tree, *ALONE)
    assert (done.returncode, done.stderr) == (0, "")
    rows = [line for line in done.stdout.splitlines() if line.startswith("| ")]
    assert rows[1].startswith("| greenlint, cold |")
    assert rows[1].endswith("| 1.00 | 1.00 |")
    assert any("hook on a file that no rule concerns" in row for row in rows)
    assert "6 lines in 2 Python files; 1 of them" in done.stdout
    assert {path: path.read_bytes() for path in tree.iterdir()} == before


def test_results_are_compared(tree: Path) -> None:
    done = measure(tree, *ALONE, "--same")
    assert (done.returncode, done.stderr) == (0, "")
    assert "differ" not in done.stdout


def test_a_folder_without_python_is_told(folder: Path) -> None:
    done = measure(folder, *ALONE)
    assert done.returncode == 2
    assert done.stderr == f"error: {folder}: no Python files\n"
