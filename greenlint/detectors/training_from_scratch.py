"""ECO101: stock architectures trained from random weights."""

from __future__ import annotations

from typing import TYPE_CHECKING

from greenlint.detector import Flag, detects, flag
from greenlint.python.pretrained import untrained

if TYPE_CHECKING:
    from collections.abc import Iterator

    from greenlint.python.view import View


@detects("ECO101")
def training_from_scratch(file: View) -> Iterator[Flag]:
    stock = {"torchvision", "timm", "applications", "from_config"} & file.module.identifiers
    if file.is_test or not stock or not file.study.training.sites:
        return
    for spot, architecture in untrained(file.program, file.module):
        yield flag(spot.call, architecture=architecture)
