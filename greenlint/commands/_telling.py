"""Where the results of a run go: the terminal, files, or both, each in its own format."""

from __future__ import annotations

import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from greenlint import output
from greenlint.errors import ConfigError, did_you_mean
from greenlint.rule import Severity

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Iterable, Iterator

    from greenlint.config import Settings
    from greenlint.finding import Report

STDOUT = "-"


@dataclass(frozen=True, slots=True)
class Target:
    """A format, and the file that is written in it; `-` is standard output."""

    format: str
    file: str


def configure(telling: argparse._ArgumentGroup) -> None:
    """Declare `--format` and `--output`."""
    telling.add_argument("--format", metavar="FORMAT", default="text", help=f"one of {', '.join(output.names())}")
    telling.add_argument(
        "--output",
        action="append",
        metavar="FILE",
        help="write the result to this file; FORMAT=FILE writes it in this format beside what is shown, and may be "
        "repeated",
    )


class Telling:
    """What the command line says of results: where each goes, and in which format."""

    def __init__(self, options: argparse.Namespace) -> None:
        """Read `--format` and `--output`; raise `ConfigError` for formats and folders that are not there."""
        self.targets = _targets(options)
        self._statistics, self._quiet = options.statistics, options.quiet

    @property
    def shows_fixes(self) -> bool:
        """Whether a format always tells the edits of fixes, which take time to work out."""
        return any(getattr(output.by_name(target.format), "SHOWS_FIXES", False) for target in self.targets)

    def tell(
        self,
        report: Report,
        lines: Callable[[str, output.Look], Iterator[str]],
        settings: Iterable[Settings],
        stream: TextIO | None = None,
    ) -> None:
        """Write each result; one line on stderr sums up what went into files alone. Raises `ConfigError`.

        `lines` renders a format. A file is replaced whole or not at all. `stream` stands in for standard output.
        """
        from greenlint.output import text

        stream = stream or sys.stdout
        level = min((one.fail_on for one in settings), key=lambda level: level.rank, default=Severity.WARNING)
        for target in self.targets:
            if target.file == STDOUT:
                for line in lines(target.format, self._look(output.look_of(stream), level)):
                    print(line, file=stream)
                stream.flush()
            else:
                output.write(target.file, lines(target.format, self._look(output.Look(), level)))
        files = [target.file for target in self.targets]
        if STDOUT not in files and not self._quiet:
            print(f"{text.summary(report).rstrip('.')}: {', '.join(files)}", file=sys.stderr)

    def _look(self, look: output.Look, level: Severity) -> output.Look:
        return replace(look, statistics=self._statistics, quiet=self._quiet, fail_on=level)


def _targets(options: argparse.Namespace) -> tuple[Target, ...]:
    """Return where the results go, the terminal last.

    A file without a format takes that of `--format`, and the place of standard output.
    """
    output.by_name(options.format)
    told = [_target(word) or Target(options.format, word) for word in options.output or ()]
    if all(_target(word) for word in options.output or ()) and all(one.file != STDOUT for one in told):
        told.append(Target(options.format, STDOUT))
    files = [STDOUT if one.file == STDOUT else str(Path(one.file).resolve()) for one in told]
    for number, one in enumerate(told):
        if files[number] in files[:number]:
            where = "standard output" if one.file == STDOUT else one.file
            message = f"--output: {where} is given twice"
            raise ConfigError(message)
        if one.file != STDOUT and not Path(one.file).absolute().parent.is_dir():
            message = f"{one.file}: cannot be written: no such file or directory"
            raise ConfigError(message)
    return tuple(told)


def _target(word: str) -> Target | None:
    """Read `FORMAT=FILE`, None for a file alone; what stands before the sign and is no path must be a format."""
    name, sign, file = word.partition("=")
    if not sign or "/" in name or "\\" in name or "." in name:
        return None
    if name not in output.names():
        known = did_you_mean(name, output.names()) or f" (a file of that name is ./{word})"
        message = f'--output: no format is called "{name}"{known}'
        raise ConfigError(message)
    if not file:
        message = f"--output: {word} names no file"
        raise ConfigError(message)
    return Target(name, file)
