"""The catalogue: every rule, read from the YAML files of the folder `rules`."""

from __future__ import annotations

import importlib.util
import json
import os
import re
import sys
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

from greenlint.errors import ConfigError, RuleError, did_you_mean
from greenlint.rule import Evidence, Life, Option, OptionValue, Rule, Severity, Target

if TYPE_CHECKING:
    from collections.abc import Iterable
    from enum import Enum

    Word = TypeVar("Word", bound=Enum)

FAMILIES = ("tool", "design", "data", "training", "evaluation", "export", "operation", "graph")
CONFIDENCES = ("high", "medium", "low")
FIXABLE = ("safe", "unsafe", "none")
ALL = "ALL"

_REQUIRED = frozenset(
    {
        "code",
        "name",
        "family",
        "target",
        "severity",
        "confidence",
        "life",
        "since",
        "summary",
        "message",
        "why",
        "fix",
        "fixable",
        "blind-spots",
        "example",
        "evidence",
    },
)
_KNOWN = _REQUIRED | {"options", "on-by-default"}


@dataclass(frozen=True, slots=True)
class Catalogue:
    """All rules, sorted by code, whatever their life."""

    rules: tuple[Rule, ...]

    def by_word(self, word: str) -> Rule:
        """Return the rule with that code or name, in any case; raise `ConfigError` with the nearest words."""
        for rule in self.rules:
            if word.upper() == rule.code or word.lower() == rule.name:
                return rule
        several = [rule.code for rule in self.rules if word and rule.code.startswith(word.upper())]
        if several:
            message = f'"{word}" stands for several rules, did you mean {" or ".join(several)}?'
            raise ConfigError(message)
        raise ConfigError(_unknown(word, self._words()))

    def matching(self, word: str) -> tuple[Rule, ...]:
        """Return the rules that a code, a prefix of codes ("ECO3"), a name or "ALL" stands for.

        Raises `ConfigError` with the nearest word when it stands for none.
        """
        if word.upper() == ALL:
            return self.rules
        if word.upper().startswith("ECO"):
            matching = tuple(rule for rule in self.rules if rule.code.startswith(word.upper()))
        else:
            matching = tuple(rule for rule in self.rules if rule.name == word.lower())
        if not matching:
            raise ConfigError(_unknown(word, self._words()))
        return matching

    def select(self, words: Iterable[str]) -> tuple[Rule, ...]:
        """Return the rules that any of the words stands for, once each, sorted by code."""
        codes = {rule.code for word in words for rule in self.matching(word)}
        return tuple(rule for rule in self.rules if rule.code in codes)

    def for_target(self, target: Target) -> tuple[Rule, ...]:
        """Return the rules whose detectors are shown that kind of input, without the retired ones."""
        return tuple(rule for rule in self.rules if rule.target is target and rule.life is not Life.RETIRED)

    def _words(self) -> list[str]:
        return [word for rule in self.rules for word in (rule.code, rule.name)]


@cache
def load(folder: Path | None = None) -> Catalogue:
    """Read every rule of a folder, by default the one that belongs to this installation.

    Raises `RuleError` naming the file and the field when one is no rule, or when two share a code or a name.
    """
    return _read(folder) if folder else _compiled(rules_folder())


def _read(folder: Path) -> Catalogue:
    taken: dict[str, str] = {}
    rules = []
    for path in sorted(folder.glob("*.yaml")):
        rule = read(path)
        for word in (rule.code, rule.name):
            if word in taken:
                message = f"rules/{path.name}: {word} is taken by rules/{taken[word]}"
                raise RuleError(message)
            taken[word] = path.name
        rules.append(rule)
    return Catalogue(tuple(sorted(rules, key=lambda rule: rule.code)))


def _compiled(folder: Path) -> Catalogue:
    """Return the rules of a folder, from JSON in its `__pycache__` where they are there: YAML takes ten times as long.

    It is with this file as with Python's bytecode: it is made when it is missing, broken or made from other files, and
    done without where it cannot be written.
    """
    file = Path(importlib.util.cache_from_source(str(folder / "catalogue.py"))).with_name("catalogue.json")
    made_from = _digest(folder)
    try:
        compiled = json.loads(file.read_bytes())
        if compiled["made from"] == made_from:
            return Catalogue(tuple(_Reader(file.name, document).rule() for document in compiled["rules"]))
    except (OSError, ValueError, LookupError, TypeError, AttributeError, RecursionError, RuleError):
        pass
    catalogue = _read(folder)
    if not sys.dont_write_bytecode:
        _compile(catalogue, made_from, file)
    return catalogue


def _digest(folder: Path) -> str:
    """Return what changes with every byte of the rules, and of the code that reads them."""
    files = (*sorted(folder.glob("*.yaml")), Path(__file__), Path(__file__).with_name("rule.py"))
    told = b"".join(b"%s %d\n%s" % (file.name.encode(), len(text), text) for file in files for text in [_bytes(file)])
    return importlib.util.source_hash(told).hex()


