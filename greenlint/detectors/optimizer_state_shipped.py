"""ECO504: models saved for use with what only training needs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from greenlint.detector import Flag, detects, flag
from greenlint.python.releases import shipped_states

if TYPE_CHECKING:
    from collections.abc import Iterator

    from greenlint.python.view import View


@detects("ECO504")
def optimizer_state_shipped(file: View) -> Iterator[Flag]:
    if file.is_test:
        return
    for spot, name in shipped_states(file.program, file.module):
        yield flag(spot.call, name=name)
