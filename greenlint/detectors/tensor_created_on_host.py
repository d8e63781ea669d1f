"""ECO207: tensors made in host memory only to be copied to a device."""

from __future__ import annotations

from typing import TYPE_CHECKING

from greenlint.detector import Flag, detects, flag
from greenlint.python.facts import written
from greenlint.python.tensors import made_on_host

if TYPE_CHECKING:
    from collections.abc import Iterator

    from greenlint.python.view import View


@detects("ECO207")
def tensor_created_on_host(file: View) -> Iterator[Flag]:
    if file.is_test:
        return
    for spot, maker in made_on_host(file.program, file.module):
        # One copy at the start of a program costs nothing worth a word.
        if file.repeats(spot):
            yield flag(spot.call, maker=written(maker.func))
