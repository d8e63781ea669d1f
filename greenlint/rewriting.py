"""Edits into the bytes of a file: line ends, byte order mark, encoding, and the JSON of a notebook stay as they are."""

from __future__ import annotations

import json
import os
import re
from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from io import BytesIO
from itertools import accumulate
from json import decoder
from pathlib import Path
from tokenize import detect_encoding
from typing import TYPE_CHECKING, cast

from greenlint import source
from greenlint.errors import SourceError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from greenlint.finding import Edit
    from greenlint.source import Source

_LINE_END = re.compile(r"\r\n|\r|\n")
_BLANK = re.compile(r"[ \t\r\n]*")
_SCALAR = re.compile(r"[^\s,\]}]+")
_ESCAPED_BY_SOME = "<>&='"
_scan_string: Callable[[str, int], tuple[str, int]] = vars(decoder)["scanstring"]  # the types leave it out


def apply(text: Source, edits: Sequence[Edit]) -> str:
    """Return the text with the edits made; lines and columns are those of the text before."""
    return _replaced(text.text, _stretches(text, edits))


def rewrite(data: bytes, name: str, text: Source, edits: Sequence[Edit]) -> bytes:
    """Return the bytes of a file with the edits made in its text.

    Raises `SourceError` when that cannot be done without touching anything else: a line that only IPython reads, a
    character that the encoding lacks.
    """
    if not edits:
        return data
    changed = _notebook(data, text, edits) if text.cells else _python(data, text, edits)
    try:
        again = source.decode(changed, name)
    except SourceError:
        again = None
    if again is None or again.text != apply(text, edits):
        message = "cannot be written back as it would be read"
        raise SourceError(message)
    return changed


def replace(path: Path, data: bytes, before: bytes) -> None:
    """Put new bytes in the place of a file that still holds `before`, whole or not at all.

    A link stays a link, and the file keeps its mode. Raises `SourceError` when it cannot be done; the file is then as
    it was.
    """
    file = Path(os.path.realpath(path))
    part = file.with_name(f".{file.name[:100]}.{os.getpid()}.greenlint")
    try:
        status = file.stat()
        if not status.st_mode & 0o222 or not os.access(file, os.W_OK):
            message = "is read-only: left as it is"
            raise SourceError(message)
        if file.read_bytes() != before:
            message = "has changed while it was judged: left as it is"
            raise SourceError(message)
        with part.open("xb") as stream:
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
        part.chmod(status.st_mode & 0o7777)
        if hasattr(os, "chown") and (status.st_uid, status.st_gid) != (os.geteuid(), os.getegid()):
            os.chown(part, status.st_uid, status.st_gid)
        part.replace(file)
    except OSError as error:
        message = f"cannot be written: {(error.strerror or str(error)).lower()}"
        raise SourceError(message) from None
    finally:
        part.unlink(missing_ok=True)


def characters(data: bytes, name: str) -> str:
    """Return the text of a file's bytes with its own line ends; a notebook's is its JSON."""
    encoding = "utf-8" if name.lower().endswith(".ipynb") else detect_encoding(BytesIO(data).readline)[0]
    return data.decode(encoding)


# Python files


def _python(data: bytes, text: Source, edits: Sequence[Edit]) -> bytes:
    encoding, _ = detect_encoding(BytesIO(data).readline)
    raw = data.decode(encoding)
    if raw.encode(encoding) != data:
        message = f"cannot be written back: {encoding} has several ways to write it"
        raise SourceError(message)
    changed = _replaced(raw, _stretches_of(raw, text, edits))
    try:
        return changed.encode(encoding)
    except UnicodeEncodeError:
        message = f"cannot be written back in {encoding}"
        raise SourceError(message) from None


def _stretches_of(raw: str, text: Source, edits: Sequence[Edit]) -> list[tuple[int, int, str]]:
    """Return the edits as stretches of the text with its own line ends."""
    ends = list(_LINE_END.finditer(raw))
    starts = [0, *(match.end() for match in ends)]
    stretches = []
    for edit in edits:
        place = edit.place
        first = text.number(place.line, place.cell)
        last = first + place.end_line - place.line
        told = ends[min(first, len(ends)) - 1][0] if ends else "\n"
        new = edit.text.replace("\n", told) if told != "\n" else edit.text
        start = starts[first - 1] + place.column - 1 - text.indent(first)
        stretches.append((start, starts[last - 1] + place.end_column - 1 - text.indent(last), new))
    return stretches


