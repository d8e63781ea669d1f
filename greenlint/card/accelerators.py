"""Accelerators and their board power, with source and year; a device that is not here is asked for, not guessed."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from greenlint.errors import ConfigError, did_you_mean

_FORMS = frozenset({"sxm", "sxm2", "sxm4", "sxm5", "pcie", "nvl", "40gb", "80gb"})


@dataclass(frozen=True, slots=True)
class Accelerator:
    """One device; `watts` is the vendor's board power."""

    name: str
    watts: float
    source: str
    year: int
    spellings: tuple[str, ...] = ()

    @property
    def model(self) -> tuple[str, ...]:
        """The name without form and memory: `a100` for every A100."""
        return tuple(part for part in self.name.split("-") if part not in _FORMS)


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
    """Return the accelerators that a word of the command line stands for: `a100` for all of them, `a100-pcie` for two.

    Raises `ConfigError` when the table has none: the user is asked for watts instead.
    """
    wanted = _words(word)
    for device in table():
        if _words(device.name) == wanted:
            return (device,)
    model = tuple(part for part in wanted if part not in _FORMS)
    family = tuple(
        device
        for device in table()
        if model and device.model == model and set(wanted) <= {*model, *device.name.split("-")}
    )
    named = find(word)
    if not family and named:
        family = (named,)
    if not family:
        names = [name for device in table() for name in (device.name, "-".join(device.model))]
        known = did_you_mean(word.lower(), names)
        message = f'no accelerator "{word}" in the table{known}; give its board power with --watts'
        raise ConfigError(message)
    return family


def _words(text: str) -> tuple[str, ...]:
    return tuple(word for word in re.split(r"[^a-z0-9]+", text.lower()) if word not in {"", "nvidia", "tesla", "amd"})
