"""Bytes of a Python file or notebook in, one text with a map back to the places a reader knows out."""

from __future__ import annotations

import codecs
import json
import re
from bisect import bisect_right
from dataclasses import dataclass
from io import BytesIO
from typing import TYPE_CHECKING, Any

from greenlint.errors import SourceError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

NOTEBOOK_FORMAT = 4


@dataclass(frozen=True, slots=True)
class Cell:
    """A code cell of a notebook inside the text: its index among all cells (from 0) and its first line (from 1).

    `indent` is the indentation of the whole cell, which the text does not have.
    """

    index: int
    line: int
    indent: str = ""


@dataclass(frozen=True, slots=True)
class Source:
    """The text of one file, with line feeds as its only line ends; `cells` is empty for all but notebooks.

    `written` has the lines as they stand in the cells, where the text may have something harmless instead of a magic.
    """

    text: str
    cells: tuple[Cell, ...] = ()
    written: tuple[str, ...] = ()

    @property
    def lines(self) -> list[str]:
        """The lines, split at line feeds only: a form feed is white space inside a line."""
        return self.text.split("\n")

    def line_as_written(self, number: int) -> str:
        """Return a line of the text as its file has it."""
        return self.written[number - 1] if self.written else self.lines[number - 1]

    def indent(self, line: int) -> int:
        """Return how many columns a line of the text lacks in front of what its cell has."""
        if not self.cells or not line:
            return 0
        indent = self._cell(line).indent
        return len(indent) if self.line_as_written(line).startswith(indent) else 0

    def _cell(self, line: int) -> Cell:
        return self.cells[max(0, bisect_right(self.cells, line, key=lambda cell: cell.line) - 1)]

    def locate(self, line: int) -> tuple[int | None, int]:
        """Return the cell and the line in it for a line of the text; no cell, and the same line, outside notebooks."""
        if not self.cells or not line:
            return None, line
        cell = self._cell(line)
        return cell.index, line - cell.line + 1

    def number(self, line: int, cell: int | None) -> int:
        """Return the line of the text for a line of a cell: what `locate` undoes."""
        return line if cell is None else next(one.line for one in self.cells if one.index == cell) + line - 1


def read(path: Path) -> bytes:
    """Return the bytes of a file; raise `SourceError` when the system refuses them."""
    try:
        if not path.is_file() and path.exists():
            message = "is no regular file"  # a device or a pipe may never end
            raise SourceError(message)
        return path.read_bytes()
    except FileNotFoundError:
        message = "no such file"
    except OSError as error:
        message = f"cannot be read: {(error.strerror or str(error)).lower()}"
    raise SourceError(message) from None


def decode(data: bytes, name: str) -> Source | None:
    """Return the text of a file, or None for a notebook in another language than Python.

    `name` tells a notebook by its suffix. Raises `SourceError` for what is no text or no notebook, and for encodings
    that are unknown or not kept to.
    """
    suffix = name.lower().rpartition(".")[2]
    if suffix == "ipynb":
        return _decode_notebook(data)
    if suffix == "onnx":
        message = "is a model: `greenlint inspect` reads models"
        raise SourceError(message)
    return Source(_universal(_decode_python(data)))


