"""ECO310: many epochs, and nothing that ends them when they no longer help."""

from __future__ import annotations

from typing import TYPE_CHECKING

from greenlint.detector import Flag, detects, flag

if TYPE_CHECKING:
    from collections.abc import Iterator

    from greenlint.python.view import View


@detects("ECO310")
def missing_early_stopping(file: View, early_stopping_min_epochs: int) -> Iterator[Flag]:
    training = file.study.training
    for site in file.sites:
        counts = [one.value for one in site.epochs or site.rounds if isinstance(one.value, int)]
        if not counts or max(counts) <= early_stopping_min_epochs:
            continue
        # A game between two networks, or with an environment, has no metric that early stopping could follow.
        if training.is_adversarial(site) or training.is_reinforcement(site):
            continue
        if file.study.stopping.stops(site) is False:
            yield flag(site.node, epochs=max(counts), unit="epochs" if site.epochs else "rounds")
