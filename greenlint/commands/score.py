"""Score a project's eco-design by evidence."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from greenlint.commands import _evidence

if TYPE_CHECKING:
    import argparse

FORMATS = ("text", "json", "html", "markdown")


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    _evidence.configure(parser)
    telling = parser.add_argument_group("telling")
    telling.add_argument("--format", metavar="FORMAT", default="text", help=f"one of {', '.join(FORMATS)}")
    telling.add_argument("--output", metavar="FILE", help="write the result to a file")
    telling.add_argument("--lang", metavar="LANG", default="en", help="en or fr")
    telling.add_argument("--badge", metavar="FILE", help="write an SVG badge as well")
    telling.add_argument("--compare", metavar="FILE", help="say what changed since an earlier scorecard in JSON")
    telling.add_argument(
        "--fail-under", type=float, metavar="SCORE", help="exit with 1 when the score is lower, or without a letter"
    )


def run(options: argparse.Namespace) -> int:
    """Collect, judge, tell; return 1 when the score is under `--fail-under`, or has no letter."""
    from greenlint.card import badge, scorecard, terminal
    from greenlint.card.collection import collect
    from greenlint.card.evidence import assess
    from greenlint.card.words import Words
    from greenlint.card.writing import check, write
    from greenlint.errors import ConfigError, did_you_mean

    if options.format not in FORMATS:
        message = f'no format is called "{options.format}"{did_you_mean(options.format, FORMATS)}'
        raise ConfigError(message)
    if options.fail_under is not None and not 0 <= options.fail_under <= 100:  # noqa: PLR2004
        message = f"--fail-under must lie between 0 and 100, not {options.fail_under:g}"
        raise ConfigError(message)
    check([path for path in (options.output, options.badge) if path])
    words = Words(options.lang)
    previous = scorecard.read_previous(Path(options.compare)) if options.compare else None
    material = collect(_evidence.request(options))
    card = scorecard.scorecard(assess(material), material, options.lang)
    trend = scorecard.compare(card, previous) if previous else None
    if options.format == "text":
        text = terminal.render(card, words, trend, colour=not options.output and _is_colourful())
    elif options.format == "json":
        text = scorecard.to_json({**card, "trend": trend} if trend else card)
    else:
        from greenlint.card.render import render_score

        text = render_score(card, words, trend, options.format)
    files = {Path(options.output): text} if options.output else {}
    if options.badge:
        from greenlint.card.render import month_of

        files[Path(options.badge)] = badge.badge(card, words, month_of(material))
    write(files)
    if options.output:
        print(f"{options.output}: {words['score']} {card['score']:.1f}", file=sys.stderr)
    else:
        sys.stdout.write(text)
    if options.fail_under and card["grade"] is None:
        print(f"not graded ({card['why_no_grade']}), which is under {options.fail_under:g}", file=sys.stderr)
        return 1
    if options.fail_under is not None and card["score"] < options.fail_under:
        print(f"the score {card['score']:.1f} is under {options.fail_under:g}", file=sys.stderr)
        return 1
    return 0


def _is_colourful() -> bool:
    return sys.stdout.isatty() and "NO_COLOR" not in os.environ
