"""Lines of notebooks as services count them: those of the file, which is JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from greenlint.finding import Problem, TextPlace


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
