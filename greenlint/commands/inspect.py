"""Read ONNX models and tell what they waste and what they cost."""

from __future__ import annotations

import gc
import importlib.util
import os
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from greenlint import output
from greenlint.commands import _settings, _telling
from greenlint.errors import ConfigError, ModelError, did_you_mean
from greenlint.finding import Problem, Report, Status, shown
from greenlint.rule import Target

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator

    from greenlint.config import Configuration
    from greenlint.inspection import Inspected, Summary

_MANY_NODES = 5000
WEIGHTS = ("none", "sample", "full")


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument(
        "paths", nargs="+", metavar="PATH", help="models, and folders that are searched for .onnx files"
    )
    _settings.declare_rules(parser)
    models = parser.add_argument_group("models")
    models.add_argument("--dim", action="append", metavar="NAME=N", help="size of a symbolic dimension, as in batch=1")
    models.add_argument(
        "--weights", metavar="HOW", default="sample", help="how much of the weights is read: none, sample or full"
    )
    models.add_argument("--device", metavar="CLASS", default="server-cpu", help="device class of the energy estimate")
    models.add_argument("--compare", metavar="MODEL", help="tell what changes from PATH to this model")
    models.add_argument("--measure", action="store_true", help="run the model in ONNX Runtime and time it")
    _settings.declare_baseline(parser)
    telling = parser.add_argument_group("telling")
    _telling.configure(telling)
    telling.add_argument("--statistics", action="store_true", help="count the findings of each rule")
    telling.add_argument("--exit-zero", action="store_true", help="exit with 0 even if there are findings")
    telling.add_argument("--fail-on", metavar="LEVEL", help="lowest severity that fails: info, warning or error")
    telling.add_argument("-q", "--quiet", action="store_true", help="say nothing but the findings")


def _require_extra() -> None:
    """Raise `ModelError` where the packages of the extra are missing."""
    from greenlint.onnx import MISSING_EXTRA

    for package in ("numpy", "onnx"):
        try:
            found = importlib.util.find_spec(package) is not None
        except ValueError:
            found = False
        if not found:
            raise ModelError(MISSING_EXTRA)


def _require_runtime() -> None:
    """Raise `ModelError` where there is nothing to measure with."""
    from greenlint.onnx import timing

    timing.require()


def run(options: argparse.Namespace) -> int:
    """Inspect, tell, and return 0 for clean, 1 for findings that fail, 2 for models that could not be judged."""
    from greenlint import catalogue, config

    _require_extra()

    telling = _telling.Telling(options)
    if options.weights not in WEIGHTS:
        near = did_you_mean(options.weights, WEIGHTS)
        message = f'--weights: must be one of {", ".join(WEIGHTS)}, not "{options.weights}"{near}'
        raise ConfigError(message)
    dims = _dims(options.dim or [])
    configuration = config.Configuration(catalogue.load(), _settings.overrides(options), _settings.config_file(options))
    if options.measure:
        _require_runtime()
    paths, problems = models(options.paths)
    if options.compare:
        later, missing = models([options.compare])
        problems += missing
        if not problems and (len(paths) != 1 or len(later) != 1):
            message = "--compare takes one model before and one after"
            raise ConfigError(message)
        paths += later
    everything, summaries = _inspected(paths, configuration, dims, options, problems)
    _check_dims(dims, everything)
    everything, remarks = _marked(everything, options)
    report = Report(
        findings=tuple(finding for one in everything for finding in one.judged.findings),
        checked=sum(not one.judged.unreadable for one in everything),
        unreadable=sum(one.judged.unreadable for one in everything),
        problems=(*problems, *(problem for one in everything for problem in one.judged.problems)),
    )
    telling.tell(
        report,
        lambda name, look: _lines(report, summaries, options, name, look),
        (one.judged.settings for one in everything),
    )
    for problem in report.problems:
        print(f"error: {problem}", file=sys.stderr)
    if not options.quiet:
        used = list({id(one.judged.settings): one.judged.settings for one in everything}.values())
        of_settings = (note for settings in used for note in settings.notes)
        of_models = (note for one in everything for note in one.judged.notes)
        for note in dict.fromkeys((*of_settings, *of_models, *remarks, *_settings.idle(used, Target.GRAPH))):
            print(f"note: {note}", file=sys.stderr)
        if not everything and not report.problems:
            print("note: no .onnx files here", file=sys.stderr)
    if report.problems:
        return 2
    failing = any(
        finding.status is Status.OPEN and finding.severity.rank >= one.judged.settings.fail_on.rank
        # Of two releases the later one is judged.
        for one in everything[-1 if options.compare else 0 :]
        for finding in one.judged.findings
    )
    return 1 if failing and not options.exit_zero else 0