def _stretches(text: Source, edits: Sequence[Edit]) -> list[tuple[int, int, str]]:
    return _stretches_of(text.text, text, edits)


def _replaced(text: str, stretches: Sequence[tuple[int, int, str]]) -> str:
    told = []
    position = 0
    for start, end, new in sorted(stretches, key=lambda one: one[:2]):
        told += [text[position:start], new]
        position = end
    return "".join([*told, text[position:]])


# Notebooks


@dataclass(frozen=True, slots=True)
class _Json:
    """A value of a JSON text with its place: a string's text, the items of a list, or the members of an object."""

    start: int
    end: int
    text: str | None = None
    items: tuple[_Json, ...] = ()
    members: dict[str, _Json] | None = None


def _notebook(data: bytes, text: Source, edits: Sequence[Edit]) -> bytes:
    raw = data.decode("utf-8")  # a byte order mark is a character here, and stays
    document = _scan(raw, 1 if raw.startswith("\ufeff") else 0)
    cells = cast("dict[str, _Json]", document.members)["cells"].items
    stretches: list[tuple[int, int, str]] = []
    for index in sorted({cast("int", edit.place.cell) for edit in edits}):
        mine = [edit for edit in edits if edit.place.cell == index]
        stretches.append(_cell(raw, cast("dict[str, _Json]", cells[index].members)["source"], text, index, mine))
    return _replaced(raw, stretches).encode("utf-8")


def file_lines(data: bytes) -> list[list[int]]:
    """Return for each cell of a notebook the lines of its file in which its lines are written; all count from 1."""
    raw = data.decode("utf-8")
    document = _scan(raw, 1 if raw.startswith("\ufeff") else 0)
    breaks = [match.start() for match in re.finditer("\n", raw)]
    lines = []
    for cell in cast("dict[str, _Json]", document.members)["cells"].items:
        written = cast("dict[str, _Json]", cell.members)["source"]
        parts = [written] if written.text is not None else [one for one in written.items if one.text is not None]
        told = "".join(cast("str", part.text) for part in parts)
        ends = list(accumulate(len(cast("str", part.text)) for part in parts))
        starts = [0, *(match.end() for match in _LINE_END.finditer(told))]
        holders = [parts[min(bisect_right(ends, start), len(parts) - 1)] for start in starts] if parts else []
        lines.append([bisect_left(breaks, part.start) + 1 for part in holders])
    return lines


def _cell(raw: str, written: _Json, text: Source, index: int, edits: Sequence[Edit]) -> tuple[int, int, str]:
    """Return the stretch of the JSON from the first string of a source that changes to the last, and its new text."""
    parts = [written] if written.text is not None else [one for one in written.items if one.text is not None]
    told = "".join(cast("str", part.text) for part in parts)
    changes = _in_cell(told, text, index, edits)
    ends = list(accumulate(len(cast("str", part.text)) for part in parts))
    first = min(bisect_right(ends, changes[0][0]), len(parts) - 1)
    last = max(first, min(bisect_left(ends, max(end for _, end, _ in changes)), len(parts) - 1))
    new = _within(told, parts, ends, (first, last), changes)
    if not new and len(parts) > 1:
        # No empty string stays behind where whole lines go.
        first, last = (first, last + 1) if last + 1 < len(parts) else (max(first - 1, 0), last)
        new = _within(told, parts, ends, (first, last), changes)
    return parts[first].start, parts[last].end, _literals(raw, written, parts[first : last + 1], new)


def _within(
    told: str,
    parts: Sequence[_Json],
    ends: Sequence[int],
    rank: tuple[int, int],
    changes: Sequence[tuple[int, int, str]],
) -> str:
    """Return what becomes of the strings from one rank to another; changes have offsets of the whole source."""
    first, last = rank
    start = ends[first] - len(cast("str", parts[first].text))
    return _replaced(told[start : ends[last]], [(begin - start, end - start, new) for begin, end, new in changes])


