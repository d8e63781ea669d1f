"""ECO320: training on an accelerator in full precision, with no way to choose another."""

from __future__ import annotations

from typing import TYPE_CHECKING

from greenlint.detector import Flag, detects, flag

if TYPE_CHECKING:
    from collections.abc import Iterator

    from greenlint.python.view import View


@detects("ECO320")
def missing_mixed_precision(file: View) -> Iterator[Flag]:
    if not file.study.devices.explicit or file.study.devices.reduced_precision:
        return
    for site in file.sites:
        if file.study.training.takes_precision(site) and not file.study.devices.is_on_cpu(site):
            yield flag(site.node, entry=file.entry)
            return
