"""The recipes for CI and our own workflows keep to the schemas of their services, and do what they say."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
import sys
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from greenlint import __version__

if TYPE_CHECKING:
    from conftest import Command

ROOT = Path(__file__).parent.parent
RECIPES = ROOT / "docs" / "recipes"

WASTEFUL = """\
import torch

def train(model, loader):
    optimizer = torch.optim.SGD(model.parameters())
    for epoch in range(90):
        for x, y in loader:
            model(x).backward()
            optimizer.step()
"""


@pytest.mark.parametrize(
    ("schema", "file"),
    [
        *(("github-workflows", file) for file in sorted((ROOT / ".github" / "workflows").glob("*.yml"))),
        ("github-workflows", RECIPES / "github-actions.yml"),
        ("gitlab-ci", RECIPES / "gitlab-ci.yml"),
    ],
    ids=lambda value: getattr(value, "name", value),
)
def test_a_workflow_keeps_to_its_schema(schema: str, file: Path) -> None:
    pytest.importorskip("check_jsonschema", reason="workflows are validated where check-jsonschema is installed")
    done = subprocess.run(
        [sys.executable, "-m", "check_jsonschema", "--builtin-schema", f"vendor.{schema}", str(file)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout


def test_the_page_shows_the_recipes_as_they_are() -> None:
    page = (ROOT / "docs" / "recipes.md").read_text(encoding="utf-8")
    blocks = re.findall(r"^```(?:yaml|sh)\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)
    for file in RECIPES.iterdir():
        assert file.read_text(encoding="utf-8") in blocks, f"docs/recipes.md does not show {file.name} as it is"


def test_pages_name_the_version_that_there_is() -> None:
    for page in [ROOT / "README.md", *(ROOT / "docs").glob("*.md")]:
        for told in re.findall(r"^ *rev: (\S+)", page.read_text(encoding="utf-8"), re.MULTILINE):
            assert told == f"v{__version__}", f"{page.name} names {told}"


def command(file: Path) -> list[str]:
    """Return the words after `greenlint` of a recipe's check."""
    found = re.search(r'greenlint"? (check .*)$', file.read_text(encoding="utf-8"), re.MULTILINE)
    assert found
    return shlex.split(found[1])


@pytest.fixture
def project(folder: Path) -> Path:
    (folder / "pyproject.toml").touch()
    (folder / "train.py").write_text(WASTEFUL)
    return folder


def test_github_gets_sarif_and_a_summary(greenlint: Command, project: Path) -> None:
    told = greenlint(*command(RECIPES / "github-actions.yml"))
    assert told.code == 1
    assert "warning[ECO310 missing-early-stopping]" in told.out
    (run,) = json.loads((project / "greenlint.sarif").read_text(encoding="utf-8"))["runs"]
    assert "ECO310" in {result["ruleId"] for result in run["results"]}
    assert "ECO310" in (project / "greenlint.md").read_text(encoding="utf-8")


def test_gitlab_gets_code_quality(greenlint: Command, project: Path) -> None:
    assert greenlint(*command(RECIPES / "gitlab-ci.yml")).code == 1
    issues = json.loads((project / "gl-code-quality-report.json").read_text(encoding="utf-8"))
    assert {issue["location"]["path"] for issue in issues} == {"train.py"}


def test_any_ci_gets_junit(greenlint: Command, project: Path) -> None:
    assert greenlint(*command(RECIPES / "ci.sh")).code == 1
    assert "ECO310" in ET.tostring(ET.parse(project / "greenlint.xml").getroot(), encoding="unicode")  # noqa: S314


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="a script of the Unix shell")
def test_the_script_runs(project: Path) -> None:
    script = (
        (RECIPES / "ci.sh")
        .read_text(encoding="utf-8")
        .replace("--quiet greenlint", f"--quiet {shlex.quote(str(ROOT))}")
    )
    done = subprocess.run(["sh", "-c", script], cwd=project, capture_output=True, text=True, check=False)
    if "No matching distribution" in done.stderr:
        pytest.skip("no package index here to install greenlint from")
    assert done.returncode == 1, done.stderr
    assert "warning[ECO310 missing-early-stopping]" in done.stdout


@pytest.mark.slow
def test_the_wheel_works_in_an_environment_of_its_own(tmp_path: Path) -> None:
    made = subprocess.run(
        [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", str(tmp_path), str(ROOT)],
        capture_output=True,
        text=True,
        check=False,
    )
    if "No matching distribution" in made.stderr:
        pytest.skip("no package index here to build from")
    assert made.returncode == 0, made.stderr
    tried = subprocess.run(
        [sys.executable, str(ROOT / ".ci" / "check_wheel.py"), str(tmp_path)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert tried.returncode == 0, tried.stdout + tried.stderr
    assert tried.stdout.endswith(" works\n")
