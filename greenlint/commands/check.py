"""Find wasted energy in Python files and notebooks."""

from __future__ import annotations

import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from greenlint import output
from greenlint.commands import _fixes, _settings, _telling
from greenlint.commands._wanted import Wanted, with_progress
from greenlint.finding import Status
from greenlint.rule import Target

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator, Mapping, Sequence

    from greenlint.changes import Changes
    from greenlint.engine import Judged
    from greenlint.finding import Report


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("paths", nargs="*", metavar="PATH", help="files and folders (default: the working directory)")
    _settings.declare_rules(parser)
    files = parser.add_argument_group("files")
    files.add_argument("--exclude", action="append", metavar="GLOB", help="leave these files out as well")
    files.add_argument("--force-exclude", action="store_true", help="leave out excluded files even if they are named")
    files.add_argument("--stdin-filename", metavar="FILE", help="read standard input and judge it as this file")
    running = parser.add_argument_group("running")
    running.add_argument("--no-cache", action="store_true", help="neither use nor keep what a run has found")
    running.add_argument(
        *("-j", "--jobs"),
        metavar="N",
        help="read files with up to this many processes (default: as is useful), or by a cluster: dask://HOST:PORT",
    )
    known = _settings.declare_baseline(parser)
    known.add_argument("--diff-base", metavar="REF", help="show only what the changes since this branch bring about")
    fixing = parser.add_argument_group("fixing")
    fixing.add_argument("--fix", action="store_true", help="correct what can be corrected without changing results")
    fixing.add_argument(
        "--unsafe-fixes", action="store_true", help="with --fix or --diff: also what may change results"
    )
    fixing.add_argument("--show-fixes", action="store_true", help="add the edits of fixes to json and jsonl")
    fixing.add_argument("--diff", action="store_true", help="show what --fix would change, and write nothing")
    telling = parser.add_argument_group("telling")
    _telling.configure(telling)
    telling.add_argument("--statistics", action="store_true", help="count the findings of each rule")
    telling.add_argument("--exit-zero", action="store_true", help="exit with 0 even if there are findings")
    telling.add_argument("--fail-on", metavar="LEVEL", help="lowest severity that fails: info, warning or error")
    telling.add_argument("-v", "--verbose", action="store_true", help="say more on standard error")
    telling.add_argument("-q", "--quiet", action="store_true", help="say nothing but the findings")


def run(options: argparse.Namespace) -> int:
    """Check, tell, and return 0 for clean, 1 for findings that fail, 2 for files that could not be judged."""
    from greenlint import baseline, catalogue, config, engine, suppression

    began = time.perf_counter()
    fixes = _fixes.wanted(options)
    telling = _telling.Telling(options)
    configuration = config.Configuration(catalogue.load(), _settings.overrides(options), _settings.config_file(options))
    wanted = Wanted(options, configuration.settings)

    work = _settings.work(options)
    remarks: list[str] = []

    def judge(files: Sequence[Path], contents: Mapping[Path, bytes]) -> Iterator[Judged]:
        judged = engine.check(files, configuration.settings, wanted.given, contents, work, remarks)
        judged = suppression.mark(judged, catalogue.load())
        judged = with_progress(judged, len(files), began, quiet=options.quiet)
        return (replace(one, source=None) for one in judged)  # the texts of a whole tree need not stay in memory

    def judge_again(files: Sequence[Path], contents: Mapping[Path, bytes]) -> list[Judged]:
        judged, _ = baseline.mark(judge(files, contents))
        return changed.mark(judged, judge, contents) if changed else judged

    changed = _changes(options.diff_base, wanted.files) if options.diff_base is not None else None
    everything, notes = baseline.mark(judge(wanted.files, wanted.contents), wanted.folders)
    if changed:
        everything = changed.mark(everything, judge, wanted.contents)
        notes += changed.notes
    everything.sort(key=lambda one: one.path)
    problems = list(wanted.problems)
    if fixes:
        corrected = _fixes.work_out(everything, judge_again, wanted.contents, options)
        if options.diff:
            return _fixes.show(corrected, problems, options)
        everything, failed = _fixes.make(corrected, everything, wanted.contents, options)
        problems += failed
    elif options.show_fixes or telling.shows_fixes:
        everything = _fixes.proposed(everything, wanted.contents)
    report = engine.gather(everything, problems)
    telling.tell(
        report,
        lambda name, look: output.by_name(name).render(report, look),
        (one.settings for one in everything),
        sys.stderr if fixes and wanted.contents else sys.stdout,  # the corrected text has taken stdout
    )
    for problem in report.problems:
        print(f"error: {problem}", file=sys.stderr)
    if not options.quiet:
        _remark(
            everything, [*notes, *(remarks if options.verbose else ())], report, time.perf_counter() - began, options
        )
    if report.problems:
        return 2
    failing = any(
        finding.status is Status.OPEN and finding.severity.rank >= one.settings.fail_on.rank
        for one in everything
        for finding in one.findings
    )
    return 1 if failing and not options.exit_zero else 0


def _changes(base: str, files: Sequence[Path]) -> Changes:
    from greenlint.changes import Changes

    return Changes(base, files or [Path.cwd() / "*"])


def _remark(
    everything: list[Judged], notes: list[str], report: Report, took: float, options: argparse.Namespace
) -> None:
    """Say on stderr what is worth knowing about the run itself."""
    used = {id(one.settings): one.settings for one in everything}.values()
    of_settings = (note for settings in used for note in settings.notes)
    of_files = (note for one in everything for note in one.notes)
    for note in dict.fromkeys((*of_settings, *of_files, *notes, *_settings.idle(used, Target.PYTHON))):
        print(f"note: {note}", file=sys.stderr)
    if not everything and not report.problems:
        print("note: no Python files and no notebooks here", file=sys.stderr)
    if options.verbose:
        for origin in sorted({str(settings.origin or "defaults") for settings in used}):
            print(f"note: settings from {origin}", file=sys.stderr)
        print(
            f"note: judged {report.checked}, passed over {report.skipped} that no rule can concern, {took:.2f} s",
            file=sys.stderr,
        )
