"""A parsed text to correct: where its nodes stand, and edits that leave every other character as it is.

Edits are computed from LibCST's tree and its positions, and replace stretches of the text itself, so what they do not
name (line ends, comments, odd indentation, form feeds) cannot change.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, TypeVar, cast

import libcst as cst
from libcst.metadata import MetadataWrapper, ParentNodeProvider, PositionProvider

from greenlint.finding import Edit, GraphPlace, TextPlace
from greenlint.python.collect import parse

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from libcst.metadata import CodeRange

    from greenlint.source import Source

Kind = TypeVar("Kind", bound=cst.CSTNode)
Statement = cst.BaseSmallStatement | cst.BaseCompoundStatement
Loop = cst.For | cst.While
_Item = cst.Arg | cst.BaseElement | cst.BaseDictElement

_LATER = (cst.Lambda, cst.GeneratorExp, cst.ListComp, cst.SetComp, cst.DictComp, cst.Decorator, cst.Param)
_SOMETIMES = (cst.IfExp, cst.BooleanOperation)
_STRINGS = (cst.SimpleString, cst.FormattedString)


@dataclass(frozen=True, slots=True)
class Imported:
    """How a name of a library is written in a text, and the edits that bring it in; None where it is there."""

    written: str
    edits: tuple[Edit, ...] = ()


class Page:
    """One text, parsed once for all of its fixes."""

    def __init__(self, source: Source, path: str) -> None:
        """Parse; raise `SourceError` when LibCST cannot read the text."""
        self.source = source
        self.text = source.text
        self.path = path
        self._starts = [0, *(match.end() for match in re.finditer("\n", self.text))]
        self._wrapper = MetadataWrapper(parse(self.text), unsafe_skip_copy=True)
        self.module = self._wrapper.module
        self._positions = cast("Mapping[cst.CSTNode, CodeRange]", self._wrapper.resolve(PositionProvider))
        self._parents = cast("Mapping[cst.CSTNode, cst.CSTNode]", self._wrapper.resolve(ParentNodeProvider))

    # Places

    def offset(self, line: int, column: int) -> int:
        """Return the offset of a line and column of the text, both from 1."""
        return self._starts[line - 1] + column - 1

    def start(self, node: cst.CSTNode) -> int:
        """Return the offset of a node's first character, brackets around it left out."""
        place = self._positions[node].start
        return self._starts[place.line - 1] + place.column

    def end(self, node: cst.CSTNode) -> int:
        """Return the offset after a node's last character, brackets around it left out."""
        place = self._positions[node].end
        return self._starts[place.line - 1] + place.column

    def code(self, node: cst.CSTNode) -> str:
        """Return the text of a node."""
        return self.text[self.start(node) : self.end(node)]

    def line(self, offset: int) -> int:
        """Return the line of an offset, from 1."""
        return bisect_right(self._starts, offset)

    def line_start(self, offset: int) -> int:
        """Return the offset where the line of an offset begins."""
        return self._starts[self.line(offset) - 1]

    def line_end(self, offset: int) -> int:
        """Return the offset of the line feed that ends the line of an offset, or of the end of the text."""
        found = self.text.find("\n", offset)
        return len(self.text) if found < 0 else found

    def edit(self, start: int, end: int, text: str) -> Edit:
        """Make an edit of a stretch of the text."""
        line, last = self.line(start), self.line(end)
        cell, told = self.source.locate(line)
        column, end_column = (
            offset - self._starts[number - 1] + 1 + self.source.indent(number)
            for offset, number in ((start, line), (end, last))
        )
        place = TextPlace(self.path, told, column, last - line + told, end_column, cell)
        return Edit(place, text)

    # Nodes

    def nodes(self, kind: type[Kind]) -> Iterator[Kind]:
        """Yield the nodes of a kind, in the order of the walk."""
        return (node for node in self._nodes if isinstance(node, kind))

    @cached_property
    def _nodes(self) -> list[cst.CSTNode]:
        return list(_walk(self.module))

    def find(self, place: TextPlace | GraphPlace, *kinds: type[Kind]) -> Kind | None:
        """Return the node that a finding names: one of these kinds, at exactly its place; calls also by their end."""
        if not isinstance(place, TextPlace):
            return None
        line = self.source.number(place.line, place.cell)
        first = self.offset(line, place.column - self.source.indent(line))
        line += place.end_line - place.line
        last = self.offset(line, place.end_column - self.source.indent(line))
        found = [node for node in self._nodes if isinstance(node, kinds) and self._first_word(node) == first]
        exact = [node for node in found if self.end(node) == last]
        if exact or any(issubclass(kind, cst.Call) for kind in kinds):
            return exact[0] if len(exact) == 1 else None
        return found[0] if found else None

    def _first_word(self, node: cst.CSTNode) -> int:
        start = self.start(node)
        while start < len(self.text) and self.text[start] in "( \n\t\\":
            start += 1
        return start

    def parent(self, node: cst.CSTNode) -> cst.CSTNode | None:
        """Return what holds a node."""
        return self._parents.get(node)

    def around(self, node: cst.CSTNode) -> Iterator[cst.CSTNode]:
        """Yield what holds a node, from the inside out."""
        held = self.parent(node)
        while held is not None:
            yield held
            held = self.parent(held)

    def within(self, node: cst.CSTNode, kind: type[Kind]) -> Iterator[Kind]:
        """Yield the nodes of a kind inside a node, itself among them."""
        return (inner for inner in _walk(node) if isinstance(inner, kind))

    def function(self, node: cst.CSTNode) -> cst.FunctionDef | None:
        """Return the innermost function around a node."""
        return next((one for one in self.around(node) if isinstance(one, cst.FunctionDef)), None)

    def statement(self, node: cst.CSTNode) -> Statement | None:
        """Return the statement that evaluates an expression; None where it is evaluated later, sometimes or again.

        For a compound statement the expression stands in its head and is evaluated once, before the body.
        """
        below = node
        for held in self.around(node):
            if isinstance(held, (*_LATER, *_SOMETIMES, cst.While, cst.ExceptHandler, cst.MatchCase, cst.Assert)):
                return None
            if isinstance(held, cst.BaseSmallStatement):
                return held
            if isinstance(held, cst.If):
                return None if below is not held.test or self.is_elif(held) else held
            if isinstance(held, cst.For):
                return held if below is held.iter else None
            if isinstance(held, cst.With):
                return held
            if isinstance(held, cst.BaseCompoundStatement):
                return None
            below = held
        return None

    def holder(self, node: cst.CSTNode) -> Statement | None:
        """Return the innermost statement around an expression that runs it; the first `if` of a chain for its tests.

        None where the expression runs later: in a lambda, a decorator or a default.
        """
        for held in self.around(node):
            if isinstance(held, (cst.Lambda, cst.Decorator, cst.Param, cst.FunctionDef, cst.ClassDef)):
                return None
            if isinstance(held, cst.If) and self.is_elif(held):
                continue
            if isinstance(held, (cst.BaseSmallStatement, cst.BaseCompoundStatement)):
                return held
        return None

    def loops(self, node: cst.CSTNode) -> list[Loop]:
        """Return the loops around a node in its function, innermost first."""
        found: list[Loop] = []
        for held in self.around(node):
            if isinstance(held, (cst.FunctionDef, cst.ClassDef, cst.Lambda)):
                break
            if isinstance(held, Loop):
                found.append(held)
        return found

    def binds(self, node: cst.CSTNode, name: str) -> bool:
        """Tell whether code gives a name or the head of a dotted one a new value."""
        head = name.partition(".")[0]
        targets = [
            *(one.target for one in self.within(node, cst.AssignTarget)),
            *(one.target for one in self.within(node, cst.AnnAssign)),
            *(one.target for one in self.within(node, cst.For)),
            *(one.name for one in self.within(node, cst.AsName)),
        ]
        return any(
            dotted(inner) in (head, name)
            for target in targets
            for kind in (cst.Name, cst.Attribute)
            for inner in self.within(target, kind)
        )

    def made(self, item: cst.BaseExpression) -> cst.Call | None:
        """Return the call whose result an expression surely is: itself, or the one value that its name is given."""
        if isinstance(item, cst.Call):
            return item
        name = dotted(item)
        values = [
            one.value
            for one in self.nodes(cst.Assign)
            if name and any(dotted(target.target) == name for target in one.targets)
        ]
        return values[0] if len(values) == 1 and isinstance(values[0], cst.Call) else None

    def words(self, node: cst.CSTNode) -> set[str]:
        """Return the names and attributes in a node."""
        return {name.value for name in self.within(node, cst.Name)}

    def above(self, function: cst.FunctionDef, decorator: str) -> Edit | None:
        """Put a decorator right above a `def`, below those that it has."""
        start = self.start(function)
        indent = self.indent(start)
        if indent is None:
            return None
        begin = self.line_start(start)
        return self.edit(begin, begin, f"{indent.replace(chr(12), '')}@{decorator}\n")

    def lines_before(self, statement: cst.CSTNode, *lines: str) -> Edit | None:
        """Put lines before a statement that stands on lines of its own, at its indentation."""
        start = self.start(statement)
        indent = self.indent(start)
        if indent is None or self.body(statement) is None:
            return None
        begin, indent = self.line_start(start), indent.replace("\f", "")
        return self.edit(begin, begin, "".join(f"{indent}{line}\n" for line in lines))

    def is_elif(self, node: cst.If) -> bool:
        """Tell whether an `if` is written `elif`."""
        return isinstance(self.parent(node), cst.If) and self.text.startswith("elif", self.start(node))

    def body(self, node: cst.CSTNode) -> Sequence[cst.CSTNode] | None:
        """Return the statements among which one stands, if it stands on lines of its own; else None."""
        line = self._line_of(node)
        holder = self.parent(line)
        if isinstance(holder, (cst.Module, cst.IndentedBlock)) and not (
            isinstance(line, cst.SimpleStatementLine) and len(line.body) > 1
        ):
            return holder.body
        return None

    def _line_of(self, node: cst.CSTNode) -> cst.CSTNode:
        """Return the line of a small statement; a compound statement is its own."""
        holder = self.parent(node)
        return holder if isinstance(node, cst.BaseSmallStatement) and holder is not None else node

    def follows(self, node: cst.CSTNode) -> list[cst.CSTNode]:
        """Return the statements after one in its block."""
        line = self._line_of(node)
        body = self.body(node) or ()
        return list(body[list(body).index(line) + 1 :]) if line in body else []

    # Edits

    def indent(self, offset: int) -> str | None:
        """Return the white space before an offset on its line, None where something else stands there."""
        prefix = self.text[self.line_start(offset) : offset]
        return prefix if not prefix.strip(" \t\f") else None

    @property
    def step(self) -> str:
        """One level of indentation, as the text has it."""
        return self.module.default_indent

    def before(self, statement: Statement, code: str) -> Edit | None:
        """Put a simple statement before another one: on a line of its own, or with `;` where that shares its line."""
        start = self.start(statement)
        if isinstance(statement, (cst.FunctionDef, cst.ClassDef)) and statement.decorators:
            start = self.start(statement.decorators[0])
        indent = self.indent(start)
        holder = self.parent(self._line_of(statement))
        shares = isinstance(statement, cst.BaseSmallStatement) and (
            isinstance(self.parent(statement), cst.SimpleStatementSuite) or indent is None
        )
        if shares:
            return self.edit(start, start, f"{code}; ")
        if indent is None or not isinstance(holder, (cst.Module, cst.IndentedBlock)):
            return None
        begin = self.line_start(start)
        if self.line(begin) > 1 and self.text[begin - 2 : begin] == "\\\n":
            return None
        return self.edit(begin, begin, f"{indent.replace(chr(12), '')}{code}\n")

    def after(self, statement: Statement, *lines: str) -> Edit | None:
        """Put lines after a statement that stands on lines of its own, at its indentation."""
        indent = self.indent(self.start(statement))
        if indent is None or self.body(statement) is None:
            return None
        end = self.line_end(self.end(statement))
        indent = indent.replace("\f", "")
        return self.edit(end, end, "".join(f"\n{indent}{line}" for line in lines))

    def wrap(self, first: cst.CSTNode, last: cst.CSTNode, header: str, footer: Sequence[str] = ()) -> Edit | None:
        """Put statements of one block, from `first` to `last`, under a header, one level deeper.

        Lines inside strings keep their text. `footer` follows at the header's level.
        """
        start = self.start(first)
        if isinstance(first, (cst.FunctionDef, cst.ClassDef)) and first.decorators:
            start = self.start(first.decorators[0])
        indent = self.indent(start)
        if indent is None or self.body(first) is None or self.body(last) is None:
            return None
        begin, end = self.line_start(start), self.line_end(self.end(last))
        if self.line(begin) > 1 and self.text[begin - 2 : begin] == "\\\n":
            return None
        step = "\t" if indent.endswith("\t") else self.step
        kept = self._lines_in_strings
        plain = indent.replace("\f", "")
        told = [f"{plain}{header}"]
        for number in range(self.line(begin), self.line(end) + 1):
            line = self.text[self._starts[number - 1] : self.line_end(self._starts[number - 1])]
            moves = number not in kept and line.strip() and line.startswith(indent)
            told.append(f"{indent}{step}{line[len(indent) :]}" if moves else line)
        return self.edit(begin, end, "\n".join([*told, *(f"{plain}{line}" for line in footer)]))

    @cached_property
    def _lines_in_strings(self) -> set[int]:
        return {
            number
            for node in self._nodes
            if isinstance(node, _STRINGS)
            for number in range(self.line(self.start(node)) + 1, self.line(self.end(node)) + 1)
        }

    def remove(self, statement: cst.BaseSmallStatement) -> Edit | None:
        """Take a simple statement away; where it is alone in its block, `pass` takes its place.

        None where a comment speaks of it: it may give the reason.
        """
        line = self.parent(statement)
        if not isinstance(line, (cst.SimpleStatementLine, cst.SimpleStatementSuite)):
            return None
        start, end = self.start(statement), self.end(statement)
        if len(line.body) > 1:
            rank = list(line.body).index(statement)
            if rank:
                return self.edit(self.end(line.body[rank - 1]), end, "")
            return self.edit(start, self.start(line.body[1]), "")
        holder = self.parent(line)
        alone = isinstance(line, cst.SimpleStatementSuite) or (
            isinstance(holder, cst.IndentedBlock) and len(holder.body) == 1
        )
        rest = self.text[end : self.line_end(end)]
        if rest.strip(" \t;") or (self.indent(start) is None and not alone):
            return None
        if alone:
            return self.edit(start, end, "pass")
        return self.without_lines(start, self._after_blank_lines(start, end))

    def _after_blank_lines(self, start: int, end: int) -> int:
        """Return where what follows a statement may be cut, so that blank lines around it do not add up."""
        first, last = self.line(start), self.line(end)
        blank = [not line.strip() for line in self.text.split("\n")]
        before = next((n for n in range(first - 1) if not blank[first - 2 - n]), 0)
        while before and last < len(blank) - 1 and blank[last] and self._cell(self._starts[last]) == self._cell(end):
            before, last = before - 1, last + 1
        return max(end, self._starts[last - 1])

    def without_lines(self, start: int, end: int) -> Edit:
        """Take whole lines away, from that of one offset to that of another, with one of their line ends."""
        start, end = self.line_start(start), self.line_end(end)
        cell = self._cell(start)
        # The line feed at the end of a notebook's text is in none of its cells.
        last = len(self.text) - bool(self.source.cells)
        if end < last and self._cell(end + 1) == cell:
            return self.edit(start, end + 1, "")
        if start and self._cell(start - 1) == cell:
            return self.edit(start - 1, end, "")
        return self.edit(start, end, "")

    def _cell(self, offset: int) -> int | None:
        return self.source.locate(self.line(offset))[0]

    def add_argument(self, call: cst.Call, code: str) -> list[Edit]:
        """Add an argument at the end of a call, on a line of its own where the others have theirs."""
        return self._add(call.args, code, self.end(call) - 1)

    def add_item(self, display: cst.List, code: str) -> list[Edit]:
        """Add an item at the end of a list display."""
        return self._add(display.elements, code, self.end(display) - 1)

    def _add(self, items: Sequence[_Item], code: str, closing: int) -> list[Edit]:
        if not items:
            return [self.edit(closing, closing, code)]
        last = items[-1]
        if isinstance(last, cst.Arg) and isinstance(last.equal, cst.AssignEqual) and self._is_airy(last):
            code = code.replace("=", " = ", 1)
        end = self.end(last)
        indent = self.indent(self.start(last))
        has_comma = isinstance(last.comma, cst.Comma)
        if indent is None or self.line(closing) == self.line(end):
            return [self.edit(end, end, f", {code}")]
        line_end = self.line_end(end)
        if not has_comma:
            if line_end == end:
                return [self.edit(end, end, f",\n{indent}{code}")]
            return [self.edit(end, end, ","), self.edit(line_end, line_end, f"\n{indent}{code}")]
        return [self.edit(line_end, line_end, f"\n{indent}{code},")]

    def _is_airy(self, argument: cst.Arg) -> bool:
        """Tell whether a keyword argument has spaces around its `=`."""
        return argument.keyword is not None and self.text[self.end(argument.keyword)] == " "

    def remove_argument(self, call: cst.Call, argument: cst.Arg) -> Edit | None:
        """Take an argument away with its comma; a line that holds nothing else goes with it."""
        return self._without(call.args, argument, self.end(call) - 1)

    def remove_entry(self, display: cst.Dict, entry: cst.BaseDictElement) -> Edit | None:
        """Take an entry of a dict display away with its comma, and its line if nothing else is there."""
        return self._without(display.elements, entry, self.end(display) - 1)

    def _without(self, items: Sequence[_Item], item: _Item, closing: int) -> Edit | None:
        """Return the edit; None where a comment stands beside the item, as it may speak of it."""
        rank = list(items).index(item)
        start, end = self.start(item), self.end(item)
        stop = self.start(items[rank + 1]) if rank + 1 < len(items) else closing
        if "#" in self.text[end:stop] and "#" in self.text[end : min(stop, self.line_end(end))]:
            return None
        rest = self.text[end : self.line_end(end)].strip(" \t,")
        if self.indent(start) is not None and not rest and self.line(stop) > self.line(end):
            return self.without_lines(start, end)
        if rank + 1 < len(items):
            return None if "#" in self.text[end:stop] else self.edit(start, stop, "")
        if rank == 0:
            return self.edit(start, closing, "")
        before = self.end(items[rank - 1])
        return None if "#" in self.text[before:start] else self.edit(before, end, "")

    # Imports

    def imported(self, module: str, name: str = "", *, before: int) -> Imported | None:
        """Return how `module`, or `name` of it, is written from an offset on; the edits add an import where it lacks.

        None where the name means something else in the text.
        """
        if bound := self.bound(f"{module}.{name}" if name else module, before=before):
            return Imported(bound)
        root = name or module
        if "." in root or any(node.value == root for node in self.nodes(cst.Name) if not self.is_word(node)):
            return None
        edit = self._import_edit(module, name, before)
        return None if edit is None else Imported(root, (edit,))

    def bound(self, full: str, *, before: int) -> str:
        """Return the name that an import binds to a module or to a name of one; empty where none does."""
        return next((bound for bound, name in self.imports(before).items() if name == full), "")

    def imports(self, before: int) -> dict[str, str]:
        """Return what the imports outside functions and classes bind before an offset: bound name to full name."""
        return {
            bound: full
            for found in self._nodes
            if isinstance(found, (cst.Import, cst.ImportFrom))
            and self.end(found) <= before
            and not any(isinstance(one, (cst.FunctionDef, cst.ClassDef)) for one in self.around(found))
            for bound, full in _bindings(found)
        }

    def is_word(self, node: cst.Name) -> bool:
        """Tell whether a name stands where it binds and reads nothing: an attribute, a keyword, part of an import."""
        holder = self.parent(node)
        if any(isinstance(one, (cst.Import, cst.ImportFrom)) for one in self.around(node)):
            return True
        if isinstance(holder, cst.Attribute):
            return holder.attr is node
        if isinstance(holder, cst.Arg):
            return holder.keyword is node
        return False

    def _import_lines(self, before: int) -> list[cst.SimpleStatementLine]:
        return [
            line
            for line in self.module.body
            if isinstance(line, cst.SimpleStatementLine)
            and len(line.body) == 1
            and isinstance(line.body[0], (cst.Import, cst.ImportFrom))
            and self.end(line) <= before
        ]

    def _import_edit(self, module: str, name: str, before: int) -> Edit | None:
        lines = self._import_lines(before)
        if name:
            for line in lines:
                found = line.body[0]
                if (
                    isinstance(found, cst.ImportFrom)
                    and _source(found) == module
                    and not isinstance(found.names, cst.ImportStar)
                ):
                    return self._add_name(found, name)
        written = f"from {module} import {name}" if name else f"import {module}"
        lines = [line for line in lines if not _is_future(line)]
        if not lines:
            return self._first_import(written, before)
        block = self._import_block(lines)
        key = _import_key(bool(name), module)
        keys = [_import_key(*_sorted_by(line)) for line in block]
        if keys == sorted(keys):
            later = next((line for line, other in zip(block, keys, strict=True) if other > key), None)
            if later is not None and later is not block[0]:
                start = self.line_start(self.start(later))
                return self.edit(start, start, f"{written}\n")
            if later is not None and not later.leading_lines:
                start = self.line_start(self.start(later))
                return self.edit(start, start, f"{written}\n")
        end = self.line_end(self.end(block[-1]))
        return self.edit(end, end, f"\n{written}")

    def _import_block(self, lines: list[cst.SimpleStatementLine]) -> list[cst.SimpleStatementLine]:
        """Return the imports, without a gap between them, that hold the first known framework, else the last ones."""
        blocks: list[list[cst.SimpleStatementLine]] = []
        for line in lines:
            joined = (
                blocks
                and not line.leading_lines
                and self.line(self.start(line)) == self.line(self.end(blocks[-1][-1])) + 1
                and self.source.locate(self.line(self.start(line)))[0]
                == self.source.locate(self.line(self.start(blocks[-1][-1])))[0]
            )
            if joined:
                blocks[-1].append(line)
            else:
                blocks.append([line])
        known = (block for block in blocks if any(_sorted_by(line)[1].split(".")[0] in _FRAMEWORKS for line in block))
        foreign = (
            block for block in reversed(blocks) if not any(_sorted_by(line)[1].startswith(".") for line in block)
        )
        return next(known, next(foreign, blocks[-1]))

    def _first_import(self, written: str, before: int) -> Edit | None:
        place = 0
        for line in self.module.body:
            docstring = (
                isinstance(line, cst.SimpleStatementLine)
                and isinstance(line.body[0], cst.Expr)
                and isinstance(line.body[0].value, (cst.SimpleString, cst.ConcatenatedString))
            )
            if not (docstring or _is_future(line)):
                break
            place = self.line_end(self.end(line))
        if place > before:
            return None
        if place:
            return self.edit(place, place, f"\n\n{written}")
        first = next(iter(self.module.body), None)
        if first is None:
            return None
        place, defines = self.start(first), isinstance(first, (cst.FunctionDef, cst.ClassDef))
        if isinstance(first, (cst.FunctionDef, cst.ClassDef)) and first.decorators:
            place = self.start(first.decorators[0])
        place = self.line_start(place)
        return self.edit(place, place, f"{written}\n\n{chr(10) * defines}")

    def _add_name(self, found: cst.ImportFrom, name: str) -> Edit:
        aliases = cast("Sequence[cst.ImportAlias]", found.names)
        last = aliases[-1]
        end = self.end(last.asname) if last.asname else self.end(last.name)
        indent = self.indent(self.start(last))
        if indent is not None and found.rpar and self.line(self.end(found)) != self.line(end):
            if isinstance(last.comma, cst.Comma):
                end = self.line_end(end)
                return self.edit(end, end, f"\n{indent}{name},")
            return self.edit(end, end, f",\n{indent}{name}")
        names = [alias.evaluated_name for alias in aliases]
        if names == sorted(names) and not indent:
            later = next((alias for alias in aliases if alias.evaluated_name > name), None)
            if later is not None:
                return self.edit(self.start(later), self.start(later), f"{name}, ")
        return self.edit(end, end, f", {name}")


