"""Judge files of other projects in this process, with the settings that greenlint has out of the box."""

from __future__ import annotations

from typing import TYPE_CHECKING

from greenlint import engine
from greenlint.catalogue import load
from greenlint.config import Configuration, Overrides

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    from greenlint.finding import Finding


def judge(
    project: Path, files: Iterable[Path], contents: Mapping[Path, bytes] | None = None
) -> Iterator[tuple[Path, Finding]]:
    """Yield what is found in some files of a project, judged in the programs that they belong to.

    `project` is the folder of a checkout and all paths are absolute; `contents` stands in for the bytes on disk. What
    keeps a file from being judged is raised as `ValueError`: a benchmark that skips files measures nothing.
    """
    settings = Configuration(load(), Overrides()).settings
    for judged in engine.check(files, settings, lambda _: project, contents):
        if judged.problems:
            raise ValueError(str(judged.problems[0]))
        for finding in judged.findings:
            yield judged.path, finding
