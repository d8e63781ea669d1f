from __future__ import annotations

import contextlib
import io
import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from greenlint import fixing
from greenlint.fixer import fixer_of

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import Command

LOOP = """\
from codecarbon import track_emissions


@track_emissions
def train(model, criterion, batches, optimizer):
    total = 0
    for inputs, targets in batches:
        loss = criterion(model(inputs), targets)
        loss.backward()
        optimizer.step()
        total += loss
    return total
"""
FIXED = LOOP.replace("total += loss\n", "total += loss.detach()\n")
EVALUATION = """\
import torch


def evaluate(model, batches):
    model.eval()
    return [model(x).argmax(1).tolist() for x in batches]
"""


@pytest.fixture
def project(folder: Path) -> Path:
    (folder / "pyproject.toml").touch()
    (folder / "a.py").write_text(LOOP)
    return folder


def test_fix_writes_and_tells_what_is_left(project: Path, greenlint: Command) -> None:
    (project / "b.py").write_text(EVALUATION)
    outcome = greenlint("check", "--fix")
    assert (project / "a.py").read_text() == FIXED
    assert (project / "b.py").read_text() == EVALUATION
    assert outcome.code == 1
    assert "ECO340" not in outcome.out
    assert "ECO401" in outcome.out
    assert "note: fixed 1 finding in 1 file: ECO340 1\n" in outcome.err
    assert "note: 1 more fix may change results: see with --diff --unsafe-fixes\n" in outcome.err


def test_fix_leaves_nothing_to_fix(project: Path, greenlint: Command) -> None:
    assert greenlint("check", "--fix", "--unsafe-fixes").code == 0
    told = greenlint("check", "--fix", "--unsafe-fixes")
    assert told.code == 0
    assert "note: nothing to fix" in told.err
    assert (project / "a.py").read_text() == FIXED


def test_unsafe_fixes(project: Path, greenlint: Command) -> None:
    (project / "b.py").write_text(EVALUATION)
    assert greenlint("check", "--fix", "--unsafe-fixes").code == 0
    assert (project / "b.py").read_text() == EVALUATION.replace("def ", "@torch.inference_mode()\ndef ")


def test_unsafe_fixes_alone_make_no_sense(project: Path, greenlint: Command) -> None:
    assert project
    outcome = greenlint("check", "--unsafe-fixes")
    assert outcome.code == 2
    assert outcome.err.count("\n") == 1


def test_diff_writes_nothing(project: Path, greenlint: Command) -> None:
    outcome = greenlint("check", "--diff")
    assert outcome.code == 1
    assert outcome.out.splitlines()[:3] == ["--- a.py", "+++ a.py", "@@ -8,5 +8,5 @@"]
    assert "-        total += loss\n+        total += loss.detach()\n" in outcome.out
    assert (project / "a.py").read_text() == LOOP


def test_an_empty_diff_is_clean(project: Path, greenlint: Command) -> None:
    (project / "a.py").write_text(FIXED)
    outcome = greenlint("check", "--diff")
    assert (outcome.code, outcome.out) == (0, "")


def test_a_file_that_cannot_be_read_is_told_beside_the_diff(project: Path, greenlint: Command) -> None:
    (project / "b.py").write_text("import torch\ndef")
    outcome = greenlint("check", "--diff")
    assert outcome.code == 2
    assert "total += loss.detach()" in outcome.out
    assert "error: b.py:2" in outcome.err


@pytest.mark.parametrize("newline", ["\r\n", "\r"])
def test_line_ends_stay(project: Path, greenlint: Command, newline: str) -> None:
    (project / "a.py").write_bytes(LOOP.replace("\n", newline).encode())
    greenlint("check", "--fix")
    assert (project / "a.py").read_bytes() == FIXED.replace("\n", newline).encode()


def test_a_byte_order_mark_and_a_coding_line_stay(project: Path, greenlint: Command) -> None:
    head = "# coding: cp1252\nname = 'é'\n"
    (project / "a.py").write_bytes((head + LOOP).encode("cp1252"))
    (project / "b.py").write_bytes(b"\xef\xbb\xbf" + LOOP.encode())
    greenlint("check", "--fix")
    assert (project / "a.py").read_bytes() == (head + FIXED).encode("cp1252")
    assert (project / "b.py").read_bytes() == b"\xef\xbb\xbf" + FIXED.encode()


def test_a_read_only_file_is_one_line(project: Path, greenlint: Command) -> None:
    (project / "b.py").write_text(LOOP)
    (project / "a.py").chmod(0o444)
    outcome = greenlint("check", "--fix")
    assert outcome.code == 2
    assert "error: a.py: is read-only: left as it is\n" in outcome.err
    assert "a.py:11:9" in outcome.out
    assert (project / "a.py").read_text() == LOOP
    assert (project / "b.py").read_text() == FIXED


def test_a_link_is_followed(project: Path, greenlint: Command, tmp_path_factory: pytest.TempPathFactory) -> None:
    real = tmp_path_factory.mktemp("elsewhere") / "real.py"
    real.write_text(LOOP)
    real.chmod(0o755)
    (project / "a.py").unlink()
    (project / "a.py").symlink_to(real)
    greenlint("check", "--fix", "a.py")
    assert (project / "a.py").is_symlink()
    assert real.read_text() == FIXED
    assert real.stat().st_mode & 0o777 == 0o755


def test_two_names_of_one_file(project: Path, greenlint: Command) -> None:
    (project / "b.py").symlink_to("a.py")
    outcome = greenlint("check", "--fix", "a.py", "b.py")
    assert outcome.code == 0, outcome.err
    assert (project / "a.py").read_text() == FIXED
    assert (project / "b.py").is_symlink()


