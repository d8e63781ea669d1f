"""Evidence for each item of the checklist, and the status that follows from it.

A piece of evidence says what it can do (prove, indicate, refute, hide, declare, set aside), where it was seen, and in a
sentence what was seen. The status of an item is decided here and nowhere else:

1. an open finding that refutes the item, or an honest "no": failed;
2. a suppressed finding, or a rule that was switched off: unknown, whatever else speaks for it;
3. "not applicable" with a reason, unless an artefact speaks to the contrary: n/a;
4. the best of what is left, never above the ceiling of the item.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from greenlint.card.answers import Answers
from greenlint.card.checklist import Ceiling, load
from greenlint.card.language import text
from greenlint.score import CREDIT, Status, gain, rate

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from fractions import Fraction

    from greenlint.card.checklist import Checklist, Item
    from greenlint.card.emissions import EmissionFile, Run
    from greenlint.card.language import Text
    from greenlint.card.model import Model
    from greenlint.card.repository import Repository
    from greenlint.card.signals import Sign
    from greenlint.finding import Finding
    from greenlint.score import Score

PROVES, INDICATES, REFUTES, HIDES, DECLARES, SETS_ASIDE, REMARKS = (
    "proves", "indicates", "refutes", "hides", "declares", "sets aside", "remarks",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Evidence:
    """One thing that was seen: its role, its source, the place, and a sentence in each language."""

    role: str
    source: str
    where: str
    text: Text
    rule: str = ""


@dataclass(frozen=True, slots=True)
class Material:
    """Everything that evidence is taken from. `findings` and `signs` are None where code could not be judged."""

    repository: Repository
    findings: Sequence[Finding] | None = None
    signs: Sequence[Sign] | None = None
    hidden_rules: frozenset[str] = frozenset()
    models: Sequence[Model] = ()
    files: Sequence[EmissionFile] = ()
    answers: Answers = field(default_factory=Answers)
    budget: Mapping[str, float] = field(default_factory=dict)
    training_files: Sequence[str] = ()
    training_programs: frozenset[str] = frozenset()
    notes: Sequence[Text] = ()

    @property
    def runs(self) -> list[Run]:
        """Every believable run."""
        return [run for file in self.files for run in file.runs]

    @property
    def training(self) -> list[Run]:
        """Every believable run of training."""
        return [run for run in self.runs if run.stage == "training"]

    @property
    def is_untracked(self) -> bool:
        """Whether the code trains, and none of it starts a tool that measures: the runs are of something else."""
        from greenlint.card.signals import matches

        patterns = load().item("DES-3.3")
        trackers = patterns.indicating if patterns else ()
        return bool(self.training_programs) and not any(
            matches(pattern, sign) for sign in self.signs or () for pattern in trackers
        )

    def grams(self, run: Run) -> float | None:
        """Carbon of a run in gCO2eq: its file's own, else by the intensity that the answers give, else None."""
        if run.grams is not None or self.answers.intensity is None:
            return run.grams
        return run.kwh * self.answers.intensity.grams_per_kwh


@dataclass(frozen=True, slots=True)
class Judgement:
    """One item, its status, and why."""

    item: Item
    status: Status
    evidence: tuple[Evidence, ...]


@dataclass(frozen=True, slots=True)
class Action:
    """What would raise the score: an item, the status in reach, and the points that it is worth."""

    item: Item
    reachable: Status
    points: Fraction


@dataclass(frozen=True, slots=True)
class Assessment:
    """The judged checklist with its score, the score in reach, and the actions that would raise it most."""

    checklist: Checklist
    judgements: tuple[Judgement, ...]
    score: Score
    in_reach: Fraction
    actions: tuple[Action, ...]


def assess(material: Material) -> Assessment:
    """Judge every item of the checklist by the material."""
    checklist = load()
    judgements = tuple(judge(item, material) for item in checklist.items)
    statuses = {judgement.item.id: judgement.status for judgement in judgements}
    reachable = {
        judgement.item.id: judgement.status if judgement.status is Status.NOT_APPLICABLE else best(judgement.item)
        for judgement in judgements
    }
    return Assessment(
        checklist, judgements, rate(statuses), rate(reachable).total.score, tuple(_actions(judgements, statuses))
    )


def judge(item: Item, material: Material) -> Judgement:
    """Gather the evidence for one item and decide its status."""
    evidence = tuple(gather(item, material))
    return Judgement(item, decide(item, evidence), evidence)


def decide(item: Item, evidence: Sequence[Evidence]) -> Status:
    """Status of an item, given its evidence."""
    roles = {piece.role for piece in evidence}
    if REFUTES in roles:
        return Status.FAILED
    if HIDES in roles:
        return Status.UNKNOWN
    if SETS_ASIDE in roles and not roles & {PROVES, INDICATES}:
        return Status.NOT_APPLICABLE
    if item.ceiling is not Ceiling.DECLARED:
        if PROVES in roles:
            return Status.VERIFIED if item.ceiling is Ceiling.VERIFIED else Status.PARTIAL
        if INDICATES in roles:
            return Status.PARTIAL
    # A declaration on an item that artefacts can half show is displayed and adds nothing.
    return Status.DECLARED if DECLARES in roles and item.ceiling is not Ceiling.PARTIAL else Status.UNKNOWN


def best(item: Item) -> Status:
    """Return the best status that an item can have."""
    return {
        Ceiling.VERIFIED: Status.VERIFIED,
        Ceiling.PARTIAL: Status.PARTIAL,
        Ceiling.DECLARED: Status.DECLARED,
    }[item.ceiling]


