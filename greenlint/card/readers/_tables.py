"""CSV rows by column name, whatever the order of the columns, with broken rows left out by line."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from typing import TYPE_CHECKING

from greenlint.card.language import text as both

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from greenlint.card.emissions import Reading

LARGEST_CELL = 1_000_000


@dataclass(frozen=True, slots=True)
class Row:
    """One row; a column that the file lacks reads as an empty cell."""

    line: int
    cells: Mapping[str, str]

    def __getitem__(self, column: str) -> str:
        """Text of a cell, stripped; pandas' spellings of nothing read as empty."""
        text = self.cells.get(column, "").strip()
        return "" if text.lower() in {"none", "n/a", "null"} else text


def columns_of(head: str) -> set[str]:
    """Column names of the first line."""
    first = head.split("\n", 1)[0].strip()
    try:
        return {name.strip() for row in csv.reader([first], delimiter=_delimiter(first)) for name in row}
    except csv.Error:
        return set()


def rows_of(text: str, into: Reading, *, needed: set[str]) -> Iterator[Row]:
    """Yield the whole rows of a table.

    A header repeated in the middle (files of two versions, concatenated) starts a new table. A row with another
    number of cells than its header is left out with a line that says so.
    """
    csv.field_size_limit(LARGEST_CELL)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text.split("\n", 1)[0]))
    header: list[str] = []
    try:
        for cells in reader:
            if not cells or not any(cell.strip() for cell in cells):
                continue
            names = [cell.strip() for cell in cells]
            if not header or needed <= set(names):
                header = names
            elif len(cells) != len(header):
                into.refuse(
                    reader.line_num,
                    both(
                        f"{len(cells)} cells under {len(header)} columns, row left out",
                        f"{len(cells)} cellules sous {len(header)} colonnes, ligne laissée de côté",
                    ),
                )
            else:
                yield Row(reader.line_num, dict(zip(header, cells, strict=True)))
    except csv.Error as error:
        into.refuse(reader.line_num, both(f"not CSV: {error}", f"pas du CSV : {error}"))


def _delimiter(line: str) -> str:
    return max((",", ";", "\t"), key=line.count)
