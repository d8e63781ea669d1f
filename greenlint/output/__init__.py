"""One module for each output format; found by name, never listed.

A format is a module with `render(report, look)`, which yields lines without their ends. The first line of its docstring
says what it is for, and names its specification where there is one.
"""

from __future__ import annotations

import importlib
import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, TextIO, cast

from greenlint.errors import ConfigError, did_you_mean
from greenlint.rule import Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from greenlint.finding import Report


@dataclass(frozen=True, slots=True)
class Look:
    """How the output is to look.

    `width` is in columns; `statistics` asks for counts by rule in place of findings, where a format has them; from
    `fail_on` up a finding fails the run.
    """

    colour: bool = False
    width: int = 80
    statistics: bool = False
    quiet: bool = False
    fail_on: Severity = Severity.WARNING


class Format(Protocol):
    """What a module of this folder offers; `SHOWS_FIXES = True` where it always tells the edits of fixes."""

    def render(self, report: Report, look: Look) -> Iterator[str]:
        """Yield the lines of the report."""


def names() -> list[str]:
    """Return the names of the formats: those of the modules in this folder."""
    return sorted(path.stem for path in Path(__file__).parent.glob("[!_]*.py"))


def by_name(name: str) -> Format:
    """Return a format; raise `ConfigError` with the nearest word for an unknown one."""
    if name not in names():
        known = f" (there are: {', '.join(names())})"
        message = f'no format is called "{name}"{did_you_mean(name, names()) or known}'
        raise ConfigError(message)
    return cast("Format", importlib.import_module(f"greenlint.output.{name}"))


def look_of(
    stream: TextIO, *, statistics: bool = False, quiet: bool = False, fail_on: Severity = Severity.WARNING
) -> Look:
    """Return the look that fits a stream: its width and colours on a terminal, else 80 plain columns."""
    terminal = stream.isatty()
    colour = terminal and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
    width = min(shutil.get_terminal_size().columns, 100) if terminal else 80
    return Look(colour=colour, width=max(width, 40), statistics=statistics, quiet=quiet, fail_on=fail_on)


def write(name: str, lines: Iterator[str]) -> None:
    """Write lines to a file that is replaced whole or not at all; raise `ConfigError` when it cannot be written.

    A link is followed, and the mode of the file stays. A device or a pipe (`/dev/stdout`, `/dev/null`) is written to,
    never replaced.
    """
    file = Path(os.path.realpath(name))
    text = "".join(f"{line}\n" for line in lines)
    part = file.parent / f".{file.name}.{os.getpid()}"
    try:
        given = Path(name)  # the target of /dev/stdout has no name of its own
        if given.exists() and not given.is_file():
            with given.open("w", encoding="utf-8", errors="backslashreplace") as stream:
                stream.write(text)
            return
        # Half a surrogate, in the JSON of a notebook or the name of a file, is told as JSON writes it.
        part.write_text(text, encoding="utf-8", errors="backslashreplace")
        if file.exists():
            part.chmod(file.stat().st_mode & 0o7777)
        part.replace(file)
    except BaseException as error:
        part.unlink(missing_ok=True)
        if not isinstance(error, OSError):
            raise
        message = f"{name}: cannot be written: {(error.strerror or str(error)).lower()}"
        raise ConfigError(message) from None
