"""From a project to statuses: what counts, what does not, and what cannot be talked up."""

from __future__ import annotations

import os
import subprocess
import textwrap
from typing import TYPE_CHECKING, Any

import pytest

from greenlint import cli, config, discovery
from greenlint.card import answers
from greenlint.card.checklist import Ceiling, load
from greenlint.card.collection import Request, collect
from greenlint.card.evidence import DECLARES, HIDES, INDICATES, PROVES, REFUTES, SETS_ASIDE, Evidence, assess, decide
from greenlint.card.questionnaire import questionnaire
from greenlint.errors import ConfigError
from greenlint.score import Status, percent

if TYPE_CHECKING:
    from pathlib import Path

TRAIN = """\
    import torch
    from codecarbon import EmissionsTracker

    tracker = EmissionsTracker()
    tracker.start()
    model = torch.nn.Linear(4, 2)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    for epoch in range(3):
        optimizer.zero_grad()
        loss = model(torch.ones(1, 4)).sum()
        loss.backward()
        optimizer.step()
    tracker.stop()
"""

EMISSIONS = (
    "timestamp,project_name,run_id,duration,emissions,energy_consumed,country_iso_code,cpu_model\n"
    "2026-03-01T12:00:00,digits,r1,60,0.000056,0.001,FRA,Xeon\n"
)


def forget() -> None:
    """Forget listings and settings: one process judges one state of a folder, and here the folder changes."""
    for module in (discovery, config):
        for function in vars(module).values():
            if hasattr(function, "cache_clear"):
                function.cache_clear()


