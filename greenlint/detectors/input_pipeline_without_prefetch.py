"""ECO203: tf.data pipelines that keep a training waiting."""

from __future__ import annotations

from typing import TYPE_CHECKING

from greenlint.detector import Flag, detects, flag
from greenlint.python.pipelines import slow

if TYPE_CHECKING:
    from collections.abc import Iterator

    from greenlint.python.view import View


@detects("ECO203")
def input_pipeline_without_prefetch(file: View) -> Iterator[Flag]:
    if file.is_test or "tensorflow" not in file.module.roots or "data" not in file.module.identifiers:
        return
    # A strategy for several devices prefetches what it distributes.
    if any("Strategy" in word for module in file.program.modules for word in module.identifiers):
        return
    for call, block, lack in slow(file.program, file.study.training):
        if block.scope.module is file.module:
            yield flag(call, lack=lack)
