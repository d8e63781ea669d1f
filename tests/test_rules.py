"""The contract that holds a rule's three files together: the YAML, the detector and the cases."""

from __future__ import annotations

import inspect
import json
import re
import string
from pathlib import Path
from typing import TYPE_CHECKING, Any

import casebook
import pytest
import yaml

from greenlint import catalogue, discovery, engine
from greenlint.config import Configuration, Overrides
from greenlint.detector import detector_of
from greenlint.finding import TextPlace
from greenlint.rule import Life, Rule, Target

if TYPE_CHECKING:
    from collections.abc import Iterable

    from greenlint.finding import Finding

ROOT = Path(__file__).resolve().parent.parent
RULES = sorted((ROOT / "rules").glob("ECO*.yaml"))
CASES = sorted((ROOT / "tests" / "cases").glob("ECO*.md"))

EXAMPLE_WIDTH = 76
"""`greenlint rule` indents examples by 4 columns of 80."""

every_rule = pytest.mark.parametrize("path", RULES, ids=lambda path: path.stem)


class NoTwins(yaml.SafeLoader):
    """PyYAML keeps the last of two equal keys without a word; this loader does not."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:  # noqa: FBT001, FBT002
        keys = [key.value for key, _ in node.value]
        twins = {key for key in keys if keys.count(key) > 1}
        assert not twins, f"{node.start_mark.name}: {', '.join(sorted(twins))} is given twice"
        return super().construct_mapping(node, deep)


def judged_by_detector(rule: Rule) -> bool:
    return rule.target is not Target.TOOL and rule.life is not Life.RETIRED


def findings_in(folder: Path, select: Iterable[str], *names: str) -> tuple[Finding, ...]:
    """Check the files of the working directory, all or those named, with only these rules."""
    configuration = Configuration(catalogue.load(), Overrides(select=tuple(select), preview=True))
    files = [folder / name for name in names] or discovery.below(folder).files
    report = engine.gather(engine.check(files, configuration.settings, lambda _: folder))
    assert not report.problems, [str(problem) for problem in report.problems]
    return report.findings


def place(finding: Finding) -> casebook.Place:
    assert isinstance(finding.place, TextPlace)
    return finding.place.path, finding.place.cell, finding.place.line, finding.rule.code


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return an empty project, which is the working directory."""
    (tmp_path / "pyproject.toml").touch()
    monkeypatch.chdir(tmp_path)
    return tmp_path


@every_rule
def test_yaml_has_the_shape_of_the_schema(path: Path) -> None:
    jsonschema = pytest.importorskip("jsonschema", reason="the schema is checked where jsonschema is installed")
    schema = json.loads((ROOT / "rules" / "schema.json").read_text(encoding="utf-8"))
    document = yaml.load(path.read_text(encoding="utf-8"), Loader=NoTwins)  # noqa: S506  a safe loader
    errors = [
        f"{'.'.join(map(str, error.absolute_path)) or 'the rule'}: {error.message}"
        for error in jsonschema.Draft202012Validator(schema).iter_errors(document)
    ]
    assert not errors, f"write rules/{path.name} as rules/schema.json says: {errors}"


@every_rule
def test_file_is_named_like_its_rule(path: Path) -> None:
    rule = catalogue.read(path)
    assert path.stem == f"{rule.code}-{rule.name}", f"rename rules/{path.name} to {rule.code}-{rule.name}.yaml"


@every_rule
def test_example_fits_the_terminal(path: Path) -> None:
    rule = catalogue.read(path)
    if rule.target is not Target.PYTHON:
        return
    long = [line for line in (rule.bad + rule.good).splitlines() if len(line) > EXAMPLE_WIDTH]
    assert not long, f"in rules/{path.name} the example has lines over {EXAMPLE_WIDTH} columns: {long}"


@every_rule
def test_detector_has_the_rules_code_and_options(path: Path) -> None:
    rule = catalogue.read(path)
    if not judged_by_detector(rule):
        return
    if rule.target is Target.GRAPH:
        pytest.importorskip("onnx", reason="the detectors of graphs need the extra [onnx]")
    parameters = list(inspect.signature(detector_of(rule)).parameters)[1:]
    wanted = [name.replace("-", "_") for name in rule.options]
    assert sorted(parameters) == sorted(wanted), (
        f"greenlint/detectors/{rule.module}.py takes {parameters} and rules/{path.name} has the options {wanted}"
    )


