"""Cards, reports and their machine-readable twins, from the command line on a small project."""

from __future__ import annotations

import json
import os
import re
import shutil
import socket
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
import yaml

from greenlint import cli, config, discovery
from greenlint.card import frontmatter, merging, render
from greenlint.card.cyclonedx import bom
from greenlint.errors import ConfigError

EXAMPLE = Path(__file__).parents[2] / "examples" / "release"
SOURCES = ("train.py", "emissions.csv", "card.yaml", "greenlint-answers.yaml", "digits.onnx", "requirements.txt")


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in SOURCES:
        if (EXAMPLE / name).exists():
            shutil.copy(EXAMPLE / name, tmp_path / name)
    (tmp_path / "pyproject.toml").write_text("[project]\nname = 'p'\n")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def offline(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_args: Any, **_kwargs: Any) -> None:
        message = "the network is off"
        raise OSError(message)

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)


def greenlint(*arguments: Any) -> int:
    for module in (discovery, config):
        for function in vars(module).values():
            if hasattr(function, "cache_clear"):
                function.cache_clear()
    return cli.main(list(arguments))


def refusal(capsys: pytest.CaptureFixture[str], *arguments: Any) -> str:
    """Run a command that must fail, and return its one line."""
    assert greenlint(*arguments) == 2
    lines = capsys.readouterr().err.strip().splitlines()
    assert len(lines) == 1
    assert lines[0].startswith("error: ")
    return lines[0]


def front_matter(card: Any) -> Any:
    return yaml.safe_load(card.split("---\n")[1])


@pytest.mark.parametrize("language", ["en", "fr"])
@pytest.mark.usefixtures("offline")
def test_huggingface_hub_loads_the_card_and_writes_it_back_equal(project: Path, language: str) -> None:
    hub = pytest.importorskip("huggingface_hub", reason="a validator of the development extra")
    assert greenlint("card", "--lang", language) == 0
    text = (project / "MODEL_CARD.md").read_text()
    card = hub.ModelCard.load(project / "MODEL_CARD.md")
    assert str(card) == text
    assert card.data.pipeline_tag == "image-classification"
    assert card.data.eval_results[0].metric_value == 0.956
    total = sum(float(row.split(",")[5]) for row in (project / "emissions.csv").read_text().splitlines()[1:])
    assert card.data.co2_eq_emissions["emissions"] == pytest.approx(total * 1000, rel=0.001)
    assert "More Information Needed" not in text


@pytest.mark.parametrize("version", ["1.6", "1.7"])
@pytest.mark.usefixtures("offline")
def test_cyclonedx_passes_the_strict_validator(project: Path, version: str) -> None:
    validation = pytest.importorskip("cyclonedx.validation.json", reason="a validator of the development extra")
    from cyclonedx.schema import SchemaVersion

    assert greenlint("card", "--cyclonedx", "bom.json", "--cyclonedx-version", version) == 0
    text = (project / "bom.json").read_text()
    validator = validation.JsonStrictValidator(SchemaVersion.from_version(version))
    assert validator.validate_str(text) is None
    considerations = json.loads(text)["metadata"]["component"]["modelCard"]["considerations"]
    (consumption,) = considerations["environmentalConsiderations"]["energyConsumptions"]
    total = sum(float(row.split(",")[13]) for row in (project / "emissions.csv").read_text().splitlines()[1:])
    assert consumption["activityEnergyCost"]["value"] == pytest.approx(total, rel=1e-5)
    grams = float(re.search(r"emissions: ([\d.e-]+)", (project / "MODEL_CARD.md").read_text())[1])
    assert consumption["co2CostEquivalent"]["value"] == pytest.approx(grams / 1e6, rel=1e-3)


def test_cyclonedx_1_5_cannot_hold_energy() -> None:
    with pytest.raises(ConfigError, match=r"1\.5 cannot be written"):
        bom({"info": {}, "name": "x", "models": [], "footprint": None, "score": {}}, "1.5")


BOAMPS = {
    "header": {"reportDatetime": str, "reportId": str, "formatVersion": str, "publisher": dict},
    "task": {"taskStage": str, "taskFamily": str, "algorithms": list, "dataset": list},
    "infrastructure": {"infraType": str, "components": list},
}


