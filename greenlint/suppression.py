"""Comments that answer a finding: `# noqa: ECO310`, `# greenlint: ignore[name] reason`, `# greenlint: ignore-file[name]`.

A suppression marks a finding, it never removes one. It stands on the line where the finding starts, or on a line of the
same statement up to its end, or on the line where the statement starts.
"""

from __future__ import annotations

import re
import tokenize
from dataclasses import dataclass, replace
from io import StringIO
from typing import TYPE_CHECKING

from greenlint.engine import fingerprinted
from greenlint.errors import ConfigError
from greenlint.finding import Finding, Problem, Status, TextPlace, shown

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from greenlint.catalogue import Catalogue
    from greenlint.engine import Judged
    from greenlint.rule import Rule
    from greenlint.source import Source

UNUSED = "ECO001"

NOQA = re.compile(
    r"#\s*noqa(?P<codes>\s*:\s*(?P<list>[A-Za-z]+[0-9]+(?:[\s,]+[A-Za-z]+[0-9]+)*))?(?![\w:-])(?:\s*(?P<reason>[^#]*))?",
    re.IGNORECASE,
)
OWN = re.compile(r"#\s*greenlint:\s*(?P<verb>ignore-file|ignore)\b\s*(?:\[(?P<list>[^\]]*)\])?\s*(?P<reason>[^#]*)")
OWN_MISTAKEN = re.compile(r"#\s*greenlint:\s*(?P<verb>[\w-]*)")


@dataclass(frozen=True, slots=True)
class Comment:
    """One suppression: `codes` is None where every rule is meant; `line` and `column` count from 1 in the text.

    `first` and `last` are the lines of the statement it stands in.
    """

    line: int
    column: int
    end_column: int
    first: int
    last: int
    codes: frozenset[str] | None
    reason: str
    whole_file: bool = False
    own: bool = False

    def answers(self, finding: Finding, line: int) -> bool:
        """Tell whether the comment speaks of a finding that starts on a line of the text."""
        if self.codes is not None and finding.rule.code not in self.codes:
            return False
        return self.whole_file or line == self.line or self.first <= line <= self.last


def mark(judged: Iterable[Judged], catalogue: Catalogue) -> Iterator[Judged]:
    """Mark what comments suppress, and add what they say in vain when ECO001 is switched on.

    A comment that names a rule which does not exist is a problem of its file.
    """
    unused = next((rule for rule in catalogue.rules if rule.code == UNUSED), None)
    for one in judged:
        asked = unused is not None and unused.code in one.settings.enabled - one.settings.ignored_in(one.path)
        if one.source is None or not _may_suppress(one.source.text) or not (one.findings or asked or one.relevant):
            yield one
            continue
        comments, problems = _comments(one, catalogue)
        findings, used = _marked(one, comments)
        if asked and unused is not None:
            findings += _unused(one, comments, used, unused)
        yield replace(one, findings=tuple(findings), problems=(*one.problems, *problems))


def _may_suppress(text: str) -> bool:
    return "greenlint:" in text or "noqa" in text.lower()


def _marked(one: Judged, comments: list[Comment]) -> tuple[list[Finding], set[Comment]]:
    findings: list[Finding] = []
    used: set[Comment] = set()
    for finding in one.findings:
        line = _line(one.source, finding)
        answering = [comment for comment in comments if comment.answers(finding, line)]
        used.update(answering)
        if answering:
            reason = next((comment.reason for comment in answering if comment.reason), "")
            findings.append(replace(finding, status=Status.SUPPRESSED, reason=reason))
        else:
            findings.append(finding)
    return findings, used


