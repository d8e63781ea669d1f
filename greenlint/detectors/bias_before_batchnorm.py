"""ECO104: a bias that batch normalisation removes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from greenlint.detector import Flag, detects, flag
from greenlint.python.layers import biased_before_norm, loads_weights

if TYPE_CHECKING:
    from collections.abc import Iterator

    from greenlint.python.view import View


@detects("ECO104")
def bias_before_batchnorm(file: View) -> Iterator[Flag]:
    for layer in biased_before_norm(file.program, file.module):
        kind, keras = layer.name.rpartition(".")[2], layer.name.startswith("keras.")
        yield flag(layer.call, layer=kind, keras=keras, loads=loads_weights(file.program))
