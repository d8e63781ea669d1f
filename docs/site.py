"""Build the site of the documentation: the pages of docs/, and one page for each rule of the catalogue.

usage: python docs/site.py [--out FOLDER] [--pages]

The pages are put together under FOLDER (default: build/docs), where Zensical builds FOLDER/site from them; a warning,
such as a link that leads nowhere, fails the build. With --pages they are only put together.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

import yaml

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from greenlint.catalogue import load  # noqa: E402
from greenlint.rule import Life, Severity, Target  # noqa: E402

if TYPE_CHECKING:
    from collections.abc import Iterator

    from greenlint.catalogue import Catalogue
    from greenlint.rule import Option, Rule

FAMILIES = {
    "design": ("Design", "What the architecture of a model wastes."),
    "data": ("Data", "What keeps an accelerator waiting for its data."),
    "training": ("Training", "How long a training runs, in which precision, and whether its energy is measured."),
    "evaluation": ("Evaluation", "What an evaluation computes that nobody asked for."),
    "export": ("Export", "What is put into a file of weights or a graph without need."),
    "operation": ("Operation", "What a service does again for every request."),
    "graph": ("ONNX graphs", "What an exported model holds without need. `greenlint inspect` judges these."),
    "tool": ("greenlint itself", "What is said to greenlint in vain."),
}
FIXES = {
    "safe": "a correction changes no result",
    "unsafe": "a correction may change results",
    "none": "to be corrected by hand",
}
LINK = re.compile(r"(!?)\[([^\]]*)\]\(([^)\s]+)\)")
FENCE = re.compile(r"^(\s*)(```+|~~~+)")


def main(arguments: list[str] | None = None) -> int:
    """Put the pages together and build them; return the exit code of the builder."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--out", type=Path, default=ROOT / "build" / "docs", help="default: build/docs")
    parser.add_argument("--pages", action="store_true", help="put the pages together and build nothing")
    options = parser.parse_args(arguments)
    out = options.out.resolve()
    for name in ("pages", "site"):
        shutil.rmtree(out / name, ignore_errors=True)
    catalogue = load(ROOT / "rules")
    assemble(out, catalogue)
    if options.pages:
        return 0
    done = subprocess.run(
        [sys.executable, "-m", "zensical", "build", "--clean", "--strict", "--config-file", "mkdocs.yml"],
        cwd=out,
        check=False,
    )
    return done.returncode


def assemble(out: Path, catalogue: Catalogue) -> None:
    """Write the pages and their configuration into a folder."""
    pages = out / "pages"
    homes = dict(_homes(catalogue))
    for source, page in homes.items():
        file = pages / page
        file.parent.mkdir(parents=True, exist_ok=True)
        if source.endswith(".yaml"):
            continue
        if not source.endswith(".md"):
            shutil.copyfile(ROOT / source, file)
            continue
        text = (ROOT / source).read_text(encoding="utf-8")
        if source == "README.md":
            told = f"{_counted(catalogue)} [All of them](rules/README.md)."
            text = re.sub(r"<!-- rules:begin -->.*?<!-- rules:end -->", told, text, flags=re.DOTALL)
        if source == "rules/README.md":
            text = index(catalogue)
        file.write_text(relinked(text, source, homes), encoding="utf-8")
    for rule in catalogue.rules:
        (pages / _page(rule)).write_text(f"{chr(10).join(page_of(rule))}\n", encoding="utf-8")
    configuration = yaml.safe_load((ROOT / "docs" / "mkdocs.yml").read_text(encoding="utf-8"))
    configuration["nav"] = list(_navigation(configuration["nav"], [*homes.values()], catalogue))
    (out / "mkdocs.yml").write_text(yaml.safe_dump(configuration, sort_keys=False), encoding="utf-8")


def _homes(catalogue: Catalogue) -> Iterator[tuple[str, str]]:
    """Yield which page a file of the repository becomes, both as paths with forward slashes."""
    yield "README.md", "index.md"
    yield "CHANGELOG.md", "changelog.md"
    yield "examples/release/README.md", "examples/release.md"
    yield "rules/README.md", "rules/index.md"
    for rule in catalogue.rules:
        yield f"rules/{rule.code}-{rule.name}.yaml", _page(rule)
    for file in sorted((ROOT / "docs").rglob("*")):
        if file.suffix in {".md", ".png", ".svg"}:
            name = file.relative_to(ROOT / "docs").as_posix()
            yield f"docs/{name}", name


def _page(rule: Rule) -> str:
    return f"rules/{rule.code}-{rule.name}.md"


def _navigation(nav: list[Any], pages: list[str], catalogue: Catalogue) -> Iterator[Any]:
    """Yield the sections, with the rules by family, the decisions, and under "More" what no section names."""
    named = set(re.findall(r"[\w./-]+\.md", str(nav)))
    for section in nav:
        if not isinstance(section, dict):
            yield section
            continue
        ((title, _),) = section.items()
        if title == "Rules":
            families = [{FAMILIES[family][0]: [*map(_page, rules)]} for family, rules in by_family(catalogue)]
            yield {title: ["rules/index.md", *families]}
        elif title == "Decisions":
            yield {title: [page for page in pages if page.startswith("decisions/")]}
        elif title == "More":
            more = [page for page in pages if page.endswith(".md") and page not in named]
            more = [page for page in more if not page.startswith(("rules/", "decisions/"))]
            if more:
                yield {title: more}
        else:
            yield section


def by_family(catalogue: Catalogue) -> list[tuple[str, list[Rule]]]:
    """Return the families that have rules, in the order of their codes, ours last."""
    families = {family: [rule for rule in catalogue.rules if rule.family == family] for family in FAMILIES}
    return [(family, rules) for family, rules in families.items() if rules]


