"""The contract of the graph rules: their examples and cases, in ONNX's text form, find exactly what they say.

A line of a case that ends in `# finds: ECO712` must be found; its node has a name, `[like_this]`, or it defines the
tensor, or it speaks of the whole model (a comment). `# options: min-bytes = 0` sets options of the case's rule, and
`# with training_info` adds what the text form cannot say.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import casebook
import pytest

from greenlint import catalogue
from greenlint.config import Configuration, Overrides
from greenlint.rule import Life, Rule, Target

onnx = pytest.importorskip("onnx", reason="graph rules need the extra [onnx]")
parser = pytest.importorskip("onnx.parser", reason="graph rules need the extra [onnx]")

from greenlint.inspection import inspect  # noqa: E402 - after the skip

ROOT = Path(__file__).resolve().parent.parent
RULES = catalogue.load().for_target(Target.GRAPH)
STABLE = [rule.code for rule in RULES if rule.life is Life.STABLE]

_NAMED = re.compile(r"^\s*\[([^\]]+)\]")
_TENSOR = re.compile(r"[a-z0-9]+(?:\[[^\]]*\])?\s+(\w+)\s*=\s*\{")
_OPTION = re.compile(r"([a-z-]+) = ([0-9.]+)")


def found_in(text: str, folder: Path, codes: list[str], options: dict[str, Any]) -> set[tuple[str, str]]:
    """Codes and places found in a model."""
    model = parser.parse_model(text)
    if "# with training_info" in text:
        model.training_info.add().algorithm.node.add(op_type="Adagrad", domain="ai.onnx.preview.training")
    path = folder / "model.onnx"
    onnx.save(model, path)
    if options:
        tables = (
            f"[rules.{name}]\n" + "".join(f"{key} = {value}\n" for key, value in table.items())
            for name, table in options.items()
        )
        (folder / "greenlint.toml").write_text("\n".join(tables))
    settings = Configuration(catalogue.load(), Overrides(select=tuple(codes), preview=True)).settings(folder)
    inspected = inspect(path, settings)
    assert not inspected.judged.problems, [str(problem) for problem in inspected.judged.problems]
    for finding in inspected.judged.findings:
        assert set(finding.values or {}) == placeholders(finding.rule), f"{finding.rule.code} fills {finding.values}"
    return {(finding.rule.code, finding.place.node.rpartition("/")[2]) for finding in inspected.judged.findings}


def placeholders(rule: Rule) -> set[str]:
    return set(re.findall(r"\{(\w+)\}", rule.message))


def expected(text: str) -> set[tuple[str, str]]:
    marked = set()
    for line in text.splitlines():
        match = casebook._MARKER.search(line)
        if match:
            named, tensors = _NAMED.match(line), _TENSOR.findall(line)
            place = named[1] if named else tensors[-1] if tensors else ""
            marked |= {(code, place) for code in re.findall(r"ECO\d{3}", match["codes"])}
    return marked


def cases() -> list[Any]:
    books = sorted((ROOT / "tests" / "cases").glob("ECO7*.md"))
    return [
        pytest.param(book.stem[:6], case, id=f"{book.stem[:6]}: {case.name}")
        for book in books
        for case in casebook.cases(book)
    ]


@pytest.mark.parametrize(("code", "case"), cases())
def test_case(code: str, case: casebook.Case, tmp_path: Path) -> None:
    (block,) = case.blocks
    rule = next(rule for rule in RULES if rule.code == code)
    told = next((line for line in block.text.splitlines() if line.startswith("# options:")), "")
    options = {rule.name: dict(_OPTION.findall(told))} if told else {}
    wanted = expected(block.text)
    found = found_in(block.text, tmp_path, sorted({code} | {other for other, _ in wanted}), options)
    assert found == wanted, f"line {case.line} {case.name!r}: missed {wanted - found}, wrong {found - wanted}"


@pytest.mark.parametrize("rule", [rule for rule in RULES if rule.code != "ECO701"], ids=lambda rule: rule.code)
def test_example_bad_fires_its_own_rule_alone(rule: Rule, tmp_path: Path) -> None:
    options = {rule.name: {"min-bytes": 0}} if "min-bytes" in rule.options else {}
    found = found_in(rule.bad, tmp_path, sorted({*STABLE, rule.code}), options)
    assert {code for code, _ in found} == {rule.code}


@pytest.mark.parametrize("rule", [rule for rule in RULES if rule.code != "ECO701"], ids=lambda rule: rule.code)
def test_example_good_fires_nothing(rule: Rule, tmp_path: Path) -> None:
    options = {rule.name: {"min-bytes": 0}} if "min-bytes" in rule.options else {}
    assert not found_in(rule.good, tmp_path, sorted({*STABLE, rule.code}), options)
