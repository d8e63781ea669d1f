"""What a detector sees: one file in its program, and the questions that rules ask of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from greenlint.python.program import Program
    from greenlint.python.scope import Module


class View:
    """One file in the program of one entry."""

    def __init__(self, module: Module, program: Program, path: str) -> None:
        """See `module` as part of `program`; `path` is relative to the project."""
        self.module = module
        self.program = program
        self.path = path
