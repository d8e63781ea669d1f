"""What a rule is: the words of one file of the catalogue."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

OptionValue = int | float | str | bool | tuple[str, ...]


class Severity(Enum):
    """How much a finding matters; ordered, `INFO < WARNING < ERROR`."""

    INFO = "info"
    WARNING = "warning"
    ERROR = "error"

    @property
    def rank(self) -> int:
        """0 for info, 1 for warning, 2 for error."""
        return ("info", "warning", "error").index(self.value)

    def __lt__(self, other: Severity) -> bool:
        """Order by rank."""
        return self.rank < other.rank

    def __le__(self, other: Severity) -> bool:
        """Order by rank."""
        return self.rank <= other.rank


class Target(Enum):
    """What a rule's detector is shown: one Python file in its program, or one ONNX graph."""

    PYTHON = "python"
    GRAPH = "graph"
    TOOL = "tool"


class Life(Enum):
    """Preview rules run only when asked for; retired ones never, but their code stays taken."""

    PREVIEW = "preview"
    STABLE = "stable"
    RETIRED = "retired"


@dataclass(frozen=True, slots=True)
class Option:
    """A setting of one rule: `[tool.greenlint.rules.<name>] <option> = value`."""

    name: str
    default: OptionValue
    description: str


@dataclass(frozen=True, slots=True)
class Evidence:
    """Why the rule's claim holds: a source, the figure it gives, and the year."""

    url: str
    figure: str
    year: int


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule of the catalogue.

    `message` has `{placeholders}` that the detector's flag fills. `fixable` is "safe", "unsafe" or "none".
    """

    code: str
    name: str
    family: str
    target: Target
    severity: Severity
    confidence: str
    life: Life
    since: str
    summary: str
    message: str
    why: str
    fix: str
    fixable: str
    blind_spots: str
    bad: str
    good: str
    on_by_default: bool = True
    options: Mapping[str, Option] = field(default_factory=dict)
    evidence: tuple[Evidence, ...] = ()

    @property
    def module(self) -> str:
        """Name of the detector's module: `missing_early_stopping`."""
        return self.name.replace("-", "_")

    def document(self) -> dict[str, object]:
        """Return the rule as plain data for JSON, with the keys of its YAML file."""
        return {
            "code": self.code,
            "name": self.name,
            "family": self.family,
            "target": self.target.value,
            "severity": self.severity.value,
            "confidence": self.confidence,
            "life": self.life.value,
            "since": self.since,
            "on-by-default": self.on_by_default,
            "summary": self.summary,
            "message": self.message,
            "why": self.why,
            "fix": self.fix,
            "fixable": self.fixable,
            "blind-spots": self.blind_spots,
            "example": {"bad": self.bad, "good": self.good},
            "options": {
                name: {
                    "default": list(option.default) if isinstance(option.default, tuple) else option.default,
                    "description": option.description,
                }
                for name, option in self.options.items()
            },
            "evidence": [{"url": source.url, "figure": source.figure, "year": source.year} for source in self.evidence],
        }
