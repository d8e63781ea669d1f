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


def test_a_model_that_does_not_run_is_told_about_all_the_same(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("onnxruntime", reason="measuring needs ONNX Runtime")
    monkeypatch.setattr("greenlint.onnx.timing._SECONDS", 0.01)
    text = "g (float[n, 3] x, float[m, 3] z) => (float[n, 3] y) { h = Concat <axis = 0> (x, z)\ny = Reshape (h, s) }"
    onnx.save(models.parsed(text.replace("=> (float[n, 3] y)", "=> (float[7, 3] y) <int64[2] s = {7, 3}>")), "odd.onnx")
    assert main(["inspect", "odd.onnx", "--measure"]) == 2
    streams = capsys.readouterr()
    assert "measured not: it does not run" in " ".join(streams.out.split())
    (line,) = [line for line in streams.err.splitlines() if line.startswith("error")]
    assert "--dim n=..." in line


def test_many_models(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (here / "lfs.onnx").write_bytes(b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n")
    assert main(["inspect", "bad.onnx", "good.onnx", "lfs.onnx", "none.onnx", "-q", "--format", "concise"]) == 2
    streams = capsys.readouterr()
    assert [line.partition(":")[0] for line in streams.out.splitlines()] == ["bad.onnx"]
    assert [line.partition(":")[0] for line in streams.err.splitlines()] == ["error"] * 2
    text = told(capsys, "bad.onnx", "good.onnx", code=1)
    assert text.count("is an estimate") == 1
    assert [line.split()[-1] for line in text.splitlines() if line.startswith(("bad.onnx ", "good.onnx "))] == [
        "1",
        "0",
    ]
    quiet = told(capsys, "bad.onnx", "good.onnx", "-q", code=1)
    assert quiet.startswith("bad.onnx\nwarning[ECO704")
    assert "good.onnx" not in quiet


def test_comparison_names_what_is_missing(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["inspect", "good.onnx", "--compare", "none.onnx"]) == 2
    assert "none.onnx: no such file" in capsys.readouterr().err
    assert "same" in told(capsys, "good.onnx", "--compare", "good.onnx", code=0)


def test_what_the_baseline_knows_does_not_fail(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["baseline", "bad.onnx", "-q"]) == 0
    assert "1 known" in told(capsys, "bad.onnx", "--baseline", "greenlint-baseline.json", code=0)
    (here / "greenlint.toml").write_text('baseline = "greenlint-baseline.json"\n')
    assert "ECO704" not in told(capsys, "bad.onnx", code=0)
    assert "ECO704" in told(capsys, "bad.onnx", "--no-baseline", code=1)
    assert main(["inspect", "bad.onnx", "--baseline", "none.json"]) == 2
    assert "no such file" in capsys.readouterr().err


def test_rules_of_the_other_kind_are_pointed_out(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (here / "clean.py").write_text("x = 1\n")
    assert main(["check", "--select", "ECO7", "clean.py"]) == 0
    assert "`greenlint inspect` judges models" in capsys.readouterr().err
    assert main(["inspect", "--select", "ECO3", "good.onnx"]) == 0
    assert "`greenlint check` judges Python" in capsys.readouterr().err


def test_long_names_do_not_push_the_message_out(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    model = onnx.parser.parse_model(
        models.HEAD + "g (float[4] x) => (float[4] y) { h = Relu (x)\nk = Relu (x)\ny = Add (h, k) }"
    )
    model.graph.node[0].name, model.graph.node[1].name = "a;" * 300, "b;" * 300
    onnx.save(model, here / "long.onnx")
    line = told(capsys, "long.onnx", "--select", "ECO716", "--format", "concise", "--exit-zero", code=0)
    assert "CommonSubexpressionElimination" in line


def test_names_of_nodes_cannot_speak_to_the_terminal(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    model = onnx.load(here / "bad.onnx")
    model.graph.node[0].name = "\x1b[31m\nerror: injected"
    onnx.save(model, here / "evil.onnx")
    assert "\x1b" not in told(capsys, "evil.onnx", code=1)
