"""Files in, findings out: read, gate, collect, judge; whatever goes wrong costs one file and is said."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from greenlint import discovery, relevance, source
from greenlint.catalogue import load
from greenlint.detector import detector_of
from greenlint.errors import RuleError, SourceError
from greenlint.finding import Finding, Problem, Report, TextPlace, shown
from greenlint.rule import Target

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from greenlint.config import Settings
    from greenlint.detector import Detector, Flag
    from greenlint.python.facts import Facts, Node
    from greenlint.python.places import Span
    from greenlint.python.project import Project
    from greenlint.python.view import View
    from greenlint.rule import Rule
    from greenlint.source import Source

    Observer = Callable[[View], Iterable[tuple[Any, Node]]]

LARGEST = 5_000_000
"""How many characters a text may have to be judged: LibCST's tree takes about a kilobyte for each."""


@dataclass(frozen=True, slots=True)
class Judged:
    """One file after its judging, with everything that was found, before suppressions and outputs.

    `source` is None for what could not be read and for notebooks in another language; `relevant` is false for a file
    that no rule can concern; `observed` is what the caller's `observe` saw, with its places.
    """

    path: Path
    settings: Settings
    source: Source | None = None
    relevant: bool = False
    findings: tuple[Finding, ...] = ()
    observed: tuple[tuple[Any, TextPlace], ...] = ()
    problems: tuple[Problem, ...] = ()
    unreadable: bool = False
    notes: tuple[str, ...] = ()


def check(
    files: Iterable[Path],
    settings_of: Callable[[Path], Settings],
    given: Callable[[Path], Path | None] = lambda _: None,
    contents: Mapping[Path, bytes] | None = None,
    observe: Observer | None = None,
) -> Iterator[Judged]:
    """Judge files one after the other, in their order.

    Paths are absolute. `settings_of` answers for the folder of a file, `given` with the folder of the command line that
    a file was found in, `contents` replaces the bytes on disk (an editor's unsaved text). `observe` is shown each file
    that is judged in the first of its programs, and yields what it sees with the nodes where it sees it.
    """
    run = _Run(contents or {}, observe)
    for path in files:
        yield run.judge(path, settings_of(path.parent), given(path))


def gather(judged: Iterable[Judged], problems: Iterable[Problem] = ()) -> Report:
    """Return what a whole run found, after the `problems` met before it; findings in reading order."""
    findings: list[Finding] = []
    problems = list(problems)
    counts: Counter[str] = Counter()
    for one in judged:
        findings += one.findings
        problems += one.problems
        counts["unreadable" if one.unreadable else "checked" if one.relevant else "skipped"] += 1
    return Report(
        findings=tuple(sorted(findings, key=_order)),
        checked=counts["checked"],
        skipped=counts["skipped"],
        unreadable=counts["unreadable"],
        problems=tuple(problems),
    )


def _order(finding: Finding) -> tuple[str, int, int, int, str]:
    place = finding.place
    if isinstance(place, TextPlace):
        return place.path, place.cell or 0, place.line, place.column, finding.rule.code
    return place.path, 0, 0, 0, finding.rule.code


