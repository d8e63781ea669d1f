"""Accelerators and their board power, with source and year; a device that is not here is asked for, not guessed."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from greenlint.errors import ConfigError, did_you_mean


@dataclass(frozen=True, slots=True)
class Accelerator:
    """One device; `watts` is the vendor's board power."""

    name: str
    watts: float
    source: str
    year: int
    spellings: tuple[str, ...] = ()


@cache
def table() -> tuple[Accelerator, ...]:
    """Every accelerator, by the order of the file."""
    import yaml

    path = Path(__file__).with_name("accelerators.yaml")
    data = yaml.load(path.read_bytes(), Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506
    return tuple(
        Accelerator(name, float(watts), source, int(year), tuple(map(str, spellings)))
        for name, (watts, source, year, *spellings) in data.items()
    )


def find(model: str) -> Accelerator | None:
    """Return the accelerator that a tool names, such as `2 x NVIDIA A100-SXM4-80GB`; None when no row says that."""
    wanted = _words(re.sub(r"^\s*\d+\s*x\s+", "", model))
    for device in table():
        if any(_words(spelling) == wanted for spelling in (device.name, *device.spellings)):
            return device
    return None


def choose(word: str) -> tuple[Accelerator, ...]:
    """Return the accelerators that a word of the command line stands for, `a100` for all its variants.

    Raises `ConfigError` when the table has none: the user is asked for watts instead.
    """
    exact = find(word)
    if exact:
        return (exact,)
    family = tuple(device for device in table() if device.name.startswith(f"{word.strip().lower()}-"))
    if not family:
        names = [name for device in table() for name in (device.name, device.name.split("-")[0])]
        known = did_you_mean(word.lower(), names)
        message = f'no accelerator "{word}" in the table{known}; give its board power with --watts'
        raise ConfigError(message)
    return family


def _words(text: str) -> tuple[str, ...]:
    return tuple(word for word in re.split(r"[^a-z0-9]+", text.lower()) if word not in {"", "nvidia", "tesla", "amd"})
