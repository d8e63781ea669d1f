"""The eco-design checklist: five phases, their objectives, and 43 items with what counts as evidence for each."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from functools import cache
from typing import TYPE_CHECKING, Any

from greenlint.card.language import text
from greenlint.catalogue import rules_folder
from greenlint.errors import RuleError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from greenlint.card.language import Text


class Ceiling(Enum):
    """How far evidence can carry an item."""

    VERIFIED = "verified"
    PARTIAL = "partial"
    DECLARED = "declared"


@dataclass(frozen=True, slots=True)
class Item:
    """One recommendation.

    `roles` says for each source (python, onnx, emissions, repository, answers) what it can do; `proving` and
    `indicating` are patterns of qualified names of calls; `checks` are names of probes; `refuted_by` are codes of
    rules.
    """

    id: str
    phase: str
    objective: str
    text: Text
    counts: Text
    ceiling: Ceiling
    roles: Mapping[str, str]
    proving: tuple[str, ...] = ()
    indicating: tuple[str, ...] = ()
    checks: tuple[str, ...] = ()
    refuted_by: tuple[str, ...] = ()
    not_applicable_when: Text | None = None


@dataclass(frozen=True, slots=True)
class Heading:
    """A phase, an objective, or a secondary list."""

    id: str
    text: Text


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of a secondary list, and the items of the checklist that it repeats."""

    id: str
    list_id: str
    text: Text
    maps_to: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Checklist:
    """The whole checklist; `items` are in reading order."""

    version: str
    title: Text
    phases: tuple[Heading, ...]
    objectives: tuple[Heading, ...]
    items: tuple[Item, ...]
    lists: tuple[Heading, ...]
    secondary: tuple[Entry, ...]
    potential: Mapping[str, Any]

    def item(self, id_: str) -> Item | None:
        """Return the item with that id, or None."""
        return next((item for item in self.items if item.id == id_), None)


@cache
def load() -> Checklist:
    """Read the checklist of this installation; raises `RuleError` when a field is missing."""
    import yaml

    path = rules_folder() / "checklist" / "checklist.yaml"
    try:
        data = yaml.load(path.read_bytes(), Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506
        return Checklist(
            version=data["version"],
            title=data["title"],
            phases=tuple(Heading(phase["id"], _text(phase)) for phase in data["phases"]),
            objectives=tuple(
                Heading(objective["id"], _text(objective))
                for phase in data["phases"]
                for objective in phase["objectives"]
            ),
            items=tuple(_items(data)),
            lists=tuple(Heading(group["id"], _text(group)) for group in data["secondary"]),
            secondary=tuple(
                Entry(entry["id"], group["id"], _text(entry), tuple(entry["maps_to"]))
                for group in data["secondary"]
                for entry in group["entries"]
            ),
            potential=data["potential"],
        )
    except (OSError, KeyError, TypeError, ValueError, yaml.YAMLError) as error:
        message = f"rules/checklist/checklist.yaml does not hold a checklist: {error}"
        raise RuleError(message) from None


def _items(data: dict[str, Any]) -> Iterator[Item]:
    for phase in data["phases"]:
        for objective in phase["objectives"]:
            for item in objective["items"]:
                calls = item.get("calls", {})
                yield Item(
                    id=item["id"],
                    phase=phase["id"],
                    objective=objective["id"],
                    text=_text(item),
                    counts=_text(item["counts"]),
                    ceiling=Ceiling(item["ceiling"]),
                    roles=item["evidence"],
                    proving=tuple(calls.get("proves", ())),
                    indicating=tuple(calls.get("indicates", ())),
                    checks=tuple(item.get("check", ())),
                    refuted_by=tuple(item.get("refuted_by", ())),
                    not_applicable_when=item.get("not_applicable_when"),
                )


def _text(data: dict[str, Any]) -> Text:
    return text(str(data["en"]), str(data["fr"]))
