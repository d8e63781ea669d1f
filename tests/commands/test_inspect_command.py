"""`greenlint inspect`, from the command line to the exit code."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from greenlint.cli import main

onnx = pytest.importorskip("onnx", reason="reading models needs the extra [onnx]")
sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "onnx"))
import models  # noqa: E402

BAD = """g (float[batch, 3] x, float[3, 5] w) => (float[batch, 5] y) <float ratio = {0.5}, bool on = {1}> {
  [drop] h = Dropout (x, ratio, on)
  [mm] y = MatMul (h, w)
}"""
GOOD = "g (float[batch, 3] x, float[3, 5] w) => (float[batch, 5] y) { [mm] y = MatMul (x, w) }"


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    onnx.save(models.parsed(BAD), tmp_path / "bad.onnx")
    onnx.save(models.parsed(GOOD), tmp_path / "good.onnx")
    return tmp_path


def told(capsys: pytest.CaptureFixture[str], *arguments: str, code: int) -> str:
    assert main(["inspect", *arguments]) == code
    return capsys.readouterr().out


def test_a_clean_model(capsys: pytest.CaptureFixture[str]) -> None:
    text = told(capsys, "good.onnx", code=0)
    assert "15 MACs" in text
    assert "an estimate" in text
    assert max(map(len, text.splitlines())) <= 80


def test_findings_fail(capsys: pytest.CaptureFixture[str]) -> None:
    text = told(capsys, "bad.onnx", code=1)
    assert "warning[ECO704 dropout-kept]" in text
    assert "drop:" in text
    assert told(capsys, "bad.onnx", "--exit-zero", code=0)
    assert told(capsys, "bad.onnx", "--ignore", "dropout-kept", code=0)


def test_a_folder_and_every_format(capsys: pytest.CaptureFixture[str]) -> None:
    from greenlint import output

    for name in output.names():
        text = told(capsys, ".", "--format", name, code=1)
        assert "ECO704" in text, name


def test_json(capsys: pytest.CaptureFixture[str]) -> None:
    document = json.loads(told(capsys, ".", "--format", "json", "--dim", "batch=4", code=1))
    assert document["schema"] == "greenlint-inspection/1"
    assert [model["path"] for model in document["models"]] == ["bad.onnx", "good.onnx"]
    assert document["models"][1]["macs"] == 60
    assert document["models"][1]["energy"]["kind"] == "estimate"
    (finding,) = [finding for finding in document["findings"] if finding["code"] == "ECO704"]
    assert finding["node"] == "drop"


def test_comparison_judges_the_later_one(capsys: pytest.CaptureFixture[str]) -> None:
    text = told(capsys, "bad.onnx", "--compare", "good.onnx", code=0)
    assert "-50.0%" in text
    assert "gone" in text


def test_settings_and_per_file_ignores_hold(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (here / "greenlint.toml").write_text('[per-file-ignores]\n"bad.onnx" = ["ECO704"]\n')
    assert "ECO704" not in told(capsys, "bad.onnx", code=0)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["nothing.onnx"], "no such file"),
        (["good.onnx", "--dim", "bach=2"], 'did you mean "batch"?'),
        (["good.onnx", "--dim", "batch"], "NAME=N"),
        (["good.onnx", "--weights", "ful"], 'did you mean "full"?'),
        (["good.onnx", "--device", "server-gpu"], "did you mean"),
        (["good.onnx", "--compare", "bad.onnx", "--format", "jsn"], 'did you mean "json"?'),
    ],
)
def test_mistakes_are_one_line(arguments: list[str], words: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["inspect", *arguments]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("error: ")
    assert words in line


def test_one_bad_file_costs_itself_alone(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (here / "cut.onnx").write_bytes((here / "good.onnx").read_bytes()[:-5])
    assert main(["inspect", "cut.onnx", "good.onnx"]) == 2
    streams = capsys.readouterr()
    assert "15 MACs" in streams.out
    (line,) = streams.err.splitlines()
    assert line.startswith("error: cut.onnx: is cut short")


def test_without_the_extra_one_sentence_names_the_command(here: Path) -> None:
    block = "import sys; sys.modules['onnx'] = None; from greenlint.cli import main; sys.exit(main(sys.argv[1:]))"
    run = subprocess.run(
        [sys.executable, "-c", block, "inspect", "good.onnx"], capture_output=True, text=True, check=False, cwd=here
    )
    assert run.returncode == 2
    (line,) = run.stderr.splitlines()
    assert 'pip install "greenlint[onnx]"' in line
    (here / "clean.py").write_text("x = 1\n")
    run = subprocess.run(
        [sys.executable, "-c", block, "check", "clean.py"], capture_output=True, text=True, check=False, cwd=here
    )
    assert run.returncode == 0


def test_measuring(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("onnxruntime", reason="measuring needs ONNX Runtime")
    monkeypatch.setattr("greenlint.onnx.timing._SECONDS", 0.01)
    assert "ms a run" in told(capsys, "good.onnx", "--measure", code=0)


def test_names_of_nodes_cannot_speak_to_the_terminal(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    model = onnx.load(here / "bad.onnx")
    model.graph.node[0].name = "\x1b[31m\nerror: injected"
    onnx.save(model, here / "evil.onnx")
    assert "\x1b" not in told(capsys, "evil.onnx", code=1)
