"""From the text of a file to its facts, or to the one line that says why it has none."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from greenlint import syntax
from greenlint.errors import SourceError

if TYPE_CHECKING:
    from greenlint.python.facts import Facts

_INDENT = re.compile(r"^[ \t]+", re.MULTILINE)

LARGEST = 5_000_000
"""How many characters a text may have to be judged: LibCST's tree takes about a kilobyte for each."""


def facts_of(text: str) -> Facts:
    """Return the facts of a text; raise `SourceError`.

    What the running Python refuses may be newer Python, so LibCST has the last word, unless the nesting could
    overflow its stack.
    """
    if len(text) > LARGEST:
        message = f"is too large to be judged: more than {LARGEST // 1_000_000} million characters"
        raise SourceError(message)
    wrong = syntax.check_syntax(text)
    return _confirmed(text, wrong) if wrong else _accepted(text)


def check(text: str) -> None:
    """Raise `SourceError` for what is no Python, at a tenth of the cost of `facts_of`."""
    if wrong := syntax.check_syntax(text):
        _confirmed(text, wrong)


def _confirmed(text: str, wrong: SourceError) -> Facts:
    if not wrong.line or len(text) > LARGEST or syntax.is_nested_too_deeply(text):
        raise wrong
    try:
        return _parsed(text)
    except (SourceError, RecursionError):
        raise wrong from None


def _accepted(text: str) -> Facts:
    """Collect the facts of what Python accepts: it compares indentation by columns, LibCST by characters."""
    try:
        return _parsed(text)
    except SourceError:
        if "\t" not in text:
            raise
        return _parsed(_INDENT.sub(lambda indent: indent[0].expandtabs(), text))


def _parsed(text: str) -> Facts:
    """Collect the facts of a text; what is nested too deeply for LibCST is a `SourceError` too."""
    from greenlint.python import collect

    try:
        return collect.collect(text)
    except (RecursionError, MemoryError):
        message = "cannot be parsed: nested too deeply"
        raise SourceError(message) from None
