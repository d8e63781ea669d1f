"""The files that a command line stands for, and how far a run over them has come."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from greenlint.errors import ConfigError
from greenlint.finding import shown

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Iterable, Iterator

    from greenlint.config import Settings
    from greenlint.engine import Judged


class Wanted:
    """The files that the command line stands for."""

    def __init__(self, options: argparse.Namespace, settings: Callable[[Path], Settings]) -> None:
        """Find the files; `settings` answers for a folder. Raises `ConfigError`."""
        from greenlint import discovery

        def excluded(path: Path) -> bool:
            return settings(path.parent).excludes(path)

        self.contents: dict[Path, bytes] = {}
        paths = [Path(path) for path in options.paths or ["."]]
        stdin = options.stdin_filename or ("-" if "-" in options.paths else None)
        if stdin:
            if options.paths not in ([], ["-"]):
                message = f"{'--stdin-filename' if options.stdin_filename else '-'} takes no further paths"
                raise ConfigError(message)
            paths = [Path(stdin)]
            self.contents = {discovery.absolute(stdin): sys.stdin.buffer.read()}
        listing = discovery.discover(paths, excluded, force_exclude=options.force_exclude)
        self.files = listing.files
        self.problems = listing.problems
        self.folders = sorted({discovery.absolute(path) for path in paths if path.is_dir()}, reverse=True)

    def given(self, path: Path) -> Path | None:
        """Return the folder of the command line that holds a file, the deepest one."""
        return next((folder for folder in self.folders if path.is_relative_to(folder)), None)


_NAME = 60


def with_progress(judged: Iterable[Judged], total: int, began: float, *, quiet: bool) -> Iterator[Judged]:
    """Pass files through, and show on a terminal how far a run has come that takes longer than a moment."""
    live = sys.stderr.isatty() and not quiet
    shown_at = began + 1
    for number, one in enumerate(judged, start=1):
        now = time.perf_counter()
        if live and now > shown_at + 0.1:
            shown_at = now
            name = shown(one.path)
            sys.stderr.write(f"\r\x1b[K{number}/{total} {'…' * (len(name) > _NAME)}{name[-_NAME:]}")
            sys.stderr.flush()
        yield one
    if live and shown_at > began + 1:
        sys.stderr.write("\r\x1b[K")
        sys.stderr.flush()
