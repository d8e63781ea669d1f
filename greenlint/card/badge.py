"""A small SVG badge: letter or score, coverage, month. No script, no font file, no reference to anywhere."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from xml.sax.saxutils import escape

if TYPE_CHECKING:
    from greenlint.card.words import Words

_COLOURS = {
    "A": "#1a7f37",
    "B": "#4c8a2b",
    "C": "#7d7a12",
    "D": "#9a6700",
    "E": "#b35900",
    "F": "#bc4c00",
    "G": "#b3261e",
}


def badge(card: dict[str, Any], words: Words, month: str) -> str:
    """SVG text for a scorecard; `month` is `2026-11`, or empty."""
    left = "eco-design" if words.language == "en" else "éco-conception"
    grade = card["grade"]
    letter = f"{grade} · {card['score']:.0f}" if grade else words["not_graded"]
    right = f"{letter} · {words['coverage']} {int(card['coverage'])} %{f' · {month}' if month else ''}"
    colour = _COLOURS.get(grade or "", "#57606a")
    wide, narrow = 12 + round(6.6 * len(right)), 12 + round(6.6 * len(left))
    total = wide + narrow
    title = escape(f"{left}: {right}")
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{total}" height="20" role="img" aria-label="{title}">'
        f"<title>{title}</title>"
        f'<rect width="{narrow}" height="20" fill="#444c56"/>'
        f'<rect x="{narrow}" width="{wide}" height="20" fill="{colour}"/>'
        '<g fill="#fff" font-family="Verdana,DejaVu Sans,sans-serif" font-size="11" text-anchor="middle">'
        f'<text x="{narrow / 2:g}" y="14">{escape(left)}</text>'
        f'<text x="{narrow + wide / 2:g}" y="14">{escape(right)}</text></g></svg>\n'
    )
