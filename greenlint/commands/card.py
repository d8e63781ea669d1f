"""Write a model card with its footprint and eco-design score."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from greenlint.commands import _evidence

if TYPE_CHECKING:
    import argparse
    from collections.abc import Mapping

    from greenlint.card.evidence import Material
    from greenlint.card.words import Words


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
    from greenlint.card.words import Words
    from greenlint.card.writing import write
    from greenlint.errors import ConfigError

    words = Words(options.lang)
    root = Path(options.path)
    output = Path(options.output) if options.output else root / "MODEL_CARD.md"
    material = collect(_evidence.request(options))
    card, content, kept = _card(root, output, _info(root, options), material, words)
    files = {output: render.render_foreign(Path(options.template), content) if options.template else card}
    if options.html:
        files[Path(options.html)] = render.render_html(content)
    if options.cyclonedx:
        files[Path(options.cyclonedx)] = scorecard.to_json(cyclonedx.bom(content, options.cyclonedx_version))
    if options.boamps:
        runs = [run for run in material.runs if run.stage == "training"]
        if not runs:
            message = "no measured run to write a BoAmps report of"
            raise ConfigError(message)
        files[Path(options.boamps)] = scorecard.to_json(boamps.report(content, runs))
    write(files)
    for path in files:
        print(f"{path}: written", file=sys.stderr)
    for name in kept:
        print(f'{output}: the block "{name}" was edited by hand and is kept', file=sys.stderr)
    for note in material.notes:
        print(f"note: {note[words.language]}", file=sys.stderr)
    return 0


def _info(root: Path, options: argparse.Namespace) -> dict[str, Any]:
    from greenlint.card import info

    path = Path(options.info) if options.info else root / "card.yaml"
    return info.read(path) if options.info or path.is_file() else {"metrics": []}


def _card(
    root: Path, output: Path, info: Mapping[str, Any], material: Material, words: Words
) -> tuple[str, dict[str, Any], list[str]]:
    """Return the card, its content, and the names of blocks that were kept because somebody edited them.

    The card is itself evidence for the score that it prints, so it is written twice: the second time it can be judged.
    """
    from greenlint.card import frontmatter, merging, render
    from greenlint.card.content import content
    from greenlint.card.documents import read_text
    from greenlint.card.evidence import assess
    from greenlint.card.repository import parse_markdown
    from greenlint.card.scorecard import scorecard

    existing = read_text(output) if output.is_file() else ""
    old = parse_markdown(existing, output.as_posix())
    if old.problem:
        from greenlint.errors import ConfigError

        raise ConfigError(old.problem)
    text = existing
    data: dict[str, Any] = {}
    kept: list[str] = []
    info = _with_existing(info, old.metadata, existing)
    own = _own_card(root, output)
    for _ in range(3):
        judged = (
            replace(material, repository=replace(material.repository, card=parse_markdown(text, own)))
            if text
            else material
        )
        assessment = assess(judged)
        score = scorecard(assessment, judged, words.language)
        score["inputs"] = [one for one in score["inputs"] if one["kind"] != "card"]
        data = content(judged, assessment, score, info, words, written=merging.handwritten(old.body))
        body = merging.signed(render.render_markdown(data))
        if old.body.strip():
            body, kept = merging.merge(old.body, body)
        again = frontmatter.dump(frontmatter.build(data, old.metadata)) + body
        if again == text:
            break
        text = again
    return text, data, kept


def _own_card(root: Path, output: Path) -> str:
    from greenlint.card.emissions import relative

    return relative(output, root)


def _with_existing(info: Mapping[str, Any], metadata: Mapping[str, Any], text: str) -> dict[str, Any]:
    """Fill what the YAML does not say from the front matter and title of the card that is there."""
    import re

    told = dict(info)
    for key, name in (
        ("licence", "license"),
        ("task", "pipeline_tag"),
        ("library", "library_name"),
        ("base_model", "base_model"),
    ):
        value = metadata.get(name)
        if key not in told and isinstance(value, str):
            told[key] = value
    title = re.search(r"^# (.+)$", text, re.MULTILINE)
    if "name" not in told and title:
        told["name"] = title[1].strip()
    return told
