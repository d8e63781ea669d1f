"""JUnit XML for test reports of CI systems, as https://github.com/testmoapp/junitxml describes it.

A finding that fails the run is a failed test, one below that level a test that passed with output, one that is
suppressed or known a skipped test. What could not be judged is an error.
"""

from __future__ import annotations

import re
from collections import Counter
from html import escape
from typing import TYPE_CHECKING

from greenlint.finding import Finding, Problem, Report, Status, TextPlace
from greenlint.output import text

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from greenlint.output import Look

_FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What XML 1.0 has no way to write: https://www.w3.org/TR/xml/#charsets"""


def render(report: Report, look: Look) -> Iterator[str]:
    """Yield one suite for each file with something to tell; one passed test when there is nothing."""
    by_path: dict[str, list[Finding | Problem]] = {}
    for finding in report.findings:
        by_path.setdefault(finding.place.path, []).append(finding)
    for problem in report.problems:
        by_path.setdefault(problem.path, []).append(problem)
    outcomes = Counter(_outcome(one, look) for several in by_path.values() for one in several)
    yield '<?xml version="1.0" encoding="UTF-8"?>'
    yield _tag("testsuites", {"name": "greenlint", **_counts(outcomes, empty=not by_path)})
    for path, several in sorted(by_path.items()):
        yield "  " + _tag("testsuite", {"name": path, **_counts(Counter(_outcome(one, look) for one in several))})
        for one in several:
            yield from _case(one, look)
        yield "  </testsuite>"
    if not by_path:
        yield "  " + _tag("testsuite", {"name": "greenlint", **_counts(outcomes, empty=True)})
        yield "    " + _tag(
            "testcase", {"name": text.summary(report), "classname": "greenlint", "time": 0}, closed=True
        )
        yield "  </testsuite>"
    yield "</testsuites>"


def _outcome(one: Finding | Problem, look: Look) -> str:
    if isinstance(one, Problem):
        return "errors"
    if one.status is not Status.OPEN:
        return "skipped"
    return "failures" if one.severity.rank >= look.fail_on.rank else "passed"


def _counts(outcomes: Counter[str], *, empty: bool = False) -> dict[str, object]:
    return {
        "tests": sum(outcomes.values()) + empty,
        **{word: outcomes[word] for word in ("failures", "errors", "skipped")},
        "time": 0,
    }


def _case(one: Finding | Problem, look: Look) -> Iterator[str]:
    outcome = _outcome(one, look)
    if isinstance(one, Problem):
        name, path, line, told, content = "greenlint", one.path, one.line, one.message, str(one)
        if one.line:
            name += f" at {one.line}:{one.column}"
    else:
        place = one.place
        is_text = isinstance(place, TextPlace)
        where = text.where(one).removeprefix(text.printable(place.path)).lstrip(": ")
        name, path = f"{one.rule.code} {one.rule.name} at {where}" if where else one.rule.code, place.path
        line, told = place.line if isinstance(place, TextPlace) and is_text else 0, one.message
        content = f"{text.where(one)}: {one.severity.value} {one.rule.code} {one.rule.name}: {one.message}"
        content += f"\nwhy: {one.rule.why}\ninstead: {one.rule.fix}"
    yield "    " + _tag(
        "testcase",
        {"name": name, "classname": path, "file": path, **({"line": line} if line else {}), "time": 0},
    )
    if outcome == "passed":
        yield f"      <system-out>{_escaped(content)}</system-out>"
    elif isinstance(one, Finding) and outcome == "skipped":
        reason = f"{one.status.value}: {one.reason}" if one.reason else one.status.value
        yield "      " + _tag("skipped", {"message": f"{reason}: {told}"}, closed=True)
    else:
        kind = one.rule.code if isinstance(one, Finding) else "error"
        element = "failure" if outcome == "failures" else "error"
        yield "      " + _tag(element, {"message": told, "type": kind}) + f"{_escaped(content)}</{element}>"
    yield "    </testcase>"


def _tag(name: str, attributes: Mapping[str, object], *, closed: bool = False) -> str:
    told = "".join(f' {key}="{_escaped(str(value))}"' for key, value in attributes.items())
    return f"<{name}{told}{'/' * closed}>"


def _escaped(words: str) -> str:
    return escape(_FORBIDDEN.sub("\N{REPLACEMENT CHARACTER}", words))