def _inspected(
    paths: list[Path],
    configuration: Configuration,
    dims: dict[str, int],
    options: argparse.Namespace,
    problems: list[Problem],
) -> tuple[list[Inspected], list[Summary]]:
    """Inspect one model after the other; what cannot be summed up is added to the problems."""
    from greenlint import inspection

    named = {Path(os.path.abspath(path)) for path in (*options.paths, options.compare or "")}  # noqa: PTH100
    everything: list[Inspected] = []
    summaries: list[Summary] = []
    for path in paths:
        settings = configuration.settings(path.parent)
        if settings.excludes(path) and path not in named:
            continue
        # Many models are inspected in the memory of the largest; a graph is all cycles, which only a collection frees.
        if summaries and summaries[-1].nodes > _MANY_NODES:
            gc.collect()
        one = inspection.inspect(path, settings, dims=dims, weights=options.weights)
        if one.graph is not None:
            try:
                summary = inspection.summarise(one, device=options.device, measure=options.measure)
            except ModelError as error:
                problems.append(Problem(shown(path), str(error)))
            except ConfigError:
                raise
            except Exception as error:  # noqa: BLE001 - one model must not take the others down
                told = f"cannot be summed up: {type(error).__name__}: {' '.join(str(error).split())[:120]}"
                problems.append(Problem(shown(path), told))
            else:
                summaries.append(summary)
                if summary.unmeasured:
                    problems.append(Problem(shown(path), summary.unmeasured))
        everything.append(one.without_graph())
        del one
    return everything, summaries


def _marked(everything: list[Inspected], options: argparse.Namespace) -> tuple[list[Inspected], list[str]]:
    """Mark what the baselines of the settings know, and return remarks for the user."""
    from greenlint import baseline

    folders = [Path(os.path.abspath(path)) for path in options.paths if Path(path).is_dir()]  # noqa: PTH100
    judged, remarks = baseline.mark((one.judged for one in everything), folders)
    return [replace(one, judged=marked) for one, marked in zip(everything, judged, strict=True)], remarks


def models(named: list[str]) -> tuple[list[Path], list[Problem]]:
    """Return the models that the command line names, and those below its folders, in the order given."""
    from greenlint.names import NOISE

    found: dict[Path, None] = {}
    problems: list[Problem] = []
    for name in named:
        path = Path(os.path.abspath(name))  # noqa: PTH100  resolve() would follow links
        if path.is_dir():
            below = (
                file for file in path.rglob("*.[oO][nN][nN][xX]") if NOISE.isdisjoint(file.relative_to(path).parts)
            )
            found.update(dict.fromkeys(sorted(file for file in below if file.is_file())))
        elif path.exists():
            found[path] = None
        else:
            problems.append(Problem(shown(path), "no such file"))
    return list(found), problems


def _dims(given: list[str]) -> dict[str, int]:
    dims = {}
    for word in (part for value in given for part in value.split(",")):
        name, sign, size = word.rpartition("=")
        if not sign or not name or not size.isdigit() or int(size) < 1:
            message = f'--dim: must be NAME=N with N of 1 or more, as in batch=1, not "{word}"'
            raise ConfigError(message)
        dims[name.strip()] = int(size)
    return dims


def _check_dims(dims: dict[str, int], everything: list[Inspected]) -> None:
    """Refuse a size for a name that no input of any model has; models that could not be read might have had it."""
    known = {name for one in everything for name in one.symbols}
    if any(one.judged.unreadable for one in everything):
        return
    for name in dims:
        if name not in known:
            told = f" (there are: {', '.join(sorted(known))})" if known else " (every size is fixed)"
            message = f'--dim: no input has a dimension called "{name}"{did_you_mean(name, known) or told}'
            raise ConfigError(message)


def _lines(
    report: Report, summaries: list[Summary], options: argparse.Namespace, name: str, look: output.Look
) -> Iterator[str]:
    from greenlint.output import _inspection as inspected

    if name == "json":
        yield from inspected.document(report, summaries, compare=bool(options.compare))
    elif name == "text" and options.compare and len(summaries) == 2:  # noqa: PLR2004 - before and after
        yield from inspected.comparison(summaries[0], summaries[1], report, look)
    elif name == "text":
        yield from inspected.text(report, summaries, look)
    else:
        yield from output.by_name(name).render(report, look)
