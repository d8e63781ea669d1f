"""What `--fix` and `--diff` do with what a run has found."""

from __future__ import annotations

import sys
from collections import Counter
from typing import TYPE_CHECKING

from greenlint.errors import ConfigError
from greenlint.finding import shown

if TYPE_CHECKING:
    import argparse
    from collections.abc import Mapping
    from pathlib import Path

    from greenlint import fixing
    from greenlint.engine import Judged
    from greenlint.finding import Problem


def wanted(options: argparse.Namespace) -> bool:
    """Tell whether fixes were asked for; raise `ConfigError` for words that only go with them."""
    if options.unsafe_fixes and not (options.fix or options.diff):
        message = "--unsafe-fixes says which fixes: add --diff to see them, or --fix to make them"
        raise ConfigError(message)
    if options.diff and options.output:
        message = "--output: --diff shows changes in place of findings, there is nothing to write"
        raise ConfigError(message)
    return bool(options.fix or options.diff)


def work_out(
    judged: list[Judged], judge: fixing.Judge, contents: Mapping[Path, bytes], options: argparse.Namespace
) -> fixing.Outcome:
    """Find out what would be corrected; nothing is written."""
    from greenlint import fixing

    return fixing.fix(judged, judge, contents, unsafe=options.unsafe_fixes)


def proposed(judged: list[Judged], contents: Mapping[Path, bytes]) -> list[Judged]:
    """Return the files with the fixes that there are for their findings, for formats that show edits."""
    from greenlint import fixing, source

    def read(path: Path) -> bytes:
        return contents[path] if path in contents else source.read(path)

    return list(fixing.proposed(judged, read))


def show(outcome: fixing.Outcome, problems: list[Problem], options: argparse.Namespace) -> int:
    """Print the diff; return 1 when there is one, 0 when nothing would change, 2 when a file could not be judged."""
    from greenlint import fixing

    for line in fixing.diff(outcome):
        _print(line)
    sys.stdout.flush()
    problems = [*problems, *(problem for one in outcome.judged for problem in one.problems)]
    for problem in problems:
        print(f"error: {problem}", file=sys.stderr)
    if not options.quiet:
        _remark(outcome, set(), "would fix")
    if problems:
        return 2
    return 1 if outcome.changed and not options.exit_zero else 0


def make(
    outcome: fixing.Outcome, judged: list[Judged], contents: Mapping[Path, bytes], options: argparse.Namespace
) -> tuple[list[Judged], list[Problem]]:
    """Write the corrected files, or print the text that came from standard input.

    Returns the files as they now are, and what could not be written.
    """
    for path, data in contents.items():
        sys.stdout.flush()
        sys.stdout.buffer.write(outcome.changed.get(path, (data, data))[1])
        sys.stdout.buffer.flush()
    from greenlint import fixing

    failed = {} if contents else dict(fixing.write(outcome))
    if not options.quiet:
        _remark(outcome, set(failed), "fixed")
    now = [before if before.path in failed else after for before, after in zip(judged, outcome.judged, strict=True)]
    return now, list(failed.values())


def _remark(outcome: fixing.Outcome, failed: set[Path], did: str) -> None:
    """Say on stderr what was corrected and what was not."""
    for note in outcome.notes:
        print(f"note: {note}", file=sys.stderr)
    written = {shown(path) for path in outcome.changed if path not in failed}
    fixed = Counter(finding.rule.code for finding in outcome.fixed if finding.place.path in written)
    if fixed:
        told = ", ".join(f"{code} {count}" for code, count in sorted(fixed.items()))
        print(
            f"note: {did} {_count(sum(fixed.values()), 'finding')} in {_count(len(written), 'file')}: {told}",
            file=sys.stderr,
        )
    elif not failed:
        print("note: nothing to fix", file=sys.stderr)
    if outcome.unsafe:
        print(
            f"note: {_count(outcome.unsafe, 'more fix', 'more fixes')} may change results: "
            "see with --diff --unsafe-fixes",
            file=sys.stderr,
        )


def _count(number: int, word: str, words: str = "") -> str:
    return f"{number} {word if number == 1 else words or f'{word}s'}"


def _print(line: str) -> None:
    """Print a line of somebody's file; what the terminal cannot show is escaped."""
    try:
        print(line)
    except UnicodeEncodeError:
        encoding = sys.stdout.encoding or "ascii"
        print(line.encode(encoding, "backslashreplace").decode(encoding))
