from __future__ import annotations

import json
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
CHECK = ("check", "--select", "ECO310", "--format", "concise")
NAME = "greenlint-baseline.json"
KNOWN = ("--baseline", NAME)


@pytest.fixture
def training(folder: Path) -> Path:
    (folder / "pyproject.toml").touch()
    file = folder / "train.py"
    file.write_text(TRAINING)
    return file


def findings(folder: Path, name: str = NAME) -> list[tuple[str, str]]:
    document = json.loads((folder / name).read_text(encoding="utf-8"))
    return [(entry["path"], entry["code"]) for entry in document["findings"]]


@pytest.mark.usefixtures("training")
class TestBaseline:
    def test_what_is_known_is_not_shown_and_does_not_fail(self, greenlint: Command, folder: Path) -> None:
        told = greenlint("baseline", "--select", "ECO310")
        assert (told.code, told.out) == (0, f"{NAME}: 1 known finding\n")
        assert "check --baseline" in told.err
        assert findings(folder) == [("train.py", "ECO310")]
        told = greenlint(*CHECK, *KNOWN)
        assert (told.code, told.out, told.err) == (0, "No findings in 1 file, 1 known.\n", "")

    def test_what_is_new_is_shown(self, greenlint: Command, training: Path) -> None:
        greenlint("baseline")
        training.write_text(f"# a line above\n\n{TRAINING}\n{TRAINING.replace('def train', 'def again')}")
        told = greenlint(*CHECK, *KNOWN)
        assert told.code == 1
        assert told.out.splitlines()[0].startswith("train.py:16:5: ECO310")
        assert told.out.endswith("1 finding (1 warning) in 1 file, 1 known.\n")

    def test_repetitions_count(self, greenlint: Command, training: Path) -> None:
        greenlint("baseline")
        training.write_text(TRAINING + TRAINING[TRAINING.index("    for epoch") :])
        assert greenlint(*CHECK, *KNOWN).out.endswith("1 finding (1 warning) in 1 file, 1 known.\n")

    def test_a_notebook(self, greenlint: Command, folder: Path) -> None:
        cells = [
            {"cell_type": "code", "source": source, "metadata": {}, "outputs": []}
            for source in ("import torch", TRAINING)
        ]
        book = {"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": cells}
        (folder / "a.ipynb").write_text(json.dumps(book))
        greenlint("baseline")
        book["cells"].insert(0, {"cell_type": "markdown", "source": "\ud800", "metadata": {}})
        (folder / "a.ipynb").write_text(json.dumps(book))
        assert greenlint(*CHECK, *KNOWN).out == "No findings in 2 files, 2 known.\n"

    def test_the_settings_name_it(self, greenlint: Command, folder: Path) -> None:
        (folder / "pyproject.toml").write_text('[tool.greenlint]\nbaseline = "ci/known.json"\n')
        (folder / "ci").mkdir()
        told = greenlint("baseline", "--select", "ECO310")
        assert (told.out, told.err) == ("ci/known.json: 1 known finding\n", "")
        assert findings(folder, "ci/known.json") == [("../train.py", "ECO310")]
        assert greenlint(*CHECK).code == 0
        assert greenlint(*CHECK, "--no-baseline").code == 1
        assert greenlint(*CHECK, "--baseline", "other.json").code == 2

    def test_the_settings_of_each_folder_name_their_own(self, greenlint: Command, folder: Path) -> None:
        for name in ("one", "two"):
            (folder / name).mkdir()
            (folder / name / "train.py").write_text(TRAINING)
            (folder / name / "greenlint.toml").write_text('baseline = "known.json"\nselect = ["ECO310"]\n')
        told = greenlint("baseline", "one", "two")
        assert told.out == "one/known.json: 1 known finding\ntwo/known.json: 1 known finding\n"
        assert greenlint(*CHECK, "one", "two").code == 0

    def test_other_formats_keep_them_with_their_status(self, greenlint: Command) -> None:
        greenlint("baseline")
        told = greenlint("check", "--select", "ECO310", "--format", "json", *KNOWN)
        assert [finding["status"] for finding in json.loads(told.out)["findings"]] == ["known"]

    def test_suppressed_findings_are_not_written(self, greenlint: Command, folder: Path, training: Path) -> None:
        training.write_text(TRAINING.replace("range(50):", "range(50):  # noqa: ECO310"))
        greenlint("baseline", "--select", "ECO310")
        assert findings(folder) == []

    def test_standard_input_has_its_known_findings_too(
        self, greenlint: Command, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        greenlint("baseline")

        class Stdin:
            class buffer:  # noqa: N801
                @staticmethod
                def read() -> bytes:
                    return f"\n\n{TRAINING}".encode()

        monkeypatch.setattr(_wanted.sys, "stdin", Stdin)
        told = greenlint(*CHECK, *KNOWN, "--stdin-filename", "train.py")
        assert told.out == "No findings in 1 file, 1 known.\n"


@pytest.mark.usefixtures("training")
class TestStale:
    def test_said_in_one_line_and_pruned(self, greenlint: Command, training: Path, folder: Path) -> None:
        greenlint("baseline", "--select", "ECO310")
        training.write_text("import torch\n")
        told = greenlint(*CHECK, *KNOWN)
        assert told.err == f"note: {NAME}: 1 entry is no longer found, `greenlint baseline --prune` cleans up\n"
        assert greenlint(*CHECK, "-q", *KNOWN).err == ""
        assert greenlint("baseline", "--prune").out == f"{NAME}: 0 known findings, 1 taken out\n"
        assert findings(folder) == []
        assert greenlint(*CHECK, *KNOWN).err == ""

    def test_pruning_adds_nothing(self, greenlint: Command, folder: Path) -> None:
        greenlint("baseline", "--select", "ECO310")
        (folder / "more.py").write_text(TRAINING)
        assert greenlint("baseline", "--prune").out == f"{NAME}: 1 known finding\n"
        assert greenlint("baseline", "--select", "ECO310").out == f"{NAME}: 2 known findings, 1 added\n"

    def test_only_what_was_judged_counts(self, greenlint: Command, folder: Path, training: Path) -> None:
        (folder / "other.py").write_text(TRAINING)
        greenlint("baseline", "--select", "ECO310")
        training.write_text("import torch\n")
        assert greenlint(*CHECK, *KNOWN, "other.py").err == ""
        assert greenlint("check", "--select", "ECO301", *KNOWN).err == ""
        assert greenlint("baseline", "--select", "ECO310", "other.py").out == f"{NAME}: 2 known findings\n"

    def test_pruning_nothing_is_a_mistake(self, greenlint: Command) -> None:
        told = greenlint("baseline", "--prune")
        assert (told.code, told.err) == (2, f"error: {NAME}: no such file (`greenlint baseline` writes it)\n")

    def test_moves_are_followed_when_pruning(self, greenlint: Command, training: Path, folder: Path) -> None:
        greenlint("baseline", "--select", "ECO310")
        training.rename(folder / "renamed.py")
        assert greenlint("baseline", "--prune").out == f"{NAME}: 1 known finding\n"
        assert findings(folder) == [("renamed.py", "ECO310")]


@pytest.mark.usefixtures("training")
class TestTrouble:
    def test_a_foreign_file_is_never_replaced(self, greenlint: Command, folder: Path) -> None:
        (folder / NAME).write_text('{"mine": 1}')
        told = greenlint("baseline")
        assert told.code == 2
        assert told.err == f'error: {NAME}: is no baseline: its schema is not "greenlint-baseline/1"\n'
        assert (folder / NAME).read_text() == '{"mine": 1}'

    def test_a_file_that_cannot_be_read_keeps_its_entries(
        self, greenlint: Command, folder: Path, training: Path
    ) -> None:
        greenlint("baseline", "--select", "ECO310")
        training.write_text("import torch\ndef f(:\n")
        told = greenlint("baseline", "--select", "ECO310")
        assert told.code == 2
        assert "error: train.py:2:7: cannot be parsed" in told.err
        assert findings(folder) == [("train.py", "ECO310")]

    def test_the_mode_of_the_file_stays(self, greenlint: Command, folder: Path) -> None:
        greenlint("baseline")
        (folder / NAME).chmod(0o664)
        greenlint("baseline")
        assert (folder / NAME).stat().st_mode & 0o777 == 0o664

    def test_standard_input_has_no_place(self, greenlint: Command) -> None:
        told = greenlint("baseline", "-")
        assert told.err == "error: -: what comes from standard input has no place in a baseline\n"

    def test_nothing_to_judge(self, greenlint: Command, folder: Path) -> None:
        (folder / "train.py").unlink()
        assert greenlint("baseline").out == f"{NAME}: 0 known findings\n"


class TestModels:
    def test_models_that_are_named_or_asked_for(self, greenlint: Command, folder: Path) -> None:
        onnx = pytest.importorskip("onnx", reason="the extra is not installed")
        (folder / "pyproject.toml").touch()
        (folder / "train.py").write_text(TRAINING)
        model = onnx.parser.parse_model(
            '<ir_version: 8, opset_import: ["" : 17]> g (float[2] x) => (float[2] y) { z = Identity(x) y = Relu(z) }'
        )
        onnx.save(model, folder / "m.onnx")
        greenlint("baseline", "m.onnx")
        assert {path for path, _ in findings(folder)} == {"m.onnx"}
        known = findings(folder)
        greenlint("baseline", "--select", "ECO310")
        assert findings(folder) == sorted([*known, ("train.py", "ECO310")])
        (folder / NAME).unlink()
        greenlint("baseline", "--models")
        assert {path for path, _ in findings(folder)} == {"m.onnx", "train.py"}
