"""One file in its programs in, findings out: the detectors of the rules that run there."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from greenlint.catalogue import load
from greenlint.detector import detector_of
from greenlint.errors import RuleError
from greenlint.finding import Finding, Problem, TextPlace, shown
from greenlint.fingerprint import fingerprinted
from greenlint.rule import Target

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from greenlint.config import Settings
    from greenlint.detector import Detector, Flag
    from greenlint.python.facts import Node
    from greenlint.python.places import Span
    from greenlint.python.view import View
    from greenlint.rule import Rule
    from greenlint.source import Source

    Observer = Callable[[Sequence[View]], Iterable[tuple[Any, Node]]]


@dataclass(slots=True)
class Judge:
    """Runs detectors, each imported once."""

    observe: Observer | None = None
    detectors: dict[str, Detector | None] = field(default_factory=dict)

    def find(
        self, path: Path, text: Source, views: Sequence[View], settings: Settings
    ) -> tuple[list[Finding], list[Problem]]:
        """Run every detector on a file in each of its programs; what several say of one place counts once."""
        places: dict[tuple[str, TextPlace], tuple[Rule, Flag]] = {}
        problems: dict[Problem, None] = {}
        crashed: set[str] = set()
        rules = [rule for rule in rules_for(path, settings) if self._detector(rule, problems)]
        from greenlint.python.places import Ruler

        ruler = None
        for view in views:
            for rule in rules:
                if rule.code in crashed:
                    continue
                try:
                    for flag in self._flags(rule, view, settings):
                        ruler = ruler or Ruler(text.text, view.module.facts)
                        places.setdefault((rule.code, _place(path, text, ruler.span(flag.at))), (rule, flag))
                except Exception as error:  # noqa: BLE001  a rule must not take the others down
                    crashed.add(rule.code)
                    problems[Problem(shown(path), crash(f"{rule.code} {rule.name}", error))] = None
        findings = []
        for (code, place), (rule, flag) in places.items():
            if code in crashed:
                continue
            try:
                findings.append(_finding(rule, flag, place, text))
            except (KeyError, IndexError, ValueError) as error:
                problems[Problem(shown(path), crash(f"{rule.code} {rule.name}", error))] = None
        return fingerprinted(findings, text), list(problems)

    def watch(
        self, path: Path, text: Source, views: Sequence[View], problems: list[Problem]
    ) -> tuple[tuple[Any, TextPlace], ...]:
        """Return what the caller's observer sees in a file; an observer that crashes costs this file's sights."""
        if self.observe is None or not views:
            return ()
        from greenlint.python.places import Ruler

        ruler = Ruler(text.text, views[0].module.facts)
        try:
            return tuple((seen, _place(path, text, ruler.span(node))) for seen, node in self.observe(views))
        except Exception as error:  # noqa: BLE001
            problems.append(Problem(shown(path), crash("observing the file", error)))
            return ()

    def _flags(self, rule: Rule, view: View, settings: Settings) -> Iterator[Flag]:
        detector = self.detectors[rule.code]
        return detector(view, **detector_options(rule, settings)) if detector else iter(())

    def _detector(self, rule: Rule, problems: dict[Problem, None]) -> Detector | None:
        """Return the detector of a rule; a catalogue that is not whole is said once and costs that rule only."""
        if rule.code not in self.detectors:
            try:
                self.detectors[rule.code] = detector_of(rule)
            except RuleError as error:
                self.detectors[rule.code] = None
                problems[Problem(f"rules/{rule.code}-{rule.name}.yaml", str(error))] = None
        return self.detectors[rule.code]


def rules_for(path: Path, settings: Settings) -> list[Rule]:
    """Return the rules of Python that run on a file, by code."""
    ignored = settings.ignored_in(path)
    return [rule for rule in enabled_rules(settings, Target.PYTHON) if rule.code not in ignored]


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


def _finding(rule: Rule, flag: Flag, place: TextPlace, text: Source) -> Finding:
    return Finding(
        rule=rule,
        severity=flag.severity or rule.severity,
        place=place,
        message=rule.message.format(**flag.values),
        snippet=text.line_as_written(text.number(place.line, place.cell)),
        values=dict(flag.values),
    )


def crash(what: str, error: Exception) -> str:
    """Return the one line that tells a bug of greenlint itself, and where it is."""
    trace = error.__traceback__
    where = ""
    while trace:
        name = Path(trace.tb_frame.f_code.co_filename)
        where = f" at {name.parent.name}/{name.name}:{trace.tb_lineno}"
        trace = trace.tb_next
    told = " ".join(str(error).split())[:200]
    return f"greenlint itself failed in {what}: {type(error).__name__}{f': {told}' if told else ''}{where}"
