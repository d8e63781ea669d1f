"""ECO311: more epochs than the project allows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from greenlint.detector import Flag, detects, flag

if TYPE_CHECKING:
    from collections.abc import Iterator

    from greenlint.python.view import View


@detects("ECO311")
def oversized_epochs(file: View, max_epochs: int) -> Iterator[Flag]:
    written = {
        id(one.node): one
        for site in file.study.training.sites
        for one in site.epochs
        if one.module is file.module and isinstance(one.value, int) and one.value > max_epochs
    }
    for one in written.values():
        yield flag(one.node, epochs=one.value, limit=max_epochs)