def _unused(one: Judged, comments: list[Comment], used: set[Comment], rule: Rule) -> list[Finding]:
    """Return a finding for each comment that suppresses nothing of ours; a bare noqa may speak to another linter."""
    assert one.source
    running = one.settings.enabled - one.settings.ignored_in(one.path)
    found = []
    lines = one.source.lines
    for comment in comments:
        if comment in used or (comment.codes is None and not comment.own):
            continue
        if comment.codes is not None and not comment.codes & running:
            continue
        cell, line = one.source.locate(comment.line)
        told = lines[comment.line - 1][comment.column - 1 : comment.end_column - 1].strip()
        place = TextPlace(shown(one.path), line, comment.column, line, comment.end_column, cell)
        message = rule.message.format_map(_Values(comment=told, codes=", ".join(sorted(comment.codes or {"all rules"}))))
        found.append(Finding(rule, rule.severity, place, message, snippet=lines[comment.line - 1]))
    return fingerprinted(found, one.source)


class _Values(dict[str, object]):
    def __missing__(self, key: str) -> str:
        return f"{{{key}}}"


def _line(text: Source | None, finding: Finding) -> int:
    """Return the line of the text on which a finding starts."""
    place = finding.place
    assert text
    assert isinstance(place, TextPlace)
    if place.cell is None:
        return place.line
    return next(cell.line for cell in text.cells if cell.index == place.cell) + place.line - 1


def _comments(one: Judged, catalogue: Catalogue) -> tuple[list[Comment], list[Problem]]:
    assert one.source
    comments: list[Comment] = []
    problems: list[Problem] = []
    for line, column, text, first, last in _tokens(one.source.text):
        try:
            comments += _read(text, line, column, first, last, catalogue)
        except ConfigError as error:
            cell, shown_line = one.source.locate(line)
            problems.append(Problem(shown(one.path), str(error), shown_line, column, cell))
    return comments, problems


def _read(text: str, line: int, column: int, first: int, last: int, catalogue: Catalogue) -> Iterator[Comment]:
    for match in NOQA.finditer(text):
        start = column + match.start()
        listed = match["list"]
        codes = None
        if listed:
            named = {code.upper() for code in re.split(r"[\s,]+", listed)}
            codes = frozenset(rule.code for rule in catalogue.rules if rule.code.startswith(tuple(named)))
            if not any(code.startswith("ECO") for code in named):
                continue
        reason = (match["reason"] or "").strip() if listed else ""
        yield Comment(line, start, start + len(match[0].rstrip()), first, last, codes, reason)
    for match in OWN.finditer(text):
        start = column + match.start()
        words = [word.strip() for word in (match["list"] or "").split(",") if word.strip()]
        codes = frozenset(rule.code for word in words for rule in catalogue.matching(word)) if words else None
        yield Comment(
            line,
            start,
            start + len(match[0].rstrip()),
            first,
            last,
            codes,
            match["reason"].strip(" \t-:—"),
            whole_file=match["verb"] == "ignore-file",
            own=True,
        )
    mistaken = OWN_MISTAKEN.search(text)
    if mistaken and not OWN.search(text):
        message = f'"greenlint: {mistaken["verb"]}" is no suppression: write `ignore[rule] reason` or `ignore-file[rule] reason`'
        raise ConfigError(message)


def _tokens(text: str) -> Iterator[tuple[int, int, str, int, int]]:
    """Yield each comment that may suppress: line, column, text, and the first and last line of its statement.

    For a compound statement that is its header: a comment inside a body speaks of its own line.
    """
    waiting: list[tuple[int, int, str]] = []
    first = 0
    try:
        for token in tokenize.generate_tokens(StringIO(text).readline):
            if token.type == tokenize.COMMENT:
                if _may_suppress(token.string):
                    waiting.append((token.start[0], token.start[1] + 1, token.string))
            elif token.type == tokenize.NEWLINE:
                for line, column, comment in waiting:
                    yield line, column, comment, min(first or line, line), token.start[0]
                waiting, first = [], 0
            elif token.type == tokenize.NL and not first:
                for line, column, comment in waiting:
                    yield line, column, comment, line, line
                waiting = []
            elif token.type not in (tokenize.NL, tokenize.INDENT, tokenize.DEDENT, tokenize.ENDMARKER) and not first:
                first = token.start[0]
    except (tokenize.TokenError, SyntaxError):
        pass  # newer syntax than this Python's: the comments before it have been seen
    for line, column, comment in waiting:
        yield line, column, comment, line, line
