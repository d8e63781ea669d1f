"""ECO312: training that nothing bounds."""

from __future__ import annotations

from typing import TYPE_CHECKING

from greenlint.detector import Flag, detects, flag

if TYPE_CHECKING:
    from collections.abc import Iterator

    from greenlint.python.view import View


@detects("ECO312")
def unbounded_training(file: View) -> Iterator[Flag]:
    for site in file.sites:
        cause = file.study.bounds.unbounded(site)
        if cause:
            yield flag(site.node, cause=cause)
