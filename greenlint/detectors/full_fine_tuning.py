"""ECO103: every weight of a large language model trained."""

from __future__ import annotations

from typing import TYPE_CHECKING

from greenlint.detector import Flag, detects, flag
from greenlint.python.pretrained import fully_tuned

if TYPE_CHECKING:
    from collections.abc import Iterator

    from greenlint.python.view import View


@detects("ECO103")
def full_fine_tuning(file: View) -> Iterator[Flag]:
    if file.is_test or "from_pretrained" not in file.module.identifiers or not file.study.training.sites:
        return
    for spot, billions, checkpoint in fully_tuned(file.program, file.module):
        if billions >= 1:
            yield flag(spot.call, checkpoint=checkpoint, billions=f"{billions:g}")
