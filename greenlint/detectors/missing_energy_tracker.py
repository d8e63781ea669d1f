"""ECO301: training that nothing measures."""

from __future__ import annotations

from typing import TYPE_CHECKING

from greenlint.detector import Flag, detects, flag

if TYPE_CHECKING:
    from collections.abc import Iterator

    from greenlint.python.view import View


@detects("ECO301")
def missing_energy_tracker(file: View) -> Iterator[Flag]:
    sites = list(file.sites)
    if sites and not file.study.tracking.measures:
        together = len({id(site.block.scope) for site in sites}) == 1
        yield flag(sites[0].node, entry=file.entry, sites=len(sites), together=together)
