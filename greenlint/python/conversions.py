"""Steps that make a model smaller on its way from training to use."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from greenlint.python.facts import tail

if TYPE_CHECKING:
    from collections.abc import Iterator

    from greenlint.python.program import Program
    from greenlint.python.scope import Module, Spot

_PREPARES = re.compile(r"^torch\.(?:ao\.)?quantization\.(?:quantize\.)?(?:prepare|prepare_qat)$")
_NORMS = re.compile(r"^BatchNorm[123]d$|^resnet\d+$|^mobilenet|^ResNet")


def unfused(program: Program, module: Module) -> Iterator[Spot]:
    """Yield the eager preparations for quantization in a program with normalised convolutions that fuses nothing."""
    if any("fuse" in word.lower() for one in program.modules for word in one.identifiers):
        return
    if not any(_NORMS.search(word) for one in program.modules for word in one.identifiers):
        return
    for spot in module.spots():
        if tail(spot.call.func) in ("prepare", "prepare_qat") and any(
            _PREPARES.match(name) for name in program.callees(spot)
        ):
            yield spot