def test_boamps_has_its_fields_and_types(project: Path) -> None:
    assert greenlint("card", "--boamps", "boamps.json") == 0
    report = json.loads((project / "boamps.json").read_text())
    for part, fields in BOAMPS.items():
        for name, kind in fields.items():
            assert isinstance(report[part][name], kind), (part, name)
    assert report["header"]["publisher"]["confidentialityLevel"] in {"public", "internal", "confidential", "secret"}
    assert report["infrastructure"]["infraType"] in {"publicCloud", "privateCloud", "onPremise", "other"}
    for component in report["infrastructure"]["components"]:
        assert isinstance(component["componentType"], str)
        assert isinstance(component["nbComponent"], int)
    for data in report["task"]["dataset"]:
        assert data["dataUsage"] in {"input", "output"}
        assert data["dataType"] in {"tabular", "audio", "image", "video", "text", "token", "other"}
    for measure in report["measures"]:
        assert isinstance(measure["measurementMethod"], str)
        assert isinstance(measure["powerConsumption"], float)
        assert isinstance(measure["measurementDuration"], float)
    assert report["quality"] in {"high", "medium", "low"}


def test_a_boamps_report_needs_a_measurement(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (project / "emissions.csv").unlink()
    assert "no measured run" in refusal(capsys, "card", "--boamps", "boamps.json")
    assert not (project / "MODEL_CARD.md").exists()


class Page(HTMLParser):
    """What a page holds: tags, ids, references."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags, self.ids, self.references, self.attributes = [], [], [], []
        self.feed(text)

    def handle_starttag(self, tag: Any, attrs: Any) -> None:
        self.tags.append(tag)
        for name, value in attrs:
            self.attributes.append(name)
            if name == "id":
                self.ids.append(value)
            if name in {"href", "src", "action", "data", "xlink:href"}:
                self.references.append(value)


def test_the_report_stands_alone(project: Path) -> None:
    assert greenlint("card", "--html", "report.html") == 0
    text = (project / "report.html").read_text()
    page = Page(text)
    assert len(text.encode()) < 100_000
    assert "script" not in page.tags
    assert not {"link", "iframe", "img", "object", "embed", "form"} & set(page.tags)
    assert not any(name.startswith("on") for name in page.attributes)
    assert all(reference.startswith("#") for reference in page.references)
    assert "url(" not in text
    assert "@import" not in text
    assert len(page.ids) == len(set(page.ids))
    assert {reference[1:] for reference in page.references} <= set(page.ids)
    assert {f"{phase}-1.1" for phase in ("ANA", "DES", "TRN", "DEP", "OPS")} <= set(page.ids)
    assert text.count("<svg") == text.count("</title>") - 1
    assert text.count("<figure") == text.count("<details>")
    assert "prefers-color-scheme:dark" in text
    assert "@media print" in text
    assert 'name="viewport"' in text


def test_the_same_bytes_twice(project: Path) -> None:
    outputs = ("--html", "r.html", "--cyclonedx", "b.json", "--boamps", "m.json")
    greenlint("card", *outputs)
    first = {path.name: path.read_bytes() for path in project.iterdir() if path.is_file()}
    greenlint("card", *outputs)
    second = {path.name: path.read_bytes() for path in project.iterdir() if path.is_file()}
    assert first == second


WRONG_ROW = "timestamp,project_name,run_id,duration,emissions,energy_consumed\n2026-03-01,p,r9,60,0.1,-1\n"


def test_french_is_french_all_through(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (project / "wrong.csv").write_text(WRONG_ROW)
    greenlint("card", "--lang", "fr", "--html", "r.html")
    greenlint("score", "--lang", "fr", "--format", "markdown", "--output", "score.md")
    greenlint("score", "--lang", "fr", "--output", "score.txt")
    for name in ("MODEL_CARD.md", "r.html", "score.md", "score.txt"):
        text = re.sub(r"<style>.*?</style>|<[^>]*>", " ", (project / name).read_text(), flags=re.DOTALL)
        text = re.sub(r"^---\n.*?\n---\n", "", text, flags=re.DOTALL)
        assert ("Preuve" if name.endswith("md") else "note") in text
        for english in ("Environmental footprint", "Intended use", "unknown", "verified", "coverage", "does not"):
            assert english not in text, english
        assert not re.search(r"\d\.\d+ (?:kB|MB|kWh|%|/)|\d [kMG]?B\b", text)
        assert not re.search(r"[a-zé] [;:!?](?:\s|$)", text), "a breakable space before a mark"
    assert "wrong.csv:2\u00a0: l'énergie, -1 kWh, n'est pas au-dessus de zéro" in " ".join(
        (project / "score.txt").read_text().replace("\n", " ").split(" ")
    ).replace("    ", "")
    assert "n'est pas au-dessus de zéro" in capsys.readouterr().err


def test_the_questionnaire_is_french_too(project: Path) -> None:
    (project / "greenlint-answers.yaml").unlink()
    greenlint("init", "--lang", "fr")
    text = (project / "greenlint-answers.yaml").read_text()
    for english in (" the ", "Not applicable", "energy", "Earns"):
        assert english not in text, english


def test_what_a_person_wrote_stays(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    greenlint("card")
    path = project / "MODEL_CARD.md"
    text = path.read_text()
    mine = "## My own section\n\nWritten by hand, with **words** of mine.\n"
    text = text.replace("# Digits, a small classifier\n", f"# Digits, a small classifier\n\n{mine}", 1)
    text = text.replace("The images are tiny and clean.", "The images are very tiny and very clean.")
    text = text.replace("pipeline_tag:", "thumbnail: mine.png\npipeline_tag:")
    path.write_text(text)
    capsys.readouterr()
    greenlint("card")
    after = path.read_text()
    assert mine in after
    assert "very tiny and very clean" in after
    assert after.count("The images are") == 1
    assert "thumbnail: mine.png" in after
    assert '"limitations" is kept as it stands there' in capsys.readouterr().err
    greenlint("card")
    assert path.read_text() == after


def test_a_card_that_was_written_by_hand_gains_the_blocks_and_loses_nothing(project: Path) -> None:
    (project / "card.yaml").unlink()
    hand = (
        "---\npipeline_tag: image-classification\nlicense: mit\n---\n# Mine\n\nHello.\n\n"
        "## Limitations\n\nIt always answers with some digit, whatever it is shown.\n"
    )
    (project / "MODEL_CARD.md").write_text(hand)
    greenlint("card")
    text = (project / "MODEL_CARD.md").read_text()
    assert hand.split("---\n", 2)[2].strip() in text
    assert "## Environmental footprint" in text
    assert text.count("## Limitations") == 1
    gaps = text.split("## What this card does not say")[1]
    assert "Limitations" not in gaps
    assert "Training data" in gaps


FOREIGN = """\
# A card from elsewhere

## Uses

### Direct Use

To be read by people who want to see how a card of another tool is taken over.

### Out-of-Scope Use

[More Information Needed]

## Bias, Risks, and Limitations

The model was never tried on anything but the one data set that it was made from.

## Testing Data, Factors & Metrics

### Results

| | accuracy |
| --- | --- |
| digits | 0.9 |
"""


def test_headings_of_other_cards_are_known(project: Path) -> None:
    (project / "card.yaml").write_text("task: image-classification\n")
    (project / "MODEL_CARD.md").write_text(FOREIGN)
    greenlint("card")
    card = (project / "MODEL_CARD.md").read_text()
    gaps = card.split("## What this card does not say")[1]
    for told in ("Intended use", "Limitations", "Metrics"):
        assert told not in gaps
    for missing in ("Out of scope", "Training data", "Ethical considerations"):
        assert missing in gaps


def test_another_title_is_said_and_not_written_over(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    greenlint("card")
    assert "is kept" not in capsys.readouterr().err
    greenlint("card")
    assert "is kept" not in capsys.readouterr().err
    info = project / "card.yaml"
    info.write_text(re.sub(r"^name: .*$", "name: Another", info.read_text(), flags=re.MULTILINE))
    greenlint("card")
    assert 'MODEL_CARD.md: "title" is kept as it stands there' in capsys.readouterr().err
    assert "# Digits, a small classifier" in (project / "MODEL_CARD.md").read_text()


def test_an_edited_figure_is_kept_beside_the_true_one(project: Path) -> None:
    greenlint("card")
    path = project / "MODEL_CARD.md"
    path.write_text(path.read_text().replace("4.07e-5 kWh", "0 kWh"))
    greenlint("card")
    text = path.read_text()
    assert "0 kWh" in text
    assert "4.07e-5 kWh" in text


EVIL = "<script>alert(1)</script><img src=x onerror=alert(2)> [link](javascript:alert(3)) | `x`"


def test_html_in_a_model_name_is_text(project: Path) -> None:
    card = (project / "card.yaml").read_text()
    (project / "card.yaml").write_text(card.replace("name: Digits, a small classifier", f"name: '{EVIL}'"))
    emissions = (project / "emissions.csv").read_text()
    (project / "emissions.csv").write_text(emissions.replace("mlp-64", "<script>alert(4)</script>"))
    assert greenlint("card", "--html", "r.html", "--cyclonedx", "b.json") == 0
    page = Page((project / "r.html").read_text())
    assert "script" not in page.tags
    assert "img" not in page.tags
    text = (project / "MODEL_CARD.md").read_text().split("---\n", 2)[2]
    assert "<script" not in text
    assert "<img" not in text
    assert "](javascript:" not in text.replace("\\](", "")
    assert greenlint("score", "--format", "html", "--output", "s.html", "--badge", "badge.svg") == 0
    assert "script" not in Page((project / "s.html").read_text()).tags


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("name: x\ntask: image-clasification\n", 'did you mean "image-classification"'),
        ("name: x\nlicence: mitt\n", 'did you mean "mit"'),
        ("metrics: [{name: a, value: .nan}]\n", "must be a finite number"),
        ("metrics: [{name: a, value: many}]\n", "must be a finite number"),
        ("languages: [english]\n", "no language code"),
        ("limitation: x\n", 'did you mean "limitations"'),
        ("training_type: none\n", "must be pre-training or fine-tuning"),
        ("a: &a [x, x]\nb: [*a, *a]\n", "aliases"),
        ("a: " + "[" * 5000 + "\n", "nested deeper"),
        ("a: !!python/object/apply:os.system [touch /tmp/never]\n", "could not determine a constructor"),
        ("\ta: b\n", "card.yaml:1"),
        ("name: \x00\n", "not allowed"),
    ],
)
def test_a_wrong_description_is_one_line_and_writes_nothing(
    project: Path, capsys: pytest.CaptureFixture[str], text: str, said: str
) -> None:
    (project / "card.yaml").write_text(text)
    line = refusal(capsys, "card", "--html", "r.html")
    assert said in line
    assert "card.yaml" in line
    assert not (project / "MODEL_CARD.md").exists()
    assert not (project / "r.html").exists()


def test_a_broken_card_is_not_overwritten(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    broken = "---\nlicense: [mit\n---\n# Mine\n"
    (project / "MODEL_CARD.md").write_text(broken)
    assert "MODEL_CARD.md" in refusal(capsys, "card")
    assert (project / "MODEL_CARD.md").read_text() == broken


@pytest.mark.parametrize(
    ("template", "said"),
    [
        ("{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}", "too long|did not end"),
        ("{% for a in range(99999) %}{{ 'x' * 99999 }}{% endfor %}", "writes more than"),
        ("{{ 'x' * 9999999999 }}", "too much"),
        ("{{ ''.__class__.__mro__[1].__subclasses__() }}", "SecurityError|not allowed|unsafe|UndefinedError"),
        ("{{ cycler.__init__.__globals__.os.system('touch never') }}", "not allowed|unsafe|UndefinedError"),
        ("{% include '/etc/passwd' %}", "no loader|TypeError|TemplateNotFound"),
        ("line\n{% if %}", "t.j2:2: "),
        ("{{ nothing }}", "undefined"),
    ],
    ids=["loop", "flood", "bomb", "classes", "globals", "include", "syntax", "undefined"],
)
@pytest.mark.slow
def test_a_hostile_template_is_one_line_and_writes_nothing(
    project: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, template: str, said: str
) -> None:
    monkeypatch.setattr(render, "SECONDS", 15)
    (project / "t.j2").write_text(template)
    line = refusal(capsys, "card", "--template", "t.j2", "--output", "MODEL_CARD.md")
    assert re.search(said, line), line
    assert not (project / "MODEL_CARD.md").exists()
    assert not (project / "never").exists()


def test_a_template_of_ones_own(project: Path) -> None:
    (project / "t.j2").write_text("{{ name }}: {{ score.score }} {{ footprint.kwh_text }} {{ '<b>' }}")
    assert greenlint("card", "--template", "t.j2", "--output", "out.txt") == 0
    text = (project / "out.txt").read_text()
    assert text.startswith("Digits, a small classifier: ")
    assert "&lt;b&gt;" in text


@pytest.mark.parametrize("carbon", [float("nan"), -1, 0, "not-a-number", True])
def test_the_front_matter_is_checked_offline(carbon: Any) -> None:
    assert frontmatter.problems({"co2_eq_emissions": {"emissions": carbon}})


def test_front_matter_problems() -> None:
    assert frontmatter.problems({"license": "my-own", "language": ["english"], "pipeline_tag": "guessing"})
    assert frontmatter.problems({"co2_eq_emissions": {"emissions": 1, "offset": 3}})
    assert not frontmatter.problems({"license": "mit", "language": "en", "co2_eq_emissions": {"emissions": 1.5}})


def test_merging_is_stable() -> None:
    new = merging.signed("# t\n\n<!-- greenlint:gaps -->\n## Gaps\n\nNone.\n<!-- /greenlint -->\n")
    merged, kept = merging.merge("# t\n\nhello\n", new)
    assert kept == []
    again, kept = merging.merge(merged, new)
    assert (again, kept) == (merged, [])


@pytest.mark.usefixtures("project")
def test_score_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert greenlint("score", "--format", "json") == 0
    card = json.loads(capsys.readouterr().out)
    assert card["schema"] == "greenlint-scorecard/1"
    assert {"score", "coverage", "not_applicable", "grade", "phases", "items", "scale", "inputs"} <= set(card)
    assert len(card["items"]) == 43
    assert all({"id", "status", "evidence"} <= set(item) for item in card["items"])
    assert {one["kind"] for one in card["inputs"]} >= {"emissions"}
    assert all(re.fullmatch(r"[0-9a-f]{64}", one["sha256"]) for one in card["inputs"])


@pytest.mark.parametrize("shape", ["text", "json", "html", "markdown"])
@pytest.mark.parametrize("language", ["en", "fr"])
@pytest.mark.usefixtures("project")
def test_every_format_in_both_languages(capsys: pytest.CaptureFixture[str], shape: str, language: str) -> None:
    assert greenlint("score", "--format", shape, "--lang", language) == 0
    text = capsys.readouterr().out
    assert text
    if shape == "text":
        assert max(map(len, text.splitlines())) <= 80
        assert "\033" not in text


@pytest.mark.usefixtures("project")
def test_fail_under(capsys: pytest.CaptureFixture[str]) -> None:
    assert greenlint("score", "--fail-under", "1") == 0
    assert greenlint("score", "--fail-under", "99") == 1
    assert "is under 99" in capsys.readouterr().err
    assert "between 0 and 100" in refusal(capsys, "score", "--fail-under", "101")


def test_the_trend(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    greenlint("score", "--format", "json", "--output", "before.json")
    (project / "emissions.csv").unlink()
    capsys.readouterr()
    assert greenlint("score", "--compare", "before.json") == 0
    text = capsys.readouterr().out
    assert "Since the previous scorecard" in text
    assert "TRN-1.1  verified -> partial" in " ".join(text.split()).replace("TRN-1.1 ", "TRN-1.1  ")
    before = json.loads((project / "before.json").read_text())
    (project / "before.json").write_text(json.dumps({**before, "scale": "greenlint-score/0"}))
    assert "does not compare" in refusal(capsys, "score", "--compare", "before.json")
    (project / "before.json").write_text("{}")
    assert "not a scorecard" in refusal(capsys, "score", "--compare", "before.json")


def test_the_badge_is_a_small_svg(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1790000000")
    greenlint("score", "--badge", "badge.svg")
    text = (project / "badge.svg").read_text()
    import xml.etree.ElementTree as ET

    assert ET.fromstring(text).tag.endswith("svg")  # noqa: S314 - our own text
    assert "2026-09" in text
    assert "href" not in text
    assert len(text) < 1500


def test_init_writes_keeps_and_extends(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (project / "greenlint-answers.yaml").unlink(missing_ok=True)
    assert greenlint("init") == 0
    answers = (project / "greenlint-answers.yaml").read_text()
    assert (project / "greenlint.toml").exists()
    assert greenlint("check", ".") in {0, 1}
    assert greenlint("init") == 0
    assert (project / "greenlint-answers.yaml").read_text() == answers
    mine = (
        "version: greenlint-answers/1\nitems:\n  ANA-1.1: {answer: yes, statement: Decided on 3 March by all of us.}\n"
    )
    (project / "greenlint-answers.yaml").write_text(mine)
    assert greenlint("init", "--lang", "fr") == 0
    assert (project / "greenlint-answers.yaml").read_text().startswith(mine)
    assert greenlint("score", "--format", "json") == 0
    capsys.readouterr()


def test_estimate(capsys: pytest.CaptureFixture[str]) -> None:
    assert (
        greenlint("estimate", "--device", "a100", "--count", "8", "--hours", "72", "--pue", "1.2", "--format", "json")
        == 0
    )
    told = json.loads(capsys.readouterr().out)
    assert told["energy"]["kwh"] == pytest.approx(72 * 8 * 400 * 1.2 / 1000)
    assert told["energy"]["low"] == pytest.approx(72 * 8 * 250 * 1.2 / 1000 * 0.5)
    assert told["carbon"] is None
    assert greenlint(
        "estimate", "--watts", "300", "--hours", "1", "--intensity", "50", "--intensity-source", "T",
        "--intensity-year", "2025", "--queries", "1e6", "--kwh-per-query", "1e-6", "--format", "json",
    ) == 0  # fmt: skip
    told = json.loads(capsys.readouterr().out)
    assert told["carbon"]["gco2eq"] == pytest.approx(15)
    assert told["whole_life"]["kwh"] == pytest.approx(1.3)
    for arguments, said in (
        (("--hours", "1"), "which device"),
        (("--hours", "-1", "--watts", "3"), "hours must be zero or more"),
        (("--hours", "nan", "--watts", "3"), "hours must be zero or more"),
        (("--hours", "1", "--device", "z100"), "--watts"),
        (("--hours", "1", "--watts", "3", "--intensity", "50"), "--intensity-source"),
        (("--hours", "1", "--watts", "3", "--pue", "0.5"), "PUE must be 1 or more"),
        (("--hours", "0", "--watts", "3"), "no energy at all"),
    ):
        assert said in refusal(capsys, "estimate", *arguments)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ("--hours 1", "which device"),
        ("--hours 1 --device rtx", 'no accelerator "rtx"'),
        ("--hours 1 --device t4 --watts 5", "not both"),
        ("--hours nan --watts 5", "hours must be zero or more"),
        ("--hours 0 --watts 5", "no energy at all"),
        ("--hours 1 --watts 5 --count 0", "--count must be 1 or more"),
        ("--hours 1 --watts 5 --pue 0.5", "PUE must be 1 or more"),
        ("--hours 1 --watts 5 --usage 2", "usage must lie between 0 and 1"),
        ("--hours 1 --watts 5 --zone Mars", 'no carbon intensity for "Mars"'),
        ("--hours 1 --watts 5 --queries 5", "needs both --queries and --kwh-per-query"),
        ("--hours 1 --watts 5 --intensity 50", "needs --intensity-source and --intensity-year"),
        ("--hours 1 --watts 5 --intensity-source x", "which is missing"),
        (
            "--hours 1 --watts 5 --intensity 0.05 --intensity-source x --intensity-year 3000",
            "--intensity-year must lie",
        ),
        ("--hours 1 --watts 5 --intensity 5000 --intensity-source x --intensity-year 2024", "--intensity must lie"),
        ("--hours 1 --watts 5 --format jsn", 'did you mean "json"'),
    ],
)
def test_an_estimate_that_cannot_be_made_is_one_line(
    capsys: pytest.CaptureFixture[str], arguments: str, said: str
) -> None:
    assert said in refusal(capsys, "estimate", *arguments.split())


def test_an_estimate_in_words(capsys: pytest.CaptureFixture[str]) -> None:
    words = "--device a100 --count 8 --hours 72 --pue 1.2 --zone FR --queries 1e6 --kwh-per-query 1e-4"
    assert greenlint("estimate", *words.split()) == 0
    told = capsys.readouterr().out
    assert "energy  276.5 kWh  (range 86.4 to 415 kWh)\n" in told
    assert "carbon  12,220 gCO2eq  (range 3,820 to 18,300 gCO2eq)\n" in told
    assert "44.2 g/kWh, Ember, Yearly Electricity Data, FRA, 2024\n" in told
    assert "SCI 0.0166 gCO2eq per query, offsets excluded\n" in told
    assert all(len(line) <= 80 for line in told.splitlines())


def test_a_read_only_card_is_left_alone(
    project: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:

    path = project / "MODEL_CARD.md"
    path.write_text("# Mine\n")
    monkeypatch.setattr(os, "access", lambda *_args: False)
    assert "read-only" in refusal(capsys, "card")
    assert path.read_text() == "# Mine\n"


FORBIDDEN = ("pandas", "huggingface_hub", "codecarbon", "cyclonedx", "ecologits")


@pytest.mark.slow
@pytest.mark.usefixtures("project")
def test_nothing_heavy_is_imported_by_help_or_by_a_score() -> None:
    program = (
        "import sys\nfrom greenlint.cli import main\n"
        "try:\n    code = main(sys.argv[1:])\nexcept SystemExit as error:\n    code = error.code\n"
        "print(' '.join(sorted({name.split('.')[0] for name in sys.modules})), file=sys.stderr)\nsys.exit(code)\n"
    )

    def modules(*arguments: Any) -> set[str]:
        done = subprocess.run([sys.executable, "-c", program, *arguments], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return set(done.stderr.splitlines()[-1].split())

    assert not modules("score", "--help") & {*FORBIDDEN, "yaml", "jinja2", "libcst", "onnx", "numpy"}
    assert not modules("score") & {*FORBIDDEN, "jinja2"}
    assert not modules("card") & set(FORBIDDEN)


def test_a_footprint_older_than_the_code_says_so(project: Path) -> None:
    run: dict[str, Any] = {"cwd": project, "capture_output": True}
    subprocess.run(["git", "init", "-q"], check=True, **run)
    subprocess.run(["git", "add", "-A"], check=True, **run)
    stamp = {"GIT_AUTHOR_DATE": "2027-03-01T00:00:00Z", "GIT_COMMITTER_DATE": "2027-03-01T00:00:00Z"}
    who = ["-c", "user.name=a", "-c", "user.email=a@b"]
    subprocess.run(["git", *who, "commit", "-qm", "x"], env={**os.environ, **stamp}, check=True, **run)
    greenlint("card")
    assert (
        "The training code changed on 2027-03-01, after the last of these runs"
        in (project / "MODEL_CARD.md").read_text()
    )


ZEUS = "start_time,window_name,elapsed_time,gpu0_energy\n1772366400.0,training,3600.0,720000.0\n"


def test_carbon_that_a_tracker_does_not_tell_needs_a_factor_with_its_source(project: Path) -> None:
    (project / "emissions.csv").write_text(ZEUS)
    (project / "greenlint-answers.yaml").write_text("version: greenlint-answers/1\n")
    greenlint("card")
    card = (project / "MODEL_CARD.md").read_text()
    assert "0.2 kWh" in card
    assert "gCO2eq" not in card
    assert "co2_eq_emissions" not in card
    (project / "greenlint-answers.yaml").write_text("release:\n  carbon_intensity: {zone: FR}\n")
    greenlint("card")
    card = (project / "MODEL_CARD.md").read_text()
    assert "8.84 gCO2eq" in card
    assert "44 g/kWh, Ember, Yearly Electricity Data, FRA, 2024, as the answers give it." in card
    carbon = front_matter(card)["co2_eq_emissions"]
    assert carbon["emissions"] == 8.84
    assert "Ember" in carbon["source"]
    (project / "greenlint-answers.yaml").write_text(
        "release:\n  carbon_intensity: {value: 50, source: A table, zone: FR, year: 2021}\n"
    )
    greenlint("card")
    assert "A table, FR, 2021, as the answers give it; more than three years older than the run." in (
        project / "MODEL_CARD.md"
    ).read_text().replace("\n", " ")


def test_either_all_files_are_written_or_none(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = sorted(path.name for path in project.iterdir())
    assert "no/where/r.html: No such file" in refusal(capsys, "card", "--html", "no/where/r.html", "--boamps", "b.json")
    assert "no/b.svg: No such file" in refusal(capsys, "score", "--output", "s.txt", "--badge", "no/b.svg")
    assert sorted(path.name for path in project.iterdir()) == before


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ("card --html card.yaml", "card.yaml: is there already"),
        ("card --output train.py", "train.py: is there already"),
        ("card --boamps emissions.csv", "emissions.csv: is there already"),
        ("card --html a.md --output a.md", "a.md: is asked for twice"),
        ("card --html x --cyclonedx ./x", "is asked for twice"),
        ("card --template t.j2", "--template needs --output"),
        ("score --output greenlint-answers.yaml", "greenlint-answers.yaml: is there already"),
        ("score --badge digits.onnx", "digits.onnx: is there already"),
    ],
)
def test_no_result_replaces_what_a_person_made(
    project: Path, capsys: pytest.CaptureFixture[str], arguments: str, said: str
) -> None:
    before = {path.name: path.read_bytes() for path in project.iterdir() if path.is_file()}
    assert said in refusal(capsys, *arguments.split())
    assert {path.name: path.read_bytes() for path in project.iterdir() if path.is_file()} == before


def test_a_report_of_our_own_is_no_measurement_again(project: Path) -> None:
    greenlint("card", "--boamps", "boamps.json")
    (project / "emissions.csv").unlink()
    greenlint("score", "--format", "json", "--output", "score.json")
    items = {item["id"]: item for item in json.loads((project / "score.json").read_text())["items"]}
    assert not [piece for piece in items["TRN-1.1"]["evidence"] if piece["source"] == "emissions"]


def test_a_score_without_a_letter_is_under_every_threshold(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert greenlint("score", "--fail-under", "0") == 0
    assert greenlint("score", "--fail-under", "1") == 1
    assert "not graded (less than 50 % coverage), which is under 1" in capsys.readouterr().err


def test_a_block_without_content_is_left_out(project: Path) -> None:
    (project / "card.yaml").unlink()
    greenlint("card")
    text = (project / "MODEL_CARD.md").read_text()
    assert "Model details" not in text
    assert "Intended use" in text.split("## What this card does not say")[1]


@pytest.mark.slow
def test_what_was_suppressed_stands_in_the_card(project: Path) -> None:
    loop = "import torch\n\nfor epoch in range(100000):  # noqa: ECO311\n    loss.backward()\n    optimizer.step()\n"
    (project / "train.py").write_text(loop)
    greenlint("card")
    card = (project / "MODEL_CARD.md").read_text()
    assert "| unknown | `train.py:3` hidden: ECO311 oversized-epochs, suppressed |" in card


@pytest.mark.parametrize(("epochs", "labels"), [(3, ["1", "2", "3"]), (30, ["1-3", "4-6", "28-30"])])
def test_epochs_are_bars_and_many_are_means(project: Path, epochs: int, labels: list[str]) -> None:
    rows = [f"{n}.0,epoch,1.0,{360.0 * n}" for n in range(1, epochs + 1)]
    whole = f"0.5,training,{epochs + 1}.0,{360.0 * epochs * epochs}"
    header = "start_time,window_name,elapsed_time,gpu0_energy"
    (project / "emissions.csv").write_text("\n".join([header, whole, *rows]) + "\n")
    greenlint("card", "--html", "r.html")
    page = (project / "r.html").read_text()
    assert all(f"<td>{label}</td>" in page for label in labels)
    assert ("Mean energy by epoch" in page) == (epochs > 12)


def test_the_whole_life_is_training_and_declared_calls(project: Path) -> None:
    (project / "emissions.csv").write_text(ZEUS)
    figures = "queries_per_day: 1000, lifetime_days: 100, kwh_per_query: 0.00001, carbon_intensity: {zone: FR}"
    (project / "greenlint-answers.yaml").write_text(f"release: {{{figures}}}\n")
    greenlint("card", "--html", "r.html")
    told = (
        "Whole life with 100,000 declared calls: 1.2 kWh, 53 gCO2eq, that is 0.00053 gCO2eq per call "
        "(Ember, Yearly Electricity Data, FRA, 2024)."
    )
    assert told in (project / "MODEL_CARD.md").read_text()
    assert told in (project / "r.html").read_text()


def test_inference_is_told_apart(project: Path) -> None:
    report = {
        "task": {"taskStage": "inference", "nbRequest": 1500},
        "measures": [{"measurementMethod": "x", "powerConsumption": 0.2, "measurementDuration": 3600}],
    }
    (project / "served.json").write_text(json.dumps(report))
    greenlint("card", "--html", "r.html")
    told = "Inference measured apart: 0.2 kWh for 1,500 requests ("
    assert told in (project / "MODEL_CARD.md").read_text()
    assert told in (project / "r.html").read_text()


def test_the_card_of_an_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert greenlint("card") == 0
    card = (tmp_path / "MODEL_CARD.md").read_text()
    assert "Of 42 of the 43 items nothing was seen: Analysis 8, " in card
    assert "| unknown | `MODEL_CARD.md` remark: missing: data, results, limits, " in card


def test_without_the_extra_a_model_is_named_and_left_out(project: Path) -> None:
    program = (
        "import sys\nsys.modules['numpy'] = sys.modules['onnx'] = None\n"
        "from greenlint.cli import main\nsys.exit(main(sys.argv[1:]))\n"
    )
    command = [sys.executable, "-c", program, "card", "--html", "r.html"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "digits.onnx" in done.stderr
    assert "greenlint[onnx]" in done.stderr
    assert "Inspected model" not in (project / "MODEL_CARD.md").read_text()


def test_control_characters_of_a_file_reach_no_terminal(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = (project / "emissions.csv").read_text()
    (project / "emissions.csv").write_text(text.replace("mlp-64", "\x1b[31mred\x07"))
    (project / "broken.csv").write_text("project_name,duration,emissions,energy_consumed\n\x1b[31m,1,1\n")
    assert greenlint("score") == 0
    assert greenlint("card") == 0
    told = capsys.readouterr()
    for text in (told.out, told.err, (project / "MODEL_CARD.md").read_text()):
        assert "\x1b" not in text
        assert "\x07" not in text


def test_a_previous_scorecard_that_was_tampered_with(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    greenlint("score", "--format", "json", "--output", "before.json")
    capsys.readouterr()
    text = (project / "before.json").read_text()
    (project / "before.json").write_text(text.replace('"status": "unknown"', '"status": "great"'))
    assert "without its numbers or items" in refusal(capsys, "score", "--compare", "before.json")


def test_several_files_after_one_option(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shutil.copy(project / "digits.onnx", project / "second.onnx")
    header, *rows = (project / "emissions.csv").read_text().splitlines()
    for number, row in enumerate(rows):
        (project / f"{number}.csv").write_text(f"{header}\n{row}\n")
    assert greenlint("card", "--model", "digits.onnx", "second.onnx", "--emissions", "0.csv", "1.csv", "2.csv") == 0
    text = (project / "MODEL_CARD.md").read_text()
    assert "`second.onnx`" in text
    assert "`2.csv:2`" in text
    assert "`3.csv:2`" not in text
    capsys.readouterr()
    assert "PATH comes first" in refusal(capsys, "score", "--model", "digits.onnx", ".")