def _universal(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n") if "\r" in text else text


def _decode_python(data: bytes) -> str:
    if b"\0" in data:
        message = "is not Python source: it holds NUL bytes"
        raise SourceError(message, line=data.count(b"\n", 0, data.index(b"\0")) + 1)
    encoding = "utf-8"
    if data.startswith(codecs.BOM_UTF8) or b"coding" in data[:400]:
        from tokenize import detect_encoding

        try:
            encoding, _ = detect_encoding(BytesIO(data).readline)
        except SyntaxError as error:
            message = f"cannot be decoded: {error.msg}"
            raise SourceError(message, line=1) from None
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as error:
        message = f"cannot be decoded as {encoding}: byte 0x{data[error.start]:02x}"
        raise SourceError(message, line=data.count(b"\n", 0, error.start) + 1) from None
    except (LookupError, ValueError) as error:
        message = f"cannot be decoded: {error}"
        raise SourceError(message, line=1) from None


def _decode_notebook(data: bytes) -> Source | None:
    try:
        notebook = json.loads(data.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        message = "is not a notebook: not UTF-8"
        raise SourceError(message, line=data.count(b"\n", 0, error.start) + 1) from None
    except json.JSONDecodeError as error:
        message = f"is not a notebook: invalid JSON, {error.msg}"
        raise SourceError(message, line=error.lineno, column=error.colno) from None
    except (RecursionError, ValueError):
        message = "is not a notebook: JSON nested too deeply"
        raise SourceError(message) from None
    cells = _cells(notebook)
    if not _speaks_python(notebook.get("metadata")):
        return None
    texts: list[str] = []
    written: list[str] = []
    places: list[Cell] = []
    for index, cell in enumerate(cells):
        if not isinstance(cell, dict) or cell.get("cell_type") != "code" or _is_foreign(cell.get("metadata")):
            continue
        text = _universal(_joined(cell.get("source")))
        if not text.strip():
            continue
        lines = text.split("\n")
        indent = _indentation(lines)
        texts += _without_magics([one.removeprefix(indent) for one in lines])
        places.append(Cell(index, len(written) + 1, indent))
        written += lines
    return Source("\n".join([*texts, ""]), tuple(places), (*written, ""))


def _cells(notebook: object) -> list[Any]:
    if not isinstance(notebook, dict) or not isinstance(notebook.get("nbformat"), int):
        message = "is not a notebook: it has no nbformat"
        raise SourceError(message)
    if notebook["nbformat"] < NOTEBOOK_FORMAT:
        message = (
            f"is a notebook of format {notebook['nbformat']}, only format {NOTEBOOK_FORMAT} is read: "
            "`jupyter nbconvert --to notebook --inplace` converts it"
        )
        raise SourceError(message)
    cells = notebook.get("cells")
    if not isinstance(cells, list):
        message = "is not a notebook: it has no list of cells"
        raise SourceError(message)
    return cells


def _speaks_python(metadata: object) -> bool:
    if not isinstance(metadata, dict):
        return True
    for holder, key in (("language_info", "name"), ("kernelspec", "language")):
        described = metadata.get(holder)
        if isinstance(described, dict) and isinstance(described.get(key), str) and described[key]:
            return "python" in described[key].lower()
    return True


def _is_foreign(metadata: object) -> bool:
    """Tell whether a code cell is in another language than its notebook, as Visual Studio Code allows."""
    editor = metadata.get("vscode") if isinstance(metadata, dict) else None
    return isinstance(editor, dict) and editor.get("languageId", "python") != "python"


def _joined(source: object) -> str:
    if isinstance(source, list):
        return "".join(part for part in source if isinstance(part, str))
    return source if isinstance(source, str) else ""


PYTHON_CELL_MAGICS = frozenset({"capture", "memit", "prun", "time", "timeit", "wandb"})
LINE_MAGIC = re.compile(r"(?P<indent>[ \t]*)[%!].*")
HELP = re.compile(
    r"(?:[ \t]*[\w.]+[ \t]*=)?[ \t]*(\?{1,2}[ \t]*[%\w.*]+[ \t]*|[%\w.*\[\]'\"]+\?{1,2}[ \t]*;?[ \t]*)(#.*)?"
)
ASSIGNED_MAGIC = re.compile(r"(?P<target>[ \t]*[\w.,\[\]'\" \t]+?=[ \t]*)(?P<escape>[%!].*)")
AUTOMAGIC = re.compile(r"[ \t]*(?:pip|conda|mamba|uv)[ \t]+[a-z].*")
"""A magic without its sign, which IPython takes where it is all that a cell says."""

RUNS_A_STATEMENT = re.compile(
    r"%(?:time|timeit|prun|memit)[ \t]+(?![-\s])(?!(?:async|class|def|for|if|try|while|with)\b)",
)
_TRIPLE_QUOTES = ("'''", '"""')
SCANNED = re.compile(
    r"""\#[^\n]*|(?:'''|\"\"\")|'(?:\\.|[^'\\\n])*'?|"(?:\\.|[^"\\\n])*"?|[()\[\]{}]|\\$""",
)


def _indentation(lines: list[str]) -> str:
    """Return the indentation of a cell's first line, which IPython takes away from all of them."""
    first = next(line for line in lines if line.strip())
    return first[: len(first) - len(first.lstrip(" \t"))]


def _without_magics(lines: list[str]) -> Iterator[str]:
    """Yield as many lines of Python as there are lines in the cell, with what only IPython understands made harmless.

    What a magic runs is kept at its columns (`%time model.fit(x)` still trains); the value of `files = !ls` is a call
    that nothing knows, because a constant would be believed.
    """
    first = next((number for number, line in enumerate(lines) if line.strip()), 0)
    if lines[first].startswith("%%"):
        magic = lines[first][2:].split(maxsplit=1)
        if not magic or magic[0] not in PYTHON_CELL_MAGICS:
            yield from ("" for _ in lines)
            return
        lines = ["" if number == first else line for number, line in enumerate(lines)]
    said = [line for line in lines if line.strip() and not line.lstrip().startswith("#")]
    if len(said) == 1 and AUTOMAGIC.fullmatch(said[0]):
        yield from ("pass" if line is said[0] else line for line in lines)
        return
    scan = _Scan()
    swallowing = False
    for line in lines:
        if swallowing:
            swallowing = line.endswith("\\")
            yield ""
            continue
        harmless = _harmless(line) if scan.at_statement else None
        if harmless is None:
            scan.feed(line)
            yield line
        else:
            swallowing = line.endswith("\\")
            yield harmless


def _harmless(line: str) -> str | None:
    """Return Python for a line that is IPython's, None for one that is Python already."""
    if match := LINE_MAGIC.fullmatch(line):
        indent = match["indent"]
        kept, width = _statement_of(line[len(indent) :])
        return f"{indent}0{' ' * (width - 2)};{kept}" if kept else f"{indent}pass"
    if match := ASSIGNED_MAGIC.fullmatch(line):
        kept, width = _statement_of(match["escape"])
        return match["target"] + (" " * width + kept if kept else "get_ipython()")
    if "?" in line and HELP.fullmatch(line):
        return f"{line[: len(line) - len(line.lstrip())]}pass"
    return None


def _statement_of(magic: str) -> tuple[str, int]:
    """Return the statement that a line magic runs, if it is whole on its line, and its offset; else an empty one."""
    match = RUNS_A_STATEMENT.match(magic)
    if match is None:
        return "", 0
    scan = _Scan()
    scan.feed(magic[match.end() :])
    return (magic[match.end() :], match.end()) if scan.at_statement else ("", 0)


class _Scan:
    """Where a line stands: inside brackets, inside a triple-quoted string, after a backslash, or at a new statement."""

    def __init__(self) -> None:
        self.depth = 0
        self.quote = ""
        self.continued = False

    @property
    def at_statement(self) -> bool:
        return not (self.depth or self.quote or self.continued)

    def feed(self, line: str) -> None:
        position = 0
        self.continued = False
        while position <= len(line):
            if self.quote:
                end = line.find(self.quote, position)
                while end > 0 and line[:end].endswith("\\") and not line[:end].endswith("\\\\"):
                    end = line.find(self.quote, end + 1)
                if end < 0:
                    return
                position = end + len(self.quote)
                self.quote = ""
            match = SCANNED.search(line, position)
            if match is None:
                return
            position = match.end()
            piece = match[0]
            if piece in _TRIPLE_QUOTES:
                self.quote = piece
            elif piece in "([{":
                self.depth += 1
            elif piece in ")]}":
                self.depth = max(0, self.depth - 1)
            elif piece.endswith("\\"):
                self.continued = True
