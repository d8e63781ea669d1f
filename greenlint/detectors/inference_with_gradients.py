"""ECO401: evaluation that records gradients."""

from __future__ import annotations

from typing import TYPE_CHECKING

from greenlint.detector import Flag, detects, flag

if TYPE_CHECKING:
    from collections.abc import Iterator

    from greenlint.python.view import View


@detects("ECO401")
def inference_with_gradients(file: View) -> Iterator[Flag]:
    if file.is_test:
        return
    inference = file.study.inference
    for runs in file.evaluations:
        for run in runs:
            if inference.gradients.off(run) is False and not inference.gradients.frozen(run):
                trains_here = file.study.training.loops.trains(run.spot.scope)
                yield flag(run.spot.call, model=run.name, trains=file.trains, trains_here=trains_here)
                break
