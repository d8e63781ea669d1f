"""Comments that answer findings: `# noqa: ECO310`, `# greenlint: ignore[name] reason`, `# greenlint: ignore-file[...]`.

A suppression marks a finding, it never removes one. It stands on the line where the finding starts, or on a line of the
same statement up to its end, or on the line where the statement starts.
"""

from __future__ import annotations

import re
import tokenize
from dataclasses import dataclass, replace
from io import StringIO
from typing import TYPE_CHECKING, cast

from greenlint.errors import ConfigError
from greenlint.finding import Finding, Problem, Status, TextPlace, shown
from greenlint.fingerprint import fingerprinted
from greenlint.relevance import may_suppress

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

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


def mark(judged: Iterable[Judged], catalogue: Catalogue, *, noqa: bool = True) -> Iterator[Judged]:
    """Mark what comments suppress, and add what they say in vain when ECO001 is switched on.

    A comment that names a rule which does not exist is a problem of its file. Without `noqa` only our own comments
    count.
    """
    unused = next((rule for rule in catalogue.rules if rule.code == UNUSED), None)
    for one in judged:
        asked = unused is not None and unused.code in one.settings.enabled - one.settings.ignored_in(one.path)
        if one.source is None or not may_suppress(one.source.text) or not (one.findings or asked or one.relevant):
            yield one
            continue
        comments, problems = _comments(one.path, one.source, catalogue)
        comments = [comment for comment in comments if noqa or comment.own]
        findings, used = _marked(one.findings, one.source, comments)
        if asked and unused is not None:
            findings += _unused(one, one.source, comments, used, unused)
        yield replace(one, findings=tuple(findings), problems=(*one.problems, *problems))


def _marked(found: Iterable[Finding], source: Source, comments: list[Comment]) -> tuple[list[Finding], set[Comment]]:
    findings: list[Finding] = []
    used: set[Comment] = set()
    for finding in found:
        place = cast("TextPlace", finding.place)
        line = source.number(place.line, place.cell)
        answering = [comment for comment in comments if comment.answers(finding, line)]
        used.update(answering)
        if answering:
            reason = next((comment.reason for comment in answering if comment.reason), "")
            findings.append(replace(finding, status=Status.SUPPRESSED, reason=reason))
        else:
            findings.append(finding)
    return findings, used


def _unused(one: Judged, source: Source, comments: list[Comment], used: set[Comment], rule: Rule) -> list[Finding]:
    """Return a finding for each comment that suppresses nothing of ours; a bare noqa may speak to another linter."""
    running = one.settings.enabled - one.settings.ignored_in(one.path)
    found = []
    lines = source.lines
    for comment in comments:
        if comment in used or (comment.codes is None and not comment.own):
            continue
        if comment.codes is not None and not comment.codes & running:
            continue
        cell, line = source.locate(comment.line)
        told = lines[comment.line - 1][comment.column - 1 : comment.end_column - 1].strip()
        indent = source.indent(comment.line)
        place = TextPlace(shown(one.path), line, comment.column + indent, line, comment.end_column + indent, cell)
        codes = ", ".join(sorted(comment.codes or {"all rules"}))
        whole = comment.codes is None or comment.codes <= running
        values = _Values(comment=told, codes=codes, whole=whole)
        snippet = source.line_as_written(comment.line)
        message = rule.message.format_map(values)
        found.append(Finding(rule, rule.severity, place, message, snippet=snippet, values=dict(values)))
    return fingerprinted(found, source)


class _Values(dict[str, object]):
    def __missing__(self, key: str) -> str:
        return f"{{{key}}}"


def _comments(path: Path, source: Source, catalogue: Catalogue) -> tuple[list[Comment], list[Problem]]:
    comments: list[Comment] = []
    problems: list[Problem] = []
    for written in _written(source.text):
        try:
            comments += _read(written, catalogue)
        except ConfigError as error:
            cell, line = source.locate(written.line)
            column = written.column + source.indent(written.line)
            problems.append(Problem(shown(path), str(error), line, column, cell))
    return comments, problems


@dataclass(frozen=True, slots=True)
class _Written:
    """A comment as it stands in the text, with the first and last line of its statement."""

    line: int
    column: int
    text: str
    first: int
    last: int


def _read(written: _Written, catalogue: Catalogue) -> Iterator[Comment]:
    def comment(match: re.Match[str], codes: frozenset[str] | None, reason: str) -> Comment:
        start = written.column + match.start()
        end = start + len(match[0].rstrip())
        return Comment(written.line, start, end, written.first, written.last, codes, reason)

    for match in NOQA.finditer(written.text):
        if not match["list"]:
            yield comment(match, None, "")
            continue
        named = tuple(code.upper() for code in re.split(r"[\s,]+", match["list"]) if code.upper().startswith("ECO"))
        if named:
            ours = frozenset(rule.code for rule in catalogue.rules if rule.code.startswith(named))
            yield comment(match, ours, (match["reason"] or "").strip(" \t-:—"))
    for match in OWN.finditer(written.text):
        words = [word.strip() for word in (match["list"] or "").split(",") if word.strip()]
        if not words and (match["list"] is not None or match["reason"].startswith("[")):
            message = f'"greenlint: {match["verb"]}[" names no rule: write `{match["verb"]}[rule] reason`'
            raise ConfigError(message)
        codes = frozenset(rule.code for word in words for rule in catalogue.matching(word)) if words else None
        made = comment(match, codes, match["reason"].strip(" \t-:—"))
        yield replace(made, own=True, whole_file=match["verb"] == "ignore-file")
    mistaken = OWN_MISTAKEN.search(written.text)
    if mistaken and not OWN.search(written.text):
        message = f'"greenlint: {mistaken["verb"]}" is no suppression: it is `ignore[rule]` or `ignore-file[rule]`'
        raise ConfigError(message)


def _written(text: str) -> Iterator[_Written]:
    """Yield each comment that may suppress.

    The statement of a comment in the header of a compound statement is that header: its body speaks for itself.
    """
    waiting: list[tuple[int, int, str]] = []
    first = 0
    try:
        for token in tokenize.generate_tokens(StringIO(text).readline):
            if token.type == tokenize.COMMENT and may_suppress(token.string):
                waiting.append((token.start[0], token.start[1] + 1, token.string))
            elif token.type == tokenize.NEWLINE or (token.type == tokenize.NL and not first):
                for line, column, comment in waiting:
                    yield _Written(line, column, comment, first or line, token.start[0] if first else line)
                waiting, first = [], 0
            elif token.type not in _NO_STATEMENT and not first:
                first = token.start[0]
    except (tokenize.TokenError, SyntaxError):
        pass  # syntax newer than this Python's: the comments before it have been seen
    for line, column, comment in waiting:
        yield _Written(line, column, comment, line, line)


_NO_STATEMENT = (tokenize.COMMENT, tokenize.NL, tokenize.INDENT, tokenize.DEDENT, tokenize.ENDMARKER)
