"""ECO503: an export that asks for what only training needs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from greenlint.detector import Flag, detects, flag
from greenlint.rule import Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from greenlint.python.view import View


@detects("ECO503")
def training_graph_exported(file: View) -> Iterator[Flag]:
    for export in file.study.exports.all(file.module):
        argument = file.study.exports.training_argument(export)
        if argument:
            yield flag(export.spot.call, argument=argument)
        for argument in file.study.exports.honest_arguments(export):
            yield flag(export.spot.call, severity=Severity.INFO, argument=argument)
