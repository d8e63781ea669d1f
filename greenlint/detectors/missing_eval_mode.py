"""ECO402: evaluation in training mode."""

from __future__ import annotations

from typing import TYPE_CHECKING

from greenlint.detector import Flag, detects, flag

if TYPE_CHECKING:
    from collections.abc import Iterator

    from greenlint.python.view import View


@detects("ECO402")
def missing_eval_mode(file: View) -> Iterator[Flag]:
    # Sampling from a GAN in training mode is customary.
    if file.is_test or file.is_adversarial:
        return
    inference = file.study.inference
    for runs in file.evaluations:
        for run in runs:
            if not inference.switching.is_generator(run) and inference.switching.in_training_mode(run):
                yield flag(run.spot.call, model=run.name, trains_on=file.trains_on(run.spot))
                break
