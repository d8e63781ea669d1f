"""A plugin of flake8: the findings of `greenlint check`, under the codes ECO, beside those of other linters.

flake8 hands over one file after the other, in several processes; each process keeps one run of the engine, so that the
programs which files share are read once. What flake8 does itself is left to it: to find files, to choose codes, to say
that a file cannot be parsed.
"""

from __future__ import annotations

import os
import re
from collections import deque
from multiprocessing.util import Finalize
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from greenlint import __version__
from greenlint.errors import GreenlintError
from greenlint.finding import Status, TextPlace

if TYPE_CHECKING:
    import argparse
    import ast
    from collections.abc import Generator, Iterable, Iterator, Mapping

    from greenlint.engine import Judged
    from greenlint.finding import Problem

PREFIX = "ECO"
FAILED = "ECO000"
"""The code of what keeps greenlint from judging a file that flake8 can parse, or of a suppression that is mistaken."""


class Plugin:
    """What flake8 calls: `parse_options` once in each process, then an object for each file."""

    name = "greenlint"
    version = __version__
    _session: ClassVar[_Session | None] = None

    def __init__(self, tree: ast.Module, filename: str, lines: list[str]) -> None:
        """Take a file as flake8 has read it; `tree` tells flake8 that this plugin judges whole files."""
        del tree
        self.filename = filename
        self.lines = lines

    @classmethod
    def parse_options(cls, options: argparse.Namespace) -> None:
        """Find the settings; a mistake in them ends flake8 with one line."""
        try:
            cls._session = _Session(options) if _is_asked_for(options) else None
        except GreenlintError as error:
            raise _failure(error) from None

    def run(self) -> Iterator[tuple[int, int, str, type]]:
        """Yield line, column (from 0), text and this type for each open finding."""
        if self._session is None:
            return
        try:
            judged = self._session.judge(self.filename, self.lines)
        except GreenlintError as error:
            raise _failure(error) from None
        for line, column, text in _told(judged):
            yield line, column - 1, text, type(self)


def _told(judged: Judged | None) -> Iterator[tuple[int, int, str]]:
    if judged is None:
        return
    for finding in judged.findings:
        if finding.status is Status.OPEN and isinstance(finding.place, TextPlace):
            rule = finding.rule
            told = f"{rule.code} [{finding.severity.value}] {rule.name}: {finding.message}"
            yield finding.place.line, finding.place.column, told
    yield from map(_problem, judged.problems)


def _problem(problem: Problem) -> tuple[int, int, str]:
    return max(problem.line, 1), max(problem.column, 1), f"{FAILED} {problem.message}"


class _Session:
    """One run of the engine, handed its files one by one."""

    def __init__(self, options: argparse.Namespace) -> None:
        from greenlint import catalogue, config, discovery

        self._configuration = config.Configuration(catalogue.load(), config.Overrides())
        self._configuration.settings(Path.cwd())  # mistakes are told before the first file
        self._stdin = "-" in options.filenames
        named = {discovery.absolute(name) for name in options.filenames if name != "-"}
        self._folders = sorted((path for path in named if path.is_dir()), reverse=True)
        self._waiting: deque[Path] = deque()
        self._noqa = not options.disable_noqa
        self._found = self._follow(self._files())
        self._judged = self._marked(self._found)
        self._process = 0

    def judge(self, name: str, lines: list[str]) -> Judged | None:
        """Return what is found in a file, None where the settings exclude it; raise `GreenlintError`."""
        from greenlint import discovery

        path = discovery.absolute(name)
        if self._configuration.settings(path.parent).excludes(path):
            return None
        if self._stdin:
            return _without_known(next(self._marked(self._follow([path], {path: _encoded(lines)}))))
        if self._process != os.getpid():
            self._process = os.getpid()
            # The processes of a pool run no `atexit`.
            Finalize(None, self._found.close, exitpriority=1)
        self._waiting.append(path)
        return _without_known(next(self._judged))

    def _follow(
        self, files: Iterable[Path], contents: Mapping[Path, bytes] | None = None
    ) -> Generator[Judged, None, None]:
        from greenlint import engine
        from greenlint.tree import Work

        work = Work(remember=True)
        return engine.follow(files, self._configuration.settings, self._given, contents, work)

    def _marked(self, judged: Iterable[Judged]) -> Iterator[Judged]:
        from greenlint import catalogue, suppression

        return suppression.mark(judged, catalogue.load(), noqa=self._noqa)

    def _files(self) -> Iterator[Path]:
        while True:
            yield self._waiting.popleft()

    def _given(self, path: Path) -> Path | None:
        return next((folder for folder in self._folders if path.is_relative_to(folder)), None)


def _without_known(judged: Judged) -> Judged:
    """Mark what the baseline of the settings knows; it is read for files with findings only."""
    from greenlint import baseline

    if not any(finding.status is Status.OPEN for finding in judged.findings):
        return judged
    (marked,), _ = baseline.mark([judged])
    return marked


def _encoded(lines: list[str]) -> bytes:
    """Return the bytes that the text was read from, by the encoding that its first two lines may name."""
    text = "".join(lines)
    named = re.search(r"^[ \t\f]*#.*?coding[:=][ \t]*([-\w.]+)", "".join(lines[:2]), re.MULTILINE)
    try:
        return text.encode(named[1] if named else "utf-8")
    except (LookupError, UnicodeEncodeError):
        return text.encode("utf-8", "surrogatepass")


def _is_asked_for(options: argparse.Namespace) -> bool:
    """Tell whether flake8 would show any of our codes: without `--select` it shows all that no one ignores."""
    selected = options.select
    if not selected:
        return True
    return any(
        word.startswith(PREFIX) or PREFIX.startswith(word) for word in (*selected, *(options.extend_select or ()))
    )


def _failure(error: GreenlintError) -> Exception:
    """Return the error that ends flake8 with one line, in whichever process it happens."""
    from flake8.exceptions import ExecutionError

    failure: Exception = ExecutionError(f"greenlint: {error}")
    return failure
