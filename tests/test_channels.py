"""The same code has the same findings, whichever way greenlint is asked."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parent.parent

SETTINGS = """\
[tool.greenlint]
extend-select = ["ECO001"]
exclude = ["drafts"]

[tool.greenlint.per-file-ignores]
"quiet.py" = ["ECO104"]

[tool.greenlint.rules.oversized-epochs]
max-epochs = 60
"""

LOOP = """\
import torch
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = nn.Sequential(nn.Conv2d(3, 8, 3), nn.BatchNorm2d(8))

    def forward(self, x):
        return self.layers(x)


def train(model, loader, epochs):
    optimizer = torch.optim.SGD(model.parameters())
    criterion = nn.CrossEntropyLoss()
    total = 0
    for epoch in range(epochs):
        for x, y in loader:
            loss = criterion(model(x), y)
            loss.backward()
            optimizer.step()
            total += loss


def evaluate(model, loader):
    model.eval()
    right = 0
    for x, y in loader:
        right += (model(x).argmax(1) == y).sum().item()
    print("précision", right)  # noqa: ECO104
"""

MAIN = """\
from loop import Net, evaluate, train

EPOCHS = 90
net = Net()
train(net, None, EPOCHS)
evaluate(net, None)
"""

FILES = {
    "pyproject.toml": SETTINGS,
    "loop.py": LOOP,
    "main.py": MAIN,
    "quiet.py": LOOP.replace("+= loss\n", "+= loss  # greenlint: ignore[ECO340] it is short\n"),
    "drafts/loop.py": LOOP,
    "plain.py": "import json\n",
}

Found = tuple[str, int, int, str, str]
"""Path, line, column, code and message."""


def found(text: str) -> list[Found]:
    """Return the findings of lines of the concise format, or of flake8, which writes the same."""
    lines = re.findall(r"^(?:\./)?(\S+?):(\d+):(\d+): (ECO\d+) (.+)$", text, re.MULTILINE)
    return sorted((path, int(line), int(column), code, told) for path, line, column, code, told in lines)


def run(folder: Path, *words: str, said: bytes | None = None) -> str:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    done = subprocess.run(words, cwd=folder, input=said, capture_output=True, check=False, env=environment)
    assert b"Traceback" not in done.stderr
    return done.stdout.decode()


def greenlint(folder: Path, *words: str, said: bytes | None = None) -> str:
    return run(folder, sys.executable, "-m", "greenlint", "check", *words, said=said)


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("project")
    for name, text in FILES.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    run(folder, "git", "init", "-q")
    run(folder, "git", "add", "--all")
    return folder


@pytest.fixture(scope="module")
def expected(project: Path) -> list[Found]:
    """Return what `greenlint check` finds in the folder, which is more than nothing in each kind of file."""
    findings = found(greenlint(project, "--format", "concise"))
    codes = {path: {code for name, _, _, code, _ in findings if name == path} for path in FILES}
    assert {"ECO001", "ECO104", "ECO340", "ECO401"} <= codes["loop.py"]
    assert "ECO310" in codes["loop.py"] | codes["main.py"]
    assert "ECO311" in codes["main.py"]
    assert "ECO401" in codes["quiet.py"]
    assert not {"ECO104", "ECO340"} & codes["quiet.py"]
    assert not codes["drafts/loop.py"] | codes["plain.py"]
    return findings


SOURCES = [name for name in FILES if name.endswith(".py") and not name.startswith("drafts")]


def test_one_file_alone(project: Path, expected: list[Found]) -> None:
    alone = [one for name in SOURCES for one in found(greenlint(project, "--format", "concise", name))]
    assert sorted(alone) == expected


def test_from_a_folder_inside_and_one_outside(project: Path, expected: list[Found]) -> None:
    inside = greenlint(project / "drafts", "--format", "concise", "..")
    outside = greenlint(ROOT, "--format", "concise", str(project))
    for told in (inside, outside):
        assert found(told.replace(f"{project.as_posix()}/", "")) == expected


def test_json(project: Path, expected: list[Found]) -> None:
    findings = json.loads(greenlint(project, "--format", "json"))["findings"]
    assert [
        (one["path"], one["line"], one["column"], one["code"], f"[{one['severity']}] {one['name']}: {one['message']}")
        for one in findings
        if one["status"] == "open"
    ] == sorted(expected)


def test_formats_for_programs(project: Path, expected: list[Found], tmp_path: Path) -> None:
    formats = ("sarif", "github", "gitlab", "jsonl", "junit", "markdown")
    greenlint(project, "-q", *(f"--output={name}={tmp_path / name}" for name in formats))
    told = {name: (tmp_path / name).read_text(encoding="utf-8") for name in formats}
    places = [(path, line, column, code) for path, line, column, code, _ in expected]
    lines = [(path, line, code) for path, line, _, code, _ in expected]

    results = [one for one in json.loads(told["sarif"])["runs"][0]["results"] if not one.get("suppressions")]
    physical = [one["locations"][0]["physicalLocation"] for one in results]
    assert places == sorted(
        (place["artifactLocation"]["uri"], place["region"]["startLine"], place["region"]["startColumn"], one["ruleId"])
        for one, place in zip(results, physical, strict=True)
    )
    annotations = re.findall(r"^::\w+ file=(.+?),line=(\d+),.*?title=(ECO\d+)", told["github"], re.MULTILINE)
    assert lines == sorted((path, int(line), code) for path, line, code in annotations)
    issues = json.loads(told["gitlab"])
    assert lines == sorted(
        (one["location"]["path"], one["location"]["lines"]["begin"], one["check_name"]) for one in issues
    )
    objects = [json.loads(line) for line in told["jsonl"].split("\n") if line]
    assert places == sorted(
        (one["path"], one["line"], one["column"], one["code"]) for one in objects if one.get("status") == "open"
    )
    tests = re.findall(r'<testcase name="(ECO\d+) \S+ at (\d+):(\d+)" classname="(\S+?)".*>\n *<(\S+)', told["junit"])
    assert places == sorted(
        (path, int(line), int(column), code) for code, line, column, path, kind in tests if kind != "skipped"
    )
    rows = re.findall(r"^\| \S+ \| `(\S+):(\d+)` \| (ECO\d+)", told["markdown"], re.MULTILINE)
    assert lines == sorted((path, int(line), code) for path, line, code in rows)


def test_standard_input(project: Path, expected: list[Found]) -> None:
    told = [
        one
        for name in SOURCES
        for one in found(
            greenlint(project, "--format", "concise", "--stdin-filename", name, said=(project / name).read_bytes())
        )
    ]
    assert sorted(told) == expected


@pytest.mark.parametrize("jobs", ["1", "3"])
def test_flake8(project: Path, expected: list[Found], jobs: str) -> None:
    pytest.importorskip("flake8", reason="compared where flake8 is installed")
    assert found(run(project, sys.executable, "-m", "flake8", "--select", "ECO", "--jobs", jobs)) == expected
    given = run(project, sys.executable, "-m", "flake8", "--select", "ECO", "--jobs", jobs, *SOURCES)
    assert found(given) == expected


def test_pre_commit(project: Path, expected: list[Found]) -> None:
    """Run the hook as it is shipped, with the greenlint of this environment (tests/test_hook.py installs it)."""
    pytest.importorskip("pre_commit", reason="compared where pre-commit is installed")
    hooks = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8"))
    hook = next(hook for hook in hooks if hook["id"] == "greenlint")
    hook |= {
        "language": "system",
        "entry": hook["entry"].replace("greenlint", f"{Path(sys.executable).as_posix()} -m greenlint", 1),
        "args": ["--format", "concise"],
    }
    hook.pop("minimum_pre_commit_version", None)
    configuration = project / "pre-commit.yaml"
    configuration.write_text(yaml.safe_dump({"repos": [{"repo": "local", "hooks": [hook]}]}))
    told = run(project, sys.executable, "-m", "pre_commit", "run", "--all-files", "--config", configuration.name)
    assert found(told) == expected


def cells(text: str) -> list[str]:
    """Return the pieces of a file between its blank lines at the left margin, as somebody would put them in cells."""
    return re.split(r"\n\n\n|\n\n(?=\S)", text.rstrip("\n"))


def test_a_notebook_has_the_findings_of_its_code(folder: Path) -> None:
    code = f"{LOOP.replace('noqa: ECO104', 'last')}\n\n{MAIN.partition(chr(10))[2]}"
    parts = cells(code)
    assert len(parts) > 4
    (folder / "script.py").write_text(code, encoding="utf-8")
    notebook = {
        "nbformat": 4,
        "nbformat_minor": 5,
        "metadata": {},
        "cells": [
            cell
            for part in parts
            for cell in (
                {"cell_type": "markdown", "metadata": {}, "source": ["# text\n", "more"]},
                {
                    "cell_type": "code",
                    "metadata": {},
                    "outputs": [],
                    "execution_count": None,
                    "source": part.splitlines(keepends=True),
                },
            )
        ],
    }
    (folder / "script.ipynb").write_text(json.dumps(notebook), encoding="utf-8")

    def findings(name: str) -> list[dict[str, object]]:
        document = json.loads(greenlint(folder, "--format", "json", name))
        return [one for one in document["findings"] if one["status"] == "open"]

    lines = code.splitlines()
    script = sorted(
        (one["code"], lines[one["line"] - 1], one["column"], one["end_column"]) for one in findings("script.py")
    )
    sheets = [cell["source"] for cell in notebook["cells"]]
    there = sorted(
        (one["code"], sheets[one["cell"]][one["line"] - 1].rstrip("\n"), one["column"], one["end_column"])
        for one in findings("script.ipynb")
    )
    assert there == script
    assert len({code for code, *_ in script}) > 4


@pytest.mark.parametrize("shape", sorted(path.stem for path in (ROOT / "greenlint" / "output").glob("[!_]*.py")))
def test_every_format_tells_the_place_in_a_notebook(folder: Path, shape: str) -> None:
    cells = [
        {"cell_type": "markdown", "metadata": {}, "source": "# text"},
        {"cell_type": "code", "metadata": {}, "source": "\n%time keras.Sequential([]).fit(x, epochs=321)"},
        {"cell_type": "code", "metadata": {}, "source": "from tensorflow import keras"},
    ]
    (folder / "a.ipynb").write_text(json.dumps({"nbformat": 4, "metadata": {}, "cells": [cells[2], *cells[:2]]}))
    told = greenlint(folder, "--select", "ECO311", "--format", shape)
    numbers = re.findall(r"\d+", told)
    assert "cell" in told
    assert {"2", "42"} <= set(numbers), f"{shape} tells no cell 2, line 2, column 42: {told}"