def relinked(text: str, source: str, homes: dict[str, str]) -> str:
    """Return a page whose links lead to pages; a link to a file that is none of them leaves its words.

    What stands in a block of code stays as it is.
    """
    here = PurePosixPath(homes[source]).parent

    def led(link: re.Match[str]) -> str:
        image, words, target = link.groups()
        path, hash_, anchor = target.partition("#")
        if not path or "://" in path or path.startswith("mailto:"):
            return link[0]
        repository = os.path.normpath(PurePosixPath(source).parent / path).replace(os.sep, "/")
        if repository not in homes:
            return words
        page = os.path.relpath(homes[repository], here).replace(os.sep, "/")
        return f"{image}[{words}]({page}{hash_}{anchor})"

    lines = []
    fence = ""
    for line in text.split("\n"):
        mark = FENCE.match(line)
        if mark and not fence:
            fence = mark[2]
        elif mark and line.strip() == fence:
            fence = ""
        lines.append(line if fence or mark else LINK.sub(led, line))
    return "\n".join(lines)


def index(catalogue: Catalogue) -> str:
    """Return the page of all rules, by family."""
    parts = [
        "# Rules",
        "",
        f"{_counted(catalogue)} In the terminal `greenlint rule ECO310` tells what the page of a rule tells.",
        "",
        "An **error** is a fault, a **warning** is waste that can be helped, an **info** is advice that fails no run.",
        "A **safe** fix changes no result, an **unsafe** one may.",
    ]
    for family, rules in by_family(catalogue):
        title, told = FAMILIES[family]
        parts += ["", f"## {title}", "", told, ""]
        for rule in rules:
            link = f"[{rule.code} {rule.name}]({rule.code}-{rule.name}.yaml)"
            parts.append(f"- {link}: {_line(rule.summary)} *{', '.join(_marks(rule))}*")
    return "\n".join([*parts, ""])


def _marks(rule: Rule) -> Iterator[str]:
    yield rule.severity.value
    if rule.fixable != "none":
        yield f"{rule.fixable} fix"
    if rule.life is not Life.STABLE:
        yield rule.life.value


def _counted(catalogue: Catalogue) -> str:
    code = sum(rule.target is Target.PYTHON for rule in catalogue.rules)
    graph = sum(rule.target is Target.GRAPH for rule in catalogue.rules)
    return f"greenlint has {code} rules for Python code and notebooks and {graph} for ONNX models."


def page_of(rule: Rule) -> Iterator[str]:
    """Yield the lines of the page of one rule."""
    yield f"# {rule.code} {rule.name}"
    yield ""
    yield f"**{_line(rule.summary)}**"
    yield ""
    yield f"- Severity: {rule.severity.value}{', fails no run' if rule.severity is Severity.INFO else ''}"
    yield f"- Confidence: {rule.confidence}"
    yield f"- Judged in: {_JUDGED[rule.target]}"
    yield f"- Fix: {FIXES[rule.fixable]}"
    yield f"- Life: {_life(rule)}"
    yield from _part("What it says", f"> {rule.message}")
    yield from _part("Why it matters", rule.why)
    language = "text" if rule.target is Target.GRAPH else "python"
    yield from ("", "## Example", "", "Instead of", "", f"```{language}", rule.bad.rstrip(), "```")
    yield from ("", "write", "", f"```{language}", rule.good.rstrip(), "```")
    yield from _part("How to mend it", rule.fix)
    yield from _part("What it cannot see", rule.blind_spots)
    if rule.options:
        yield from _part("Options", "In `pyproject.toml`, with their defaults:")
        yield from ("", "```toml", f"[tool.greenlint.rules.{rule.name}]")
        for option in rule.options.values():
            yield f"# {_line(option.description)}"
            yield f"{option.name} = {_toml(option)}"
        yield "```"
    if rule.evidence:
        yield from ("", "## Evidence", "")
        for source in rule.evidence:
            yield f"- {_line(source.figure)} ([source]({source.url}), {source.year})"
    if rule.target is Target.PYTHON:
        yield from _part("To keep the code as it is", "Say why, where it stands:")
        yield from ("", "```python", f"# greenlint: ignore[{rule.name}] the reason", "```")


_JUDGED = {
    Target.PYTHON: "Python files and notebooks, over the whole program: `greenlint check`",
    Target.GRAPH: "ONNX models: `greenlint inspect`",
    Target.TOOL: "comments in Python files and notebooks: `greenlint check`",
}


def _life(rule: Rule) -> str:
    if rule.life is Life.RETIRED:
        return "retired: it does not run any more"
    told = f"{rule.life.value}, since {rule.since}"
    if rule.life is Life.PREVIEW:
        told += "; runs with `preview = true`"
    return told if rule.on_by_default else f"{told}; off unless it is selected by its code or name"


def _part(title: str, text: str) -> Iterator[str]:
    yield from ("", f"## {title}", "", _line(text))


def _line(text: str) -> str:
    """Return words as one line of Markdown; what looks like a tag outside code is none."""
    pieces = re.split(r"(`[^`]*`)", " ".join(text.split()))
    return "".join(piece if piece.startswith("`") else re.sub(r"([<*_|])", r"\\\1", piece) for piece in pieces)


def _toml(option: Option) -> str:
    default = option.default
    if isinstance(default, bool):
        return str(default).lower()
    if isinstance(default, tuple):
        return f"[{', '.join(f'{chr(34)}{word}{chr(34)}' for word in default)}]"
    return f'"{default}"' if isinstance(default, str) else str(default)


if __name__ == "__main__":
    sys.exit(main())
