"""A card made of what is known and what stands there already: judged with itself in place until nothing changes."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from greenlint.card import frontmatter, merging, render
from greenlint.card.content import content
from greenlint.card.evidence import assess
from greenlint.card.repository import parse_markdown
from greenlint.card.scorecard import scorecard
from greenlint.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from greenlint.card.evidence import Material
    from greenlint.card.words import Words

MOST_ROUNDS = 3
"""A card changes its own score, which changes the card; the second round settles that."""

_FROM_METADATA = {
    "licence": "license",
    "task": "pipeline_tag",
    "library": "library_name",
    "base_model": "base_model",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Composed:
    """A card, its content as plain data, and the names of blocks that were kept because somebody edited them."""

    text: str = ""
    content: Mapping[str, Any] = field(default_factory=dict)
    kept: tuple[str, ...] = ()


def compose(material: Material, info: Mapping[str, Any], words: Words, *, existing: str, path: str) -> Composed:
    """Make the card of a release over an existing one; `path` is where it lies below the project.

    Raises `ConfigError` for an existing card whose front matter cannot be read.
    """
    old = parse_markdown(existing, path)
    if old.problem:
        raise ConfigError(old.problem)
    info = _completed(info, old.metadata, existing)
    composed = Composed(existing)
    for _ in range(MOST_ROUNDS):
        judged = _with_card(material, composed.text, path)
        assessment = assess(judged)
        score = scorecard(assessment, judged, words.language)
        score["inputs"] = [one for one in score["inputs"] if one["kind"] != "card"]
        data = content(judged, assessment, score, info, words, written=merging.handwritten(old.body))
        rendered = render.render_markdown(data)
        body, kept = merging.merge(old.body, rendered)
        kept = [*_kept_head(rendered, old.body), *kept]
        again = Composed(frontmatter.dump(frontmatter.build(data, old.metadata)) + body, data, tuple(kept))
        if again.text == composed.text:
            return again
        composed = again
    return composed


def _kept_head(rendered: str, body: str) -> list[str]:
    """Name the title and the summary where the card has others than the description: they stand outside of blocks."""
    if not body.strip():
        return []
    title, _, summary = rendered.partition("<!-- greenlint:")[0].strip().partition("\n")
    there = " ".join(body.split())
    parts = {"title": title.strip(), "summary": " ".join(summary.split())}
    return [name for name, told in parts.items() if told and told not in there]


def _title(body: str) -> str:
    found = re.search(r"^# (.+)$", body, re.MULTILINE)
    return found[1].strip() if found else ""


def _with_card(material: Material, text: str, path: str) -> Material:
    if not text:
        return material
    return replace(material, repository=replace(material.repository, card=parse_markdown(text, path)))


def _completed(info: Mapping[str, Any], metadata: Mapping[str, Any], existing: str) -> dict[str, Any]:
    """Fill what the description does not say from the front matter and title of the card that is there."""
    told = {key: metadata[name] for key, name in _FROM_METADATA.items() if isinstance(metadata.get(name), str)}
    if title := _title(existing):
        told["name"] = title
    return {**told, **info}
