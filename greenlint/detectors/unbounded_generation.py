"""ECO404: answers of language models that nothing bounds."""

from __future__ import annotations

from typing import TYPE_CHECKING

from greenlint.detector import Flag, detects, flag
from greenlint.python.facts import written
from greenlint.python.generation import unbounded

if TYPE_CHECKING:
    from collections.abc import Iterator

    from greenlint.python.view import View


@detects("ECO404")
def unbounded_generation(file: View) -> Iterator[Flag]:
    if file.is_test:
        return
    for spot, limit in unbounded(file.program, file.module):
        yield flag(spot.call, call=written(spot.call.func), limit=limit)
