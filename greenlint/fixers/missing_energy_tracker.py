"""ECO301: a tracker around the training."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import libcst as cst

from greenlint.finding import Finding, Fix
from greenlint.fixer import fixes
from greenlint.python.page import Loop

if TYPE_CHECKING:
    from greenlint.python.page import Page


_SEVERAL = re.compile(
    r"distributed|init_process_group|DistributedDataParallel|^(?:spawn|local_rank|rank|rpc)$", re.IGNORECASE
)
_TEST = re.compile(r"(?:^|/)(?:tests?/|test_|conftest)")
MOST_LINES = 12
"""A longer loop would be moved as a whole; a decorator measures the function that holds it and moves nothing."""


@fixes("ECO301")
def missing_energy_tracker(page: Page, finding: Finding) -> Fix | None:
    site = (
        page.find(finding.place, cst.Call) or page.find(finding.place, cst.For) or page.find(finding.place, cst.While)
    )
    if site is None:
        return None
    loops = page.loops(site)
    statement = loops[-1] if loops else site if isinstance(site, Loop) else page.statement(site)
    function = page.function(site)
    if statement is None or (function is not None and any(True for _ in page.within(function, cst.Yield))):
        return None
    # In a run of several processes each would measure the whole machine; a test measures nothing.
    if any(_SEVERAL.search(word) for word in page.words(page.module)) or _TEST.search(page.path):
        return None
    values = finding.values or {}
    alone = values.get("sites") == 1
    if not alone and (function is None or not values.get("together")):
        return None
    lines = page.line(page.end(statement)) - page.line(page.start(statement)) + 1
    if function is not None and (lines > MOST_LINES or not alone):
        if function.asynchronous is not None:
            return None
        tracker = page.imported("codecarbon", "track_emissions", before=page.start(function))
        edit = None if tracker is None else page.above(function, tracker.written)
    else:
        tracker = page.imported("codecarbon", "EmissionsTracker", before=page.start(statement))
        edit = None if tracker is None else page.wrap(statement, statement, f"with {tracker.written}():")
    if tracker is None or edit is None:
        return None
    return Fix("the energy of the training measured by CodeCarbon", safe=False, edits=(*tracker.edits, edit))