@dataclass(slots=True)
class _Run:
    """What the files of one run share: facts, projects and detectors, each made once."""

    contents: Mapping[Path, bytes]
    observe: Observer | None = None
    facts: dict[Path, Facts | None] = field(default_factory=dict)
    projects: dict[Path, Project] = field(default_factory=dict)
    detectors: dict[str, Detector | None] = field(default_factory=dict)
    training: dict[Path, bool] = field(default_factory=dict)
    limits_told: int = 0

    def judge(self, path: Path, settings: Settings, given: Path | None) -> Judged:
        judged = Judged(path, settings)
        try:
            data = self.read(path)
            text = source.decode(data, path.name)
            if text is None:
                return judged
            judged = replace(judged, source=text, relevant=self.is_relevant(path, text, given))
            if not judged.relevant:
                if wrong := source.check_syntax(text.text):
                    self.confirm(text, wrong)
                return judged
            # A program that holds the file may have read it already.
            self.facts[path] = facts = self.facts.get(path) or self.collect(text)
        except SourceError as error:
            return replace(judged, unreadable=True, problems=(_problem(path, judged.source, error),))
        except Exception as error:  # noqa: BLE001  one file must not take the others down
            return replace(judged, unreadable=True, problems=(Problem(shown(path), _crash("reading", error)),))
        try:
            views = list(self.project(path, given).views(path))
        except Exception as error:  # noqa: BLE001
            crash = Problem(shown(path), _crash("finding the program of the file", error))
            return replace(judged, problems=(crash,))
        findings, problems = self.find(path, text, facts, settings, views)
        observed = self.watch(path, text, facts, views, problems)
        limits = [limit for project in self.projects.values() for limit in project.limits]
        notes, self.limits_told = tuple(limits[self.limits_told :]), len(limits)
        return replace(judged, findings=tuple(findings), observed=observed, problems=tuple(problems), notes=notes)

    def read(self, path: Path) -> bytes:
        content = self.contents.get(path)
        return source.read(path) if content is None else content

    def peek(self, path: Path) -> bytes:
        """Return the bytes of a file of the project, none where it cannot be read."""
        try:
            return self.read(path)
        except SourceError:
            return b""

    def is_relevant(self, path: Path, text: Source, given: Path | None) -> bool:
        """Tell whether any rule can concern a file: by its own imports, or by those of its programs."""
        data = text.text.encode("utf-8", "surrogatepass")
        if relevance.names_a_framework(data):
            return True
        if not relevance.says_a_word(data):
            return False
        return any(self.can_train(other) for other in self.project(path, given).company(path))

    def can_train(self, path: Path) -> bool:
        if path not in self.training:
            self.training[path] = relevance.can_train(self.peek(path))
        return self.training[path]

    def collect(self, text: Source) -> Facts:
        """Return the facts of a text; raise `SourceError`.

        What the running Python refuses may be newer Python, so LibCST has the last word, unless the nesting could
        overflow its stack.
        """
        if len(text.text) > LARGEST:
            message = f"is too large to be judged: more than {LARGEST // 1_000_000} million characters"
            raise SourceError(message)
        if wrong := source.check_syntax(text.text):
            return self.confirm(text, wrong)

        return _parsed(text.text)

    def confirm(self, text: Source, wrong: SourceError) -> Facts:

        if not wrong.line or len(text.text) > LARGEST or source.is_nested_too_deeply(text.text):
            raise wrong
        try:
            return _parsed(text.text)
        except (SourceError, RecursionError):
            raise wrong from None

    def load(self, path: Path) -> Facts | None:
        """Return the facts of a file of a program, None when it cannot be read: its own judging says why."""
        if path not in self.facts:
            try:
                text = source.decode(self.read(path), path.name)
                self.facts[path] = self.collect(text) if text else None
            except Exception:  # noqa: BLE001
                self.facts[path] = None
        return self.facts[path]

    def project(self, path: Path, given: Path | None) -> Project:
        from greenlint.python.project import Project

        root = discovery.project_root(path, given)
        if root not in self.projects:
            self.projects[root] = Project(root, discovery.below(root).files, self.load, self.peek)
        return self.projects[root]

    def find(
        self, path: Path, text: Source, facts: Facts, settings: Settings, views: list[View]
    ) -> tuple[list[Finding], list[Problem]]:
        """Run every detector on the file in each of its programs; what several say of one place counts once."""
        places: dict[tuple[str, TextPlace], tuple[Rule, Flag]] = {}
        problems: dict[Problem, None] = {}
        crashed: set[str] = set()
        ignored = settings.ignored_in(path)
        rules = [
            rule
            for rule in enabled_rules(settings, Target.PYTHON)
            if rule.code not in ignored and self.detector(rule, problems)
        ]
        from greenlint.python.places import Ruler

        ruler = None
        for view in views:
            for rule in rules:
                if rule.code in crashed:
                    continue
                try:
                    for flag in self.flags(rule, view, settings):
                        ruler = ruler or Ruler(text.text, facts)
                        places.setdefault((rule.code, _place(path, text, ruler.span(flag.at))), (rule, flag))
                except Exception as error:  # noqa: BLE001
                    crashed.add(rule.code)
                    problems[Problem(shown(path), _crash(f"{rule.code} {rule.name}", error))] = None
        findings = []
        for (code, place), (rule, flag) in places.items():
            if code in crashed:
                continue
            try:
                findings.append(_finding(rule, flag, place, text))
            except (KeyError, IndexError, ValueError) as error:
                problems[Problem(shown(path), _crash(f"{rule.code} {rule.name}", error))] = None
        return fingerprinted(findings, text), list(problems)

    def watch(
        self, path: Path, text: Source, facts: Facts, views: list[View], problems: list[Problem]
    ) -> tuple[tuple[Any, TextPlace], ...]:
        """Return what the caller's observer sees in the file; an observer that crashes costs this file's sights."""
        if self.observe is None or not views:
            return ()
        from greenlint.python.places import Ruler

        ruler = Ruler(text.text, facts)
        try:
            return tuple((seen, _place(path, text, ruler.span(node))) for seen, node in self.observe(views[0]))
        except Exception as error:  # noqa: BLE001
            problems.append(Problem(shown(path), _crash("observing the file", error)))
            return ()

    def flags(self, rule: Rule, view: View, settings: Settings) -> Iterator[Flag]:
        detector = self.detectors[rule.code]
        return detector(view, **detector_options(rule, settings)) if detector else iter(())

    def detector(self, rule: Rule, problems: dict[Problem, None]) -> Detector | None:
        """Return the detector of a rule; a catalogue that is not whole is said once and costs that rule only."""
        if rule.code not in self.detectors:
            try:
                self.detectors[rule.code] = detector_of(rule)
            except RuleError as error:
                self.detectors[rule.code] = None
                problems[Problem(f"rules/{rule.code}-{rule.name}.yaml", str(error))] = None
        return self.detectors[rule.code]


