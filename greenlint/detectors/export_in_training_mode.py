"""ECO502: a model exported in training mode."""

from __future__ import annotations

from typing import TYPE_CHECKING

from greenlint.detector import Flag, detects, flag
from greenlint.python.facts import written

if TYPE_CHECKING:
    from collections.abc import Iterator

    from greenlint.python.view import View


@detects("ECO502")
def export_in_training_mode(file: View) -> Iterator[Flag]:
    if file.is_test:
        return
    for export in file.study.exports.all(file.module):
        if not file.study.exports.in_training_mode(export) or export.model is None:
            continue
        # dynamo=False switches to evaluation by itself, and TrainingMode.* says what it wants (ECO503).
        if not file.study.exports.chooses_mode(export):
            spot = export.spot
            yield flag(
                spot.call,
                export=export.name,
                model=written(export.model),
                trains_later=file.trains_after(spot),
                trains_on=file.trains_on(spot),
            )
