"""Whether the measured runs are of the code as it is: by the history of the training files, never by file dates."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from greenlint.card.moments import GRACE, aware

if TYPE_CHECKING:
    from datetime import datetime

    from greenlint.card.evidence import Material


@dataclass(frozen=True, slots=True)
class Freshness:
    """How the latest run stands to the training code.

    `changed` is the last commit of a training file, None where history does not know; `uncommitted` names a training
    file that differs from its commit: nothing then tells whether it changed before the run or after it.
    """

    is_fresh: bool
    changed: datetime | None = None
    uncommitted: str = ""


def freshness(material: Material) -> Freshness:
    """Compare the end of the latest training run with the last commit that touched a training file."""
    from greenlint.card.repository import commit_date, uncommitted

    root = material.repository.root
    ended = [aware(run.ended) for run in material.training if run.ended]
    changed = commit_date(root, material.training_files)
    if not ended or changed is None:
        return Freshness(is_fresh=False)
    if edited := uncommitted(root, material.training_files):
        return Freshness(is_fresh=False, changed=changed, uncommitted=edited)
    return Freshness(is_fresh=max(ended) + GRACE >= changed, changed=changed)
