"""ECO343: graphs kept after the only backward pass."""

from __future__ import annotations

from typing import TYPE_CHECKING

from greenlint.detector import Flag, detects, flag
from greenlint.python.facts import written
from greenlint.python.graphs import carries_state, kept

if TYPE_CHECKING:
    from collections.abc import Iterator

    from greenlint.python.view import View


@detects("ECO343")
def backward_graph_kept(file: View) -> Iterator[Flag]:
    # A model that carries its state from step to step needs the graph of the step before.
    if file.is_test or "backward" not in file.module.identifiers or carries_state(file.program):
        return
    for spot in kept(file.program, file.module):
        yield flag(spot.call, call=written(spot.call.func))
