"""Content in, Markdown or HTML out; a template of the user runs in a sandbox, in a process of its own."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from greenlint import __version__
from greenlint.card.charts import phases
from greenlint.card.documents import read_text
from greenlint.card.language import decimal, in_language
from greenlint.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Mapping

    import jinja2

    from greenlint.card.evidence import Material
    from greenlint.card.words import Words

TEMPLATES = Path(__file__).with_name("templates")
REFUSED = 2
"""Exit code of the sandbox when it says why."""

SECONDS = 20
"""A template that takes longer is stopped."""


def render_markdown(content: Mapping[str, Any]) -> str:
    """Return the body of a model card, with the blocks that greenlint owns between comments."""
    return _tidy(_environment("markdown").get_template("model_card.md.j2").render(content))


def render_html(content: Mapping[str, Any]) -> str:
    """Return the self-contained report."""
    return _squeeze(_environment("html").get_template("report.html.j2").render(content))


def render_score(card: Mapping[str, Any], words: Words, trend: Mapping[str, Any] | None, shape: str) -> str:
    """Return a scorecard alone, as `html` or `markdown`."""
    content: dict[str, Any] = {
        "tool": {"name": "greenlint", "version": __version__},
        "language": words.language,
        "words": words.all(),
        "name": words["score_title"],
        "info": {},
        "footprint": None,
        "models": [],
        "score": card,
        "trend": trend,
        "charts": [phases(card, words)],
        "gaps": [],
        "potential": [],
        "date": "",
    }
    if shape == "html":
        return render_html(content)
    return _tidy(_environment("markdown").get_template("score.md.j2").render(content))


def render_foreign(template: Path, content: Mapping[str, Any]) -> str:
    """Render a user's template; raises `ConfigError` in one line when it is wrong, forbidden, or does not end.

    The sandbox keeps a template from Python's objects; the process of its own keeps a loop or a huge string from us.
    """
    text = read_text(template)
    task = json.dumps({"name": str(template), "template": text, "content": content})
    # The working directory is where this package lies, so that nothing of the project can be imported by its name.
    package = Path(__file__).resolve().parents[2]
    environment = {**os.environ, "PYTHONPATH": str(package), "PYTHONIOENCODING": "utf-8"}
    try:
        done = subprocess.run(
            [sys.executable, "-m", "greenlint.card.sandbox"],
            input=task.encode(),
            cwd=package,
            env=environment,
            capture_output=True,
            timeout=SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        message = f"{template}: did not end within {SECONDS} s"
        raise ConfigError(message) from None
    if done.returncode:
        lines = done.stderr.decode("utf-8", "replace").strip().splitlines()
        message = (
            lines[-1]
            if done.returncode == REFUSED and lines
            else f"{template}: stopped, it runs too long or needs too much memory"
        )
        raise ConfigError(message)
    return done.stdout.decode("utf-8")


def month_of(material: Material) -> str:
    """Month of the evidence: `SOURCE_DATE_EPOCH`, else the last commit, else the last run; empty when there is none."""
    from datetime import datetime, timezone

    epoch = os.environ.get("SOURCE_DATE_EPOCH", "")
    if epoch.isdigit():
        return datetime.fromtimestamp(int(epoch), tz=timezone.utc).strftime("%Y-%m")
    if material.repository.head_date:
        return material.repository.head_date[:7]
    ended = [run.ended.strftime("%Y-%m") for run in material.runs if run.ended]
    return max(ended, default="")


@cache
def _environment(kind: str) -> jinja2.Environment:
    import jinja2

    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES),
        autoescape=kind == "html",  # noqa: S701 - Markdown is escaped by `finalize`
        finalize=_escape_markdown if kind == "markdown" else None,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.ChainableUndefined,
    )
    environment.filters["prose"] = _prose
    environment.filters["code"] = _code
    environment.filters["decimal"] = jinja2.pass_context(_decimal)
    environment.filters["sentence"] = _sentence
    environment.filters["inline"] = _inline
    environment.filters["number"] = jinja2.pass_context(_number)
    return environment


def _escape_markdown(value: Any) -> Any:  # noqa: ANN401 - whatever a template prints
    """Keep words from being HTML, links or table borders; what is Markup already stays."""
    from markupsafe import Markup

    if isinstance(value, Markup) or not isinstance(value, str):
        return value
    return re.sub(
        r"([\[\]|`])", r"\\\1", re.sub(r"[ \t\r\n\f\v]+", " ", value).replace("&", "&amp;").replace("<", "&lt;")
    )


def _prose(value: str) -> Any:  # noqa: ANN401 - Markup
    """Markdown that a person wrote: kept, except that raw HTML and our own comments become text."""
    from markupsafe import Markup

    return Markup(str(value).replace("<", "&lt;").strip())  # noqa: S704 - Markdown, with its HTML disarmed


def _decimal(context: Mapping[str, Any], value: float, sign: str = "") -> str:
    return decimal(value, context["language"], sign)


def _inline(value: str) -> Any:  # noqa: ANN401 - Markup
    """Return prose as HTML: everything escaped, and what stands between backticks as code."""
    from markupsafe import Markup, escape

    return Markup(re.sub(r"`([^`\n]+)`", r"<code>\1</code>", str(escape(value))))  # noqa: S704 - escaped first


def _number(context: Mapping[str, Any], value: float) -> str:
    return in_language(str(value), context["language"])


def _code(value: str) -> Any:  # noqa: ANN401 - Markup
    from markupsafe import Markup

    return Markup(" ".join(str(value).replace("`", "'").replace("|", "/").split()))  # noqa: S704 - inside backticks


def _sentence(value: str) -> str:
    """Return the text with its first letter in upper case, and only that one."""
    return value[:1].upper() + value[1:]


def _tidy(text: str) -> str:
    # A block that is only its heading says nothing.
    text = re.sub(r"<!-- greenlint:[\w-]+ -->\n## [^\n]*\s*<!-- /greenlint -->\n?", "", text)
    return re.sub(r"\n{3,}", "\n\n", text).strip() + "\n"


def _squeeze(text: str) -> str:
    return re.sub(r"\n\s*\n+", "\n", text).strip() + "\n"
