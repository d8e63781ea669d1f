"""The scorecard for a terminal: 80 columns, words before colours."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

    from greenlint.card.words import Words

WIDTH = 80
_MARGIN = 21
_COLOURS = {"verified": "32", "partial": "33", "declared": "36", "failed": "31", "unknown": "2", "n/a": "2"}
_MOST_EVIDENCE = 3


def render(card: dict[str, Any], words: Words, trend: dict[str, Any] | None = None, *, colour: bool = False) -> str:
    """Text of a scorecard, and of what changed since another one."""
    return "\n".join(_lines(card, words, trend, colour=colour)) + "\n"


def _lines(card: dict[str, Any], words: Words, trend: dict[str, Any] | None, *, colour: bool) -> Iterator[str]:
    yield from _totals(card, words, colour=colour)
    for phase in card["phases"]:
        yield ""
        numbers = f"{words.decimal(phase['score'])} / 100, {words['coverage']} {words.decimal(phase['coverage'])} %"
        yield _paint(f"{phase['name']}  {numbers}", "1", on=colour)
        for item in card["items"]:
            if item["phase"] == phase["id"]:
                yield from _item(item, words, colour=colour)
    if card["actions"]:
        yield ""
        yield _paint(words["actions"], "1", on=colour)
        for action in card["actions"]:
            text = f"{action['text']} ({words['counts_as']}{words['colon']} {action['counts']})"
            yield from _wrapped(f"  {action['item']:<9}+{words.decimal(action['points'])}", text)
    if trend is not None:
        yield ""
        yield from _trend(words, trend, colour=colour)
    if card["notes"]:
        yield ""
        yield _paint(words["notes"], "1", on=colour)
        for note in card["notes"]:
            yield from textwrap.wrap(note, WIDTH, initial_indent="  ", subsequent_indent="    ")


def _totals(card: dict[str, Any], words: Words, *, colour: bool) -> Iterator[str]:
    grade = (
        f"{words['grade']} {card['grade']}"
        if card["grade"]
        else f"{words['not_graded']}{words['colon']} {card['why_no_grade']}"
    )
    yield _paint(f"{words['score_title']}  {words.decimal(card['score'])} / 100, {grade}", "1", on=colour)
    shares = [f"{words[name]} {words.decimal(card[name])} %" for name in ("coverage", "not_applicable")]
    yield ", ".join((*shares, words["ceiling"].format(best=words.decimal(card["best"]))))
    yield f"{words['scale']} {card['scale']}, {words['checklist']} {card['checklist']}"


def _item(item: dict[str, Any], words: Words, *, colour: bool) -> Iterator[str]:
    head = f"  {item['id']:<9}"
    status = words[item["status"]]
    lines = list(_wrapped(f"{head}{status:<9}", item["text"]))
    yield lines[0].replace(f"{head}{status}", f"{head}{_paint(status, _COLOURS[item['status']], on=colour)}", 1)
    yield from lines[1:]
    for piece in item["evidence"][:_MOST_EVIDENCE]:
        role = f"{words[piece['role']]}{words['colon']} " if words[piece["role"]] else ""
        told = f"{piece['where']}  {role}{piece['text']}"
        yield from textwrap.wrap(
            told, WIDTH, initial_indent=" " * _MARGIN, subsequent_indent=" " * (_MARGIN + 2), break_long_words=False
        )
    left = len(item["evidence"]) - _MOST_EVIDENCE
    if left > 0:
        yield " " * _MARGIN + f"+ {left}"


def _trend(words: Words, trend: dict[str, Any], *, colour: bool) -> Iterator[str]:
    yield _paint(words["trend"], "1", on=colour)
    names = ("score", "coverage", "not_applicable")
    yield "  " + ", ".join(f"{words[name]} {words.decimal(trend[name], '+')}" for name in names)
    was, now = (grade or words["not_graded"] for grade in trend["grade"])
    if was != now:
        yield f"  {words['grade']} {was} -> {now}"
    then, now = trend["checklist"]
    if then != now:
        yield "  " + words["other_checklist"].format(then=then, now=now)
    for item in trend["items"]:
        yield from _wrapped(f"  {item['id']:<9}", f"{words[item['was']]} -> {words[item['is']]}")


def _wrapped(head: str, text: str) -> Iterator[str]:
    head = head.ljust(_MARGIN)
    yield from textwrap.wrap(text, WIDTH, initial_indent=head, subsequent_indent=" " * _MARGIN, break_long_words=False)


def _paint(text: str, code: str, *, on: bool) -> str:
    return f"\033[{code}m{text}\033[0m" if on else text
