"""Copies of a folder's Python files, in which files may be changed and caches kept."""

from __future__ import annotations

import shutil
import subprocess
from itertools import count
from typing import TYPE_CHECKING

from greenlint import relevance
from greenlint.discovery import NOISE

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

CACHES = (".greenlint_cache", ".ruff_cache")


class Tree:
    """A copy of all Python files below a folder, known to git, `times` over."""

    def __init__(self, folder: Path, into: Path, times: int = 1) -> None:
        """Copy it; raises `ValueError` for a folder without Python files."""
        self.folder = into
        self.files: list[Path] = []
        for file in sorted(folder.rglob("*.py")):
            name = file.relative_to(folder)
            if NOISE.isdisjoint(name.parts) and file.is_file():
                for number in range(times):
                    copy = into / (f"copy{number}" if times > 1 else "") / name
                    copy.parent.mkdir(parents=True, exist_ok=True)
                    shutil.copyfile(file, copy)
                    self.files.append(copy)
        if not self.files:
            message = f"{folder}: no Python files"
            raise ValueError(message)
        (into / "pyproject.toml").touch()
        if shutil.which("git"):
            subprocess.run(["git", "init", "--quiet"], cwd=into, check=True)  # noqa: S607
            subprocess.run(["git", "add", "--all"], cwd=into, check=True, capture_output=True)  # noqa: S607
        self.lines = sum(file.read_bytes().count(b"\n") for file in self.files)
        self.concern = {file: _concern(file.read_bytes()) for file in self.files}

    def one(self, *, concerned: bool) -> Path | None:
        """Return a file of middling size that rules concern, or one that none does."""
        fitting = sorted((file.stat().st_size, file) for file in self.files if self.concern[file] is concerned)
        return fitting[len(fitting) // 2][1] if fitting else None

    def clear(self) -> None:
        """Forget what earlier runs have kept."""
        for name in CACHES:
            shutil.rmtree(self.folder / name, ignore_errors=True)


def _concern(data: bytes) -> bool | None:
    """Tell whether rules concern a file; None where that depends on the company it keeps."""
    return True if relevance.names_a_framework(data) else None if relevance.says_a_word(data) else False


def changing(file: Path) -> Callable[[], None]:
    """Return what changes a file each time."""
    text = file.read_text(encoding="utf-8", errors="surrogateescape").rstrip("\n")
    number = count()

    def change() -> None:
        file.write_text(f"{text}\n\n\nchanged = {next(number)}\n", encoding="utf-8", errors="surrogateescape")

    return change
