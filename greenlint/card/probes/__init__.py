"""Probes: what models, emission files and the repository show for one item; named by `check` in the checklist.

Each probe looks at the material and yields evidence. It says nothing where it cannot tell. The modules of this folder
are the registry.
"""

from __future__ import annotations

import importlib
import pkgutil
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from greenlint.card.evidence import Evidence, Material

    Probe = Callable[[Material], Iterator[Evidence]]


@cache
def probes() -> Mapping[str, Probe]:
    """Every probe by its name."""
    found: dict[str, Probe] = {}
    for module in pkgutil.iter_modules(__path__, f"{__name__}."):
        members = vars(importlib.import_module(module.name)).items()
        found |= {
            name: value
            for name, value in members
            if getattr(value, "__module__", "") == module.name and not name.startswith("_")
        }
    return found
