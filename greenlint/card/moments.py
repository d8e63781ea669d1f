"""Moments that trackers write: local time without a zone, to be compared all the same."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

GRACE = timedelta(days=1)
"""Trackers write local time without a zone, clocks differ, and code is often committed after its run."""


def aware(moment: datetime) -> datetime:
    """Return a moment with a zone; one without is taken for UTC, within the grace."""
    return moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc)


def is_to_come(moment: datetime) -> bool:
    """Tell whether a moment lies ahead of the clock, beyond the grace."""
    return aware(moment) > datetime.now(tz=timezone.utc) + GRACE
