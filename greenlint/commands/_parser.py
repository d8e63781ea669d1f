"""The argument parser of every command."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING, NoReturn

from greenlint.errors import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterable


class Parser(argparse.ArgumentParser):
    """An argument parser that says what is wrong in one line, with the nearest word."""

    def error(self, message: str) -> NoReturn:
        unknown = message.removeprefix("unrecognized arguments: ").split()
        near = did_you_mean(unknown[0].partition("=")[0], self._words()) if message.startswith("unrecognized") else ""
        print(f"error: {message}{near} (see `{self.prog} --help`)", file=sys.stderr)
        raise SystemExit(2)

    def _words(self) -> Iterable[str]:
        return [option for action in self._actions for option in action.option_strings]
