from __future__ import annotations

import json
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks" / "precision"))

import scoring
import twins


def tally(entry: dict[str, Any], *marks: scoring.Mark) -> scoring.Tally:
    result = scoring.Tally()
    result.add("train.py", entry, marks, frozenset(scoring.CORE))
    return result


def due(rule: str, line: int, **more: int) -> dict[str, Any]:
    return {"findings": [{"rule": rule, "line": line, **more}]}


@pytest.mark.parametrize(("line", "right"), [(8, True), (14, True), (7, False), (15, False)])
def test_a_finding_may_lie_two_lines_beside_its_label(line: int, *, right: bool) -> None:
    counts = tally(due("ECO401", 10, end=12), scoring.Mark("ECO401", line)).counts("ECO401")
    assert counts == ((1, 0, 0) if right else (0, 1, 1))


def test_a_presence_rule_may_lie_anywhere_but_only_once() -> None:
    counts = tally(due("ECO301", 10), scoring.Mark("ECO301", 90), scoring.Mark("ECO301", 10)).counts("ECO301")
    assert counts == (1, 1, 0)


def test_a_second_finding_of_one_label_does_not_count() -> None:
    assert tally(due("ECO401", 10), scoring.Mark("ECO401", 10), scoring.Mark("ECO401", 11)).counts("ECO401") == (
        1,
        0,
        0,
    )


def test_what_is_ambiguous_is_left_out() -> None:
    result = tally({"ambiguous": [{"rule": "ECO401", "line": 10}]}, scoring.Mark("ECO401", 10))
    assert result.table() == {}
    assert result.left_out == Counter(ECO401=1)


def test_another_cell_is_another_place() -> None:
    assert tally(due("ECO401", 3, cell=4), scoring.Mark("ECO401", 3, cell=5)).counts("ECO401") == (0, 1, 1)


def test_another_rule_does_not_hit() -> None:
    assert tally(due("ECO401", 10), scoring.Mark("ECO402", 10)).table() == {"ECO401": (0, 0, 1), "ECO402": (0, 1, 0)}


def test_rows_tell_precision_and_recall() -> None:
    assert list(scoring.rows({"ECO401": (3, 1, 0)}))[-1].endswith("precision 0.750  recall 1.000")


CODE = "model.eval()\nwith torch.no_grad():\n    for x in data:\n        model(x)\nprint(1)\n"


@pytest.mark.parametrize(
    ("edit", "after"),
    [
        ({"delete": "model.eval()"}, CODE.removeprefix("model.eval()\n")),
        ({"delete-block": "with torch.no_grad():"}, "model.eval()\nprint(1)\n"),
        ({"unwrap": "with torch.no_grad():"}, "model.eval()\nfor x in data:\n    model(x)\nprint(1)\n"),
        ({"replace": "(x)", "with": "(y)"}, CODE.replace("(x)", "(y)")),
        ({"after": "for x in data:", "insert": "y = x"}, CODE.replace("data:\n", "data:\n        y = x\n")),
    ],
)
def test_an_edit_changes_what_it_names(tmp_path: Path, edit: dict[str, str], after: str) -> None:
    file = tmp_path / "eval.py"
    file.write_text(CODE, encoding="utf-8")
    assert twins.edit(file, (edit,)).decode() == after


def test_an_edit_of_a_notebook_changes_its_cell(tmp_path: Path) -> None:
    cells = [{"cell_type": "markdown", "source": ["x = 1"]}, {"cell_type": "code", "source": ["x = 1\n", "y = 2"]}]
    file = tmp_path / "eval.ipynb"
    file.write_text(json.dumps({"cells": cells}), encoding="utf-8")
    after = json.loads(twins.edit(file, ({"delete": "x = 1"},)))
    assert [cell["source"] for cell in after["cells"]] == [["x = 1"], "y = 2"]


@pytest.mark.parametrize("edit", [{"delete": "print(2)"}, {"remove": "print(1)"}])
def test_an_edit_that_does_not_fit_is_told(tmp_path: Path, edit: dict[str, str]) -> None:
    file = tmp_path / "eval.py"
    file.write_text(CODE, encoding="utf-8")
    with pytest.raises(twins.EditError):
        twins.edit(file, (edit,))


def twin(*edits: dict[str, str], **more: Any) -> twins.Twin:
    entry = {"code": "ECO302", "repo": "me/mine", "commit": "", "path": "train.py", "at": "train.py"}
    return twins.Twin(**{**entry, "edits": edits, "finds": "EmissionsTracker()", "also": (), "ends": (), **more})


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    code = "from codecarbon import EmissionsTracker\ntracker = EmissionsTracker()\ntracker.start()\ntracker.stop()\n"
    (tmp_path / "me+mine").mkdir()
    (tmp_path / "me+mine" / "train.py").write_text(code, encoding="utf-8")
    return tmp_path


def test_a_twin_is_a_hit_when_its_finding_appears(corpus: Path) -> None:
    assert twins.run(twin({"delete": "tracker.start()"}), [corpus]) == []


def test_a_twin_that_changes_nothing_is_a_miss(corpus: Path) -> None:
    assert twins.run(twin({"replace": "codecarbon", "with": "codecarbon"}), [corpus]) == [
        "missed at `EmissionsTracker()`"
    ]


def test_another_finding_than_its_own_is_told(corpus: Path) -> None:
    wrong = twins.run(twin({"delete": "tracker.start()"}, code="ECO303"), [corpus])
    assert wrong == ["missed at `EmissionsTracker()`", "also found: ECO302 train.py: tracker = EmissionsTracker()"]


def test_every_twin_names_a_rule_and_a_commit() -> None:
    counts = Counter(twin.code for twin in twins.read(twins.TWINS))
    assert min(counts.values()) >= 4
    for code in ["ECO302", "ECO303", "ECO312", "ECO340", "ECO402", "ECO502", "ECO503", "ECO505", "ECO601", "ECO602"]:
        assert counts[code] >= 6, code
