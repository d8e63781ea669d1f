"""The questionnaire: what people say about what no artefact can show, and what that is worth.

`greenlint-answers.yaml` holds figures of the release and answers by item. An answer counts when it says something: a
statement of some length that is no placeholder and does not rest on offsets. "not applicable" needs a reason. A file
that is already there is kept line by line; only questions that it lacks are added.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from greenlint.card.checklist import Ceiling, load
from greenlint.card.documents import parse_yaml, read_text, sha256
from greenlint.card.intensity import HIGHEST, LOWEST, Intensity, intensity_of
from greenlint.errors import ConfigError, did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from greenlint.card.checklist import Item

VERSION = "greenlint-answers/1"
FILE_NAME = "greenlint-answers.yaml"
SHORTEST_STATEMENT = 20

ANSWERS = ("yes", "no", "not applicable", "unknown")

FIGURES: Mapping[str, str] = {
    "queries_per_day": "calls of the model per day",
    "lifetime_days": "days that the model will be in use",
    "kwh_per_query": "energy of one call, kWh",
    "dataset_gb": "size of the training data, GB",
    "hardware": "hardware that trains and serves, in words",
    "epochs": "epochs that the training ran, where the tracker does not say",
    "pue": "power usage effectiveness of the data centre",
    "carbon_intensity": "{zone: FR}, or of one's own {value: g/kWh, source: table, zone: FR, year: 2024}",
}
_WORDS = frozenset({"hardware", "carbon_intensity"})

_PLACEHOLDER = re.compile(
    r"\b(?:todo|tbd|tba|fixme|lorem ipsum|n/?a|xxx+)\b|more information needed|to be (?:completed|filled|defined)|"
    r"à (?:compléter|remplir|définir)|\.\.\.$",
    re.IGNORECASE,
)
_OFFSETS = re.compile(
    r"\boffset(?:s|ting)?\b|carbon[- ](?:neutral|credit)|net[- ]zero|neutralit[ée] carbone|cr[ée]dits? carbone|"
    r"\bcompens(?:ation|é|ée|ées|és|er|ons)\b|climate[- ]positive",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Answer:
    """What was said about one item; `line` is where its id stands in the file."""

    item: str
    answer: str
    statement: str = ""
    evidence: str = ""
    date: str = ""
    line: int = 0

    @property
    def weakness(self) -> str:
        """Why the statement does not count, or an empty string."""
        if self.answer not in {"yes", "not applicable"}:
            return ""
        if len(" ".join(self.statement.split())) < SHORTEST_STATEMENT or len(set(self.statement.lower().split())) < 3:  # noqa: PLR2004
            return "the statement is too short to say anything"
        if _PLACEHOLDER.search(self.statement):
            return "the statement is a placeholder"
        if self.answer == "yes" and _OFFSETS.search(self.statement):
            return "it rests on offsets, which never count"
        return ""


@dataclass(frozen=True, slots=True)
class Answers:
    """All answers of a file; `path` and `sha256` are empty where there is none."""

    path: str = ""
    sha256: str = ""
    release: Mapping[str, Any] = field(default_factory=dict)
    items: Mapping[str, Answer] = field(default_factory=dict)

    def figure(self, name: str) -> float | None:
        """Return a number above zero that the release declares, else None."""
        value: Any = self.release.get(name)
        return float(value) if _is_figure(value) else None

    @property
    def intensity(self) -> Intensity | None:
        """Carbon intensity that the release declares: with its source and year, or by a zone of the table."""
        told = self.release.get("carbon_intensity") or {}
        if "value" in told:
            return Intensity(float(told["value"]), str(told["source"]), str(told.get("zone") or ""), told["year"])
        return intensity_of(str(told["zone"])) if told.get("zone") else None


def is_placeholder(text: str) -> bool:
    """Whether a text only stands in for one."""
    return not text.strip() or bool(_PLACEHOLDER.search(text))


def read(path: Path, shown: str | None = None) -> Answers:
    """Read an answers file; raises `ConfigError` with the file, and the line where it is known."""
    shown = shown or path.as_posix()
    text = read_text(path)
    data = parse_yaml(text, shown)
    for key in data:
        if key not in {"version", "release", "items"}:
            message = f'{shown}: unknown key "{key}"{did_you_mean(str(key), ("version", "release", "items"))}'
            raise ConfigError(message)
    if data.get("version", VERSION) != VERSION:
        message = f"{shown}: version {data['version']} is not {VERSION}"
        raise ConfigError(message)
    release, items = data.get("release") or {}, data.get("items") or {}
    for name, value in (("release", release), ("items", items)):
        if not isinstance(value, dict):
            message = f"{shown}: {name} must be a mapping"
            raise ConfigError(message)
    for name in release:
        if name not in FIGURES:
            message = f'{shown}: unknown figure "{name}"{did_you_mean(str(name), FIGURES)}'
            raise ConfigError(message)
    for name, value in release.items():
        if name not in _WORDS and value is not None and not _is_figure(value):
            message = f"{shown}: release.{name} must be a number above zero, not {value!r}"
            raise ConfigError(message)
    _check_intensity(release.get("carbon_intensity"), f"{shown}: release.carbon_intensity")
    return Answers(
        shown,
        sha256(path),
        release,
        {str(id_): _answer(str(id_), value, shown, text) for id_, value in items.items()},
    )


def _is_figure(value: Any) -> bool:  # noqa: ANN401 - whatever the file held
    return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value) and value > 0


def _check_intensity(told: Any, where: str) -> None:  # noqa: ANN401 - whatever the file held
    message = ""
    if told is None:
        return
    if not isinstance(told, dict):
        message = f"{where} must be a mapping: {FIGURES['carbon_intensity']}"
    elif unknown := sorted(set(map(str, told)) - {"value", "source", "zone", "year"}):
        message = f'{where}: unknown key "{unknown[0]}"{did_you_mean(unknown[0], ("value", "source", "zone", "year"))}'
    elif "value" in told:
        value, year = told["value"], told.get("year")
        if not _is_figure(value) or not LOWEST <= value <= HIGHEST:
            message = f"{where}.value must lie between {LOWEST} and {HIGHEST} g/kWh, not {value!r}"
        elif not told.get("source") or not isinstance(year, int) or isinstance(year, bool):
            message = f"{where} needs its source and year: tables differ by up to ten times for one country"
    elif told.get("zone"):
        try:
            intensity_of(str(told["zone"]))
        except ConfigError as error:
            message = f"{where}: {error}"
    if message:
        raise ConfigError(message)


def _answer(id_: str, value: Any, shown: str, text: str) -> Answer:  # noqa: ANN401 - whatever the file held
    line = next((n for n, content in enumerate(text.splitlines(), 1) if content.strip().startswith(f"{id_}:")), 0)
    where = f"{shown}:{line}" if line else shown
    known = [item.id for item in load().items]
    if id_ not in known:
        message = f'{where}: unknown item "{id_}"{did_you_mean(id_, known)}'
        raise ConfigError(message)
    if not isinstance(value, dict):
        message = f"{where}: {id_} must hold `answer` and `statement`"
        raise ConfigError(message)
    for key in value:
        if key not in {"answer", "statement", "evidence", "date"}:
            near = did_you_mean(str(key), ("answer", "statement", "evidence", "date"))
            message = f'{where}: unknown key "{key}"{near}'
            raise ConfigError(message)
    given = value.get("answer", "unknown")
    # YAML reads a bare yes and no as booleans.
    word = {True: "yes", False: "no", None: "unknown"}.get(given, str(given).strip().lower().replace("-", " "))
    word = {"n/a": "not applicable", "na": "not applicable", "": "unknown"}.get(word, word)
    if word not in ANSWERS:
        message = f'{where}: answer "{given}" is none of {", ".join(ANSWERS)}{did_you_mean(word, ANSWERS)}'
        raise ConfigError(message)
    return Answer(
        id_,
        word,
        str(value.get("statement") or "").strip(),
        str(value.get("evidence") or "").strip(),
        str(value.get("date") or "").strip(),
        line,
    )


def questionnaire(existing: str = "", language: str = "en") -> str:
    """Text of an answers file: what is there stays as it is, questions that it lacks are added below.

    Only items that no artefact can decide are asked; the others may be answered too, for a quarter at most.
    """
    known = set(re.findall(r"^\s*#?\s*([A-Z]{3}-\d+\.\d+):", existing, re.MULTILINE))
    asked = [item for item in load().items if item.ceiling is not Ceiling.VERIFIED and item.id not in known]
    lines: list[str] = []
    if not existing.strip():
        lines += _preamble(language)
        lines.append("items:")
    elif asked:
        lines += [existing.rstrip("\n")]
        if not re.search(r"^items:", existing, re.MULTILINE):
            lines += ["", "items:"]
    else:
        return existing
    for item in asked:
        lines += ["", *_question(item, language)]
    if not existing.strip():
        lines += ["", *_hints(language)]
    return "\n".join(lines) + "\n"


def _preamble(language: str) -> Iterator[str]:
    french = language == "fr"
    yield f"version: {VERSION}"
    yield ""
    if french:
        yield "# Ce que le projet déclare. `greenlint score` lit ce fichier avec les preuves qu'il trouve lui-même."
        yield "# answer: yes, no, not applicable ou unknown. Un yes demande une phrase, not applicable une raison."
        yield "# Une compensation carbone ne compte jamais."
    else:
        yield "# What the project declares. `greenlint score` reads this beside the evidence it finds by itself."
        yield "# answer: yes, no, not applicable or unknown. A yes needs a statement, not applicable needs a reason."
        yield "# Carbon offsets never count."
    yield ""
    yield (
        "# Chiffres de la version ; effacer le # devant ceux qui sont connus."
        if french
        else ("# Figures of the release; remove the # before those that are known.")
    )
    yield "release:"
    for name, meaning in FIGURES.items():
        yield f"  # {name}:  # {meaning}"
    yield ""


def _question(item: Item, language: str) -> Iterator[str]:
    yield f"  # {item.text[language]}"
    yield f"  # {_worth(item, language)}"
    if item.not_applicable_when:
        word = "Sans objet quand" if language == "fr" else "Not applicable when"
        yield f"  # {word}: {item.not_applicable_when[language]}."
    yield f"  {item.id}:"
    yield "    answer: unknown"
    yield '    statement: ""'
    yield '    evidence: ""'


def _worth(item: Item, language: str) -> str:
    french = language == "fr"
    if item.ceiling is Ceiling.DECLARED:
        return (
            "Vaut un quart du point, et jamais plus : rien ne peut le vérifier."
            if french
            else "Earns a quarter of the item and never more: nothing can verify it."
        )
    return (
        f"S'affiche mais ne rapporte rien ; les preuves donnent la moitié au plus : {item.counts[language]}."
        if french
        else f"Is shown but earns nothing; artefacts earn half at most: {item.counts[language]}."
    )


def _hints(language: str) -> Iterator[str]:
    french = language == "fr"
    yield (
        "  # Les autres points se vérifient. Sans preuve, un oui y vaut un quart ; ceux-ci peuvent être sans objet :"
        if french
        else "  # The other items can be verified. Without evidence a yes earns a quarter there; these may not apply:"
    )
    for item in load().items:
        if item.ceiling is Ceiling.VERIFIED and item.not_applicable_when:
            yield f"  # {item.id}: {{answer: not applicable, statement: {item.not_applicable_when[language]}}}"
