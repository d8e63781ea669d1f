"""Sentences in two languages, and numbers as each of them writes them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

LANGUAGES = ("en", "fr")

Text = dict[str, str]
"""A sentence by language: `{"en": ..., "fr": ...}`."""

LARGE, ENORMOUS = 1000, 1e12
"""Numbers between the two are written out, with their thousands set apart."""

_UNITS = {"en": ("B", "kB", "MB", "GB"), "fr": ("o", "ko", "Mo", "Go")}
_STEP = 1000


def text(english: str, french: str = "") -> Text:
    """Return a sentence by language; where one is given, it is the same in both."""
    return {"en": english, "fr": typeset(french) or english}


def typeset(french: str) -> str:
    """Return a French sentence with the spaces before its double punctuation and inside its quotes unbreakable."""
    return re.sub(r"(?<=«) | (?=[;:!?»])", "\u00a0", french)


def joined(texts: Iterable[Text]) -> Text:
    """Return several sentences as one."""
    texts = list(texts)
    return text("; ".join(one["en"] for one in texts), " ; ".join(one["fr"] for one in texts))


def at(where: str, told: Text) -> Text:
    """Return a sentence after the place that it is about."""
    return text(f"{where}: {told['en']}", f"{where} : {told['fr']}")


def decimal(value: float, language: str = "en", sign: str = "") -> str:
    """Return a number with one decimal; `sign` "+" writes the sign always."""
    return in_language(f"{value:{sign}.1f}", language)


def plain(value: float, digits: int = 3, language: str = "en") -> str:
    """Return a number with some significant digits: `0.0124`, `12,200`, `4.07e-5`; in French `12 200` and `4,07e-5`."""
    told = f"{value:.{digits}g}"
    if LARGE <= abs(float(told)) < ENORMOUS:
        return in_language(f"{float(told):,.0f}", language)
    mantissa, _, exponent = told.partition("e")
    return in_language(f"{mantissa}e{int(exponent)}" if exponent else mantissa, language)


def whole(value: int, language: str = "en") -> str:
    """Return an integer with its thousands set apart: `4,810`, in French `4 810`."""
    return in_language(f"{value:,}", language)


def size(count: int, language: str = "en") -> str:
    """`1.5 MB` for 1 500 000 bytes, in French `1,5 Mo`."""
    units = _UNITS[language]
    amount, place = float(count), 0
    while amount >= _STEP and place < len(units) - 1:
        amount, place = amount / _STEP, place + 1
    return f"{decimal(amount, language) if place else count} {units[place]}"


def in_language(number: str, language: str) -> str:
    """Return a number written in English as another language writes it."""
    return number.replace(",", "\u202f").replace(".", ",") if language == "fr" else number