def _bytes(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError:
        return b""


def _compile(catalogue: Catalogue, made_from: str, file: Path) -> None:
    part = file.with_name(f"{file.name}.{os.getpid()}")
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        part.write_text(json.dumps({"made from": made_from, "rules": [rule.document() for rule in catalogue.rules]}))
        part.replace(file)
    except OSError:
        with suppress(OSError):
            part.unlink()


def rules_folder() -> Path:
    """Return the folder of the YAML files: inside the package when installed, beside it in a checkout."""
    package = Path(__file__).resolve().parent
    for folder in (package / "rules", package.parent / "rules"):
        if folder.is_dir():
            return folder
    message = f"the rules of greenlint are missing: neither {package}/rules nor {package.parent}/rules exists"
    raise RuleError(message)


def read(path: Path) -> Rule:
    """Read one rule; raise `RuleError` naming the file and the field that is wrong."""
    return _Reader(f"rules/{path.name}", _yaml(path)).rule()


def _yaml(path: Path) -> dict[str, Any]:
    import yaml  # not paid by the commands that need no rule

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        document = yaml.load(path.read_bytes(), Loader=loader)  # noqa: S506  both loaders are safe ones
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f":{mark.line + 1}" if mark else ""
        message = f"rules/{path.name}{line}: not YAML: {getattr(error, 'problem', None) or error}"
        raise RuleError(message) from None
    if not isinstance(document, dict):
        message = f"rules/{path.name}: a rule is a mapping of fields"
        raise RuleError(message)
    return document


def _unknown(word: str, known: Iterable[str]) -> str:
    is_prefix = re.fullmatch(r"ECO\d{0,2}", word.upper())
    near = "" if is_prefix else did_you_mean(word.upper(), known) or did_you_mean(word.lower(), known)
    return f'no rule is called "{word}"{near}'


class _Reader:
    """Turns the mapping of one file into a rule; every complaint starts with the file."""

    def __init__(self, file: str, document: dict[str, Any]) -> None:
        self.file = file
        self.document = document

    def rule(self) -> Rule:
        for key in self.document:
            if key not in _KNOWN:
                self.refuse(str(key), f"is no field of a rule{did_you_mean(str(key), sorted(_KNOWN))}")
        for key in sorted(_REQUIRED):
            if key not in self.document:
                self.refuse(key, "is missing")
        example = self.mapping("example", ("bad", "good"))
        return Rule(
            code=self.text("code"),
            name=self.text("name"),
            family=self.one_of("family", FAMILIES),
            target=self.word("target", Target),
            severity=self.word("severity", Severity),
            confidence=self.one_of("confidence", CONFIDENCES),
            life=self.word("life", Life),
            since=self.text("since"),
            summary=self.text("summary"),
            message=self.text("message"),
            why=self.text("why"),
            fix=self.text("fix"),
            fixable=self.one_of("fixable", FIXABLE),
            blind_spots=self.text("blind-spots"),
            bad=self.string(example["bad"], "example.bad"),
            good=self.string(example["good"], "example.good"),
            on_by_default=self.truth("on-by-default", default=True),
            options=self.options(),
            evidence=self.evidence(),
        )

    def text(self, key: str) -> str:
        return self.string(self.document[key], key).strip()

    def string(self, value: object, field: str) -> str:
        if not isinstance(value, str) or not value.strip():
            self.refuse(field, f"must be a text, not {value!r}")
        return value

    def truth(self, key: str, *, default: bool) -> bool:
        value = self.document.get(key, default)
        if not isinstance(value, bool):
            self.refuse(key, f"must be true or false, not {value!r}")
        return value

    def one_of(self, key: str, words: tuple[str, ...]) -> str:
        value = self.text(key)
        if value not in words:
            near = did_you_mean(value, words)
            self.refuse(key, f'must be one of {", ".join(words)}, not "{value}"{near}')
        return value

    def word(self, key: str, kind: type[Word]) -> Word:
        return kind(self.one_of(key, tuple(member.value for member in kind)))

    def mapping(self, field: str, keys: tuple[str, ...]) -> dict[str, Any]:
        return self.keyed(self.document[field], field, keys)

    def keyed(self, value: object, field: str, keys: tuple[str, ...]) -> dict[str, Any]:
        if not isinstance(value, dict) or set(value) != set(keys):
            self.refuse(field, f"must hold exactly: {', '.join(keys)}")
        return value

    def options(self) -> dict[str, Option]:
        value = self.document.get("options", {})
        if not isinstance(value, dict):
            self.refuse("options", "must be a mapping of names to {default, description}")
        options = {}
        for name, body in value.items():
            field = f"options.{name}"
            option = self.keyed(body, field, ("default", "description"))
            options[str(name)] = Option(
                name=str(name),
                default=self.default(option["default"], f"{field}.default"),
                description=self.string(option["description"], f"{field}.description").strip(),
            )
        return options

    def default(self, value: object, field: str) -> OptionValue:
        if isinstance(value, list) and all(isinstance(item, str) for item in value):
            return tuple(value)
        if not isinstance(value, bool | int | float | str):
            self.refuse(field, f"must be a number, a text, true, false or a list of texts, not {value!r}")
        return value

    def evidence(self) -> tuple[Evidence, ...]:
        value = self.document["evidence"]
        if not isinstance(value, list):
            self.refuse("evidence", "must be a list of {url, figure, year}")
        evidence = []
        for index, body in enumerate(value):
            field = f"evidence[{index}]"
            source = self.keyed(body, field, ("url", "figure", "year"))
            if not isinstance(source["year"], int):
                self.refuse(f"{field}.year", f"must be a year, not {source['year']!r}")
            evidence.append(
                Evidence(
                    url=self.string(source["url"], f"{field}.url"),
                    figure=self.string(source["figure"], f"{field}.figure").strip(),
                    year=source["year"],
                ),
            )
        return tuple(evidence)

    def refuse(self, field: str, complaint: str) -> NoReturn:
        message = f"{self.file}: {field} {complaint}"
        raise RuleError(message)