def _literals(raw: str, written: _Json, parts: Sequence[_Json], new: str) -> str:
    """Return the JSON strings for a text that takes the place of some of a cell's; unchanged lines keep theirs."""
    encode = _encoder(raw, parts)
    by_line = all("\n" not in cast("str", part.text)[:-1] for part in parts)
    if written.text is not None or not by_line:
        return encode(new)
    known = {part.text: raw[part.start : part.end] for part in parts}
    if len(written.items) > 1:
        separator = raw[written.items[0].end : written.items[1].start]
    else:
        lead = raw[written.start + 1 : written.items[0].start]
        separator = f",{lead}" if lead.strip(" ") else ", "
    lines = re.findall(r"[^\n]*\n|[^\n]+", new)
    return separator.join(known.get(line) or encode(line) for line in lines) or encode("")


def _encoder(raw: str, parts: Sequence[_Json]) -> Callable[[str], str]:
    """Return a function that writes a JSON string as the notebook writes its own."""
    styles = (False, True) if not raw.isascii() or "\\u" not in raw else (True, False)
    ascii_only = next(
        (
            style
            for style in styles
            if all(json.dumps(part.text, ensure_ascii=style) == raw[part.start : part.end] for part in parts)
        ),
        styles[0],
    )
    escaped = {
        character: f"\\u{ord(character):04x}"
        for character in _ESCAPED_BY_SOME
        if f"\\u{ord(character):04x}" in raw.lower()
    }

    def encode(text: str) -> str:
        literal = json.dumps(text, ensure_ascii=ascii_only)
        for character, escape in escaped.items():
            literal = literal.replace(character, escape)
        return literal

    return encode


def _in_cell(told: str, text: Source, index: int, edits: Sequence[Edit]) -> list[tuple[int, int, str]]:
    """Return the edits of a cell as stretches of its source; raise `SourceError` where IPython reads it otherwise."""
    ends = list(_LINE_END.finditer(told))
    starts = [0, *(match.end() for match in ends)]
    shift = next(cell.line for cell in text.cells if cell.index == index) - 1
    indented = any(text.indent(shift + number) for number in range(1, len(starts) + 1))
    stretches = []
    for edit in edits:
        place = edit.place
        if any(_is_magic(text, shift + line) for line in _touched(edit, text, shift)):
            message = "a magic stands there"
            raise SourceError(message)
        if indented and "\n" in edit.text:
            message = "the cell is indented as a whole"
            raise SourceError(message)
        new = edit.text.replace("\n", ends[min(place.line, len(ends)) - 1][0] if ends else "\n")
        start = starts[place.line - 1] + place.column - 1
        stretches.append((start, starts[place.end_line - 1] + place.end_column - 1, new))
    return sorted(stretches, key=lambda one: one[:2])


def _touched(edit: Edit, text: Source, shift: int) -> set[int]:
    """Return the lines of a cell that an edit changes: between two lines it is the Python one of them."""
    place = edit.place
    empty = (place.line, place.column) == (place.end_line, place.end_column)
    if empty and place.column == 1 and place.line > 1:
        return {place.line - 1} if _is_magic(text, shift + place.line) else {place.line}
    return set(range(place.line, place.end_line + (empty or place.end_column > 1)))


def _is_magic(text: Source, line: int) -> bool:
    """Tell whether a line of a cell was made harmless, so that the text has something else in its place."""
    return text.line_as_written(line)[text.indent(line) :] != text.lines[line - 1]


def _scan(raw: str, position: int) -> _Json:
    """Read the JSON value that starts at an offset or after the white space there."""
    start = _after_blank(raw, position)
    if raw[start] == '"':
        text, end = _scan_string(raw, start + 1)
        return _Json(start, end, text)
    if raw[start] == "[":
        items = []
        position = _after_blank(raw, start + 1)
        while raw[position] != "]":
            items.append(_scan(raw, position))
            position = _after_comma(raw, items[-1].end)
        return _Json(start, position + 1, items=tuple(items))
    if raw[start] == "{":
        members: dict[str, _Json] = {}
        position = _after_blank(raw, start + 1)
        while raw[position] != "}":
            key = _scan(raw, position)
            value = _scan(raw, _after_blank(raw, key.end) + 1)
            members[cast("str", key.text)] = value
            position = _after_comma(raw, value.end)
        return _Json(start, position + 1, members=members)
    match = cast("re.Match[str]", _SCALAR.match(raw, start))
    return _Json(start, match.end())


def _after_comma(raw: str, position: int) -> int:
    position = _after_blank(raw, position)
    return _after_blank(raw, position + 1) if raw[position] == "," else position


def _after_blank(raw: str, position: int) -> int:
    return cast("re.Match[str]", _BLANK.match(raw, position)).end()
