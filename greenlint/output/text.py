"""Text for people: each finding with its line of code, why it costs, and what to write instead."""

from __future__ import annotations

import re
import textwrap
import unicodedata
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from greenlint.finding import Finding, Report, Status, TextPlace
from greenlint.rule import Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from greenlint.output import Look

_COLOURS = {Severity.ERROR: "31", Severity.WARNING: "33", Severity.INFO: "36"}


@dataclass(frozen=True, slots=True)
class Paint:
    """Puts escape sequences around words where the look has colours."""

    look: Look

    def severity(self, finding: Finding, word: str) -> str:
        """Paint a word in the colour of the finding's severity."""
        return self._paint(f"1;{_COLOURS[finding.severity]}", word)

    def bold(self, word: str) -> str:
        """Paint a word bold."""
        return self._paint("1", word)

    def dim(self, word: str) -> str:
        """Paint what only frames the rest."""
        return self._paint("34", word)

    def _paint(self, code: str, word: str) -> str:
        return f"\x1b[{code}m{word}\x1b[0m" if self.look.colour and word else word


def render(report: Report, look: Look) -> Iterator[str]:
    """Yield the open findings, then a line that counts them.

    Why a rule matters is told in full at its first finding; further ones point to `greenlint rule`.
    """
    if look.statistics:
        yield from statistics(report, look)
    else:
        explained: set[str] = set()
        for finding in report.open:
            yield from _finding(finding, look, explain=finding.rule.code not in explained)
            yield ""
            explained.add(finding.rule.code)
    if not look.quiet:
        yield summary(report)


def where(finding: Finding) -> str:
    """Return the place of a finding in one word: `path:line:column`, `path:cell 3:line:column` or `path: node`."""
    place = finding.place
    path = printable(place.path)
    if not isinstance(place, TextPlace):
        return f"{path}: {printable(place.node)}" if place.node else path
    cell = "" if place.cell is None else f"cell {place.cell}:"
    return f"{path}:{cell}{place.line}:{place.column}"


def printable(words: str) -> str:
    """Return words that come from files, without what a terminal would obey."""
    if words.isprintable():
        return words
    return "".join(character if character.isprintable() else "\N{REPLACEMENT CHARACTER}" for character in words)


def statistics(report: Report, look: Look) -> Iterator[str]:
    """Yield how often each rule was found, most frequent first."""
    counts = report.by_rule()
    width = max((len(str(count)) for _, count in counts), default=0)
    paint = Paint(look)
    for rule, count in counts:
        yield f"{paint.bold(str(count).rjust(width))}  {rule.code}  {rule.name}"


def summary(report: Report) -> str:
    """Return one line: what was found, in how many files, and what was left out of it."""
    levels = Counter(finding.severity for finding in report.open)
    marked = Counter(finding.status for finding in report.findings)
    by_level = [
        _count(levels[level], level.value, "info" if level is Severity.INFO else f"{level.value}s")
        for level in reversed(Severity)
        if levels[level]
    ]
    told = f"{_count(len(report.open), 'finding')} ({', '.join(by_level)})" if by_level else "no findings"
    files = _count(report.checked + report.skipped, "file")
    asides = [f"{marked[status]} {status.value}" for status in (Status.SUPPRESSED, Status.KNOWN) if marked[status]] + (
        [f"{_count(report.unreadable, 'file')} not read"] if report.unreadable else []
    )
    return f"{told[0].upper()}{told[1:]} in {files}{''.join(f', {aside}' for aside in asides)}."


def _count(number: int, word: str, words: str = "") -> str:
    return f"{number} {word if number == 1 else words or f'{word}s'}"


def _finding(finding: Finding, look: Look, *, explain: bool) -> Iterator[str]:
    paint = Paint(look)
    rule = finding.rule
    title = f"{finding.severity.value}[{rule.code} {rule.name}]"
    first, *rest = textwrap.wrap(f"{title}: {printable(finding.message)}", look.width, subsequent_indent="    ") or [
        title
    ]
    coloured = (
        first.replace(title, paint.severity(finding, title), 1) if title in first else paint.severity(finding, first)
    )
    yield coloured.replace(": ", f"{paint.bold(':')} ", 1) if not look.colour else coloured
    yield from rest
    place = finding.place
    gutter = len(str(place.line)) if isinstance(place, TextPlace) else 1
    pad = " " * gutter
    yield f"{pad}{paint.dim('-->')} {where(finding)}"
    if isinstance(place, TextPlace) and finding.snippet.strip():
        code, mark = _marked(finding.snippet, place, look.width - gutter - 3)
        yield paint.dim(f"{pad} |")
        yield f"{paint.dim(f'{place.line} |')} {code}"
        yield f"{paint.dim(f'{pad} |')} {paint.severity(finding, mark)}"
    else:
        yield paint.dim(f"{pad} |")
    if explain:
        yield from _note(pad, "why", rule.why, paint)
        yield from _note(pad, "instead", rule.fix, paint)
    else:
        yield from _note(pad, "instead", f"{rule.fix} (why: `greenlint rule {rule.code}`)", paint)


def wrapped(words: str, width: int) -> list[str]:
    """Return the words in lines of a width; what stands in backticks stays together where it can."""

    def glued(code: re.Match[str]) -> str:
        return code[0].replace(" ", "\0") if len(code[0]) < width else code[0]

    whole = re.sub(r"`[^`]*`[,.:;)]*", glued, " ".join(words.split()))
    lines = textwrap.wrap(whole, width, break_long_words=False, break_on_hyphens=False)
    return [line.replace("\0", " ") for line in lines]


def _note(pad: str, label: str, words: str, paint: Paint) -> Iterator[str]:
    lead = f"{pad} = {label}: "
    lines = wrapped(words, paint.look.width - len(lead))
    for number, line in enumerate(lines):
        yield f"{pad} {paint.dim('=')} {paint.bold(label)}: {line}" if number == 0 else " " * len(lead) + line


def _marked(snippet: str, place: TextPlace, width: int) -> tuple[str, str]:
    """Return the line and the carets below it, cut to the width around the place; tabs become four spaces."""
    line = "".join(
        "    " if character == "\t" else character if character.isprintable() else " " for character in snippet
    )
    start = _columns(snippet[: place.column - 1])
    stop = _columns(snippet[: place.end_column - 1]) if place.end_line == place.line else _columns(snippet.rstrip())
    if _columns(line) > width:
        cut = max(0, min(start - width // 4, _columns(line) - width)) if start > width // 2 else 0
        line = _window(line, cut, width)
        start, stop = start - cut, min(stop - cut, width)
    return line.rstrip(), " " * start + "^" * max(stop - start, 1)


def _window(line: str, cut: int, width: int) -> str:
    """Return `width` columns of a long line from the column `cut`, with an ellipsis where something is missing."""
    kept = ""
    column = 0
    for character in line:
        if column >= cut and column + _columns(character) <= cut + width:
            kept += character
        column += _columns(character)
    left, right = cut > 0, column > cut + width
    return ("…" if left else "") + kept[left : len(kept) - right] + ("…" if right else "")


def _columns(text: str) -> int:
    """Return how many columns a terminal gives to a text."""
    return sum(
        4
        if character == "\t"
        else 0
        if unicodedata.combining(character)
        else 2
        if unicodedata.east_asian_width(character) in "WF"
        else 1
        for character in text
    )
