"""Whether a text is Python, and flat enough for LibCST: asked of Python's own parser, which is fast."""

from __future__ import annotations

import sys
import warnings

from greenlint.errors import SourceError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

DEEPEST_NESTING = 200
"""CPython's own limit of nested brackets; LibCST's native parser overflows its stack somewhat above it."""


DEEPEST_TREE = 1000
"""How deep a tree may go, be it by a chain of attributes, a sum, or elif after elif."""

SUSPICIOUS_LINE = 2000
SUSPICIOUS_LINES = 300
LONGEST_LINE = 20_000
TOO_DEEP = "cannot be parsed: nested too deeply"

_CHAIN = r"(?:\.\w+(?:\(\))?){20000}|(?:[-+*/|&^%]\w+){100000}"

PYCF_ONLY_AST = 0x400
"""`ast.PyCF_ONLY_AST`, without importing ast."""


def check_syntax(text: str) -> SourceError | None:
    """Return what keeps a text from being parsed, or None.

    It costs a tenth of a LibCST parse and stands before it for two reasons: the messages of Python's own parser are the
    ones people know, and LibCST's native parser ends the process when a text is nested a few thousand deep.
    """
    longest = max(map(len, text.split("\n")))
    if sys.version_info < (3, 11) and longest > LONGEST_LINE:
        import re

        if re.search(_CHAIN, text):
            return SourceError(TOO_DEEP)  # the parser of Python 3.10 ends the process here itself
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = compile(text, "<source>", "exec", flags=PYCF_ONLY_AST, dont_inherit=True)
    except SyntaxError as error:
        line, column = error.lineno or 0, error.offset or 0
        return SourceError(f"cannot be parsed: {error.msg}", line=line, column=max(column, 0))
    except (RecursionError, MemoryError, OverflowError):
        return SourceError(TOO_DEEP)
    except ValueError as error:
        return SourceError(f"cannot be parsed: {error}")
    line = _deep_line(tree, suspicious=longest > SUSPICIOUS_LINE)
    return SourceError(TOO_DEEP, line=line) if line else None


def is_nested_too_deeply(text: str) -> bool:
    """Tell whether a text that only LibCST may understand could overflow its stack.

    Brackets in strings count too, and a line that is longer than any that people write.
    """
    import re

    if any(len(line) > LONGEST_LINE for line in text.split("\n")):
        return True
    depth = 0
    for bracket in re.findall(r"[()\[\]{}]", text):
        depth += 1 if bracket in "([{" else -1
        if depth > DEEPEST_NESTING:
            return True
    return False


def _deep_line(tree: Any, *, suspicious: bool) -> int:  # noqa: ANN401  an ast.Module, without importing ast
    """Return the line of a statement that is nested too deeply, 0 where none is.

    To measure the depth of a whole tree costs as much as to parse it, so it is done only where it can be great: in a
    text that is `suspicious`, or a statement over very many lines.
    """
    waiting = [(statement, 1) for statement in tree.body]
    while waiting:
        statement, depth = waiting.pop()
        if depth > DEEPEST_TREE:
            return int(statement.lineno)
        lines = statement.end_lineno - statement.lineno
        if not suspicious and lines <= SUSPICIOUS_LINES and depth + lines + 1 < DEEPEST_TREE:
            continue  # nothing inside can be great: each statement but the last of a line takes one of its own
        inner = [
            child
            for block in ("body", "handlers", "orelse", "finalbody", "cases")
            for child in getattr(statement, block, ())
        ]
        head = min((child.lineno for child in inner if hasattr(child, "lineno")), default=statement.end_lineno)
        if (suspicious or head - statement.lineno > SUSPICIOUS_LINES) and _depth(statement, inner) > DEEPEST_TREE:
            return int(statement.lineno)
        waiting += [(child, depth + 1) for child in inner if hasattr(child, "lineno")]
        waiting += [(child, depth + 1) for case in inner if not hasattr(case, "lineno") for child in case.body]
    return 0


def _depth(statement: Any, inner: list[Any]) -> int:  # noqa: ANN401  an ast.stmt
    """Return how deep the expressions of a statement go, without the statements inside it."""
    deepest = 0
    waiting = [(statement, 0)]
    skipped = {id(child) for child in inner}
    while waiting:
        node, depth = waiting.pop()
        deepest = max(deepest, depth)
        if deepest > DEEPEST_TREE:
            break
        for name in node._fields:
            value = getattr(node, name, None)
            children = value if isinstance(value, list) else (value,)
            waiting += [(one, depth + 1) for one in children if hasattr(one, "_fields") and id(one) not in skipped]
    return deepest
