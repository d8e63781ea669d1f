"""From a folder to the material that evidence is taken from: code, models, emission files, repository, answers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from greenlint.card import answers as answering
from greenlint.card import budget, code, emissions
from greenlint.card.documents import sha256
from greenlint.card.evidence import Material
from greenlint.card.language import text
from greenlint.card.repository import look
from greenlint.errors import ConfigError, GreenlintError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from greenlint.card.language import Text
    from greenlint.card.model import Model

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
    notes: list[Text] = []
    repository = look(root)
    if request.emissions:
        files = emissions.read_named(request.emissions, root)
    else:
        files, problems = emissions.find(root, skip=lambda path: is_test(emissions.relative(path, root), bytes))
        notes.extend(problems)
    for file in files:
        notes.extend(file.problems)
    answers = _answers(request)
    limits = budget.read(root)
    judged = code.read(root)
    notes.extend(judged.notes)
    return Material(
        repository=repository,
        findings=judged.findings,
        signs=judged.signs,
        hidden_rules=judged.hidden_rules,
        models=_models(request, repository.files, notes),
        files=files,
        answers=answers,
        budget=limits,
        training_files=judged.training_files,
        training_programs=judged.training_programs,
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


def _answers(request: Request) -> answering.Answers:
    path = request.answers or request.root / answering.FILE_NAME
    if request.answers is None and not path.is_file():
        return answering.Answers()
    return answering.read(path, emissions.relative(path, request.root))


def _models(request: Request, files: Sequence[str], notes: list[Text]) -> list[Model]:
    from greenlint.card.inspection import inspect
    from greenlint.python.tests import is_test

    named = list(request.models)
    found = [request.root / name for name in files if name.endswith(".onnx") and not is_test(name, bytes)]
    paths = named or found[:MOST_MODELS]
    if not named and len(found) > MOST_MODELS:
        told = text(
            f"{len(found)} ONNX models found, {MOST_MODELS} inspected; name the released ones with --model",
            f"{len(found)} modèles ONNX trouvés, {MOST_MODELS} inspectés ; nommer ceux de la version avec --model",
        )
        notes.append(told)
    models = []
    for path in paths:
        try:
            models.append(inspect(path, emissions.relative(path, request.root)))
        except GreenlintError as error:
            if named:
                raise
            notes.append(text(str(error)))
    return models
