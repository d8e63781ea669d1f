"""How much work runs do over a fixed tree, in counts that are the same on any machine, against the numbers of before.

`python tests/test_work.py` writes `tests/work/counts.json` anew. Look at what has changed in it before you commit it.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import warnings
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

FOLDER = Path(__file__).parent / "work"
NUMBERS = FOLDER / "counts.json"
RENEW = "`python tests/test_work.py` writes the numbers anew"
MOST = 1.1
LEAST = 0.8

Counts = dict[str, dict[str, int]]

STEP = """\
import torch

def step(model, x, y, optimizer):
    loss = torch.nn.functional.cross_entropy(model(x), y)
    loss.backward()
    optimizer.step()
    return loss.item()
"""
DATA = """\
from torch.utils.data import DataLoader

def batches(dataset, device="cuda"):
    for x, y in DataLoader(dataset, batch_size=32, shuffle=True):
        yield x.to(device), y.to(device)
"""
MAIN = """\
import argparse
import torch
from data{number} import batches
from step{number} import step

def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--epochs", type=int, default={epochs})
    args = parser.parse_args()
    model = torch.nn.Linear(10, 2).cuda()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    for epoch in range(args.epochs):
        losses = [step(model, x, y, optimizer) for x, y in batches(load())]
        print(epoch, sum(losses))

if __name__ == "__main__":
    main()
"""
ALONE = """\
import torch
from torch import nn

class Net{number}(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 16, 3)
        self.norm = nn.BatchNorm2d(16)

    def forward(self, x):
        return torch.relu(self.norm(self.conv(x)))

def evaluate(model, loader):
    right = 0
    for x, y in loader:
        right += (model(x).argmax(1) == y).sum().item()
    return right

def train(model, loader, epochs={epochs}):
    optimizer = torch.optim.Adam(model.parameters())
    for epoch in range(epochs):
        for x, y in loader:
            optimizer.zero_grad()
            nn.functional.mse_loss(model(x), y).backward()
            optimizer.step()
"""
PLAIN = """\
import json
import os

class Shelf{number}:
    def __init__(self, folder):
        self.folder = folder
        self.names = sorted(os.listdir(folder))

    def read(self, name):
        with open(os.path.join(self.folder, name)) as file:
            return json.load(file)
"""
WORD = "def mean(values):\n    # of an epoch\n    return sum(values) / len(values)\n"


def grow(folder: Path) -> None:
    """Write three programs of three files, eight files of their own, and forty that no rule concerns."""
    texts = {"pyproject.toml": ""}
    for number in range(3):
        texts[f"step{number}.py"] = STEP
        texts[f"data{number}.py"] = DATA
        texts[f"main{number}.py"] = MAIN.format(number=number, epochs=10 + number)
    for number in range(8):
        texts[f"alone{number}.py"] = ALONE.format(number=number, epochs=20 + number)
        texts[f"word{number}.py"] = WORD
    for number in range(32):
        texts[f"plain{number}.py"] = PLAIN.format(number=number)
    for name, text in texts.items():
        (folder / name).write_text(text)


def measure(folder: Path) -> Counts:
    """Return what is counted in runs of each kind, one after the other."""
    grow(folder)
    return dict(_runs(folder))


def _runs(folder: Path) -> Iterator[tuple[str, dict[str, int]]]:
    yield "without a cache", run(folder, "check", "--no-cache", "--jobs", "1")
    yield "with an empty cache", run(folder, "check", "--jobs", "1")
    yield "nothing changed", run(folder, "check", "--jobs", "1")
    (folder / "alone3.py").write_text(ALONE.format(number=3, epochs=1234))
    yield "a file of its own changed", run(folder, "check", "--jobs", "1")
    (folder / "step1.py").write_text(f"{STEP}\n\nmore = 1\n")
    yield "a file of a program changed", run(folder, "check", "--jobs", "1")
    yield "one file of its own", run(folder, "check", "--no-cache", "alone0.py")
    yield "one file of a program", run(folder, "check", "--no-cache", "step0.py")
    yield "start: version", run(folder, "--shallow", "--version")
    yield "start: a file that no rule concerns", run(folder, "--shallow", "check", "--no-cache", "plain0.py")
    yield "start: a file that a rule concerns", run(folder, "--shallow", "check", "--no-cache", "alone0.py")
    yield "start: a folder that is known", run(folder, "--shallow", "check")


# Where Python keeps no bytecode, the catalogue is not kept as JSON either, and each run reads its YAML.
_ENVIRONMENT = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}


def run(folder: Path, *words: str) -> dict[str, int]:
    done = subprocess.run(
        [sys.executable, FOLDER / "count.py", *words],
        cwd=folder,
        env={**_ENVIRONMENT, "PYTHONHASHSEED": "0", "PYTHONPATH": str(FOLDER.parent.parent)},
        capture_output=True,
        text=True,
        check=True,
    )
    counts: dict[str, int] = json.loads(done.stdout)
    return counts


def risen(known: Counts, counted: Counts) -> list[str]:
    """Return a line for each count that rose above the known one."""
    return [
        f"{name}: {what}: {now}, more than {was}" for name, what, was, now in _both(known, counted) if now > was * MOST
    ]


def fallen(known: Counts, counted: Counts) -> list[str]:
    """Return a line for each count that fell well below the known one."""
    return [
        f"{name}: {what}: {now}, well below {was}"
        for name, what, was, now in _both(known, counted)
        if now < was * LEAST
    ]


def _both(known: Counts, counted: Counts) -> Iterator[tuple[str, str, int, int]]:
    for name in sorted({*known, *counted}):
        before, now = known.get(name, {}), counted.get(name, {})
        for what in sorted({*before, *now}):
            yield name, what, before.get(what, 0), now.get(what, 0)


@pytest.mark.slow
@pytest.mark.filterwarnings("default::UserWarning")
def test_runs_do_no_more_work_than_before(tmp_path: Path) -> None:
    known, counted = json.loads(NUMBERS.read_text()), measure(tmp_path)
    told = risen(known, counted)
    assert not told, "\n".join([*told, RENEW])
    if told := fallen(known, counted):
        warnings.warn("\n".join([*told, f"so that this stays won: {RENEW}"]), stacklevel=1)


class TestVerdicts:
    def test_a_tenth_more_is_fine_and_beyond_is_told(self) -> None:
        assert not risen({"a": {"files": 100}}, {"a": {"files": 110}})
        assert risen({"a": {"files": 100}}, {"a": {"files": 111}}) == ["a: files: 111, more than 100"]

    def test_none_stays_none(self) -> None:
        assert risen({"a": {"files": 0}}, {"a": {"files": 1}}) == ["a: files: 1, more than 0"]
        assert risen({}, {"a": {"files": 1}}) == ["a: files: 1, more than 0"]

    def test_what_was_won_is_told_too(self) -> None:
        assert fallen({"a": {"files": 100}}, {"a": {"files": 79}}) == ["a: files: 79, well below 100"]
        assert fallen({"a": {"files": 100}}, {}) == ["a: files: 0, well below 100"]
        assert not fallen({"a": {"files": 100}}, {"a": {"files": 80}})


def renew() -> None:
    """Write the numbers anew, and say what moved."""
    with tempfile.TemporaryDirectory() as folder:
        counted = measure(Path(folder))
    known = json.loads(NUMBERS.read_text()) if NUMBERS.exists() else {}
    for line in (*risen(known, counted), *fallen(known, counted)):
        sys.stdout.write(f"{line}\n")
    NUMBERS.write_text(json.dumps(counted, indent=2) + "\n")


if __name__ == "__main__":
    renew()
