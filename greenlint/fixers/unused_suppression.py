"""ECO001: the comment, or the part of it that is ours, goes."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from greenlint.finding import Finding, Fix, TextPlace
from greenlint.fixer import fixes

if TYPE_CHECKING:
    from greenlint.python.page import Page

_NOQA = re.compile(r"(?P<head>#\s*noqa\s*:\s*)(?P<codes>[A-Za-z]+[0-9]+(?:[\s,]+[A-Za-z]+[0-9]+)*)", re.IGNORECASE)
_OTHERS = re.compile(r"\b(?!ECO)[A-Za-z]+[0-9]+", re.IGNORECASE)


@fixes("ECO001")
def unused_suppression(page: Page, finding: Finding) -> Fix | None:
    place = finding.place
    if not isinstance(place, TextPlace) or not (finding.values or {}).get("whole"):
        return None  # some of the rules it names did not run: they may need it
    line = page.source.number(place.line, place.cell)
    indent = page.source.indent(line)
    start, end = page.offset(line, place.column - indent), page.offset(line, place.end_column - indent)
    comment = page.text[start:end]
    noqa = _NOQA.match(comment)
    others = _OTHERS.findall(noqa["codes"]) if noqa else []
    if noqa and others:
        kept = noqa["head"] + ", ".join(others)
        edit = page.edit(start, start + noqa.end(), kept)
    else:
        before, after = page.text[page.line_start(start) : start], page.text[end : page.line_end(end)]
        if after.strip() and not after.lstrip().startswith("#"):
            return None
        if after.strip():
            edit = page.edit(start, end + len(after) - len(after.lstrip()), "")
        elif before.strip():
            edit = page.edit(page.line_start(start) + len(before.rstrip()), page.line_end(end), "")
        else:
            edit = page.without_lines(start, end)
    return Fix("without the comment that suppresses nothing", safe=True, edits=(edit,))
