"""What the README shows is what happens."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from greenlint import cli

if TYPE_CHECKING:
    from conftest import Command

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")


def section(title: str) -> str:
    return README.partition(f"\n## {title}\n")[2].partition("\n## ")[0]


def blocks(text: str) -> list[str]:
    return re.findall(r"^```\w*\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


def test_the_quick_start_is_two_lines() -> None:
    first, second = blocks(section("Quick start"))
    assert first.count("\n") == second.count("\n") == 1
    assert "examples/ --exit-zero" in first
    assert "pytest" in second


def test_the_first_block_is_what_the_command_prints(greenlint: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    command, _, shown = blocks(README)[0].partition("\n")
    monkeypatch.chdir(ROOT)
    told = greenlint(*command.removeprefix("$ greenlint ").split())
    assert shown == told.out
    assert told.err == ""


def test_the_examples_have_findings(greenlint: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    told = greenlint("check", "examples/", "--format", "concise", "--exit-zero")
    assert told.code == 0
    assert {"ECO301", "ECO310", "ECO311", "ECO401", "ECO402", "ECO501"} <= set(re.findall(r"ECO\d+", told.out))
    assert "finetune_reviews.py" not in told.out


@pytest.mark.parametrize(
    "page", [*sorted((ROOT / "docs").rglob("*.md")), ROOT / "README.md"], ids=lambda page: page.stem
)
def test_links_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#]+)", page.read_text(encoding="utf-8")):
        assert target.startswith("http") or (page.parent / target).exists(), f"{page.name}: {target}"


def test_every_command_of_the_docs_exists() -> None:
    for page in [ROOT / "README.md", *(ROOT / "docs").rglob("*.md")]:
        for word in re.findall(r"^(?:\$ )?greenlint ([a-z]+)", page.read_text(encoding="utf-8"), re.MULTILINE):
            assert word in cli.commands(), f"{page.name}: greenlint {word}"
