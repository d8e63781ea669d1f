"""Write greenlint.toml and the questionnaire, keeping what is there."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import argparse

_SETTINGS = """\
# Settings of greenlint; every line that starts with # shows a default or an example.

# select = ["ECO"]
# ignore = []
# preview = false
# fail-on = "warning"

# Limits that `greenlint score` holds measured training and inspected models against.
# [score.budget]
# kwh = 1.0
# gco2eq = 100
# parameters = 1000000
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument(
        "path", nargs="?", default=".", metavar="PATH", help="the project (default: the working directory)"
    )
    parser.add_argument("--lang", metavar="LANG", default="en", help="language of the questions: en or fr")


def run(options: argparse.Namespace) -> int:
    """Write what is missing."""
    from greenlint.card import answers
    from greenlint.card.documents import read_text
    from greenlint.card.questionnaire import questionnaire
    from greenlint.card.words import Words
    from greenlint.card.writing import write
    from greenlint.config import settings_file
    from greenlint.errors import ConfigError

    folder = Path(options.path)
    language = Words(options.lang).language
    if not folder.is_dir():
        message = f"{folder}: not a folder"
        raise ConfigError(message)
    there = settings_file(folder.resolve())
    if there:
        print(f"{folder / there.name}: kept", file=sys.stderr)
    else:
        write({folder / "greenlint.toml": _SETTINGS})
        print(f"{folder / 'greenlint.toml'}: written", file=sys.stderr)
    file = folder / answers.FILE_NAME
    existing = ""
    if file.exists():
        answers.read(file)
        existing = read_text(file)
    text = questionnaire(existing, language)
    if text == existing:
        print(f"{file}: kept, nothing is missing", file=sys.stderr)
        return 0
    write({file: text})
    asked = text.count("answer: unknown") - existing.count("answer: unknown")
    print(f"{file}: {'extended by' if existing else 'written with'} {asked} questions", file=sys.stderr)
    return 0
