"""The words of a loop: what it counts and what it is called."""

from __future__ import annotations

import re

from greenlint.python.facts import (
    Call,
    Expression,
    For,
    Loop,
    tail,
    words_of,
)

EPOCH = re.compile(r"epoch", re.IGNORECASE)


def range_of(iterable: Expression) -> Call | None:
    """Find the `range(...)` behind `tqdm(range(...))`, `enumerate(range(...))` or `trange(...)`."""
    item = iterable
    for _ in range(4):
        if not isinstance(item, Call):
            return None
        name = tail(item.func)
        if name in ("range", "trange", "arange", "tnrange", "xrange"):
            return item
        if not item.arguments:
            return None
        item = next(
            (one.value for one in item.arguments if not one.star and (not one.name or one.name == "iterable")),
            item.arguments[0].value,
        )
    return None


def loop_words(loop: Loop) -> list[str]:
    """Return the names that a loop counts with and goes through."""
    if isinstance(loop, For):
        return [*words_of(loop.target), *words_of(loop.iterable)]
    return list(words_of(loop.test))
