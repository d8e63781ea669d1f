"""Run the command line of greenlint and print, as JSON, how much work it did: counts, never times.

usage: python tests/work/count.py [--shallow] check PATH...
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import sys
from collections import Counter
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

counts: Counter[str] = Counter()


def main(words: list[str]) -> None:
    """Count what one run does; `--shallow` leaves everything lazy, and counts modules alone."""
    before = {*sys.modules}
    if words[0] == "--shallow":
        words = words[1:]
        from greenlint import cli

        code = silently(cli.main, words)
        new = {*sys.modules} - before
        others = {name.partition(".")[0] for name in new} - {*sys.stdlib_module_names, "greenlint"}
        counts["modules of greenlint"] = sum(name.startswith("greenlint.") for name in new - detectors(new))
        counts["other packages"] = len(others)
    else:
        from greenlint import cli

        watch()
        sys.setprofile(profile)
        code = silently(cli.main, words)
        sys.setprofile(None)
        rules = len(detectors(sys.modules))
        counts["programs shown to detectors"] //= rules or 1  # whatever rules there are
    sys.stdout.write(json.dumps({"code": code, **counts}))


def detectors(modules: Iterable[str]) -> set[str]:
    return {name for name in modules if name.startswith("greenlint.detectors.")}


def silently(run: Any, words: list[str]) -> int:
    with contextlib.redirect_stdout(io.StringIO()):
        return int(run(words))


def watch() -> None:
    """Count the calls of the few functions through which work goes."""
    import libcst

    from greenlint import cache, source
    from greenlint.judge import Judge

    cache.RACE = -1_000_000_000  # files that were written just now are known by their stamps
    for place, name, told in (
        (source, "read", "files read"),
        (libcst, "parse_module", "texts parsed by LibCST"),
        (cache, "digest_of", "digests"),
        (Judge, "find", "files judged"),
        (Judge, "_flags", "programs shown to detectors"),
    ):
        setattr(place, name, counted(getattr(place, name), told))


def counted(function: Any, told: str) -> Any:
    counts[told] = 0

    def wrapped(*given: Any, **named: Any) -> Any:
        counts[told] += 1
        return function(*given, **named)

    return wrapped


def profile(frame: Any, event: str, _: object) -> None:
    """Count the calls of greenlint's own functions, without comprehensions, which newer Pythons do not call."""
    if event != "call" or frame.f_code.co_name.startswith("<"):
        return
    *_, package, folder, name = ("", "", *frame.f_code.co_filename.replace(os.sep, "/").split("/"))
    if (folder, name) == ("python", "collect.py"):
        counts["calls in the walk over a tree"] += 1
    elif package == "greenlint" and folder in {"python", "detectors"}:
        counts["calls in the analysis of programs"] += 1


if __name__ == "__main__":
    main(sys.argv[1:])
