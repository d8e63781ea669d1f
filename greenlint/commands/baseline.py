"""Write down the findings of today; later runs show only new ones."""

from __future__ import annotations

import sys
import time
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from greenlint import output
from greenlint.baseline import NAME, compare, read, render
from greenlint.commands import _settings
from greenlint.commands._wanted import Wanted, with_progress
from greenlint.errors import ConfigError
from greenlint.finding import Problem, shown

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator

    from greenlint.config import Configuration
    from greenlint.engine import Judged


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument(
        "paths", nargs="*", metavar="PATH", help="files, folders and models (default: the working directory)"
    )
    parser.add_argument(
        "--baseline", metavar="FILE", help=f"where it is written (default: that of the settings, else {NAME})"
    )
    parser.add_argument("--prune", action="store_true", help="take out what is no longer found, and add nothing")
    parser.add_argument("--models", action="store_true", help="search the folders for .onnx files as well")
    _settings.declare_rules(parser)
    files = parser.add_argument_group("files")
    files.add_argument("--exclude", action="append", metavar="GLOB", help="leave these files out as well")
    files.add_argument("--force-exclude", action="store_true", help="leave out excluded files even if they are named")
    parser.add_argument("-q", "--quiet", action="store_true", help="say nothing but errors")
    parser.set_defaults(stdin_filename=None)


def run(options: argparse.Namespace) -> int:
    """Judge, write the baselines concerned, and return 0, or 2 when something could not be judged."""
    from greenlint import catalogue, config

    if "-" in options.paths:
        message = "-: what comes from standard input has no place in a baseline"
        raise ConfigError(message)
    overrides, file = _settings.overrides(options), _settings.config_file(options)
    configuration = config.Configuration(catalogue.load(), overrides, file)
    named = [path for path in options.paths if path.endswith(".onnx")]
    options.paths = [path for path in options.paths if not path.endswith(".onnx")]
    # Models alone are no wish for the Python files of the working directory.
    wanted = Wanted(options, configuration.settings) if options.paths or not named else None
    folders = wanted.folders if wanted else []
    problems = list(wanted.problems) if wanted else []
    models = named + [str(folder) for folder in folders if options.models]
    judged = [
        *(_python(wanted, configuration, quiet=options.quiet) if wanted else ()),
        *(_graphs(models, configuration, problems) if models else ()),
    ]
    by_file: dict[Path, list[Judged]] = {}
    for one in judged:
        by_file.setdefault(one.settings.baseline or Path.cwd() / NAME, []).append(one)
    if not by_file:
        by_file[configuration.settings(Path.cwd()).baseline or Path.cwd() / NAME] = []
    for baseline, files in by_file.items():
        _write(baseline, files, folders, options)
    problems += [problem for one in judged for problem in one.problems]
    for problem in problems:
        print(f"error: {problem}", file=sys.stderr)
    return 2 if problems else 0


def _python(wanted: Wanted, configuration: Configuration, *, quiet: bool) -> Iterator[Judged]:
    from greenlint import catalogue, engine, suppression

    judged = engine.check(wanted.files, configuration.settings, wanted.given, wanted.contents)
    judged = suppression.mark(judged, catalogue.load())
    for one in with_progress(judged, len(wanted.files), time.perf_counter(), quiet=quiet):
        yield replace(one, source=None)


def _graphs(named: list[str], configuration: Configuration, problems: list[Problem]) -> Iterator[Judged]:
    from greenlint import inspection
    from greenlint.commands.inspect import models

    paths, missing = models(named)
    problems += missing
    for path in paths:
        settings = configuration.settings(path.parent)
        if str(path) in named or not settings.excludes(path):
            yield inspection.inspect(path, settings).judged


def _write(baseline: Path, judged: list[Judged], folders: list[Path], options: argparse.Namespace) -> None:
    """Write one baseline, and say in one line what has changed in it."""
    is_new = not baseline.exists() and not options.prune
    comparison = compare(baseline, [] if is_new else read(baseline), judged, folders)
    added = () if options.prune else comparison.new
    entries = (*comparison.met, *added, *comparison.untold)
    output.write(str(baseline), render(entries))
    if options.quiet:
        return
    changes = Counter({"added": len(added), "taken out": len(comparison.stale)})
    told = "".join(f", {number} {word}" for word, number in changes.items() if number and not is_new)
    print(f"{shown(baseline)}: {len(entries)} known {'finding' if len(entries) == 1 else 'findings'}{told}")
    if is_new and not any(one.settings.baseline for one in judged):
        print(
            f'note: `greenlint check --baseline {shown(baseline)}`, or `baseline = "{baseline.name}"` in the settings, '
            "shows only new findings from now on",
            file=sys.stderr,
        )
