"""ECO303: a tracker that starts and never stops."""

from __future__ import annotations

from typing import TYPE_CHECKING

from greenlint.detector import Flag, detects, flag

if TYPE_CHECKING:
    from collections.abc import Iterator

    from greenlint.python.view import View


@detects("ECO303")
def energy_tracker_not_stopped(file: View) -> Iterator[Flag]:
    for tracker in file.study.tracking.trackers:
        if tracker.stopped or tracker.entered or tracker.escapes or tracker.ends_by_itself:
            continue
        for start in tracker.plain_starts[:1]:
            if start.scope.module is file.module:
                yield flag(start.call, tracker=tracker.name)
