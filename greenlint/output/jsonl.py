"""JSON Lines (https://jsonlines.org): each finding and error as one object on a line, as in `json`, then a summary."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from greenlint.output import json as whole

if TYPE_CHECKING:
    from collections.abc import Iterator

    from greenlint.finding import Report
    from greenlint.output import Look


def render(report: Report, look: Look) -> Iterator[str]:
    """Yield the lines; `type` says what a line is: finding, error, statistic or summary."""
    document = whole.document(report, look)
    for finding in document["findings"]:
        yield _line("finding", finding)
    for error in document["errors"]:
        yield _line("error", error)
    for statistic in document.get("statistics", ()):
        yield _line("statistic", statistic)
    yield _line("summary", {"schema": document["schema"], **document["files"]})


def _line(kind: str, told: dict[str, Any]) -> str:
    return json.dumps({"type": kind, **told}, ensure_ascii=False)