def gather(item: Item, material: Material) -> list[Evidence]:
    """Everything that speaks for or against one item, in the order: code, models, emissions, repository, answers."""
    from greenlint.card.probes import probes

    evidence = [*_from_findings(item, material), *_from_signs(item, material)]
    for check in item.checks:
        evidence.extend(_of_this_code(piece, material) for piece in probes()[check](material))
    evidence.extend(_from_answers(item, material))
    return evidence


def _of_this_code(piece: Evidence, material: Material) -> Evidence:
    """Take credit from a measurement that nothing in the code can have made: a file can be copied from anywhere."""
    if piece.source != "emissions" or piece.role not in {PROVES, INDICATES} or not material.is_untracked:
        return piece
    says = text(
        f"{piece.text['en']}; no training code here starts a tracker",
        f"{piece.text['fr']} ; aucun code d'entraînement ne lance ici d'outil de mesure",
    )
    return replace(piece, role=REMARKS, text=says)


def _from_findings(item: Item, material: Material) -> list[Evidence]:
    from greenlint.finding import Status as FindingStatus

    evidence: list[Evidence] = []
    findings = [*(material.findings or ()), *(finding for model in material.models for finding in model.findings)]
    for finding in findings:
        if finding.rule.code not in item.refuted_by:
            continue
        told = f"{finding.rule.code} {finding.rule.name}"
        if finding.status is FindingStatus.SUPPRESSED:
            role, says = HIDES, text(f"{told}, suppressed", f"{told}, masqué")
        else:
            role, says = REFUTES, text(told)
        evidence.append(Evidence(role, "findings", place(finding), says, finding.rule.code))
    if material.findings is not None:
        for code in sorted(material.hidden_rules & set(item.refuted_by)):
            says = text(f"{code} is switched off", f"{code} est désactivée")
            evidence.append(Evidence(HIDES, "findings", "greenlint.toml", says, code))
    return evidence


def _from_signs(item: Item, material: Material) -> list[Evidence]:
    from greenlint.card.signals import matches

    evidence: list[Evidence] = []
    elsewhere = _unproven(item, material)
    for role, patterns in ((PROVES, item.proving), (INDICATES, item.indicating)):
        for pattern in patterns:
            found = [sign for sign in material.signs or () if matches(pattern, sign)]
            sign = next((sign for sign in found if sign.is_certain), found[0] if found else None)
            if sign is None or any(piece.where == sign.where for piece in evidence):
                continue
            name = min(sign.names, key=lambda name: (name.startswith("object."), len(name))).removeprefix("object.")
            keyword = re.search(r"\((\w+)\)$", pattern)
            name += f"({keyword[1]}=...)" if keyword else ""
            says = (
                text(f"the code sets {name}", f"le code fixe {name}")
                if sign.form == "assign"
                else text(f"the code calls {name}", f"le code appelle {name}")
                if sign.is_certain
                else text(f"the code may call {name}, under a test", f"le code peut appeler {name}, sous une condition")
            )
            if role is PROVES and elsewhere:
                says = text(f"{says['en']}, but not for {elsewhere}", f"{says['fr']}, mais pas pour {elsewhere}")
            role_here = role if sign.is_certain and not elsewhere else INDICATES
            evidence.append(Evidence(role_here, "python", sign.where, says))
    return evidence


def _unproven(item: Item, material: Material) -> str:
    """Return an entry that trains and of which no call proves the practice, or an empty string."""
    from greenlint.card.signals import matches

    proven = {
        entry
        for sign in material.signs or ()
        if sign.is_certain and any(matches(pattern, sign) for pattern in item.proving)
        for entry in sign.programs
    }
    return min(material.training_programs - proven, default="")


def _from_answers(item: Item, material: Material) -> list[Evidence]:
    answer = material.answers.items.get(item.id)
    if answer is None or answer.answer == "unknown":
        return []
    where = f"{material.answers.path}:{answer.line}" if answer.line else material.answers.path
    said = " ".join(answer.statement.split())
    if answer.answer == "no":
        role, says = REFUTES, text(f"answered no. {said}".strip(), f"réponse : non. {said}".strip())
    elif weakness := answer.weakness:
        role, says = REMARKS, text(f"not counted: {weakness['en']}", f"non compté : {weakness['fr']}")
    else:
        role = DECLARES if answer.answer == "yes" else SETS_ASIDE
        link = f" ({answer.evidence})" if answer.evidence else ""
        says = text(f"{said}{link}{f' [{answer.date}]' if answer.date else ''}")
    return [Evidence(role, "answers", where, says)]


def place(finding: Finding) -> str:
    """`train.py:12`, or `model.onnx: Relu_3`."""
    from greenlint.finding import TextPlace

    if isinstance(finding.place, TextPlace):
        cell = f":cell {finding.place.cell}" if finding.place.cell is not None else ""
        return f"{finding.place.path}{cell}:{finding.place.line}"
    return f"{finding.place.path}: {finding.place.node}" if finding.place.node else finding.place.path


def _actions(judgements: Sequence[Judgement], statuses: Mapping[str, Status], count: int = 5) -> list[Action]:
    actions = []
    for judgement in judgements:
        reachable = best(judgement.item)
        item = judgement.item
        if item.ceiling is Ceiling.PARTIAL and not (item.proving or item.indicating or item.checks):
            continue
        if judgement.status is Status.NOT_APPLICABLE or CREDIT[judgement.status] >= CREDIT[reachable]:
            continue
        actions.append(Action(judgement.item, reachable, gain(statuses, judgement.item.id, reachable)))
    return sorted(actions, key=lambda action: (-action.points, action.item.id))[:count]