def enabled_rules(settings: Settings, target: Target) -> list[Rule]:
    """Return the rules of one target that the settings switch on, by code."""
    return [rule for rule in load().for_target(target) if rule.code in settings.enabled]


def detector_options(rule: Rule, settings: Settings) -> dict[str, object]:
    """Return the options of a rule as its detector takes them: `max-epochs` is `max_epochs`."""
    return {name.replace("-", "_"): value for name, value in settings.options.get(rule.code, {}).items()}


def _place(path: Path, text: Source, span: Span) -> TextPlace:
    cell, line = text.locate(span.line)
    column, end_column = span.column + text.indent(span.line), span.end_column + text.indent(span.end_line)
    return TextPlace(shown(path), line, column, span.end_line - span.line + line, end_column, cell)


def fingerprinted(findings: list[Finding], text: Source) -> list[Finding]:
    """Give each finding a fingerprint that moves with its code: from its line, the blocks around it and its rank there.

    No path and no line number goes in, so code that moves down, or into another file, keeps its fingerprints.
    """
    lines = text.lines
    seen: Counter[str] = Counter()
    marked = []
    for finding in sorted(findings, key=_order):
        place = cast("TextPlace", finding.place)
        number = text.number(place.line, place.cell)
        identity = "\n".join((finding.rule.code, *_headers(lines, number), " ".join(finding.snippet.split())))
        seen[identity] += 1
        digest = hashlib.sha256(f"{identity}\n{seen[identity]}".encode("utf-8", "surrogatepass")).hexdigest()
        marked.append(replace(finding, fingerprint=digest[:32]))
    return marked


_HEADER = re.compile(r"[ \t]*(?:async[ \t]+)?(?:def|class)[ \t]+\w+")


def _headers(lines: list[str], number: int) -> list[str]:
    """Return the names of the functions and classes around a line, by indentation alone, innermost first."""
    headers = []
    depth = _indent(lines[number - 1])
    for line in reversed(lines[: number - 1]):
        if depth == 0:
            break
        if line.strip() and _indent(line) < depth and not line.lstrip().startswith("#"):
            depth = _indent(line)
            if match := _HEADER.match(line):
                headers.append(" ".join(match[0].split()))
    return headers


def _indent(line: str) -> int:
    expanded = line.expandtabs()
    return len(expanded) - len(expanded.lstrip())


def _finding(rule: Rule, flag: Flag, place: TextPlace, text: Source) -> Finding:
    return Finding(
        rule=rule,
        severity=flag.severity or rule.severity,
        place=place,
        message=rule.message.format(**flag.values),
        snippet=text.line_as_written(text.number(place.line, place.cell)),
        values=dict(flag.values),
    )


def _problem(path: Path, text: Source | None, error: SourceError) -> Problem:
    cell, line = text.locate(error.line) if text else (None, error.line)
    column = error.column + text.indent(error.line) if text and error.column else error.column
    return Problem(shown(path), str(error), line, column if line else 0, cell)


def _crash(what: str, error: Exception) -> str:
    trace = error.__traceback__
    where = ""
    while trace:
        name = Path(trace.tb_frame.f_code.co_filename)
        where = f" at {name.parent.name}/{name.name}:{trace.tb_lineno}"
        trace = trace.tb_next
    told = " ".join(str(error).split())[:200]
    return f"greenlint itself failed in {what}: {type(error).__name__}{f': {told}' if told else ''}{where}"


def _parsed(text: str) -> Facts:
    """Collect the facts of a text; what is nested too deeply for LibCST is a `SourceError` too."""
    from greenlint.python import collect

    try:
        return collect.collect(text)
    except (RecursionError, MemoryError):
        message = "cannot be parsed: nested too deeply"
        raise SourceError(message) from None
