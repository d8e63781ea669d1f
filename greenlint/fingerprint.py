"""Fingerprints: what stays the same about a finding when the code around it moves."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING, cast

from greenlint.finding import Finding, TextPlace, reading_order

if TYPE_CHECKING:
    from greenlint.source import Source

_HEADER = re.compile(r"[ \t]*(?:async[ \t]+)?(?:def|class)[ \t]+\w+")


def fingerprinted(findings: list[Finding], text: Source) -> list[Finding]:
    """Give each finding a fingerprint that moves with its code: from its line, the blocks around it and its rank there.

    No path and no line number goes in, so code that moves down, or into another file, keeps its fingerprints.
    """
    lines = text.lines
    seen: Counter[str] = Counter()
    marked = []
    for finding in sorted(findings, key=reading_order):
        place = cast("TextPlace", finding.place)
        number = text.number(place.line, place.cell)
        identity = "\n".join((finding.rule.code, *_headers(lines, number), " ".join(finding.snippet.split())))
        seen[identity] += 1
        digest = hashlib.sha256(f"{identity}\n{seen[identity]}".encode("utf-8", "surrogatepass")).hexdigest()
        marked.append(replace(finding, fingerprint=digest[:32]))
    return marked


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
