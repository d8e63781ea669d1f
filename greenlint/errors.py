"""What can go wrong, as exceptions that a user can read.

GreenlintError
├── ConfigError    a setting, an option or a rule's name is not what it should be
├── RuleError      a file of the catalogue does not hold a rule
├── SourceError    a Python file or notebook cannot be read or parsed
└── ModelError     an ONNX file cannot be read or is not what it says
"""

from __future__ import annotations

TYPE_CHECKING = False  # what typing says, without importing typing: the shortest runs are over before it is read
if TYPE_CHECKING:
    from collections.abc import Iterable


class GreenlintError(Exception):
    """One clear line for the user; printed without a traceback, exit code 2."""


class ConfigError(GreenlintError):
    """A setting, an option of the command line or a rule's name is wrong."""


class RuleError(GreenlintError):
    """A file of the catalogue does not hold a rule."""


class SourceError(GreenlintError):
    """A Python file or notebook cannot be read or parsed.

    `line` and `column` count from 1; 0 where the place is unknown.
    """

    def __init__(self, message: str, *, line: int = 0, column: int = 0) -> None:
        """Keep the place beside the message."""
        super().__init__(message)
        self.line = line
        self.column = column


class ModelError(GreenlintError):
    """An ONNX file cannot be read, or is not what it says."""


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Return `, did you mean "near"?` for the nearest known word, or an empty string."""
    import difflib

    near = difflib.get_close_matches(word, list(known), n=1, cutoff=0.6)
    return f', did you mean "{near[0]}"?' if near else ""