_FRAMEWORKS = frozenset(
    {
        "torch",
        "tensorflow",
        "keras",
        "lightning",
        "pytorch_lightning",
        "transformers",
        "numpy",
        "sklearn",
        "torchvision",
    }
)


def _walk(node: cst.CSTNode) -> Iterator[cst.CSTNode]:
    waiting = [node]
    while waiting:
        one = waiting.pop()
        yield one
        waiting += [
            child
            for child in reversed(one.children)
            if not isinstance(child, (cst.BaseParenthesizableWhitespace, cst.TrailingWhitespace, cst.EmptyLine))
        ]


def dotted(node: cst.CSTNode | None) -> str:
    """Return a dotted name as it is written without spaces, empty for anything else."""
    if isinstance(node, cst.Name):
        return node.value
    if isinstance(node, cst.Attribute) and (head := dotted(node.value)):
        return f"{head}.{node.attr.value}"
    return ""


def argument(call: cst.Call, name: str) -> cst.Arg | None:
    """Return the keyword argument of a name."""
    return next((one for one in call.args if one.keyword is not None and one.keyword.value == name), None)


def is_open_ended(call: cst.Call) -> bool:
    """Tell whether a call passes `*args` or `**kwargs`."""
    return any(one.star for one in call.args)


def _source(found: cst.ImportFrom) -> str:
    return "." * len(found.relative) + dotted(found.module)


def _bindings(found: cst.Import | cst.ImportFrom) -> Iterator[tuple[str, str]]:
    if isinstance(found, cst.Import):
        for alias in found.names:
            if alias.evaluated_alias:
                yield alias.evaluated_alias, alias.evaluated_name
            else:
                head = alias.evaluated_name.split(".")[0]
                yield head, head
                yield alias.evaluated_name, alias.evaluated_name
    elif not isinstance(found.names, cst.ImportStar):
        for alias in found.names:
            yield alias.evaluated_alias or alias.evaluated_name, f"{_source(found)}.{alias.evaluated_name}"


def _is_future(line: cst.CSTNode) -> bool:
    return (
        isinstance(line, cst.SimpleStatementLine)
        and isinstance(line.body[0], cst.ImportFrom)
        and _source(line.body[0]) == "__future__"
    )


def _sorted_by(line: cst.SimpleStatementLine) -> tuple[bool, str]:
    found = line.body[0]
    if isinstance(found, cst.ImportFrom):
        return True, _source(found)
    return False, cast("cst.Import", found).names[0].evaluated_name


def _import_key(is_from: bool, module: str) -> tuple[bool, str]:  # noqa: FBT001
    return is_from, module.lower()
