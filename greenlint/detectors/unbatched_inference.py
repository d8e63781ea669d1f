"""ECO403: models run on one sample at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from greenlint.detector import Flag, detects, flag
from greenlint.python.batching import one_by_one
from greenlint.python.facts import written

if TYPE_CHECKING:
    from collections.abc import Iterator

    from greenlint.python.view import View


@detects("ECO403")
def unbatched_inference(file: View) -> Iterator[Flag]:
    if file.is_test or not {"predict", "predict_proba", "encode", "pipeline"} & file.module.identifiers:
        return
    for spot in one_by_one(file.program, file.module):
        yield flag(spot.call, call=written(spot.call.func))
