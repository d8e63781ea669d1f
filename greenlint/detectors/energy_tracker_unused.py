"""ECO302: a tracker that never starts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from greenlint.detector import Flag, detects, flag

if TYPE_CHECKING:
    from collections.abc import Iterator

    from greenlint.python.view import View


@detects("ECO302")
def energy_tracker_unused(file: View) -> Iterator[Flag]:
    for tracker in file.study.tracking.trackers:
        # One that leaves the program may be started there; one that is asked for something serves that.
        if tracker.spot.scope.module is file.module and not (tracker.started or tracker.escapes or tracker.queried):
            yield flag(tracker.spot.call, tracker=tracker.name)
    for statement, name in file.study.tracking.unused_imports(file.module):
        yield flag(statement, tracker=name)
