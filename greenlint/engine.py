"""Files in, findings out: read, gate, collect, judge; whatever goes wrong costs one file and is said."""

from __future__ import annotations

from collections import Counter, deque
from typing import TYPE_CHECKING

from greenlint import discovery
from greenlint.finding import Finding, Report, reading_order
from greenlint.judge import Judge
from greenlint.tree import Judged, Run, Tree, Work

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from greenlint.config import Settings
    from greenlint.finding import Problem
    from greenlint.judge import Observer

__all__ = ["Judged", "Work", "check", "follow", "gather"]


def check(  # noqa: PLR0913, PLR0917  what a run is made of
    files: Sequence[Path],
    settings_of: Callable[[Path], Settings],
    given: Callable[[Path], Path | None] = lambda _: None,
    contents: Mapping[Path, bytes] | None = None,
    work: Work | None = None,
    notes: list[str] | None = None,
    observe: Observer | None = None,
) -> Iterator[Judged]:
    """Judge files, those that belong together one after the other; what they come to does not depend on the order.

    Paths are absolute. `settings_of` answers for the folder of a file, `given` with the folder of the command line that
    a file was found in, `contents` replaces the bytes on disk (an editor's unsaved text). What the cache has to say of
    itself goes into `notes`. `observe` is shown each file that is judged, in each of its programs, and yields what
    it sees with the nodes where it sees it.
    """
    run = Run(contents or {}, work or Work(), Judge(observe))
    by_root: dict[Path, list[Path]] = {}
    for path in files:
        by_root.setdefault(discovery.project_root(path, given(path)), []).append(path)
    begun: deque[Tree] = deque()
    try:
        for root, paths in by_root.items():
            begun.append(Tree(root, run))
            yield from begun[-1].begin([(path, settings_of(path.parent)) for path in paths])
            while len(begun) > run.ahead:
                yield from _finish(begun.popleft(), notes)
        while begun:
            yield from _finish(begun.popleft(), notes)
    finally:
        run.close()


def _finish(tree: Tree, notes: list[str] | None) -> Iterator[Judged]:
    yield from tree.finish()
    if notes is not None:
        notes += tree.cache.notes


def follow(
    files: Iterable[Path],
    settings_of: Callable[[Path], Settings],
    given: Callable[[Path], Path | None] = lambda _: None,
    contents: Mapping[Path, bytes] | None = None,
    work: Work | None = None,
) -> Generator[Judged, None, None]:
    """Judge files one after the other as they come, as `check` does, keeping what was read for the next ones.

    What was learnt is kept for other runs when the iterator is closed.
    """
    run = Run(contents or {}, work or Work(), Judge())
    trees: dict[Path, Tree] = {}
    try:
        for path in files:
            root = discovery.project_root(path, given(path))
            if root not in trees:
                trees[root] = Tree(root, run)
            yield trees[root].judge(path, settings_of(path.parent))
    finally:
        for tree in trees.values():
            tree.cache.save()


def gather(judged: Iterable[Judged], problems: Iterable[Problem] = ()) -> Report:
    """Return what a whole run found, after the `problems` met before it; findings in reading order."""
    findings: list[Finding] = []
    problems = list(problems)
    counts: Counter[str] = Counter()
    for one in sorted(judged, key=lambda one: one.path):
        findings += one.findings
        problems += one.problems
        counts["unreadable" if one.unreadable else "checked" if one.relevant else "skipped"] += 1
    return Report(
        findings=tuple(sorted(findings, key=reading_order)),
        checked=counts["checked"],
        skipped=counts["skipped"],
        unreadable=counts["unreadable"],
        problems=tuple(problems),
    )
