"""ECO102: very large checkpoints for narrow tasks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from greenlint.detector import Flag, detects, flag
from greenlint.python.pretrained import narrow

if TYPE_CHECKING:
    from collections.abc import Iterator

    from greenlint.python.view import View


@detects("ECO102")
def oversized_pretrained_model(file: View, max_parameters: float) -> Iterator[Flag]:
    # A reward model has to read what a large model writes.
    if file.is_test or any("reward" in word.lower() for word in file.module.identifiers):
        return
    for spot, billions, checkpoint in narrow(file.program, file.module):
        if billions > max_parameters:
            yield flag(spot.call, checkpoint=checkpoint, billions=f"{billions:g}")
