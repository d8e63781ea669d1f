"""ECO206: models trained in 64-bit floating point."""

from __future__ import annotations

from typing import TYPE_CHECKING

from greenlint.detector import Flag, detects, flag
from greenlint.python.tensors import doubled, is_scientific

if TYPE_CHECKING:
    from collections.abc import Iterator

    from greenlint.python.view import View

_WORDS = frozenset({"double", "float64", "DoubleTensor", "set_floatx", "set_default_tensor_type"})


@detects("ECO206")
def float64_tensors(file: View) -> Iterator[Flag]:
    if file.is_test or not _WORDS & file.module.identifiers or not file.study.training.sites:
        return
    # Equations and simulations can need the digits.
    if is_scientific(file.module):
        return
    for spot, call in doubled(file.program, file.study.inference, file.module):
        yield flag(spot.call, call=call)
