"""ECO340: metrics that keep the graph of every step."""

from __future__ import annotations

from typing import TYPE_CHECKING

from greenlint.detector import Flag, detects, flag
from greenlint.python.metrics import retained

if TYPE_CHECKING:
    from collections.abc import Iterator

    from greenlint.python.view import View


@detects("ECO340")
def graph_retained_by_metric(file: View) -> Iterator[Flag]:
    for statement, metric, loss in retained(file.program, file.study.training.loops, file.module):
        yield flag(statement, metric=metric, loss=loss)
