"""The budget of `[score.budget]`: what measured training and inspected models are held against."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from greenlint.errors import ConfigError, did_you_mean

if TYPE_CHECKING:
    from pathlib import Path

LIMITS = ("kwh", "gco2eq", "parameters")


def read(root: Path) -> dict[str, float]:
    """Limits of the settings of a folder, by name; raises `ConfigError` for another key or a wrong value."""
    from greenlint.config import read_table, settings_file

    file = settings_file(root.resolve())
    score = read_table(file).get("score", {}) if file else {}
    for key in score if isinstance(score, dict) else ():
        if key != "budget":
            message = f"{file}: score.{key}: unknown key{did_you_mean(key, ('budget',))}"
            raise ConfigError(message)
    limits: Any = score.get("budget", {}) if isinstance(score, dict) else None
    if not isinstance(limits, dict):
        message = f"{file}: score.budget: must be a table"
        raise ConfigError(message)
    for key, value in limits.items():
        if key not in LIMITS:
            message = f"{file}: score.budget.{key}: unknown key{did_you_mean(key, LIMITS)}"
            raise ConfigError(message)
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not value > 0:
            message = f"{file}: score.budget.{key}: must be a number above zero"
            raise ConfigError(message)
    return {key: float(value) for key, value in limits.items()}
