from __future__ import annotations

import argparse
import json
import sys
from typing import TYPE_CHECKING

import pytest

from greenlint import output
from greenlint.commands._telling import Telling
from greenlint.errors import ConfigError

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
CHECK = ("check", "--select", "ECO310")
SUMMARY = "1 finding (1 warning) in 1 file"


@pytest.fixture
def training(folder: Path) -> Path:
    (folder / "pyproject.toml").touch()
    file = folder / "train.py"
    file.write_text(TRAINING)
    return file


def told(*outputs: str, shown: str = "text") -> list[tuple[str, str]]:
    options = argparse.Namespace(format=shown, output=list(outputs), statistics=False, quiet=False)
    return [(one.format, one.file) for one in Telling(options).targets]


@pytest.mark.usefixtures("folder")
class TestTargets:
    @pytest.mark.parametrize(
        ("outputs", "expected"),
        [
            ((), [("concise", "-")]),
            (("out.txt",), [("concise", "out.txt")]),
            (("-",), [("concise", "-")]),
            (("sarif=out.sarif",), [("sarif", "out.sarif"), ("concise", "-")]),
            (("sarif=a", "junit=b"), [("sarif", "a"), ("junit", "b"), ("concise", "-")]),
            (("sarif=a", "b"), [("sarif", "a"), ("concise", "b")]),
            (("sarif=-",), [("sarif", "-")]),
            (("sarif=a", "json=-"), [("sarif", "a"), ("json", "-")]),
            (("json=a=b.json",), [("json", "a=b.json"), ("concise", "-")]),
            (("./a=b.txt",), [("concise", "./a=b.txt")]),
        ],
    )
    def test_where_results_go(self, outputs: tuple[str, ...], expected: list[tuple[str, str]]) -> None:
        assert told(*outputs, shown="concise") == expected

    @pytest.mark.parametrize(
        ("outputs", "complaint"),
        [
            (("sarf=a",), '--output: no format is called "sarf", did you mean "sarif"?'),
            (("x=a",), '--output: no format is called "x" (a file of that name is ./x=a)'),
            (("sarif=",), "--output: sarif= names no file"),
            (("-", "json=-"), "--output: standard output is given twice"),
            (("json=a", "sarif=./a"), "--output: ./a is given twice"),
            (("none/a",), "none/a: cannot be written: no such file or directory"),
        ],
    )
    def test_mistakes(self, outputs: tuple[str, ...], complaint: str) -> None:
        with pytest.raises(ConfigError) as caught:
            told(*outputs)
        assert str(caught.value) == complaint


@pytest.mark.usefixtures("training")
class TestCheck:
    def test_files_beside_the_terminal(self, greenlint: Command, folder: Path) -> None:
        done = greenlint(*CHECK, "--format", "concise", "--output", "sarif=a.sarif", "--output", "jsonl=a.jsonl")
        assert done.code == 1
        assert done.out.startswith("train.py:5:5: ECO310")
        assert done.err == ""
        assert json.loads((folder / "a.sarif").read_text())["version"] == "2.1.0"
        assert json.loads((folder / "a.jsonl").read_text().splitlines()[0])["code"] == "ECO310"

    def test_a_file_in_place_of_the_terminal_is_summed_up(self, greenlint: Command) -> None:
        done = greenlint(*CHECK, "--output", "out.txt")
        assert (done.code, done.out, done.err) == (1, "", f"{SUMMARY}: out.txt\n")
        assert greenlint(*CHECK, "-q", "--output", "out.txt").err == ""

    def test_one_format_on_standard_output(self, greenlint: Command) -> None:
        done = greenlint(*CHECK, "--output", "sarif=-")
        assert json.loads(done.out)["version"] == "2.1.0"

    def test_edits_of_fixes_are_told_where_they_are_asked_for(self, greenlint: Command, folder: Path) -> None:
        (folder / "train.py").write_text(
            "import torch\n\nf = torch.nn.Sequential(torch.nn.Conv2d(1, 2, 3), torch.nn.BatchNorm2d(2))\n"
        )
        words = ("check", "--select", "ECO104", "--output", "sarif=a.sarif", "--format", "json")
        (finding,) = json.loads(greenlint(*words, "--show-fixes").out)["findings"]
        (edit,) = finding["fix"]["edits"]
        assert (edit["path"], edit["line"], edit["text"]) == ("train.py", 3, ", bias=False")
        (result,) = json.loads((folder / "a.sarif").read_text())["runs"][0]["results"]
        assert result["fixes"][0]["artifactChanges"][0]["replacements"][0]["insertedContent"] == {"text": edit["text"]}

    def test_a_diff_has_no_findings_to_write(self, greenlint: Command, folder: Path) -> None:
        done = greenlint(*CHECK, "--diff", "--output", "sarif=a.sarif")
        assert done.err == "error: --output: --diff shows changes in place of findings, there is nothing to write\n"
        assert (done.code, (folder / "a.sarif").exists()) == (2, False)

    def test_a_folder_that_is_missing_is_said_before_the_run(self, greenlint: Command, training: Path) -> None:
        training.write_text("def f(:\n")
        done = greenlint("check", "--output", "json=none/a.json")
        assert (done.code, done.err) == (2, "error: none/a.json: cannot be written: no such file or directory\n")

    def test_junit_fails_where_the_run_does(self, greenlint: Command, folder: Path) -> None:
        for level, failed in (("warning", 1), ("error", 0)):
            done = greenlint(*CHECK, "--fail-on", level, "--output", "junit=a.xml")
            assert done.code == failed
            assert f'failures="{failed}"' in (folder / "a.xml").read_text()

    @pytest.mark.skipif(sys.platform != "linux", reason="other systems have no such names")
    @pytest.mark.parametrize("name", output.names())
    def test_a_name_that_is_not_utf8(self, greenlint: Command, training: Path, name: str) -> None:
        training.rename(training.with_name("odd\udcff.py"))
        assert greenlint(*CHECK, "--output", f"{name}=out").code == 1
        assert greenlint("baseline").code == 0
        assert greenlint(*CHECK, "--baseline", "greenlint-baseline.json").code == 0


class TestInspect:
    @pytest.mark.parametrize("name", ["sarif", "github", "gitlab", "junit", "jsonl", "markdown", "concise"])
    def test_every_format_names_path_and_node(self, greenlint: Command, folder: Path, name: str) -> None:
        onnx = pytest.importorskip("onnx", reason="the extra is not installed")
        model = onnx.parser.parse_model(
            '<ir_version: 8, opset_import: ["" : 17]> g (float[2] x) => (float[2] y)'
            "{ [a] z = Identity(x) [b] y = Relu(z) }"
        )
        onnx.save(model, folder / "m.onnx")
        done = greenlint("inspect", "m.onnx", "--select", "ECO712", "--output", f"{name}=out")
        assert "MACs" in done.out
        text = (folder / "out").read_text()
        assert "ECO712" in text
        assert "m.onnx" in text
        assert '"a"' in text or "a: " in text or "`a`" in text