class Project:
    """A folder that is written and judged."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def write(self, name: str, text: str) -> None:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(textwrap.dedent(text), encoding="utf-8")

    def assess(self) -> Any:
        forget()
        return assess(collect(Request(self.root)))

    def status(self, item: str) -> Status:
        return {judgement.item.id: judgement for judgement in self.assess().judgements}[item].status

    def evidence(self, item: str) -> Any:
        return {judgement.item.id: judgement for judgement in self.assess().judgements}[item].evidence

    def score(self) -> float:
        return percent(self.assess().score.total.score)

    def commit(self, when: str) -> None:
        run: dict[str, Any] = {"cwd": self.root, "capture_output": True}
        if not (self.root / ".git").exists():
            subprocess.run(["git", "init", "-q"], check=True, **run)
        subprocess.run(["git", "add", "-A"], check=True, **run)
        stamp = {
            "GIT_AUTHOR_DATE": when,
            "GIT_COMMITTER_DATE": when,
            "PATH": "/usr/bin:/bin:/usr/local/bin",
            "HOME": str(self.root),
        }
        name = ["-c", "user.name=a", "-c", "user.email=a@b"]
        subprocess.run(["git", *name, "commit", "-qm", "x"], env=stamp, check=True, **run)


@pytest.fixture
def project(tmp_path: Path) -> Project:
    (tmp_path / "pyproject.toml").write_text('[project]\nname = "p"\n')
    return Project(tmp_path)


def evidence(*roles: Any) -> Any:
    return [Evidence(role, "test", "x", {"en": "x", "fr": "x"}) for role in roles]


def item_with(ceiling: Any) -> Any:
    return next(item for item in load().items if item.ceiling is ceiling)


@pytest.mark.parametrize(
    ("ceiling", "roles", "status"),
    [
        (Ceiling.VERIFIED, [], Status.UNKNOWN),
        (Ceiling.VERIFIED, [PROVES], Status.VERIFIED),
        (Ceiling.VERIFIED, [INDICATES], Status.PARTIAL),
        (Ceiling.VERIFIED, [DECLARES], Status.DECLARED),
        (Ceiling.VERIFIED, [PROVES, REFUTES], Status.FAILED),
        (Ceiling.VERIFIED, [PROVES, HIDES], Status.UNKNOWN),
        (Ceiling.VERIFIED, [HIDES, REFUTES], Status.FAILED),
        (Ceiling.VERIFIED, [SETS_ASIDE], Status.NOT_APPLICABLE),
        (Ceiling.VERIFIED, [SETS_ASIDE, INDICATES], Status.PARTIAL),
        (Ceiling.VERIFIED, [SETS_ASIDE, HIDES], Status.UNKNOWN),
        (Ceiling.PARTIAL, [PROVES], Status.PARTIAL),
        (Ceiling.PARTIAL, [INDICATES], Status.PARTIAL),
        (Ceiling.PARTIAL, [DECLARES], Status.UNKNOWN),
        (Ceiling.DECLARED, [DECLARES], Status.DECLARED),
        (Ceiling.DECLARED, [PROVES], Status.UNKNOWN),
    ],
    ids=str,
)
def test_the_status_follows_from_the_roles(ceiling: Any, roles: Any, status: Status) -> None:
    assert decide(item_with(ceiling), evidence(*roles)) is status


def test_an_empty_folder_scores_nothing(project: Project) -> None:
    rated = project.assess().score
    assert percent(rated.total.score) == 0
    assert rated.grade is None


def test_a_started_tracker_is_a_sign(project: Project) -> None:
    project.write("train.py", TRAIN)
    assert project.status("DES-3.3") is Status.PARTIAL


def test_a_tracker_that_is_stopped_at_once_is_no_evidence(project: Project) -> None:
    project.write("train.py", TRAIN.replace("tracker.start()\n", "tracker.start()\n    tracker.stop()\n"))
    assert project.status("DES-3.3") is Status.UNKNOWN


def test_an_import_without_a_start_is_no_evidence(project: Project) -> None:
    project.write("train.py", TRAIN.replace("    tracker.start()\n", "").replace("    tracker.stop()\n", ""))
    assert project.status("DES-3.3") not in {Status.PARTIAL, Status.VERIFIED}
    project.write("train.py", TRAIN.replace("tracker = EmissionsTracker()", "").replace("tracker.", "print  # "))
    assert project.status("DES-3.3") not in {Status.PARTIAL, Status.VERIFIED}


def test_a_measurement_newer_than_the_code_is_proof_and_an_older_one_a_sign(project: Project) -> None:
    project.write("train.py", TRAIN)
    project.write("emissions.csv", EMISSIONS)
    assert project.status("DES-3.3") is Status.PARTIAL  # no history
    project.commit("2026-02-01T00:00:00+00:00")
    assert project.status("DES-3.3") is Status.VERIFIED
    project.write("train.py", TRAIN + "    print(model)\n")
    project.commit("2026-06-01T00:00:00+00:00")
    assert project.status("DES-3.3") is Status.PARTIAL


@pytest.mark.parametrize("ending", ["\n", "\r\n"])
def test_uncommitted_code_leaves_the_measurement_a_sign(project: Project, ending: str) -> None:
    project.write("train.py", TRAIN)
    project.write("emissions.csv", EMISSIONS)
    project.commit("2026-02-01T12:00:00Z")
    file = project.root / "train.py"
    file.write_bytes(file.read_text().replace("\n", ending).encode())
    assert project.status("DES-3.3") is Status.VERIFIED
    file.write_bytes(file.read_text().replace("range(3)", "range(4)").encode())
    assert project.status("DES-3.3") is Status.PARTIAL
    (told,) = [piece for piece in project.evidence("DES-3.3") if piece.source == "emissions"]
    assert told.text["en"].endswith("train.py has uncommitted changes")
    project.commit("2026-02-02T12:00:00Z")
    assert project.status("DES-3.3") is Status.VERIFIED
    project.write("finetune.py", TRAIN)
    assert project.status("DES-3.3") is Status.PARTIAL


def test_a_filter_of_the_repository_is_not_run(project: Project) -> None:
    project.write("train.py", TRAIN)
    project.write("emissions.csv", EMISSIONS)
    project.write(".gitattributes", "*.py filter=evil\n")
    project.commit("2026-02-01T12:00:00Z")
    with (project.root / ".git" / "config").open("a") as settings:
        settings.write('[filter "evil"]\n\tclean = touch ran; cat\n\tsmudge = touch ran; cat\n\trequired = true\n')
    os.utime(project.root / "train.py", (1, 1))
    project.status("DES-3.3")
    assert not (project.root / "ran").exists()


def test_a_finding_refutes_and_a_suppressed_one_hides(project: Project) -> None:
    untracked = TRAIN.replace("from codecarbon import EmissionsTracker", "").replace("tracker", "# tracker")
    project.write("train.py", untracked)
    assert project.status("DES-3.3") is Status.FAILED
    project.write("train.py", untracked.replace("for epoch in range(3):", "for epoch in range(3):  # noqa: ECO301"))
    assert project.status("DES-3.3") is Status.UNKNOWN
    project.write("emissions.csv", EMISSIONS)
    assert project.status("DES-3.3") is Status.UNKNOWN


def test_switching_a_rule_off_hides_too(project: Project) -> None:
    project.write("train.py", TRAIN)
    project.write("emissions.csv", EMISSIONS)
    before = project.status("TRN-1.1")
    project.write("greenlint.toml", 'ignore = ["ECO301"]\n')
    assert before is Status.VERIFIED
    assert project.status("TRN-1.1") is Status.UNKNOWN


STUFFING = {
    "README.md": """\
        # EarlyStopping quantize prune ONNX CodeCarbon model card green carbon neutral licence MIT

        ## Training data

        ## Limitations

        [More Information Needed]

        ## Results

        TODO
        """,
    "MODEL_CARD.md": """\
        ---
        pipeline_tag: the-best-task
        co2_eq_emissions:
          emissions: not-a-number
        ---
        # Card

        ## Training data

        More information needed

        ## Limitations

        ## Evaluation results

        to be completed
        """,
    "LICENSE": "MIT License Apache-2.0 BSD GPL\n",
    "CITATION.cff": "cff-version: 1.2.0\n",
    "requirements.txt": "torch>=2\n",
    "stuffing.py": '''\
        """codecarbon.EmissionsTracker().start() EarlyStopping peft.get_peft_model torch.onnx.export drop_duplicates"""

        import codecarbon, evidently, fairlearn, peft, prometheus_client, torch.onnx, torch.nn.utils.prune
        from transformers import EarlyStoppingCallback, AutoModel

        WORDS = "from_pretrained early_stopping quantize_dynamic lru_cache read_parquet"
        # AutoModel.from_pretrained("x"); EarlyStoppingCallback(); peft.get_peft_model(m)


        def never_called() -> Any:
            model = AutoModel.from_pretrained("x")
            return peft.get_peft_model(model)


        def called_by_nobody_that_runs() -> Any:
            return never_called()


        class NeverMade:
            def method(self) -> Any:
                return AutoModel.from_pretrained("x")


        if False:
            with codecarbon.EmissionsTracker() as tracker:
                model.trainable = False
        ''',
    ".github/workflows/ci.yml": "# greenlint check\non: push\n",
    "tests/test_it.py": "import torch\ntorch.hub.load('a', 'b')\n",
    "emissions.csv": "project_name,duration,emissions,energy_consumed\n",
}


@pytest.mark.parametrize("name", STUFFING)
def test_keyword_stuffing_never_raises_a_score(project: Project, name: str) -> None:
    project.write("train.py", TRAIN)
    before = project.score()
    project.write(name, STUFFING[name])
    assert project.score() <= before


def test_all_the_stuffing_together(project: Project) -> None:
    for name, text in STUFFING.items():
        project.write(name, text)
    assert project.score() == 0


def test_more_of_the_same_earns_nothing(project: Project) -> None:
    project.write("train.py", TRAIN)
    before = project.score()
    for number in range(3):
        project.write(f"train_{number}.py", TRAIN)
    assert project.score() == before


def answer(item: str, word: str = "yes", statement: str = "We met on 3 March and wrote the decision down.") -> str:
    return f"version: {answers.VERSION}\nitems:\n  {item}:\n    answer: {word}\n    statement: {statement!r}\n"


def test_a_declaration_earns_a_quarter_or_nothing(project: Project) -> None:
    project.write("greenlint-answers.yaml", answer("ANA-1.1"))
    assert project.status("ANA-1.1") is Status.DECLARED
    project.write("greenlint-answers.yaml", answer("DES-2.1"))
    assert project.status("DES-2.1") is Status.UNKNOWN
    assert project.score() == 0


@pytest.mark.parametrize(
    "statement",
    ["", "yes", "TODO write this down later", "yes yes yes yes yes yes yes yes",
     "We offset all of our emissions every year.", "Our model is carbon neutral thanks to credits.",
     "Toutes nos émissions sont compensées par des arbres."],
)  # fmt: skip
def test_a_statement_that_says_nothing_or_rests_on_offsets_never_counts(project: Project, statement: str) -> None:
    project.write("greenlint-answers.yaml", answer("ANA-1.1", statement=statement))
    assert project.status("ANA-1.1") is Status.UNKNOWN


def test_offsets_change_nothing_anywhere(project: Project) -> None:
    project.write("train.py", TRAIN)
    project.write("emissions.csv", EMISSIONS)
    before = project.assess()
    project.write(
        "emissions.csv", EMISSIONS.replace("cpu_model\n", "cpu_model,offset_kg\n").replace("Xeon\n", "Xeon,1000\n")
    )
    project.write("README.md", "# p\n\n## Offsets\n\nWe offset a thousand tonnes with certified forest credits.\n")
    project.write("greenlint-answers.yaml", answer("DES-4.2", statement="All of it is offset by planting trees."))
    after = project.assess()
    assert before.score == after.score


def test_not_applicable_needs_a_reason_and_gives_way_to_evidence(project: Project) -> None:
    reason = "The model is a tree and has no epochs at all."
    project.write("greenlint-answers.yaml", answer("TRN-1.2", "not applicable", ""))
    assert project.status("TRN-1.2") is Status.UNKNOWN
    project.write("greenlint-answers.yaml", answer("TRN-1.2", "not applicable", reason))
    assert project.status("TRN-1.2") is Status.NOT_APPLICABLE
    project.write("train.py", "from torch.onnx import export\nfor n in range(3):\n    tracker.epoch_end()\n")
    assert project.status("TRN-1.2") is Status.PARTIAL


def test_an_honest_no_is_a_failure(project: Project) -> None:
    project.write("greenlint-answers.yaml", answer("ANA-1.1", "no", ""))
    assert project.status("ANA-1.1") is Status.FAILED


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("items:\n  ANA-1.9:\n    answer: yes\n", "greenlint-answers.yaml:2: unknown item"),
        ("items:\n  ANA-1.1:\n    answr: yes\n", 'did you mean "answer"'),
        ("items:\n  ANA-1.1:\n    answer: perhaps\n", 'answer "perhaps" is none of'),
        ("items:\n  ANA-1.1: yes\n", "must hold"),
        ("itmes: {}\n", 'did you mean "items"'),
        ("release: {querys_per_day: 3}\n", 'did you mean "queries_per_day"'),
        ("version: greenlint-answers/9\n", "is not greenlint-answers/1"),
        ("items: [1, 2\n", "greenlint-answers.yaml:2"),
        ("- 1\n", "a mapping is expected"),
        ("items: {ANA-1.1: {answer: yes}, ANA-1.1: {answer: no}}\n", "is given twice"),
    ],
)
def test_a_wrong_answers_file_is_one_line(project: Project, text: str, said: str) -> None:
    project.write("greenlint-answers.yaml", text)
    with pytest.raises(ConfigError) as caught:
        project.assess()
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


def test_the_questionnaire_keeps_what_is_there(tmp_path: Path) -> None:
    text = questionnaire()
    path = tmp_path / answers.FILE_NAME
    path.write_text(text)
    read = answers.read(path)
    asked = {item.id for item in load().items if item.ceiling is not Ceiling.VERIFIED}
    assert set(read.items) == asked
    assert {answer.answer for answer in read.items.values()} == {"unknown"}
    assert questionnaire(text) == text
    mine = answer("ANA-1.1") + "  # my own comment\n"
    extended = questionnaire(mine)
    assert extended.startswith(mine)
    path.write_text(extended)
    assert answers.read(path).items["ANA-1.1"].answer == "yes"
    assert set(answers.read(path).items) == asked


def test_the_questionnaire_says_what_an_answer_can_earn() -> None:
    for language, words in (("en", ("quarter", "earns nothing")), ("fr", ("quart", "ne rapporte rien"))):
        text = " ".join(questionnaire(language=language).replace("#", " ").split())
        assert all(word in text for word in words)
        assert all(
            " ".join(item.text[language].split()) in text
            for item in load().items
            if item.ceiling is not Ceiling.VERIFIED
        )


def test_budget_is_enforced_by_ci_and_by_the_measurement(project: Project) -> None:
    project.write("emissions.csv", EMISSIONS)
    project.write("greenlint.toml", "[score.budget]\nkwh = 0.01\n")
    assert project.status("ANA-4.1") is Status.PARTIAL
    project.write(".github/workflows/ci.yml", "jobs:\n  a:\n    steps:\n      - run: greenlint score --fail-under 20\n")
    assert project.status("ANA-4.1") is Status.VERIFIED
    assert project.status("OPS-4.2") is Status.PARTIAL
    project.write("greenlint.toml", "[score.budget]\nkwh = 0.0001\n")
    assert project.status("ANA-4.1") is Status.FAILED
    project.write("greenlint.toml", "[score.budget]\nkhw = 1\n")
    with pytest.raises(ConfigError, match='did you mean "kwh"'):
        project.assess()


@pytest.mark.parametrize(
    ("kg", "status"), [(0.00005, Status.VERIFIED), (0.0002, Status.PARTIAL), (0.0005, Status.FAILED)]
)
def test_carbon_over_energy_places_the_computing(project: Project, kg: float, status: Status) -> None:
    project.write("emissions.csv", EMISSIONS.replace("0.000056", str(kg)))
    assert project.status("DES-4.2") is status


def test_a_card_is_complete_only_with_a_footprint_that_the_file_confirms(project: Project) -> None:
    card = """\
        ---
        pipeline_tag: image-classification
        co2_eq_emissions:
          emissions: {grams}
        ---
        # Digits

        ## Training data

        Eighteen hundred scanned digits of forty-three writers.

        ## Evaluation results

        Accuracy of 0.95 on a quarter of them, held out by digit.

        ## Limitations

        It always answers with some digit, whatever it is shown.
        """
    project.write("emissions.csv", EMISSIONS)
    project.write("MODEL_CARD.md", card.replace("{grams}", "0.056"))
    assert project.status("OPS-1.1") is Status.VERIFIED
    assert project.status("ANA-2.1") is Status.VERIFIED
    project.write("MODEL_CARD.md", card.replace("{grams}", "0.000056"))  # kilograms
    assert project.status("OPS-1.1") is Status.FAILED
    (project.root / "emissions.csv").unlink()
    assert project.status("OPS-1.1") is Status.PARTIAL


def test_actions_are_the_five_that_raise_the_score_most(project: Project) -> None:
    project.write("train.py", TRAIN)
    assessed = project.assess()
    points = [action.points for action in assessed.actions]
    assert len(points) == 5
    assert points == sorted(points, reverse=True)
    assert all(action.points > 0 for action in assessed.actions)


def test_emission_files_and_models_of_tests_are_no_evidence(project: Project) -> None:
    project.write("tests/data/emissions.csv", EMISSIONS)
    assert project.status("TRN-1.1") is Status.UNKNOWN


def test_a_country_that_the_code_gives_to_the_tracker_is_no_proof_of_the_place(project: Project) -> None:
    project.write("emissions.csv", EMISSIONS)
    assert project.status("DES-4.2") is Status.VERIFIED
    offline = TRAIN.replace("EmissionsTracker()", 'OfflineEmissionsTracker(country_iso_code="FRA")')
    project.write("train.py", offline.replace("import EmissionsTracker", "import OfflineEmissionsTracker"))
    assert project.status("DES-4.2") is Status.PARTIAL


def test_a_tracker_that_saw_no_accelerator_says_nothing_about_code_that_names_one(project: Project) -> None:
    project.write("emissions.csv", EMISSIONS)
    project.write("train.py", TRAIN)
    assert project.status("DES-4.1") is Status.PARTIAL
    project.write("train.py", TRAIN + '    model.to("cuda")\n')
    assert project.status("DES-4.1") is Status.UNKNOWN


def test_a_card_may_lie_among_the_documents(project: Project) -> None:
    project.write("docs/Modelcards.md", "---\npipeline_tag: image-classification\n---\n# x\n")
    assert project.status("ANA-2.1") is Status.VERIFIED


def test_a_call_that_is_switched_off_is_no_sign(project: Project) -> None:
    loading = "from transformers import AutoModel\n{}    AutoModel.from_pretrained('x')\n"
    for guard in ("if False:\n", "if 0:\n", "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n"):
        project.write("train.py", loading.format(guard))
        assert project.status("DES-1.1") is Status.UNKNOWN
    project.write("train.py", loading.format("if True:\n"))
    assert project.status("DES-1.1") is Status.VERIFIED


@pytest.mark.parametrize(
    ("code", "status"),
    [
        ("AutoModel.from_pretrained('x')\n", Status.VERIFIED),
        ("if __name__ == '__main__':\n    AutoModel.from_pretrained('x')\n", Status.VERIFIED),
        ("def main():\n    AutoModel.from_pretrained('x')\n\n\nmain()\n", Status.VERIFIED),
        ("import sys\n\nif sys.argv[1:]:\n    AutoModel.from_pretrained('x')\n", Status.PARTIAL),
        ("def load():\n    AutoModel.from_pretrained('x')\n\n\nif AutoModel.x:\n    load()\n", Status.PARTIAL),
        ("class A:\n    def load(self):\n        AutoModel.from_pretrained('x')\n\n\nA().load()\n", Status.VERIFIED),
        ("class A:\n    def load(self):\n        AutoModel.from_pretrained('x')\n", Status.UNKNOWN),
        ("class A(AutoModel):\n    def f(self):\n        AutoModel.from_pretrained('x')\n", Status.VERIFIED),
        ("class A:\n    @classmethod\n    def f(cls):\n        AutoModel.from_pretrained('x')\n", Status.UNKNOWN),
        ("def load():\n    load()\n    AutoModel.from_pretrained('x')\n", Status.UNKNOWN),
        ("import torch\n\ntorch.hub.load('a', 'b')\n", Status.VERIFIED),
        ("from transformers import AutoTokenizer\n\nAutoTokenizer.from_pretrained('x')\n", Status.UNKNOWN),
    ],
)  # fmt: skip
def test_what_may_run_is_a_sign_and_what_never_runs_is_nothing(project: Project, code: str, status: Status) -> None:
    project.write("train.py", f"from transformers import AutoModel\n\n{code}")
    assert project.status("DES-1.1") is status


UNTRACKED = (
    TRAIN.replace("    from codecarbon import EmissionsTracker\n", "")
    .replace("    tracker = EmissionsTracker()\n    tracker.start()\n", "")
    .replace("    tracker.stop()\n", "")
)


def test_an_emission_file_that_no_code_here_can_have_written_earns_nothing(project: Project) -> None:
    project.write("train.py", UNTRACKED)
    project.write("greenlint.toml", "[score.budget]\nkwh = 0.01\n")
    before = project.score()
    project.write("emissions.csv", EMISSIONS + EMISSIONS.splitlines()[1].replace("digits,r1", "baseline,r2") + "\n")
    assert project.score() == before
    told = [piece.text["en"] for piece in project.evidence("DES-4.2")]
    assert told == ["56 g/kWh (FRA), the tracker's own factor; no training code here starts a tracker"]
    project.write("train.py", TRAIN)
    assert project.status("DES-4.2") is Status.VERIFIED


def test_a_script_beside_the_training_proves_nothing_of_it(project: Project) -> None:
    project.write("train.py", TRAIN)
    toy = "from sklearn.neural_network import MLPClassifier\n\nMLPClassifier(early_stopping=True).fit([[0]], [0])\n"
    project.write("toy.py", toy)
    assert project.status("TRN-2.2") is Status.PARTIAL
    (told,) = project.evidence("TRN-2.2")
    assert told.text["en"].endswith("MLPClassifier(early_stopping=...), but not for train.py")
    (project.root / "train.py").unlink()
    assert project.status("TRN-2.2") is Status.VERIFIED


@pytest.mark.parametrize(("kwh", "status"), [("0.01", Status.PARTIAL), ("1e30", Status.UNKNOWN)])
def test_a_budget_that_limits_nothing_is_none(project: Project, kwh: str, status: Status) -> None:
    project.write("emissions.csv", EMISSIONS)
    project.write("greenlint.toml", f"[score.budget]\nkwh = {kwh}\n")
    assert project.status("ANA-4.1") is status


def test_a_figure_in_scientific_notation_is_one(project: Project) -> None:
    project.write("greenlint-answers.yaml", "release:\n  kwh_per_query: 1e-6\n")
    assert answers.read(project.root / "greenlint-answers.yaml").figure("kwh_per_query") == 1e-6


def test_a_finding_in_a_test_says_nothing_of_the_release(project: Project) -> None:
    project.write("tests/test_train.py", TRAIN.replace("range(3)", "range(100000)"))
    assert project.status("TRN-2.2") is Status.UNKNOWN
    project.write("train.py", TRAIN.replace("range(3)", "range(100000)"))
    assert project.status("TRN-2.2") is Status.FAILED


def test_notes_name_files_below_the_project(project: Project) -> None:
    project.write("broken.py", "import torch\ndef f(:\n")
    (note,) = collect(Request(project.root)).notes
    assert note["en"].startswith("broken.py:2:")


def test_excluding_a_file_hides_what_it_holds(project: Project) -> None:
    project.write("train.py", TRAIN)
    project.write("emissions.csv", EMISSIONS)
    project.write(
        "other.py", TRAIN.replace("from codecarbon import EmissionsTracker", "").replace("tracker", "# tracker")
    )
    assert project.status("TRN-1.1") is Status.FAILED
    project.write("greenlint.toml", 'exclude = ["other.py"]\n')
    assert project.status("TRN-1.1") is Status.UNKNOWN


def test_the_code_is_read_once(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    from greenlint.python import collect as collecting

    project.write("train.py", TRAIN)
    project.write("model.py", "import torch\n\nmodel = torch.nn.Linear(4, 2)\n")
    read: list[str] = []
    whole = collecting.collect
    monkeypatch.setattr(collecting, "collect", lambda text: read.append(text) or whole(text))
    assert project.status("DES-3.3") is Status.PARTIAL
    assert len(read) == 2


def test_a_baseline_of_known_findings_hides_nothing(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    project.write("train.py", TRAIN.replace("range(3)", "range(100000)"))
    assert project.status("TRN-2.2") is Status.FAILED
    monkeypatch.chdir(project.root)
    project.write("greenlint.toml", 'baseline = "greenlint-baseline.json"\n')
    forget()
    assert cli.main(["baseline", "--quiet"]) == 0
    forget()
    assert cli.main(["check", "--quiet"]) == 0
    assert project.status("TRN-2.2") is Status.FAILED


ANSWERS_WITH_FIGURES = """\
    version: greenlint-answers/1
    release:
      {figure}
"""


@pytest.mark.parametrize(
    ("figure", "said"),
    [
        ("epochs: -1", "release.epochs must be a number above zero, not -1"),
        ("kwh_per_query: .nan", "release.kwh_per_query must be a number above zero, not nan"),
        ("pue: much", "release.pue must be a number above zero, not 'much'"),
        ("carbon_intensity: 50", "release.carbon_intensity must be a mapping"),
        ("carbon_intensity: {value: 50}", "needs its source and year"),
        ("carbon_intensity: {value: 50, source: t, year: recent}", "needs its source and year"),
        ("carbon_intensity: {value: 0.05, source: t, year: 2024}", "must lie between 1 and 1500 g/kWh"),
        ("carbon_intensity: {zone: Mars}", 'no carbon intensity for "Mars"'),
        ("carbon_intensity: {country: FR}", 'unknown key "country"'),
    ],
)
def test_a_figure_that_cannot_be_one_is_one_line(project: Project, figure: str, said: str) -> None:
    project.write("greenlint-answers.yaml", ANSWERS_WITH_FIGURES.format(figure=figure))
    with pytest.raises(ConfigError) as caught:
        project.assess()
    assert said in str(caught.value)
    assert str(caught.value).startswith("greenlint-answers.yaml: release.")
