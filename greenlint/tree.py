"""The files below one root in one run: what each comes to, from what is known of it or by judging it.

Files whose programs share a file are judged together, group by group, and what was read for a group is let go before
the next. So memory follows the largest group, not the tree.
"""

from __future__ import annotations

import gc
import json
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from greenlint import reading, source
from greenlint.cache import Cache, Known, Result
from greenlint.errors import GreenlintError, SourceError
from greenlint.finding import Finding, Problem, TextPlace, shown
from greenlint.judge import crash, rules_for
from greenlint.survey import Survey

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from concurrent.futures import Executor

    from greenlint.config import Settings
    from greenlint.judge import Judge
    from greenlint.parsers import Parsers
    from greenlint.python.facts import Facts
    from greenlint.python.project import Project
    from greenlint.source import Source

MOST_GARBAGE = 30_000
"""How many words of facts, some 15 MB, may wait for the garbage collector, which is asked for by hand."""


@dataclass(frozen=True, slots=True)
class Judged:
    """One file after its judging, with everything that was found, before suppressions and outputs.

    `source` is None for what could not be read, for notebooks in another language, and for a file known from an earlier
    run that has no findings and no comment that may suppress. `relevant` is false for a file that no rule can concern.
    `observed` is what the caller's observer saw, with its places.
    """

    path: Path
    settings: Settings
    source: Source | None = None
    relevant: bool = False
    findings: tuple[Finding, ...] = ()
    problems: tuple[Problem, ...] = ()
    unreadable: bool = False
    notes: tuple[str, ...] = ()
    observed: tuple[tuple[Any, TextPlace], ...] = ()


@dataclass(frozen=True, slots=True)
class Work:
    """How a run is to be done: whether earlier runs are remembered, and by how many processes texts are read.

    `jobs` of None lets the machine and the work decide; `executor` makes what runs them, processes here by default.
    """

    remember: bool = False
    jobs: int | None = 1
    executor: Callable[[int], Executor] | None = None


@dataclass(slots=True)
class Run:
    """What all roots of one run share."""

    contents: Mapping[Path, bytes]
    work: Work
    judge: Judge
    parsers: Parsers | None = None
    rules: dict[tuple[int, frozenset[str]], str] = field(default_factory=dict)
    garbage: int = 0
    frozen: bool = False

    def read(self, path: Path) -> bytes:
        """Return the bytes of a file as this run has them; raise `SourceError`."""
        content = self.contents.get(path)
        return source.read(path) if content is None else content

    def key(self, path: Path, settings: Settings) -> str:
        """Return the rules that judge a file and their options, as a text that is the same in another run."""
        ignored = frozenset(settings.ignored_in(path))
        key = (id(settings), ignored)
        if key not in self.rules:
            chosen = {rule.code: settings.options.get(rule.code, {}) for rule in rules_for(path, settings)}
            self.rules[key] = json.dumps(chosen, sort_keys=True, default=str)
        return self.rules[key]

    def expect(self, texts: Iterator[tuple[Path, str | None]], paths: set[Path], size: int) -> None:
        """Have texts read by other processes, if that is worth it; raise `ConfigError`."""
        from greenlint.parsers import Parsers

        self.parsers = self.parsers or Parsers(self.work.executor, self.work.jobs)
        self.parsers.expect(texts, paths, size)

    @property
    def ahead(self) -> int:
        """How many roots may wait for what others read of them, so that small ones keep all of these busy."""
        return 2 * self.parsers.width if self.parsers is not None and self.parsers.width > 1 else 0

    def let_go(self, words: int) -> None:
        """Collect what a group left behind: its facts point at one another, and the collector rests during a run."""
        self.garbage += words
        if self.garbage > MOST_GARBAGE:
            gc.collect()
            gc.freeze()
            self.frozen = True
            self.garbage = 0

    def close(self) -> None:
        """End what still runs elsewhere."""
        if self.parsers is not None:
            self.parsers.close()
        if self.frozen:
            gc.unfreeze()