@every_rule
def test_rule_has_cases_that_are_silent_first(path: Path) -> None:
    rule = catalogue.read(path)
    if not judged_by_detector(rule):
        return
    book = ROOT / "tests" / "cases" / f"{path.stem}.md"
    assert book.is_file(), f"write tests/cases/{book.name}: silent cases first, then those that fire"
    first, *_ = book.read_text(encoding="utf-8").splitlines()
    assert first == f"# {rule.code} {rule.name}", f"tests/cases/{book.name} must open with '# {rule.code} {rule.name}'"
    fires = [bool(case.expected()) for case in casebook.cases(book)]
    assert True in fires, f"write a case in tests/cases/{book.name} that fires"
    assert False in fires, f"write a case in tests/cases/{book.name} that is silent"
    assert fires == sorted(fires), f"in tests/cases/{book.name} the silent cases come first"


@every_rule
def test_example_bad_fires_its_own_rule_alone(path: Path, project: Path) -> None:
    rule = catalogue.read(path)
    if rule.target is not Target.PYTHON:
        return
    (project / "example.py").write_text(rule.bad, encoding="utf-8")
    findings = findings_in(project, stable_and(rule))
    told = [f"{finding.rule.code} at line {finding.place.line}" for finding in findings]
    assert {finding.rule.code for finding in findings} == {rule.code}, (
        f"example.bad of rules/{path.name} must fire {rule.code} and nothing else; it fires {told}"
    )
    wanted = placeholders(rule)
    for finding in findings:
        given = set(finding.values or {})
        assert wanted <= given, (
            f"the message of rules/{path.name} has {sorted(wanted)}, its detector fills {sorted(given)}"
        )


@every_rule
def test_example_good_fires_nothing(path: Path, project: Path) -> None:
    rule = catalogue.read(path)
    if rule.target is not Target.PYTHON:
        return
    (project / "example.py").write_text(rule.good, encoding="utf-8")
    told = [f"{finding.rule.code} at line {finding.place.line}" for finding in findings_in(project, stable_and(rule))]
    assert not told, f"example.good of rules/{path.name} must fire nothing; it fires {told}"


def test_every_detector_has_a_rule() -> None:
    known = {rule.module for rule in catalogue.load().rules}
    detectors = {path.stem for path in (ROOT / "greenlint" / "detectors").glob("[!_]*.py")}
    orphans = sorted(detectors - known)
    assert not orphans, f"write a rule in rules/ for greenlint/detectors/{orphans[0]}.py"


def test_every_case_file_has_a_rule() -> None:
    orphans = sorted({path.stem for path in CASES} - {path.stem for path in RULES})
    assert not orphans, f"write rules/{orphans[0]}.yaml"


def case_parameters() -> list[Any]:
    return [
        pytest.param(
            book.stem.split("-")[0],
            case,
            id=f"{book.stem.split('-')[0]}: {case.name}",
            marks=[pytest.mark.xfail(strict=True, reason="known gap")] if case.known_gap else [],
        )
        for book in CASES
        for case in casebook.cases(book)
        if case.blocks[0].language != "onnx"
    ]


@pytest.mark.parametrize(("code", "case"), case_parameters())
def test_case(code: str, case: casebook.Case, project: Path) -> None:
    """Exactly the marked lines are found, by the rules that the case names and by its own."""
    case.write(project)
    expected = case.expected()
    judged = sorted({code} | {wanted for *_, wanted in expected})
    found = {place(finding) for finding in findings_in(project, judged)}
    missed, wrong = sorted(expected - found, key=str), sorted(found - expected, key=str)
    assert not missed, f"line {case.line}, {case.name}: missed {missed}, also found {wrong}"
    assert not wrong, f"line {case.line}, {case.name}: wrongly found {wrong}"
    for path in case.paths():
        alone = {place(finding) for finding in findings_in(project, judged, path)}
        there = {one for one in found if one[0] == path}
        assert alone == there, f"line {case.line}, {case.name}: {path} alone has {sorted(alone, key=str)}"


def stable_and(rule: Rule) -> list[str]:
    stable = {
        other.code
        for other in catalogue.load().for_target(Target.PYTHON)
        if other.life is Life.STABLE and other.on_by_default
    }
    return sorted(stable | {rule.code})


def placeholders(rule: Rule) -> set[str]:
    return {re.split(r"[.\[!:]", name)[0] for _, name, _, _ in string.Formatter().parse(rule.message) if name}
