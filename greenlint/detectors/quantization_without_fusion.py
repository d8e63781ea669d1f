"""ECO506: modules quantized one by one that could be one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from greenlint.detector import Flag, detects, flag
from greenlint.python.conversions import unfused
from greenlint.python.facts import written

if TYPE_CHECKING:
    from collections.abc import Iterator

    from greenlint.python.view import View


@detects("ECO506")
def quantization_without_fusion(file: View) -> Iterator[Flag]:
    if file.is_test or "quantization" not in file.module.identifiers:
        return
    for spot in unfused(file.program, file.module):
        yield flag(spot.call, call=written(spot.call.func))