class Tree:
    """The files below one root, in one run."""

    def __init__(self, root: Path, run: Run) -> None:
        """Read what earlier runs have left."""
        self.root = root
        self.run = run
        self.cache = Cache(str(root), persistent=run.work.remember and run.judge.observe is None)
        self.survey = Survey(root, self.cache, run.read, run.contents)
        self._project: Project | None = None
        self._facts: dict[Path, Facts | SourceError] = {}
        self._waiting: dict[Path, Settings] = {}
        self._together: list[tuple[list[Path], list[str]]] = []

    def begin(self, files: Sequence[tuple[Path, Settings]]) -> Iterator[Judged]:
        """Judge those of the files that were asked for that need no parsing, and have the others read."""
        for path, settings in files:
            judged = self.answer(path, settings)
            if judged is None:
                self._waiting[path] = settings
            else:
                yield judged
        if self._waiting:
            self._together = list(self._groups(self._waiting))
            self._expect(self._together)

    def finish(self) -> Iterator[Judged]:
        """Judge the files that were to be read, and keep what was learnt."""
        for members, _ in self._together:
            for path in members:
                yield self.judged(path, self._waiting[path])
            self._let_go()
        self.cache.save()

    def judge(self, path: Path, settings: Settings) -> Judged:
        """Judge one file, and keep what was read."""
        return self.answer(path, settings) or self.judged(path, settings)

    def _groups(self, paths: Iterable[Path]) -> Iterator[tuple[list[Path], list[str]]]:
        """Yield files that are to be judged together, with all files of their programs: in no other group are any."""
        groups: dict[int, tuple[list[Path], dict[str, None]]] = {}
        of_file: dict[str, int] = {}
        for number, path in enumerate(paths):
            company = dict.fromkeys(self.survey.imports.company(str(path)))
            members = [path]
            for other in sorted({of_file[name] for name in company if name in of_file}):
                theirs, their_company = groups.pop(other)
                members = [*theirs, *members]
                company = {**their_company, **company}
            groups[number] = members, company
            of_file.update(dict.fromkeys(company, number))
        yield from ((members, list(company)) for members, company in groups.values())

    def _expect(self, groups: list[tuple[list[Path], list[str]]]) -> None:
        if self.run.work.jobs == 1 and self.run.work.executor is None:
            return
        paths = [Path(name) for _, company in groups for name in company]
        paths = [path for path in paths if not self.cache.has_facts(self.survey.digest(path))]
        texts = ((path, text.text if (text := self.survey.text_or_none(path)) else None) for path in paths)
        self.run.expect(texts, set(paths), sum(_size(path) for path in paths))

    def _let_go(self) -> None:
        words = sum(one.words for one in self._facts.values() if not isinstance(one, SourceError))
        self._facts = {}
        self._project = None
        self.run.let_go(words)

    # What is known of a file before it is parsed

    def answer(self, path: Path, settings: Settings) -> Judged | None:
        """Return what a file comes to, if that can be told without parsing it with LibCST."""
        judged = Judged(path, settings)
        text = None
        try:
            known, text = self.survey.glance(path)
            if known.gate == "foreign":
                return judged
            if known.gate != "out":
                result = self._result(path, known, settings)
                if result is not None:
                    return self._recalled(path, settings, known, result)
                if known.gate == "in" or any(
                    self.survey.can_train(other) for other in self.survey.imports.company(str(path))
                ):
                    return None
            if not known.parses:
                text = text or self.survey.text(path)
                reading.check(text.text)
                known.parses = True
                self.cache.learnt()
            if known.gate == "word":
                self._keep(path, known, settings, Judged(path, settings))
            return replace(judged, source=text or (self.survey.text(path) if known.speaks else None))
        except SourceError as error:
            return replace(judged, unreadable=True, problems=(_problem(path, text, error),))
        except Exception as error:  # noqa: BLE001  one file must not take the others down
            return replace(judged, unreadable=True, problems=(Problem(shown(path), crash("reading", error)),))

    # What was found before

    def _result(self, path: Path, known: Known, settings: Settings) -> Result | None:
        if not self.cache.persistent:
            return None
        assert self.survey.imports is not None  # every file of the project has been looked at  # noqa: S101
        return self.cache.result(known, self.run.key(path, settings), lambda: self.survey.program(path))

    def _recalled(self, path: Path, settings: Settings, known: Known, result: Result) -> Judged | None:
        try:
            findings = tuple(_revived(path, row) for row in result.findings)
            notes = tuple(str(note) for note in result.notes)
        except (GreenlintError, TypeError, ValueError):
            return None  # it comes from a stranger
        text = self.survey.text(path) if findings or known.speaks else None
        return Judged(path, settings, text, bool(result.relevant), findings, notes=notes)

    def _keep(self, path: Path, known: Known, settings: Settings, judged: Judged) -> None:
        """Keep what a file came to, unless something went wrong with it."""
        if not self.cache.persistent or judged.problems:
            return
        try:
            findings = [_frozen(finding) for finding in judged.findings]
        except TypeError:
            return
        notes = list(judged.notes)
        result = Result(self.cache.generation, self.survey.program(path), judged.relevant, findings, notes)
        self.cache.keep(known, self.run.key(path, settings), result)

    # Judging

    def judged(self, path: Path, settings: Settings) -> Judged:
        """Judge a file that a rule can concern."""
        judged = Judged(path, settings, relevant=True)
        text = None
        try:
            text = self.survey.text(path)
            facts = self._facts_of(path)
        except SourceError as error:
            facts = error
        except Exception as error:  # noqa: BLE001
            return replace(
                judged, source=text, unreadable=True, problems=(Problem(shown(path), crash("reading", error)),)
            )
        if text is None or isinstance(facts, SourceError):
            wrong = facts if isinstance(facts, SourceError) else SourceError("is no Python")
            return replace(judged, source=text, unreadable=True, problems=(_problem(path, text, wrong),))
        project = self._project or self._new_project()
        try:
            views = list(project.views(path))
        except Exception as error:  # noqa: BLE001
            problem = Problem(shown(path), crash("finding the program of the file", error))
            return replace(judged, source=text, problems=(problem,))
        findings, problems = self.run.judge.find(path, text, views, settings)
        observed = self.run.judge.watch(path, text, views, problems)
        judged = replace(
            judged,
            source=text,
            findings=tuple(findings),
            problems=tuple(problems),
            notes=tuple(project.limits(path)),
            observed=observed,
        )
        self._keep(path, self.survey.known(path), settings, judged)
        return judged

    def _new_project(self) -> Project:
        from greenlint.python.project import Project

        self._project = Project(self.survey.imports, self._load)
        return self._project

    def _load(self, path: Path) -> Facts | None:
        """Return the facts of a file of a program, None when it cannot be read: its own judging says why."""
        try:
            facts = self._facts_of(path)
        except Exception:  # noqa: BLE001
            return None
        return None if isinstance(facts, SourceError) else facts

    def _facts_of(self, path: Path) -> Facts | SourceError:
        if path not in self._facts:
            self._facts[path] = self._found_facts(path)
        return self._facts[path]

    def _found_facts(self, path: Path) -> Facts | SourceError:
        """Return the facts of a file, from the cache, from another process, or by parsing it here."""
        digest = self.survey.digest(path)
        facts: Facts | SourceError | None = self.cache.facts(digest) if digest else None
        if facts is not None:
            return facts
        if self.run.parsers is not None:
            facts = self.run.parsers.take(path)
        if facts is None:
            try:
                facts = reading.facts_of(self.survey.text(path).text)
            except SourceError as error:
                return error
        if digest and not isinstance(facts, SourceError) and self.survey.is_shared(path):
            self.cache.keep_facts(digest, facts)
        return facts


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0


