"""What many tests need: a folder to work in, and the command line as a function."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import pytest

from greenlint import cli, discovery

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True)
class Outcome:
    """What a command left behind."""

    code: int
    out: str
    err: str


class Command(Protocol):
    """The command line as a function."""

    def __call__(self, *words: str) -> Outcome: ...


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return an empty folder that is the working directory; nothing is remembered of earlier ones."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("NO_COLOR", raising=False)
    discovery.below.cache_clear()
    discovery._marked_root.cache_clear()
    return tmp_path


@pytest.fixture
def greenlint(folder: Path, capsys: pytest.CaptureFixture[str]) -> Command:
    """Return the command line as a function of its words."""
    assert folder

    def run(*words: str) -> Outcome:
        discovery.below.cache_clear()
        discovery._marked_root.cache_clear()
        capsys.readouterr()
        try:
            code = cli.main(words)
        except SystemExit as end:
            code = int(end.code or 0)
        told = capsys.readouterr()
        return Outcome(code, told.out, told.err)

    return run
