"""What fixers do, as people read it: tests/fixes/*.md has code before and after, and code that is left alone."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import casebook
import pytest

from greenlint import catalogue, engine, fixing, suppression
from greenlint.config import Configuration, Overrides
from greenlint.fixer import has_fixer
from greenlint.rule import Life

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from greenlint.rule import Rule

ROOT = Path(__file__).resolve().parent.parent
BOOKS = sorted((ROOT / "tests" / "fixes").glob("ECO*.md"))
FIXABLE = [rule for rule in catalogue.load().rules if has_fixer(rule)]

each_fixable_rule = pytest.mark.parametrize("rule", FIXABLE, ids=lambda rule: rule.code)


def corrected(folder: Path, select: Sequence[str], *, unsafe: bool = True, names: Sequence[str] = ()) -> fixing.Outcome:
    """Work out the fixes of some rules in a folder's files."""
    configuration = Configuration(catalogue.load(), Overrides(select=tuple(select), preview=True))
    files = [folder / name for name in names] or sorted(
        path for path in folder.rglob("*") if path.suffix in (".py", ".ipynb")
    )

    def judge(paths: Sequence[Path], contents: Mapping[Path, bytes]) -> list[engine.Judged]:
        found = engine.check(paths, configuration.settings, lambda _: folder, contents)
        return list(suppression.mark(found, catalogue.load()))

    return fixing.fix(judge(files, {}), judge, {}, unsafe=unsafe)


def cases() -> list[Any]:
    return [
        pytest.param(book.stem.split("-")[0], case, id=f"{book.stem.split('-')[0]}: {case.name}")
        for book in BOOKS
        for case in casebook.cases(book)
    ]


def before_and_after(case: casebook.Case) -> tuple[str, str]:
    before, *after = (block.text for block in case.blocks)
    return before, after[0] if after else before


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "pyproject.toml").touch()
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize(("code", "case"), cases())
def test_case(code: str, case: casebook.Case, project: Path) -> None:
    """The code becomes what stands in the second block, or stays as it is; and doing it again changes nothing."""
    before, after = before_and_after(case)
    file = project / "example.py"
    file.write_text(before, encoding="utf-8")
    select = [code] if code != "ECO001" else ["ECO001", "ECO310"]
    outcome = corrected(project, select)
    fixed = outcome.changed.get(file, (b"", before.encode()))[1].decode()
    assert fixed == after, f"line {case.line}, {case.name}: {outcome.notes}"
    file.write_text(fixed, encoding="utf-8")
    assert not corrected(project, select).changed


@each_fixable_rule
def test_example_of_the_rule_is_mended(rule: Rule, project: Path) -> None:
    """The fix of example.bad takes the finding away, brings no other, and parses."""
    file = project / "example.py"
    file.write_text(rule.bad, encoding="utf-8")
    stable = [one.code for one in catalogue.load().rules if one.life is Life.STABLE and one.on_by_default]
    outcome = corrected(project, sorted({*stable, rule.code}))
    assert file in outcome.changed, f"greenlint/fixers/{rule.module}.py makes nothing of example.bad: {outcome.notes}"
    compile(outcome.changed[file][1], "example.py", "exec")
    assert rule.code not in {finding.rule.code for one in outcome.judged for finding in one.findings}


@each_fixable_rule
def test_fixer_has_cases(rule: Rule) -> None:
    book = ROOT / "tests" / "fixes" / f"{rule.code}-{rule.name}.md"
    assert book.is_file(), f"write tests/fixes/{book.name}: code, and in a second block what it becomes"
    assert any(len(case.blocks) > 1 for case in casebook.cases(book)), f"show a fix in tests/fixes/{book.name}"


def test_rules_promise_what_fixers_do() -> None:
    promised = {rule.code for rule in catalogue.load().rules if rule.fixable != "none"}
    assert promised == {rule.code for rule in FIXABLE}


def test_every_fixer_has_a_rule() -> None:
    known = {rule.module: rule.code for rule in catalogue.load().rules}
    for path in (ROOT / "greenlint" / "fixers").glob("[!_]*.py"):
        assert path.stem in known, f"no rule is called like {path.name}"
        marked = re.search(r'@fixes\("(ECO\d{3})"\)', path.read_text(encoding="utf-8"))
        assert marked is not None
        assert marked[1] == known[path.stem]


