"""What commands take alike from the command line: rules, the level that fails, the settings file, the baseline."""

from __future__ import annotations

import argparse
import os
from pathlib import Path
from typing import TYPE_CHECKING

from greenlint.errors import ConfigError, did_you_mean
from greenlint.rule import Severity, Target

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from concurrent.futures import Executor

    from greenlint.config import Overrides, Settings
    from greenlint.engine import Work


def declare_rules(parser: argparse.ArgumentParser) -> None:
    """Declare the options that say which rules run, and by which file of settings; `overrides` reads them."""
    rules = parser.add_argument_group("rules")
    rules.add_argument("--select", action="append", metavar="RULES", help="run these alone: codes, prefixes or names")
    rules.add_argument("--extend-select", action="append", metavar="RULES", help="run these as well")
    rules.add_argument("--ignore", action="append", metavar="RULES", help="leave these out")
    rules.add_argument("--preview", action=argparse.BooleanOptionalAction, help="run preview rules as well")
    rules.add_argument("--config", metavar="FILE", help="take the settings from this file alone")


def declare_baseline(parser: argparse.ArgumentParser) -> argparse._ArgumentGroup:
    """Declare which known findings are left out, and return the group, for what else a command leaves out."""
    known = parser.add_argument_group("known findings")
    known.add_argument("--baseline", metavar="FILE", help="show only what is not in this file of `greenlint baseline`")
    known.add_argument(
        "--no-baseline", action="store_true", help="show what the baseline of the settings knows as well"
    )
    return known


def overrides(options: argparse.Namespace) -> Overrides:
    """Return what the command line says instead of the settings files; raises `ConfigError`."""
    from greenlint.config import Overrides

    fail_on = getattr(options, "fail_on", None)
    levels = [level.value for level in Severity]
    if fail_on and fail_on not in levels:
        near = did_you_mean(fail_on, levels)
        message = f'--fail-on: must be one of {", ".join(levels)}, not "{fail_on}"{near}'
        raise ConfigError(message)
    return Overrides(
        select=_words(options.select) or None,
        extend_select=_words(options.extend_select),
        ignore=_words(options.ignore),
        exclude=tuple(getattr(options, "exclude", None) or ()),
        preview=options.preview,
        fail_on=Severity(fail_on) if fail_on else None,
        baseline=_baseline(getattr(options, "baseline", None)),
        no_baseline=getattr(options, "no_baseline", False),
    )


def _baseline(name: str | None) -> Path | None:
    return None if name is None else Path(os.path.abspath(name))  # noqa: PTH100  resolve() would follow links


def work(options: argparse.Namespace) -> Work:
    """Return how the command line wants a run to be done; raises `ConfigError`."""
    from greenlint.engine import Work

    jobs = options.jobs
    remember = not options.no_cache
    if jobs and jobs.startswith("dask:"):
        return Work(remember, jobs=None, executor=_cluster(jobs))
    if jobs is not None and not (jobs.isdecimal() and int(jobs)):
        message = f'--jobs: must be a number of processes from 1 on or dask://HOST:PORT, not "{jobs}"'
        raise ConfigError(message)
    return Work(remember, jobs=int(jobs) if jobs else None)


def _cluster(jobs: str) -> Callable[[int], Executor]:
    import re
    from importlib.util import find_spec

    place = re.fullmatch(r"dask://((?:[\w.-]+|\[[0-9A-Fa-f:.]+\]):\d{1,5})/?", jobs, re.ASCII)
    if not place:
        message = f'--jobs: must be dask://HOST:PORT of a scheduler, not "{jobs}"'
        raise ConfigError(message)
    if find_spec("distributed") is None:
        message = "--jobs: a Dask cluster needs an extra: python -m pip install 'greenlint[dask]'"
        raise ConfigError(message)

    def executor(_: int) -> Executor:
        from greenlint.cluster import Cluster

        return Cluster(place[1])

    return executor


def _words(values: list[str] | None) -> tuple[str, ...]:
    return tuple(word.strip() for value in values or () for word in value.split(",") if word.strip())


def idle(used: Iterable[Settings], target: Target) -> Iterator[str]:
    """Yield a note when the settings select rules, and none of them judges what the command reads."""
    from greenlint import catalogue

    settings = list(used)
    rules = {rule.code for rule in catalogue.load().for_target(target)}
    if settings and all(one.enabled and rules.isdisjoint(one.enabled) for one in settings):
        words = {
            Target.PYTHON: "only rules of models are selected, and `greenlint inspect` judges models",
            Target.GRAPH: "only rules of Python are selected, and `greenlint check` judges Python",
        }
        yield words[target]


def config_file(options: argparse.Namespace) -> Path | None:
    """Return the file of `--config`, or None; raises `ConfigError` when it is not there."""
    if options.config is None:
        return None
    file = Path(os.path.abspath(options.config))  # noqa: PTH100
    if not file.is_file():
        message = f"--config: {options.config}: no such file"
        raise ConfigError(message)
    return file
