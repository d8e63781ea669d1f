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

from greenlint import cache, discovery, reading, relevance, source
from greenlint.cache import Cache, Known, Result
from greenlint.errors import GreenlintError, SourceError
from greenlint.finding import Finding, Problem, TextPlace, shown
from greenlint.judge import crash, rules_for

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from concurrent.futures import Executor

    from greenlint.config import Settings
    from greenlint.judge import Judge
    from greenlint.parsers import Parsers
    from greenlint.python.facts import Facts
    from greenlint.python.imports import Imports
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

    def expect(self, texts: Iterator[tuple[Path, str]], paths: set[Path], size: int) -> None:
        """Have texts read by other processes, if that is worth it."""
        from greenlint import parsers

        count = parsers.processes(size, self.work.jobs)
        if self.parsers is None and (count > 1 or self.work.executor):
            self.parsers = parsers.Parsers(self.work.executor or parsers.local, count)
        if self.parsers is not None:
            self.parsers.expect(texts, paths)

    def let_go(self, words: int) -> None:
        """Collect what a group left behind: its facts point at one another, and the collector rests during a run."""
        self.garbage += words
        if self.garbage > MOST_GARBAGE:
            gc.collect()
            gc.freeze()
            self.garbage = 0

    def close(self) -> None:
        """End what still runs elsewhere."""
        if self.parsers is not None:
            self.parsers.close()


