"""ECO501: a model shipped in full precision."""

from __future__ import annotations

from typing import TYPE_CHECKING

from greenlint.detector import Flag, detects, flag

if TYPE_CHECKING:
    from collections.abc import Iterator

    from greenlint.python.view import View


@detects("ECO501")
def fp32_export(file: View) -> Iterator[Flag]:
    if file.is_test:
        return
    for export in file.study.exports.in_full_precision(file.module):
        yield flag(export.spot.call, export=export.name)
