"""From a folder to the material that evidence is taken from: code, models, emission files, repository, answers."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from greenlint.card import answers as questionnaire
from greenlint.card import emissions
from greenlint.card.documents import sha256
from greenlint.card.evidence import Material
from greenlint.card.repository import look
from greenlint.errors import ConfigError, GreenlintError, did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from greenlint.card.model import Model
    from greenlint.card.signals import Sign
    from greenlint.engine import Judged
    from greenlint.finding import Finding

BUDGETS = ("kwh", "gco2eq", "parameters")

MOST_MODELS = 20
"""Models found by themselves; more than that are named on the command line."""


@dataclass(frozen=True, slots=True)
class Request:
    """What to look at. Empty sequences mean: find it below `root`."""

    root: Path
    models: Sequence[Path] = ()
    emissions: Sequence[Path] = ()
    answers: Path | None = None


def collect(request: Request) -> Material:
    """Collect everything below a folder; what cannot be read is a note, or `ConfigError` when the user named it."""
    from greenlint.python.tests import is_test

    root = request.root
    if not root.is_dir():
        message = f"{root}: not a folder"
        raise ConfigError(message)
    notes: list[str] = []
    repository = look(root)
    if request.emissions:
        files = emissions.read_named(request.emissions, root)
    else:
        files, problems = emissions.find(root, skip=lambda path: is_test(emissions.relative(path, root), b""))
        notes.extend(problems)
    for file in files:
        notes.extend(file.problems)
    findings, signs, hidden, training = _code(root, notes)
    return Material(
        repository=repository,
        findings=findings,
        signs=signs,
        hidden_rules=hidden,
        models=_models(request, repository.files, notes),
        files=files,
        answers=_answers(request),
        budget=budget(root),
        training_files=training,
        notes=tuple(notes),
    )


def inputs(material: Material) -> Iterator[tuple[str, str, str]]:
    """Yield kind, path and SHA-256 of every file that is read as a whole."""
    for file in material.files:
        yield "emissions", file.path, file.sha256
    for model in material.models:
        yield "model", model.path, model.sha256
    if material.answers.path:
        yield "answers", material.answers.path, material.answers.sha256
    card = material.repository.card
    if card and (path := material.repository.root / card.path).is_file():
        yield "card", card.path, sha256(path)


def budget(root: Path) -> dict[str, float]:
    """Limits of `[score.budget]`: kwh, gco2eq, parameters; raises `ConfigError` for another key or a wrong value."""
    from greenlint.config import read_table, settings_file

    file = settings_file(root.resolve())
    table = read_table(file).get("score", {}) if file else {}
    for key in table if isinstance(table, dict) else ():
        if key != "budget":
            message = f"{file}: score.{key}: unknown key{did_you_mean(key, ('budget',))}"
            raise ConfigError(message)
    limits: Any = table.get("budget", {}) if isinstance(table, dict) else None
    if not isinstance(limits, dict):
        message = f"{file}: score.budget: must be a table"
        raise ConfigError(message)
    for key, value in limits.items():
        if key not in BUDGETS:
            message = f"{file}: score.budget.{key}: unknown key{did_you_mean(key, BUDGETS)}"
            raise ConfigError(message)
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not value > 0:
            message = f"{file}: score.budget.{key}: must be a number above zero"
            raise ConfigError(message)
    return {key: float(value) for key, value in limits.items()}


def _answers(request: Request) -> questionnaire.Answers:
    path = request.answers or request.root / questionnaire.FILE_NAME
    if request.answers is None and not path.is_file():
        return questionnaire.Answers()
    return questionnaire.read(path, emissions.relative(path, request.root))


def _code(root: Path, notes: list[str]) -> tuple[list[Finding] | None, list[Sign] | None, frozenset[str], list[str]]:
    """Return findings, signs, the stable rules that did not run, and the files that train.

    A crash of the linter is a note here: the rest of the evidence stands, and the items of the code stay unknown.
    """
    from greenlint import catalogue, config, discovery, engine, suppression
    from greenlint.card.signals import signs_of
    from greenlint.python.tests import is_test

    folder = Path(os.path.abspath(root))  # noqa: PTH100 - resolve() would follow links
    try:
        rules = catalogue.load()
        configuration = config.Configuration(rules, config.Overrides())
        settings = configuration.settings(folder)
        listing = discovery.discover([folder], lambda _path: False)
        judged = list(
            suppression.mark(engine.check(listing.files, configuration.settings, lambda _path: folder), rules)
        )
    except (ConfigError, OSError):
        raise
    except GreenlintError as error:
        notes.append(f"the code was not judged: {error}")
        return None, None, frozenset(), []
    notes.extend(str(problem) for one in judged for problem in one.problems)
    # What the settings exclude is judged all the same, and hides like a suppression: otherwise a line of settings would
    # buy what a comment does not.
    excluded = {one.path for one in judged if configuration.settings(one.path.parent).excludes(one.path)}
    findings = [
        _relative(_suppressed(finding) if one.path in excluded else finding, root)
        for one in judged
        for finding in one.findings
    ]
    signs = list(_signs(root, [one for one in judged if one.path not in excluded], signs_of))
    training = sorted(
        {sign.path for sign in signs if _trains(sign)}
        | {finding.place.path for finding in findings if finding.rule.code.startswith("ECO3")}
    )
    return findings, signs, _hidden(rules, settings), [path for path in training if not is_test(path, b"")]


def _signs(root: Path, judged: Sequence[Judged], signs_of: Any) -> Iterator[Sign]:  # noqa: ANN401
    from greenlint.python.collect import collect as facts_of

    folder = Path(os.path.abspath(root))  # noqa: PTH100 - resolve() would follow links
    sources = {one.path: one.source for one in judged if one.source is not None and not one.unreadable}
    relevant = [one.path for one in judged if one.relevant and one.path in sources]

    def load(path: Path) -> Any:  # noqa: ANN401 - facts, or None
        source = sources.get(path)
        try:
            return facts_of(source.text) if source else None
        except GreenlintError:
            return None

    def locate(path: Path, line: int) -> tuple[int | None, int]:
        source = sources[path]
        return source.locate(line) if source else (None, line)

    yield from signs_of(folder, list(sources), relevant, load, lambda path: sources[path].text, locate)


def _trains(sign: Sign) -> bool:
    return sign.form == "call" and any(
        name.rsplit(".", 1)[-1] in {"fit", "backward", "train_on_batch", "apply_gradients"} for name in sign.names
    )


def _hidden(rules: Any, settings: Any) -> frozenset[str]:  # noqa: ANN401 - Catalogue and Settings
    from greenlint.rule import Life

    expected = {rule.code for rule in rules.rules if rule.life is Life.STABLE and rule.on_by_default}
    per_file = {code for _, codes in settings.per_file_ignores for code in codes}
    return frozenset((expected - settings.enabled) | (per_file & expected))


def _suppressed(finding: Finding) -> Finding:
    from greenlint.finding import Status

    return replace(finding, status=Status.SUPPRESSED)


def _relative(finding: Finding, root: Path) -> Finding:
    path = emissions.relative(Path(finding.place.path), root)
    return replace(finding, place=replace(finding.place, path=path))


def _models(request: Request, files: Sequence[str], notes: list[str]) -> list[Model]:
    from greenlint.card.inspection import inspect
    from greenlint.python.tests import is_test

    named = list(request.models)
    found = [request.root / name for name in files if name.endswith(".onnx") and not is_test(name, b"")]
    paths = named or found[:MOST_MODELS]
    if not named and len(found) > MOST_MODELS:
        notes.append(f"{len(found)} ONNX models found, {MOST_MODELS} inspected; name the released ones with --model")
    models = []
    for path in paths:
        try:
            models.append(inspect(path, emissions.relative(path, request.root)))
        except GreenlintError as error:
            if named:
                raise
            notes.append(str(error))
    return models
