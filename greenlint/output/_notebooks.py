"""Notebooks as services see them: files of JSON, with lines of their own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from greenlint.errors import SourceError
from greenlint.finding import Edit, TextPlace

if TYPE_CHECKING:
    from collections.abc import Sequence

    from greenlint.finding import Problem


class Notebooks:
    """The notebooks of one report, each read once."""

    def __init__(self) -> None:
        """Know none yet."""
        self._lines: dict[str, list[list[int]]] = {}

    def line(self, place: TextPlace | Problem, line: int) -> int:
        """Return the line of the file for a line of the place's cell; 0 where the file does not tell any more."""
        if place.path not in self._lines:
            self._lines[place.path] = _read(place.path)
        cells = self._lines[place.path]
        if place.cell is None or place.cell >= len(cells) or not 0 < line <= len(cells[place.cell]):
            return 0
        return cells[place.cell][line - 1]


def _read(path: str) -> list[list[int]]:
    from pathlib import Path

    from greenlint.rewriting import file_lines

    try:
        return file_lines(Path(path).read_bytes())
    except (OSError, ValueError, LookupError, TypeError, AttributeError, RecursionError):
        return []  # what was judged came from elsewhere, or has changed since


def file_edit(path: str, edits: Sequence[Edit]) -> Edit | None:
    """Return the one edit of a notebook's JSON that makes edits in its cells; None where it cannot be made."""
    from pathlib import Path

    from greenlint import rewriting, source

    try:
        data = Path(path).read_bytes()
        text = source.decode(data, path)
        if text is None:
            return None
        before, after = data.decode(), rewriting.rewrite(data, path, text, edits).decode()
    except (OSError, ValueError, SourceError):
        return None
    start = _alike(before, after)
    tail = min(_alike(before[::-1], after[::-1]), len(before) - start, len(after) - start)
    end = len(before) - tail
    return Edit(
        TextPlace(path, *_line_and_column(before, start), *_line_and_column(before, end)),
        after[start : len(after) - tail],
    )


def _alike(one: str, other: str) -> int:
    """Return how many characters two texts begin with in common, halving what is left to be compared."""
    low, high = 0, min(len(one), len(other))
    while low < high:
        middle = (low + high + 1) // 2
        if one[low:middle] == other[low:middle]:
            low = middle
        else:
            high = middle - 1
    return low


def _line_and_column(text: str, offset: int) -> tuple[int, int]:
    return text.count("\n", 0, offset) + 1, offset - text.rfind("\n", 0, offset)
