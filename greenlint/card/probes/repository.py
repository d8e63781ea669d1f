"""What the repository shows: its card, licence, README, locks, CI jobs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from greenlint.card.evidence import INDICATES, PROVES, REFUTES, REMARKS, Evidence
from greenlint.card.hub import SECTIONS, TASKS
from greenlint.card.language import in_language, plain, text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from greenlint.card.evidence import Material

_COMMANDS = ("pip install", "python ", "conda ", "uv ")
_AGREEMENT = 0.02
"""Share by which a card may differ from the emission files: cards round."""

_ENORMOUS = 1e15


def card_task(material: Material) -> Iterator[Evidence]:
    """Yield a known task in the card's front matter."""
    card = material.repository.card
    task = card.metadata.get("pipeline_tag") if card else None
    if card and isinstance(task, str) and task in TASKS:
        yield Evidence(PROVES, "repository", card.path, text(f"pipeline_tag: {task}"))


def complete_card(material: Material) -> Iterator[Evidence]:
    """Yield a card with data, results, limits and a footprint; the footprint has to equal the emission files."""
    card = material.repository.card
    if card is None:
        return
    if card.problem:
        yield Evidence(
            REMARKS, "repository", card.path, text("the front matter cannot be read", "l'en-tête est illisible")
        )
        return
    told = _grams(card.metadata)
    measured = sum(material.grams(run) or 0 for run in material.training)
    is_own = measured > 0 and not material.is_untracked
    agrees = told is not None and is_own and abs(told - measured) <= _AGREEMENT * measured
    if told is not None and is_own and not agrees:
        says = text(
            f"the card says {told:g} g, the emission files {plain(measured)} g",
            f"la fiche dit {in_language(f'{told:g}', 'fr')} g, les fichiers d'émissions {plain(measured, 3, 'fr')} g",
        )
        yield Evidence(REFUTES, "repository", card.path, says)
        return
    parts = (
        ("data", "données", card.filled("dataset", "données", *SECTIONS["training_data"])),
        (
            "results",
            "résultats",
            card.filled("evaluation", "évaluation", *SECTIONS["metrics"]),
        ),
        ("limits", "limites", card.filled("limits", "risks", *SECTIONS["limitations"])),
        ("a footprint that a file confirms", "une empreinte confirmée par un fichier", agrees or None),
    )
    missing = [(english, french) for english, french, part in parts if part is None]
    if missing:
        says = text(
            "missing: " + ", ".join(english for english, _ in missing),
            "manque : " + ", ".join(french for _, french in missing),
        )
        yield Evidence(INDICATES if len(missing) == 1 else REMARKS, "repository", card.path, says)
    else:
        says = text(
            "data, results, limits, and a footprint equal to the emission files",
            "données, résultats, limites, et une empreinte égale aux fichiers d'émissions",
        )
        yield Evidence(PROVES, "repository", card.path, says)


def documented_architecture(material: Material) -> Iterator[Evidence]:
    """Pinned dependencies and an architecture section with content."""
    repository = material.repository
    section = repository.card.filled("architecture") if repository.card else None
    role = PROVES if repository.pinned and section else INDICATES
    if repository.pinned:
        yield Evidence(role, "repository", repository.pinned, text("pinned dependencies", "dépendances figées"))
    if section and repository.card:
        yield Evidence(role, "repository", f"{repository.card.path}:{section.line}", text(section.heading))


def scheduled_training(material: Material) -> Iterator[Evidence]:
    """Yield a workflow that trains at night."""
    for name, line in material.repository.night_training:
        told = text("training is scheduled at night", "entraînement planifié la nuit")
        yield Evidence(INDICATES, "repository", f"{name}:{line}", told)


def open_and_versioned(material: Material) -> Iterator[Evidence]:
    """Yield a licence by its text, and a history of versions."""
    repository = material.repository
    role = PROVES if repository.licence and (repository.tags or repository.changelog) else INDICATES
    if repository.licence:
        yield Evidence(role, "repository", repository.licence[1], text(repository.licence[0]))
    if repository.tags:
        told = text(f"{repository.tags} tags", f"{repository.tags} étiquettes")
        yield Evidence(role, "repository", ".git", told)
    elif repository.changelog:
        yield Evidence(role, "repository", repository.changelog, text("a changelog", "un journal des versions"))


def documented_method(material: Material) -> Iterator[Evidence]:
    """Yield a README with commands, and what else helps to take over."""
    repository = material.repository
    sections = repository.readme.sections if repository.readme else ()
    commands = next(
        (section for section in sections if "```" in section.text and any(word in section.text for word in _COMMANDS)),
        None,
    )
    if repository.readme is None or commands is None:
        return
    others = [name for name in (repository.citation, repository.contributing, repository.pinned) if name]
    told = ", ".join(others)
    says = text(
        f"commands in the README, and {told}" if told else "commands in the README",
        f"des commandes dans le README, et {told}" if told else "des commandes dans le README",
    )
    where = f"{repository.readme.path}:{commands.line}"
    yield Evidence(PROVES if len(others) > 1 else INDICATES, "repository", where, says)


def ci_runs_greenlint(material: Material) -> Iterator[Evidence]:
    """Yield a CI job that runs greenlint and can fail."""
    for name, line in material.repository.ci_jobs[:1]:
        told = text("CI runs greenlint", "l'intégration continue lance greenlint")
        yield Evidence(INDICATES, "repository", f"{name}:{line}", told)


def _grams(metadata: dict[str, object]) -> float | None:
    """Grams in a card's front matter, as a number above zero, else None."""
    value = metadata.get("co2_eq_emissions")
    amount = value.get("emissions") if isinstance(value, dict) else value
    if isinstance(amount, bool) or not isinstance(amount, (int, float)) or not 0 < amount < _ENORMOUS:
        return None
    return float(amount)
