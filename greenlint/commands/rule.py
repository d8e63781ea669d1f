"""Explain one rule: what it finds, why that costs, how to mend it.

The rule is named by its code (ECO310) or its name (missing-early-stopping).
"""

from __future__ import annotations

import json
import textwrap
from typing import TYPE_CHECKING

from greenlint.catalogue import load
from greenlint.rule import Life, Target

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator

    from greenlint.rule import Option, Rule

WIDTH = 80
FIXES = {
    "safe": "can be fixed without changing results",
    "unsafe": "a fix may change results",
    "none": "to be fixed by hand",
}


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `greenlint rule`."""
    parser.add_argument("rule", metavar="RULE", help="a code such as ECO310, or a name")
    parser.add_argument("--format", choices=("text", "json"), default="text", help="default: text")


def run(options: argparse.Namespace) -> int:
    """Print the rule; raise `ConfigError` when there is none of that code or name."""
    rule = load().by_word(options.rule)
    if options.format == "json":
        print(json.dumps(rule.document(), indent=2, ensure_ascii=False))
    else:
        print("\n".join(explain(rule)))
    return 0


def explain(rule: Rule) -> Iterator[str]:
    """Yield the lines of the explanation, 80 columns wide but for addresses."""
    yield f"{rule.code} {rule.name}"
    yield from _folded(rule.summary)
    yield ""
    yield from _folded(", ".join(_properties(rule)))
    yield from _part("Why", _folded(rule.why))
    yield from _part("Instead of", textwrap.indent(rule.bad.rstrip(), "    ").splitlines())
    yield from _part("write", textwrap.indent(rule.good.rstrip(), "    ").splitlines())
    yield from _part("Fix", _folded(rule.fix))
    yield from _part("What it cannot see", _folded(rule.blind_spots))
    if rule.options:
        yield from _part(f"Options, in [tool.greenlint.rules.{rule.name}]", _options(rule))
    if rule.evidence:
        yield from _part("Evidence", _evidence(rule))
    if rule.target is Target.GRAPH:  # a model holds no comments
        settings = ["    [tool.greenlint.per-file-ignores]", f'    "model.onnx" = ["{rule.name}"]']
        yield from _part("To keep the model as it is", settings)
    else:
        yield from _part("To keep the code as it is", [f"    # greenlint: ignore[{rule.name}] the reason"])


def _properties(rule: Rule) -> Iterator[str]:
    yield f"{rule.family} rule"
    yield f"severity {rule.severity.value}"
    yield f"confidence {rule.confidence}"
    yield FIXES[rule.fixable]
    yield f"since {rule.since}"
    if rule.life is Life.PREVIEW:
        yield "preview: runs with preview = true"
    if rule.life is Life.RETIRED:
        yield "retired: does not run any more"
    if not rule.on_by_default:
        yield "off unless it is selected by its code or name"


def _options(rule: Rule) -> Iterator[str]:
    for option in rule.options.values():
        yield f"    {option.name} = {_toml(option)}"
        yield from _folded(option.description, "        ")


def _evidence(rule: Rule) -> Iterator[str]:
    for source in rule.evidence:
        yield from _folded(f"{source.figure} ({source.year})")
        yield f"    {source.url}"


def _part(title: str, lines: Iterator[str] | list[str]) -> Iterator[str]:
    yield ""
    yield title
    yield from lines


def _folded(text: str, indent: str = "    ") -> Iterator[str]:
    yield from textwrap.wrap(
        " ".join(text.split()),
        WIDTH,
        initial_indent=indent,
        subsequent_indent=indent,
        break_long_words=False,
        break_on_hyphens=False,
    )


def _toml(option: Option) -> str:
    default = option.default
    return json.dumps(list(default) if isinstance(default, tuple) else default)