def test_form_feeds_stay_where_they_are(project: Path, greenlint: Command) -> None:
    text = EVALUATION.replace("\n\ndef", "\n\x0c\n\x0cdef")
    (project / "a.py").write_text(text)
    greenlint("check", "--fix", "--unsafe-fixes")
    fixed = (project / "a.py").read_text()
    assert fixed == text.replace("\x0cdef", "@torch.inference_mode()\n\x0cdef")
    compile(fixed, "a.py", "exec")


def test_what_is_suppressed_or_known_is_not_fixed(project: Path, greenlint: Command) -> None:
    text = LOOP.replace("total += loss\n", "total += loss  # noqa: ECO340\n")
    (project / "a.py").write_text(text)
    (project / "b.py").write_text(LOOP)
    greenlint("baseline", "b.py")
    greenlint("check", "--fix", "--baseline", "greenlint-baseline.json")
    assert (project / "a.py").read_text() == text
    assert (project / "b.py").read_text() == LOOP


def test_standard_input_comes_back_corrected(
    project: Path, greenlint: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(LOOP.encode())))
    outcome = greenlint("check", "--fix", "--stdin-filename", "b.py")
    assert outcome.out == FIXED
    assert outcome.code == 0
    assert not (project / "b.py").exists()


def test_a_notebook_changes_where_it_is_fixed(project: Path, greenlint: Command) -> None:
    lines = LOOP.splitlines(keepends=True)
    document = {
        "cells": [
            {"cell_type": "markdown", "metadata": {}, "source": ["# Übung"]},
            {"cell_type": "code", "execution_count": 1, "metadata": {"x": []}, "outputs": [], "source": ["%pylab"]},
            {"cell_type": "code", "execution_count": 2, "metadata": {}, "outputs": [{"text": "é"}], "source": lines},
        ],
        "metadata": {"language_info": {"name": "python"}},
        "nbformat": 4,
        "nbformat_minor": 2,
    }
    text = json.dumps(document, indent=1, ensure_ascii=False)
    (project / "n.ipynb").write_text(text, encoding="utf-8")
    (project / "a.py").unlink()
    greenlint("check", "--fix")
    assert (project / "n.ipynb").read_text(encoding="utf-8") == text.replace(
        "total += loss\\n", "total += loss.detach()\\n"
    )


def test_an_interrupt_keeps_the_file(project: Path, greenlint: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(_: int) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "fsync", interrupt)
    with contextlib.suppress(KeyboardInterrupt):
        greenlint("check", "--fix")
    assert (project / "a.py").read_text() == LOOP
    assert sorted(path.name for path in project.glob("*a.py*")) == ["a.py"]


def test_a_fix_that_does_not_help_is_left_out_and_told(
    project: Path, greenlint: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    def useless(page: object, finding: object) -> object:
        made = fixer_of("graph_retained_by_metric")(page, finding)  # type: ignore[misc, arg-type]
        assert made is not None
        edit = made.edits[0]
        return type(made)("useless", True, (type(edit)(edit.place, "  # useless"),))  # noqa: FBT003

    monkeypatch.setattr(fixing, "fixer_of", lambda module: useless if "metric" in module else None)
    monkeypatch.setattr(fixing, "has_fixer", lambda rule: rule.code == "ECO340")
    outcome = greenlint("check", "--fix")
    assert "note: a.py:11:9: ECO340 is not fixed: the finding would stay" in outcome.err
    assert (project / "a.py").read_text() == LOOP


@pytest.mark.parametrize("text", [")", "\ndef broken(:"])
def test_a_fix_that_breaks_the_file_is_left_out_and_told(
    project: Path, greenlint: Command, monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    def breaking(page: object, finding: object) -> object:
        made = fixer_of("graph_retained_by_metric")(page, finding)  # type: ignore[misc, arg-type]
        assert made is not None
        edit = made.edits[0]
        return type(made)("breaking", True, (type(edit)(edit.place, text),))  # noqa: FBT003

    monkeypatch.setattr(fixing, "fixer_of", lambda module: breaking if "metric" in module else None)
    monkeypatch.setattr(fixing, "has_fixer", lambda rule: rule.code == "ECO340")
    outcome = greenlint("check", "--fix")
    assert "note: a.py:11:9: ECO340 is not fixed: the result cannot be parsed" in outcome.err
    assert (project / "a.py").read_text() == LOOP


def test_a_fixer_that_crashes_costs_its_own_fix(
    project: Path, greenlint: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    def crash(_: object, __: object) -> None:
        message = "hm"
        raise ValueError(message)

    (project / "b.py").write_text(EVALUATION)
    real = fixer_of
    monkeypatch.setattr(fixing, "fixer_of", lambda module: crash if "metric" in module else real(module))
    outcome = greenlint("check", "--fix", "--unsafe-fixes")
    assert "note: greenlint itself failed in the fix of ECO340: ValueError('hm')" in outcome.err
    assert "@torch.inference_mode()" in (project / "b.py").read_text()


@pytest.mark.slow
def test_a_process_that_is_killed_leaves_the_file(project: Path) -> None:
    script = "import os; os.fsync = lambda _: os._exit(9); from greenlint import cli; cli.main(['check', '--fix'])"
    killed = subprocess.run([sys.executable, "-c", script], cwd=project, capture_output=True, check=False)
    assert killed.returncode == 9, killed.stderr
    assert (project / "a.py").read_text() == LOOP
