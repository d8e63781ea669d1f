"""List the rules: code, severity and name, family by family.

`greenlint rule CODE` explains one of them.
"""

from __future__ import annotations

import json
from itertools import groupby
from typing import TYPE_CHECKING

from greenlint.catalogue import load
from greenlint.rule import Life

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterable, Iterator

    from greenlint.rule import Rule


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `greenlint rules`."""
    parser.add_argument(
        "words",
        metavar="RULE",
        nargs="*",
        help="only these: codes, prefixes such as ECO3, or names (default: all)",
    )
    parser.add_argument("--format", choices=("text", "json"), default="text", help="default: text")


def run(options: argparse.Namespace) -> int:
    """Print the rules; raise `ConfigError` when a word stands for none."""
    catalogue = load()
    rules = catalogue.select(options.words) if options.words else catalogue.rules
    if options.format == "json":
        print(json.dumps([rule.document() for rule in rules], indent=2, ensure_ascii=False))
    else:
        print("\n".join(table(rules)))
    return 0


def table(rules: Iterable[Rule]) -> Iterator[str]:
    """Yield the lines of the list, under a heading for each family."""
    for number, (family, members) in enumerate(groupby(rules, key=lambda rule: rule.family)):
        if number:
            yield ""
        yield family
        for rule in members:
            yield f"  {rule.code}  {rule.severity.value:<7}  {rule.name}{_note(rule)}"


def _note(rule: Rule) -> str:
    if rule.life is not Life.STABLE:
        return f" ({rule.life.value})"
    return "" if rule.on_by_default else " (off by default)"
