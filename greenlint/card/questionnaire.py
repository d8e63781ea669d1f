"""The questionnaire that `greenlint init` writes: a file that is already there is kept, and questions are added below.

Only items that no artefact can decide are asked; the others may be answered too, for a quarter at most.
"""

from __future__ import annotations

import re
import textwrap
from typing import TYPE_CHECKING

from greenlint.card.answers import FIGURES, VERSION
from greenlint.card.checklist import Ceiling, load
from greenlint.card.language import text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from greenlint.card.checklist import Item

WIDTH = 100

_PREAMBLE = (
    text(
        "What the project declares. `greenlint score` reads this beside the evidence it finds by itself.",
        "Ce que le projet déclare. `greenlint score` lit ce fichier avec les preuves qu'il trouve lui-même.",
    ),
    text(
        "answer: yes, no, not applicable or unknown. A yes needs a statement, not applicable needs a reason.",
        "answer: yes (oui), no (non), not applicable (sans objet) ou unknown (inconnu). "
        "Un yes demande une phrase dans `statement`, not applicable une raison.",
    ),
    text("Carbon offsets never count.", "Une compensation carbone ne compte jamais."),
)
_FIGURES = text(
    "Figures of the release; remove the # before those that are known.",
    "Chiffres de la version ; effacer le # devant ceux qui sont connus.",
)
_DECLARED = text(
    "Earns a quarter of the item and never more: nothing can verify it.",
    "Vaut un quart du point, et jamais plus : rien ne peut le vérifier.",
)
_PARTIAL = text(
    "Is shown but earns nothing; artefacts earn half at most",
    "S'affiche mais ne rapporte rien ; les preuves donnent la moitié au plus",
)
_UNLESS = text("Not applicable when", "Sans objet quand")
_OTHERS = text(
    "The other items can be verified. Without evidence a yes earns a quarter there. Some may not apply:",
    "Les autres points se vérifient. Sans preuve, un yes y vaut un quart. Certains peuvent être sans objet :",
)


def questionnaire(existing: str = "", language: str = "en") -> str:
    """Text of an answers file: what is there stays as it is, questions that it lacks are added below."""
    known = set(re.findall(r"^\s*#?\s*([A-Z]{3}-\d+\.\d+):", existing, re.MULTILINE))
    asked = [item for item in load().items if item.ceiling is not Ceiling.VERIFIED and item.id not in known]
    is_new = not existing.strip()
    if not is_new and not asked:
        return existing
    lines = [*_preamble(language), "items:"] if is_new else [existing.rstrip("\n")]
    if not is_new and not re.search(r"^items:", existing, re.MULTILINE):
        lines += ["", "items:"]
    for item in asked:
        lines += ["", *_question(item, language)]
    if is_new:
        lines += ["", *_hints(language)]
    return "\n".join(lines) + "\n"


def _preamble(language: str) -> Iterator[str]:
    yield f"version: {VERSION}"
    yield ""
    for told in _PREAMBLE:
        yield from _comment(told[language], "")
    yield ""
    yield from _comment(_FIGURES[language], "")
    yield "release:"
    for name, meaning in FIGURES.items():
        yield f"  # {name}:  # {meaning[language]}"
    yield ""


def _question(item: Item, language: str) -> Iterator[str]:
    yield from _comment(item.text[language])
    yield from _comment(_worth(item, language))
    if item.not_applicable_when:
        yield from _comment(f"{_told(_UNLESS, language)} {item.not_applicable_when[language]}.")
    yield f"  {item.id}:"
    yield "    answer: unknown"
    yield '    statement: ""'
    yield '    evidence: ""'


def _worth(item: Item, language: str) -> str:
    if item.ceiling is Ceiling.DECLARED:
        return _DECLARED[language]
    return f"{_told(_PARTIAL, language)} {item.counts[language]}."


def _hints(language: str) -> Iterator[str]:
    yield from _comment(_OTHERS[language])
    for item in load().items:
        if item.ceiling is Ceiling.VERIFIED and item.not_applicable_when:
            yield ""
            yield from _comment(f"{_told(_UNLESS, language)} {item.not_applicable_when[language]}.")
            yield f'  # {item.id}: {{answer: not applicable, statement: ""}}'


def _told(head: dict[str, str], language: str) -> str:
    return text(f"{head['en']}:", f"{head['fr']} :")[language]


def _comment(told: str, indent: str = "  ") -> list[str]:
    head = f"{indent}# "
    return textwrap.wrap(told, WIDTH, initial_indent=head, subsequent_indent=head, break_long_words=False)
