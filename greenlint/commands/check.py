"""Find wasted energy in Python files and notebooks."""

from __future__ import annotations

import argparse
import os
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from greenlint import output
from greenlint.commands import _settings
from greenlint.errors import ConfigError
from greenlint.finding import Status, shown

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from greenlint.config import Settings
    from greenlint.engine import Judged
    from greenlint.finding import Report


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("paths", nargs="*", metavar="PATH", help="files and folders (default: the working directory)")
    rules = parser.add_argument_group("rules")
    rules.add_argument("--select", action="append", metavar="RULES", help="run these alone: codes, prefixes or names")
    rules.add_argument("--extend-select", action="append", metavar="RULES", help="run these as well")
    rules.add_argument("--ignore", action="append", metavar="RULES", help="leave these out")
    rules.add_argument("--preview", action=argparse.BooleanOptionalAction, help="run preview rules as well")
    rules.add_argument("--config", metavar="FILE", help="take the settings from this file alone")
    files = parser.add_argument_group("files")
    files.add_argument("--exclude", action="append", metavar="GLOB", help="leave these files out as well")
    files.add_argument("--force-exclude", action="store_true", help="leave out excluded files even if they are named")
    files.add_argument("--stdin-filename", metavar="FILE", help="read standard input and judge it as this file")
    files.add_argument("--no-cache", action="store_true", help="do not use what an earlier run has found")
    telling = parser.add_argument_group("telling")
    telling.add_argument("--format", metavar="FORMAT", default="text", help=f"one of {', '.join(output.names())}")
    telling.add_argument("--output", metavar="FILE", help="write the result to a file")
    telling.add_argument("--statistics", action="store_true", help="count the findings of each rule")
    telling.add_argument("--exit-zero", action="store_true", help="exit with 0 even if there are findings")
    telling.add_argument("--fail-on", metavar="LEVEL", help="lowest severity that fails: info, warning or error")
    telling.add_argument("-v", "--verbose", action="store_true", help="say more on standard error")
    telling.add_argument("-q", "--quiet", action="store_true", help="say nothing but the findings")


def run(options: argparse.Namespace) -> int:
    """Check, tell, and return 0 for clean, 1 for findings that fail, 2 for files that could not be judged."""
    from greenlint import catalogue, config, engine, suppression

    began = time.perf_counter()
    shape = output.by_name(options.format)
    configuration = config.Configuration(catalogue.load(), _settings.overrides(options), _settings.config_file(options))
    wanted = _Wanted(options, configuration.settings)
    judged = engine.check(wanted.files, configuration.settings, wanted.given, wanted.contents)
    judged = suppression.mark(judged, catalogue.load())
    judged = _with_progress(judged, len(wanted.files), began, quiet=options.quiet)
    everything = [replace(one, source=None) for one in judged]  # the texts of a whole tree need not stay in memory
    report = engine.gather(everything, wanted.problems)
    _write(shape.render, report, options)
    for problem in report.problems:
        print(f"error: {problem}", file=sys.stderr)
    if not options.quiet:
        _remark(everything, report, time.perf_counter() - began, verbose=options.verbose)
    if report.problems:
        return 2
    failing = any(
        finding.status is Status.OPEN and finding.severity.rank >= one.settings.fail_on.rank
        for one in everything
        for finding in one.findings
    )
    return 1 if failing and not options.exit_zero else 0


class _Wanted:
    """The files that the command line stands for."""

    def __init__(self, options: argparse.Namespace, settings: Callable[[Path], Settings]) -> None:
        from greenlint import discovery

        def excluded(path: Path) -> bool:
            return settings(path.parent).excludes(path)

        self.contents: dict[Path, bytes] = {}
        paths = [Path(path) for path in options.paths or ["."]]
        if options.stdin_filename:
            if options.paths:
                message = "--stdin-filename takes no further paths"
                raise ConfigError(message)
            paths = [Path(options.stdin_filename)]
            self.contents = {Path(os.path.abspath(paths[0])): sys.stdin.buffer.read()}  # noqa: PTH100
        listing = discovery.discover(paths, excluded, force_exclude=options.force_exclude)
        self.files = listing.files
        self.problems = listing.problems
        self._folders = sorted({Path(os.path.abspath(path)) for path in paths if path.is_dir()}, reverse=True)  # noqa: PTH100

    def given(self, path: Path) -> Path | None:
        """Return the folder of the command line that holds a file, the deepest one."""
        return next((folder for folder in self._folders if path.is_relative_to(folder)), None)


def _write(render: Callable[[Report, output.Look], Iterator[str]], report: Report, options: argparse.Namespace) -> None:
    """Tell the report on stdout, or in a file that is replaced whole or not at all."""
    if options.output is None:
        look = output.look_of(sys.stdout, statistics=options.statistics, quiet=options.quiet)
        for line in render(report, look):
            print(line)
        sys.stdout.flush()
        return
    look = output.Look(statistics=options.statistics, quiet=options.quiet)
    output.write(options.output, render(report, look))


_NAME = 60


def _with_progress(judged: Iterable[Judged], total: int, began: float, *, quiet: bool) -> Iterator[Judged]:
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


def _remark(everything: list[Judged], report: Report, took: float, *, verbose: bool) -> None:
    """Say on stderr what is worth knowing about the run itself."""
    used = {id(one.settings): one.settings for one in everything}.values()
    of_settings = (note for settings in used for note in settings.notes)
    of_files = (note for one in everything for note in one.notes)
    for note in dict.fromkeys((*of_settings, *of_files)):
        print(f"note: {note}", file=sys.stderr)
    if not everything and not report.problems:
        print("note: no Python files and no notebooks here", file=sys.stderr)
    if verbose:
        for origin in sorted({str(settings.origin or "defaults") for settings in used}):
            print(f"note: settings from {origin}", file=sys.stderr)
        print(
            f"note: judged {report.checked}, passed over {report.skipped} that no rule can concern, {took:.2f} s",
            file=sys.stderr,
        )
