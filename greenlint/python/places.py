"""Where a node stands: from the index of its first word to line and column.

Only files with findings come here. A word is what `collect` counts: a name or keyword outside strings, numbers and
comments. When the two counts differ (syntax that the pattern below does not know), LibCST's own position provider
answers instead: slower, never wrong.
"""

from __future__ import annotations

import ast
import itertools
import re
from bisect import bisect_right
from dataclasses import dataclass
from typing import TYPE_CHECKING

from greenlint.python.facts import Call, Constant, For, Node, While

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from libcst import CSTNode

    from greenlint.python.facts import Facts

_WORDS = r"""(?P<comment>\#[^\n]*)
    |(?P<string>[bBrRuU]{0,2}(?:'(?!'')(?:[^'\\\n]|\\.)*'|"(?!"")(?:[^"\\\n]|\\.)*"))
    |(?P<opening>[bBfFrRtTuU]{0,2}(?P<quote>'''|\"\"\"|'|"))
    |(?P<number>0[xX][\da-fA-F_]+|0[bBoO][\d_]+|(?:\d[\d_]*\.?[\d_]*|\.\d[\d_]*)(?:[eE][+-]?\d[\d_]*)?[jJ]?)
    |(?P<word>[^\W\d]\w*)
"""
_WORD = re.compile(_WORDS, re.VERBOSE | re.DOTALL)
_TOKEN = re.compile(rf"{_WORDS}|(?P<bracket>[()\[\]{{}}])|(?P<end>[,:;=\n])", re.VERBOSE | re.DOTALL)
_CLOSING = {
    quote: re.compile(rf"(?:[^\\]|\\.)*?{quote}" if len(quote) > 1 else rf"(?:[^{quote}\\\n]|\\.)*{quote}", re.DOTALL)
    for quote in ("'''", '"""', "'", '"')
}
_OPENING = "([{"


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of text; lines and columns from 1, the end is exclusive."""

    line: int
    column: int
    end_line: int
    end_column: int


class Ruler:
    """Measures one text."""

    def __init__(self, text: str, facts: Facts) -> None:
        """Find every word of `text`."""
        self._text = text
        self._lines = [0, *(match.end() for match in re.finditer("\n", text))]
        self._words = [start for kind, start, _ in _tokens(text, 0, _WORD) if kind == "word"]
        if len(self._words) != facts.words:
            self._words = _surveyed(text, self._lines)

    def span(self, node: Node) -> Span:
        """Measure a node: a call to its closing bracket, a loop to its colon, anything else to the end of its text."""
        literal = self._literal(node) if isinstance(node, Constant) and node.to <= node.at else None
        if literal is not None:
            return Span(*self._position(literal[0]), *self._position(literal[1]))
        start = self._words[min(node.at, len(self._words) - 1)] if self._words else 0
        head = node.head if isinstance(node, (For, While)) else node.to
        last = self._words[min(max(head - 1, node.at), len(self._words) - 1)] if self._words else 0
        end = self._end(start, last, call=isinstance(node, Call))
        line, column = self._position(start)
        return Span(line, column, *self._position(end))

    def _literal(self, node: Constant) -> tuple[int, int] | None:
        """Return the offsets of a literal; it holds no word, so its value is looked for in the gap it stands in."""
        # Words inside an f-string are no words of the file, so a literal in one may stand after the last.
        first = self._words[min(node.at, len(self._words)) - 1] if node.at and self._words else 0
        last = self._words[node.at] if node.at < len(self._words) else len(self._text)
        near = itertools.takewhile(lambda token: token[1] < last, _tokens(self._text, first, _WORD))
        told = [(at, stop) for kind, at, stop in near if kind in ("number", "string")]
        return next(
            (place for place in told if _value(self._text[slice(*place)]) == node.value), next(iter(told), None)
        )

    def _end(self, start: int, last: int, *, call: bool) -> int:
        depth = 0
        end = start
        for kind, at, stop in _tokens(self._text, start):
            character = self._text[at]
            if kind == "bracket" and character in _OPENING:
                depth += 1
            elif kind == "bracket":
                if depth == 0:
                    return end
                depth -= 1
                if call and depth == 0 and at > last:
                    return stop
            elif (kind == "end" and depth == 0 and at > last) or (kind == "comment" and depth == 0):
                if character == "=" and not call:
                    end = stop
                    continue
                return end
            if kind not in ("comment", "end"):
                end = stop
        return end

    def _position(self, offset: int) -> tuple[int, int]:
        line = bisect_right(self._lines, offset)
        return line, offset - self._lines[line - 1] + 1


def _value(literal: str) -> object:
    try:
        return ast.literal_eval(literal)
    except (SyntaxError, ValueError):
        return None


def _tokens(text: str, start: int = 0, pattern: re.Pattern[str] = _TOKEN) -> Iterator[tuple[str, int, int]]:
    position: int | None = start
    while position is not None:
        found, position = pattern.finditer(text, position), None
        for match in found:
            kind = str(match.lastgroup)
            if kind == "opening":
                # A text of several lines or with replacement fields: where it ends is found by reading it.
                quote = match["quote"]
                prefix = match["opening"].rstrip("\"'").lower()
                close = _formatted_end if "f" in prefix or "t" in prefix else _plain_end
                position = close(text, match.end(), quote)
                yield "string", match.start(), position
                break
            yield kind, match.start(), match.end()


def _plain_end(text: str, position: int, quote: str) -> int:
    closing = _CLOSING[quote].match(text, position)
    return closing.end() if closing is not None else len(text)


def _formatted_end(text: str, position: int, quote: str) -> int:
    depth = 0
    size = len(text)
    while position < size:
        character = text[position]
        if character == "\\" and depth == 0:
            position += 2
        elif depth == 0 and text.startswith(quote, position):
            return position + len(quote)
        elif depth == 0 and text[position : position + 2] in ("{{", "}}"):
            position += 2
        elif depth and character in "\"'":
            quoted = (
                '"""' if text.startswith('"""', position) else "'''" if text.startswith("'''", position) else character
            )
            position = _plain_end(text, position + len(quoted), quoted)
        else:
            depth += (character == "{") - (character == "}" and depth > 0)
            position += 1
    return size


def _surveyed(text: str, lines: list[int]) -> list[int]:
    """Return the offset of every word by LibCST's position provider; a word in between takes its neighbour's."""
    from libcst.metadata import MetadataWrapper, PositionProvider

    from greenlint.python.collect import Walk, parse

    wrapper = MetadataWrapper(parse(text), unsafe_skip_copy=True)
    positions = wrapper.resolve(PositionProvider)
    walk = Walk()
    offsets: dict[int, int] = {}

    def watched(read: Callable[..., object]) -> Callable[..., object]:
        def reading(item: CSTNode) -> object:
            start = positions[item].start
            offsets.setdefault(walk.words, lines[start.line - 1] + start.column)
            return read(item)

        return reading

    walk.watch(watched)
    walk.block(wrapper.module.body)
    known = sorted(offsets)
    return [offsets[known[max(bisect_right(known, word) - 1, 0)]] for word in range(walk.words)]