def _frozen(finding: Finding) -> list[Any]:
    """Return a finding as plain data without its path; raise `TypeError` for values that JSON would change."""
    place = finding.place
    values = finding.values or {}
    if not isinstance(place, TextPlace) or not all(
        isinstance(one, str | int | float | None) for one in values.values()
    ):
        message = "a finding that cannot be kept"
        raise TypeError(message)
    where = [place.line, place.column, place.end_line, place.end_column, place.cell]
    return [
        *(finding.rule.code, finding.severity.value, where, finding.message, finding.snippet, finding.fingerprint),
        values,
    ]


def _revived(path: Path, row: list[Any]) -> Finding:
    """Undo `_frozen`, believing nothing."""
    from greenlint.catalogue import load
    from greenlint.rule import Severity

    code, severity, where, message, snippet, fingerprint, values = row
    line, column, end_line, end_column = map(int, where[:4])
    cell = None if where[4] is None else int(where[4])
    return Finding(
        rule=load().by_word(str(code)),
        severity=Severity(severity),
        place=TextPlace(shown(path), line, column, end_line, end_column, cell),
        message=str(message),
        snippet=str(snippet),
        fingerprint=str(fingerprint),
        values=dict(values),
    )


def _problem(path: Path, text: Source | None, error: SourceError) -> Problem:
    cell, line = text.locate(error.line) if text else (None, error.line)
    column = error.column + text.indent(error.line) if text and error.column else error.column
    return Problem(shown(path), str(error), line, column if line else 0, cell)
