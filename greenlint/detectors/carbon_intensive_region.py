"""ECO604: training jobs where electricity is dirty."""

from __future__ import annotations

from typing import TYPE_CHECKING

from greenlint.detector import Flag, detects, flag
from greenlint.python.regions import training_regions

if TYPE_CHECKING:
    from collections.abc import Iterator

    from greenlint.python.view import View


@detects("ECO604")
def carbon_intensive_region(file: View, max_carbon_intensity: int) -> Iterator[Flag]:
    if file.is_test or not {"aiplatform", "boto3"} & file.module.identifiers:
        return
    for argument, region, grams, cleanest, least in training_regions(file.program, file.module):
        if grams > max_carbon_intensity:
            yield flag(argument.value, region=region, grams=grams, cleanest=cleanest, least=least)
