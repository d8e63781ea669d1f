"""Test cases as people read them: Markdown whose headings are names and whose code blocks are small projects.

Under one heading, a ```python block is a file. `path=engine.py` in its info string names the file, so that several
make a project; blocks with `cell` in the info string become the cells of one notebook (`python cell path=x.ipynb`,
`markdown cell path=x.ipynb`). A line that ends in `# finds: ECO310` must be found by that rule, every other line must
not. A heading that ends in `(known gap)` is expected to fail.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

KNOWN_GAP = "(known gap)"
_FENCE = re.compile(r"^(?P<fence>```+)(?P<info>.*)$")
_HEADING = re.compile(r"^#{2,}\s+(?P<name>.+?)\s*$")
_MARKER = re.compile(r"#\s*finds:\s*(?P<codes>ECO\d{3}(?:\s*,\s*ECO\d{3})*)\s*$")

Place = tuple[str, int | None, int, str]
"""Path, cell of a notebook, line, code."""


@dataclass(frozen=True)
class Block:
    """One fenced block; `line` is where its fence stands in the Markdown file."""

    language: str
    path: str
    is_cell: bool
    text: str
    line: int


@dataclass
class Case:
    """What stands under one heading."""

    name: str
    line: int
    blocks: list[Block] = field(default_factory=list)

    @property
    def known_gap(self) -> bool:
        """Whether the case is kept as something that greenlint gets wrong."""
        return self.name.endswith(KNOWN_GAP)

    def expected(self) -> set[Place]:
        """Return the marked places."""
        places = set()
        cells: dict[str, int] = {}
        for block in self.blocks:
            cell = None
            if block.is_cell:
                cell = cells.setdefault(block.path, 0)
                cells[block.path] += 1
            for number, line in enumerate(block.text.splitlines(), start=1):
                if match := _MARKER.search(line):
                    places |= {(block.path, cell, number, code) for code in re.findall(r"ECO\d{3}", match["codes"])}
        return places

    def paths(self) -> list[str]:
        """Return the Python files and notebooks when there are several, else nothing."""
        paths = sorted({block.path for block in self.blocks if block.path.endswith((".py", ".ipynb"))})
        return paths if len(paths) > 1 else []

    def write(self, folder: Path) -> None:
        """Write the project into a folder."""
        notebooks: dict[str, list[Block]] = {}
        for block in self.blocks:
            if block.is_cell:
                notebooks.setdefault(block.path, []).append(block)
                continue
            target = folder / block.path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(block.text, encoding="utf-8")
        for path, cells in notebooks.items():
            target = folder / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(json.dumps(_notebook(cells), indent=1), encoding="utf-8")


def cases(path: Path) -> list[Case]:
    """Read the cases of a Markdown file; headings without a code block are prose."""
    found: list[Case] = []
    lines = iter(enumerate(path.read_text(encoding="utf-8").splitlines(), start=1))
    for number, line in lines:
        if heading := _HEADING.match(line):
            found.append(Case(heading["name"], number))
        elif (fence := _FENCE.match(line)) and found:
            found[-1].blocks.append(_block(fence, number, lines))
    return [case for case in found if case.blocks]


def _block(fence: re.Match[str], line: int, lines: Iterator[tuple[int, str]]) -> Block:
    words = fence["info"].split()
    named = [word.removeprefix("path=") for word in words if word.startswith("path=")]
    text = []
    for _, content in lines:
        if content.rstrip() == fence["fence"]:
            break
        text.append(content)
    return Block(
        language=words[0] if words else "",
        path=named[0] if named else "example.py",
        is_cell="cell" in words,
        text="\n".join(text) + "\n",
        line=line,
    )


def _notebook(cells: list[Block]) -> dict[str, object]:
    return {
        "cells": [
            {"cell_type": "markdown", "metadata": {}, "source": cell.text.splitlines(keepends=True)}
            if cell.language == "markdown"
            else {
                "cell_type": "code",
                "execution_count": None,
                "metadata": {},
                "outputs": [],
                "source": cell.text.splitlines(keepends=True),
            }
            for cell in cells
        ],
        "metadata": {"language_info": {"name": "python"}},
        "nbformat": 4,
        "nbformat_minor": 5,
    }