class Tree:
    """The files below one root, in one run."""

    def __init__(self, root: Path, run: Run) -> None:
        """Read what earlier runs have left."""
        self.root = root
        self.run = run
        self.cache = Cache(str(root), persistent=run.work.remember and run.judge.observe is None)
        self._imports: Imports | None = None
        self._project: Project | None = None
        self._facts: dict[Path, Facts | SourceError] = {}
        self._programs: dict[str, bytes] = {}

    def check(self, files: Sequence[tuple[Path, Settings]]) -> Iterator[Judged]:
        """Judge the files that were asked for, those first that need no parsing."""
        waiting: dict[Path, Settings] = {}
        for path, settings in files:
            judged = self.answer(path, settings)
            if judged is None:
                waiting[path] = settings
            else:
                yield judged
        if waiting:
            groups = list(self._groups(waiting))
            self._expect(groups)
            for members, _ in groups:
                for path in members:
                    yield self.judged(path, waiting[path])
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
            company = dict.fromkeys(self.imports.company(str(path)))
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
        paths = [path for path in paths if not self.cache.has_facts(self._digest(path))]
        texts = ((path, text.text) for path in paths if (text := self._text_or_none(path)))
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
            known, text = self._glance(path)
            if known.gate == "foreign":
                return judged
            if known.gate != "out":
                result = self._result(path, known, settings)
                if result is not None:
                    return self._recalled(path, settings, known, result)
                if known.gate == "in" or any(self._can_train(other) for other in self.imports.company(str(path))):
                    return None
            if not known.parses:
                text = text or self._text(path)
                reading.check(text.text)
                known.parses = True
                self.cache.learnt()
            if known.gate == "word":
                self._keep(path, known, settings, Judged(path, settings))
            return replace(judged, source=text or (self._text(path) if known.speaks else None))
        except SourceError as error:
            return replace(judged, unreadable=True, problems=(_problem(path, text, error),))
        except Exception as error:  # noqa: BLE001  one file must not take the others down
            return replace(judged, unreadable=True, problems=(Problem(shown(path), crash("reading", error)),))

    def _glance(self, path: Path) -> tuple[Known, Source | None]:
        """Return what is known of a file, its gate too, and its text if it had to be read; raise `SourceError`."""
        known = self._known(path)
        if known.gate:
            return known, None
        text = source.decode(self.run.read(path), path.name)
        if text is None:
            known.gate = "foreign"
        else:
            data = text.text.encode("utf-8", "surrogatepass")
            known.speaks = relevance.may_suppress(text.text)
            if relevance.names_a_framework(data):
                known.gate = "in"
            else:
                known.gate = "word" if relevance.says_a_word(data) else "out"
        self.cache.learnt()
        return known, text

    def _known(self, path: Path) -> Known:
        return self.cache.known(self._name(path), lambda: self.run.read(path), overridden=path in self.run.contents)

    def _name(self, path: Path) -> str:
        return str(path)[len(str(self.root)) :].lstrip("/\\") if path.is_relative_to(self.root) else str(path)

    def _digest(self, path: Path) -> str:
        try:
            return self._known(path).digest
        except SourceError:
            return ""

    def _text(self, path: Path) -> Source:
        """Return the text of a file; raise `SourceError`."""
        data = self.run.read(path)
        if self.cache.persistent and cache.digest_of(data) != self._known(path).digest:
            self.cache.forget()
        text = source.decode(data, path.name)
        if text is None:
            message = "is no Python"
            raise SourceError(message)
        return text

    def _text_or_none(self, path: Path) -> Source | None:
        try:
            return self._text(path)
        except SourceError:
            return None

    def _can_train(self, name: str) -> bool:
        try:
            known = self._known(Path(name))
            if known.trains is None:
                known.trains = relevance.can_train(self.run.read(Path(name)))
                self.cache.learnt()
        except SourceError:
            return False
        return known.trains

    # The project around it

    @property
    def imports(self) -> Imports:
        """The import lines of the whole project, looked at once."""
        if self._imports is None:
            self._imports = self._survey()
        return self._imports

    def _survey(self) -> Imports:
        from greenlint.python.imports import Imports, import_lines
        from greenlint.python.tests import is_test

        def lines(name: str) -> tuple[tuple[str | None, int, Sequence[str]], ...]:
            try:
                return tuple(import_lines(self.run.read(Path(name))))
            except SourceError:
                return ()

        def tested(name: str) -> bool:
            try:
                known = self._known(Path(name))
                if known.tested is None:
                    known.tested = is_test(imports.relative(name), lambda: self.run.read(Path(name)))
                    self.cache.learnt()
            except SourceError:
                return is_test(imports.relative(name), bytes)
            return known.tested

        # What was given in place of the disk may not be there, such as a file before it was renamed.
        given = (path for path in self.run.contents if path.is_relative_to(self.root) and discovery.is_source(path))
        files = sorted(str(path) for path in {*discovery.below(self.root).files, *given})
        imports = Imports(str(self.root), files, lines, tested)
        if self.cache.persistent:
            self.cache.listed(map(imports.relative, files))
            for name in files:
                self._recall_targets(name, imports)
        return imports

    def _recall_targets(self, name: str, imports: Imports) -> None:
        """Take what a file imports from the cache, and look at the file if that is not there."""
        try:
            known = self._known(Path(name))
        except SourceError:
            return
        if known.targets is not None:
            targets = tuple(f"{self.root}/{target}" for target in known.targets)
            if all(target in imports.files for target in targets):
                imports.recall(name, targets)
                return
        known.targets = tuple(imports.relative(target) for target in imports.targets(name))
        self.cache.learnt()

    def _program(self, path: Path) -> str:
        """Return a digest of all that a file's findings may depend on: its programs' files, and what they import."""
        imports = self.imports
        parts = [self._name(path).encode("utf-8", "surrogateescape"), str(imports.is_test(str(path))).encode()]
        for entry in imports.entries(str(path)):
            if entry not in self._programs:
                told = []
                for name in imports.closure(entry):
                    others = " ".join(imports.relative(target) for target in imports.targets(name))
                    told.append(f"{imports.relative(name)} {self._digest_of(name)} {others}")
                self._programs[entry] = cache.digest_of(
                    *(one.encode("utf-8", "surrogateescape") for one in told)
                ).encode()
            parts.append(self._programs[entry])
        return cache.digest_of(*parts)

    def _digest_of(self, name: str) -> str:
        return self._digest(Path(name))

    # What was found before

    def _result(self, path: Path, known: Known, settings: Settings) -> Result | None:
        if not self.cache.persistent:
            return None
        assert self.imports is not None  # every file of the project has been looked at  # noqa: S101
        return self.cache.result(known, self.run.key(path, settings), lambda: self._program(path))

    def _recalled(self, path: Path, settings: Settings, known: Known, result: Result) -> Judged | None:
        try:
            findings = tuple(_revived(path, row) for row in result.findings)
            notes = tuple(str(note) for note in result.notes)
        except (GreenlintError, TypeError, ValueError):
            return None  # it comes from a stranger
        text = self._text(path) if findings or known.speaks else None
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
        result = Result(self.cache.generation, self._program(path), judged.relevant, findings, notes)
        self.cache.keep(known, self.run.key(path, settings), result)

    # Judging

    def judged(self, path: Path, settings: Settings) -> Judged:
        """Judge a file that a rule can concern."""
        judged = Judged(path, settings, relevant=True)
        text = None
        try:
            text = self._text(path)
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
        self._keep(path, self._known(path), settings, judged)
        return judged

    def _new_project(self) -> Project:
        from greenlint.python.project import Project

        self._project = Project(self.imports, self._load)
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
        digest = self._digest(path)
        facts: Facts | SourceError | None = self.cache.facts(digest) if digest else None
        if facts is not None:
            return facts
        if self.run.parsers is not None:
            facts = self.run.parsers.take(path)
        if facts is None:
            try:
                facts = reading.facts_of(self._text(path).text)
            except SourceError as error:
                return error
        if digest and not isinstance(facts, SourceError) and self._is_shared(path):
            self.cache.keep_facts(digest, facts)
        return facts

    def _is_shared(self, path: Path) -> bool:
        """Tell whether a change elsewhere can make a file's facts wanted again."""
        entries = self.imports.entries(str(path))
        return len(entries) > 1 or len(self.imports.closure(entries[0])) > 1


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
