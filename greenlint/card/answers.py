"""What people say about what no artefact can show, and what that is worth.

`greenlint-answers.yaml` holds figures of the release and answers by item. An answer counts when it says something: a
statement of some length that is no placeholder and does not rest on offsets. "not applicable" needs a reason.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from greenlint.card.checklist import load
from greenlint.card.documents import parse_yaml, read_text, sha256
from greenlint.card.intensity import HIGHEST, LOWEST, Intensity, intensity_of
from greenlint.card.language import text
from greenlint.errors import ConfigError, did_you_mean

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from greenlint.card.language import Text

VERSION = "greenlint-answers/1"
FILE_NAME = "greenlint-answers.yaml"
SHORTEST_STATEMENT = 20

ANSWERS = ("yes", "no", "not applicable", "unknown")

FIGURES: Mapping[str, Text] = {
    "queries_per_day": text("calls of the model per day", "appels du modèle par jour"),
    "lifetime_days": text("days that the model will be in use", "jours d'utilisation prévus"),
    "kwh_per_query": text("energy of one call, kWh", "énergie d'un appel, kWh"),
    "dataset_gb": text("size of the training data, GB", "taille des données d'entraînement, Go"),
    "hardware": text("hardware that trains and serves, in words", "matériel d'entraînement et de service, en mots"),
    "epochs": text(
        "epochs that the training ran, where the tracker does not say",
        "époques d'entraînement, si l'outil de mesure ne les dit pas",
    ),
    "pue": text("power usage effectiveness of the data centre", "PUE du centre de données"),
    "carbon_intensity": text(
        "{zone: FR}, or of one's own {value: g/kWh, source: table, zone: FR, year: 2024}",
        "{zone: FR}, ou la sienne {value: g/kWh, source: table, zone: FR, year: 2024}",
    ),
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
    def weakness(self) -> Text | None:
        """Why the statement does not count, or None."""
        if self.answer not in {"yes", "not applicable"}:
            return None
        if len(" ".join(self.statement.split())) < SHORTEST_STATEMENT or len(set(self.statement.lower().split())) < 3:  # noqa: PLR2004
            return text(
                "the statement is too short to say anything", "la déclaration est trop courte pour dire quelque chose"
            )
        if _PLACEHOLDER.search(self.statement):
            return text("the statement is a placeholder", "la déclaration est un texte de remplissage")
        if self.answer == "yes" and _OFFSETS.search(self.statement):
            return text(
                "it rests on offsets, which never count", "elle repose sur une compensation, qui ne compte jamais"
            )
        return None


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


def is_placeholder(content: str) -> bool:
    """Whether a text only stands in for one."""
    return not content.strip() or bool(_PLACEHOLDER.search(content))


def read(path: Path, shown: str | None = None) -> Answers:
    """Read an answers file; raises `ConfigError` with the file, and the line where it is known."""
    shown = shown or path.as_posix()
    content = read_text(path)
    data = parse_yaml(content, shown)
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
    # YAML 1.1 reads 1e-6 as text.
    release = {name: _number(value) if name not in _WORDS else value for name, value in release.items()}
    for name, value in release.items():
        if name not in _WORDS and value is not None and not _is_figure(value):
            message = f"{shown}: release.{name} must be a number above zero, not {value!r}"
            raise ConfigError(message)
    _check_intensity(release.get("carbon_intensity"), f"{shown}: release.carbon_intensity")
    return Answers(
        shown,
        sha256(path),
        release,
        {str(id_): _answer(str(id_), value, shown, content) for id_, value in items.items()},
    )


def _number(value: Any) -> Any:  # noqa: ANN401 - whatever the file held
    try:
        return float(value) if isinstance(value, str) else value
    except ValueError:
        return value


def _is_figure(value: Any) -> bool:  # noqa: ANN401 - whatever the file held
    return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value) and value > 0


def _check_intensity(told: Any, where: str) -> None:  # noqa: ANN401 - whatever the file held
    message = ""
    if told is None:
        return
    if not isinstance(told, dict):
        message = f"{where} must be a mapping: {FIGURES['carbon_intensity']['en']}"
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


def _answer(id_: str, value: Any, shown: str, content: str) -> Answer:  # noqa: ANN401 - whatever the file held
    line = next((n for n, told in enumerate(content.splitlines(), 1) if told.strip().startswith(f"{id_}:")), 0)
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
