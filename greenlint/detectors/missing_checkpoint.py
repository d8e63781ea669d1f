"""ECO344: long training on an accelerator that saves nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from greenlint.detector import Flag, detects, flag

if TYPE_CHECKING:
    from collections.abc import Iterator

    from greenlint.python.view import View


@detects("ECO344")
def missing_checkpoint(file: View, checkpoint_min_epochs: int) -> Iterator[Flag]:
    if file.is_test or not file.study.devices.explicit or file.study.saves:
        return
    for site in file.sites:
        counts = [one.value for one in site.epochs if isinstance(one.value, int)]
        # Trainers of Lightning and Hugging Face save by themselves.
        if counts and min(counts) > checkpoint_min_epochs and site.framework in ("loop", "keras", "fastai"):
            yield flag(site.node, epochs=min(counts))
            return
