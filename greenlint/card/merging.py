"""A new card over an old one: what a person wrote stays, what greenlint wrote is written anew.

greenlint's own blocks stand between `<!-- greenlint:name -->` and `<!-- /greenlint -->`. The opening comment carries
a hash of the block: a block that was edited by hand belongs to its editor from then on and is kept, without its
comments.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_BLOCK = re.compile(
    r"<!-- greenlint:(?P<name>[\w-]+)(?: (?P<mark>[0-9a-f]{12}))? -->\n(?P<text>.*?)\n?<!-- /greenlint -->", re.DOTALL
)

OWNED = frozenset({"footprint", "inspected", "score", "gaps"})
"""Blocks of facts: they are written anew even when an edited one is kept beside them."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of a card: a block when it has a name, else what a person wrote."""

    text: str
    name: str = ""
    is_edited: bool = False


def pieces(body: str) -> list[Piece]:
    """Cut a card's body into blocks and the text between them."""
    found: list[Piece] = []
    place = 0
    for match in _BLOCK.finditer(body):
        found.append(Piece(body[place : match.start()]))
        edited = match["mark"] is not None and match["mark"] != _mark(match["text"])
        found.append(Piece(match["text"], match["name"], edited))
        place = match.end()
    found.append(Piece(body[place:]))
    return found


def handwritten(body: str) -> str:
    """Return what a person wrote: everything outside blocks, and the blocks that were edited."""
    return "\n".join(piece.text for piece in pieces(body) if not piece.name or piece.is_edited)


def signed(body: str) -> str:
    """Write the hash of each block into its opening comment."""
    return _joined(Piece(piece.text.strip("\n"), piece.name) if piece.name else piece for piece in pieces(body))


def merge(old: str, new: str) -> tuple[str, list[str]]:
    """Put the blocks of a new body into an old one; also returns the names of edited blocks that were kept."""
    if not old.strip():
        return signed(new), []
    fresh = {piece.name: piece for piece in pieces(new) if piece.name}
    kept: list[str] = []
    result: list[Piece] = []
    placed: set[str] = set()
    for piece in pieces(old):
        if not piece.name:
            result.append(piece)
        elif piece.is_edited:
            kept.append(piece.name)
            result.append(Piece(piece.text))
            if piece.name in OWNED and piece.name in fresh:
                result += [Piece("\n\n"), fresh[piece.name]]
            placed.add(piece.name)
        elif piece.name in fresh and piece.name not in placed:
            result.append(fresh[piece.name])
            placed.add(piece.name)
    for name, piece in fresh.items():
        if name not in placed:
            result += [Piece("\n\n"), piece]
    return re.sub(r"\n{3,}", "\n\n", signed(_joined(result))).strip() + "\n", kept


def _joined(parts: Iterator[Piece] | Sequence[Piece]) -> str:
    text = []
    for piece in parts:
        if piece.name:
            inner = piece.text.strip("\n")
            text.append(f"<!-- greenlint:{piece.name} {_mark(inner)} -->\n{inner}\n<!-- /greenlint -->")
        else:
            text.append(piece.text)
    return "".join(text)


def _mark(text: str) -> str:
    return hashlib.sha256(text.strip("\n").encode()).hexdigest()[:12]