@pytest.mark.parametrize(
    ("code", "text", "safe"),
    [
        ("ECO503", "model = nn.Sequential(nn.Linear(2, 1)).eval()\n{export}", True),
        ("ECO503", "model = nn.Sequential(nn.Linear(2, 1))\nmodel.eval()\n{export}", True),
        ("ECO503", "model = nn.Sequential(nn.Linear(2, 1))\n{export}", False),
        ("ECO502", "model = nn.Sequential(nn.Dropout(0.1))\n{trace}", True),
        ("ECO502", "model = nn.Sequential(nn.Dropout(0.1))\nfor size in (1, 2):\n    {trace}", False),
        ("ECO502", "model = nn.Sequential(nn.Dropout(0.1))\n{train}{trace}", True),
        ("ECO502", "model = nn.Sequential(nn.Dropout(0.1))\n{trace}\nmodel.train()\n{train}", False),
        ("ECO502", "model = nn.Sequential(nn.Dropout(0.1))\nmodel.train()  # on purpose\n# so\n{trace}", False),
    ],
)
def test_what_may_change_a_result_is_unsafe(code: str, text: str, project: Path, *, safe: bool) -> None:
    parts = {
        "export": "torch.onnx.export(model, x, 'a.onnx', dynamo=False, training=torch.onnx.TrainingMode.TRAINING)\n",
        "trace": "traced = torch.jit.trace(model, x)\n",
        "train": "for epoch in range(3):\n    for x in batches:\n        model(x).mean().backward()\n",
    }
    (project / "example.py").write_text(f"import torch\nfrom torch import nn\n\n{text.format(**parts)}")
    assert bool(corrected(project, [code], unsafe=False).changed) is safe
    assert corrected(project, [code]).changed


@pytest.mark.parametrize(
    "cells",
    [
        [["import torch\n", "torch.autograd.set_detect_anomaly(True)"]],
        [["import torch\n", "x = 1"], ["x = 1\n", "torch.autograd.set_detect_anomaly(True)"]],
    ],
)
def test_the_last_line_of_a_notebook_can_go(project: Path, cells: list[list[str]]) -> None:
    document = {
        "cells": [
            {"cell_type": "code", "execution_count": None, "metadata": {}, "outputs": [], "source": lines}
            for lines in cells
        ],
        "metadata": {},
        "nbformat": 4,
        "nbformat_minor": 5,
    }
    (project / "a.ipynb").write_text(json.dumps(document, indent=1))
    ((_, after),) = corrected(project, ["ECO342"]).changed.values()
    assert json.loads(after)["cells"][-1]["source"] == [cells[-1][0].rstrip("\n")]


def test_no_fix_is_blamed_for_another(project: Path) -> None:
    """One of three fixed files brings a finding into a fourth: that one is put back, the others stay fixed."""
    loop = """\
def train(model, criterion, batches):
    total = 0
    for x, y in batches:
        loss = criterion(model(x), y)
        loss.backward()
        total += loss
    return total
"""
    for name in "abc":
        (project / f"{name}.py").write_text(loop)
    (project / "main.py").write_text("import torch\nimport a, b, c\n")
    configuration = Configuration(catalogue.load(), Overrides(select=("ECO340",)))

    first = list(engine.check(sorted(project.glob("*.py")), configuration.settings, lambda _: project, {}))
    strange = first[0].findings

    def judge(paths: Sequence[Path], contents: Mapping[Path, bytes]) -> list[engine.Judged]:
        judged = list(engine.check(paths, configuration.settings, lambda _: project, contents))
        if b"detach" not in contents.get(project / "b.py", b""):
            return judged
        return [replace(one, findings=strange) if one.path.name == "main.py" else one for one in judged]

    outcome = fixing.fix(first, judge, {}, unsafe=False)
    assert sorted(path.name for path in outcome.changed) == ["a.py", "c.py"]
    assert [note.partition(" it would")[0] for note in outcome.notes] == ["b.py:6:9: ECO340 is not fixed:"]
