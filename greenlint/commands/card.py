"""Write a model card with its footprint and eco-design score."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from greenlint.commands import _evidence

if TYPE_CHECKING:
    import argparse


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    found = _evidence.configure(parser)
    found.add_argument("--info", metavar="FILE", help="name, task, data, metrics, limits (default: card.yaml)")
    telling = parser.add_argument_group("telling")
    telling.add_argument("--output", metavar="FILE", help="the card (default: MODEL_CARD.md in the project)")
    telling.add_argument("--html", metavar="FILE", help="write a self-contained HTML report as well")
    telling.add_argument("--cyclonedx", metavar="FILE", help="write a CycloneDX bill of materials as well")
    telling.add_argument("--cyclonedx-version", metavar="VERSION", default="1.6", help="1.6 (default) or 1.7")
    telling.add_argument("--boamps", metavar="FILE", help="write a BoAmps report of the measured energy as well")
    telling.add_argument("--template", metavar="FILE", help="render this Jinja template instead, in a sandbox")
    telling.add_argument("--lang", metavar="LANG", default="en", help="en or fr")


def run(options: argparse.Namespace) -> int:
    """Collect, render everything that was asked for, and only then write."""
    from greenlint.card import boamps, cyclonedx, render, scorecard
    from greenlint.card.collection import collect
    from greenlint.card.composition import compose
    from greenlint.card.documents import read_text
    from greenlint.card.emissions import relative
    from greenlint.card.words import Words
    from greenlint.card.writing import check, write
    from greenlint.errors import ConfigError

    words = Words(options.lang)
    root = Path(options.path)
    if options.template and not options.output:
        message = "--template needs --output: what it writes is no card that could be laid over the one that is there"
        raise ConfigError(message)
    output = Path(options.output) if options.output else root / "MODEL_CARD.md"
    check([str(path) for path in (output, options.html, options.cyclonedx, options.boamps) if path])
    material = collect(_evidence.request(options))
    existing = read_text(output) if output.is_file() else ""
    card = compose(material, _info(root, options), words, existing=existing, path=relative(output, root))
    content = card.content
    files = {output: render.render_foreign(Path(options.template), content) if options.template else card.text}
    if options.html:
        files[Path(options.html)] = render.render_html(content)
    if options.cyclonedx:
        files[Path(options.cyclonedx)] = scorecard.to_json(cyclonedx.bom(content, options.cyclonedx_version))
    if options.boamps:
        if not material.training:
            message = "no measured run to write a BoAmps report of"
            raise ConfigError(message)
        files[Path(options.boamps)] = scorecard.to_json(boamps.report(content, material.training))
    write(files)
    for path in files:
        print(f"{path}: written", file=sys.stderr)
    for name in card.kept:
        print(f'{output}: "{name}" is kept as it stands there', file=sys.stderr)
    for note in material.notes:
        print(f"note: {note[words.language]}", file=sys.stderr)
    return 0


def _info(root: Path, options: argparse.Namespace) -> dict[str, Any]:
    from greenlint.card import info

    path = Path(options.info) if options.info else root / "card.yaml"
    return info.read(path) if options.info or path.is_file() else {"metrics": []}
