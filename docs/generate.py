"""Write what follows from the catalogue: rules/README.md, and the table between the markers of README.md.

usage: python docs/generate.py [--check]

With --check nothing is written; stale files are named and the exit code is 1.
"""

from __future__ import annotations

import argparse
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from greenlint.catalogue import load  # noqa: E402
from greenlint.rule import Life  # noqa: E402

if TYPE_CHECKING:
    from collections.abc import Iterator

    from greenlint.catalogue import Catalogue
    from greenlint.rule import Rule

BEGIN, END = "<!-- rules:begin -->", "<!-- rules:end -->"
PREAMBLE = """\
# The rules

`python docs/generate.py` writes this page from the files beside it; edit those.

Each rule is one file: what is wrong, why it costs, what to write instead, what the rule cannot see,
an example, and where its figures come from. `greenlint rule ECO310` tells the same in the terminal,
`schema.json` is the shape of a file, and [docs/adding-a-rule.md](../docs/adding-a-rule.md) shows how
to add one.

*Fix* says what a correction does: a **safe** one changes no result, an **unsafe** one may. *Life* is
stable (on by default), preview (on with `preview = true`) or retired (never on; its code stays taken).
A finding of severity `info` is shown and does not fail a run.
"""


def main(arguments: list[str] | None = None) -> int:
    """Write the files, or with --check name the stale ones; return the exit code."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 when a file is stale")
    options = parser.parse_args(arguments)
    stale = [path for path, text in pages(ROOT, load(ROOT / "rules")) if _differs(path, text, write=not options.check)]
    for path in stale:
        name = path.relative_to(ROOT).as_posix()
        print(f"{name} is stale: run python docs/generate.py" if options.check else f"wrote {name}")
    return 1 if stale and options.check else 0


def pages(root: Path, catalogue: Catalogue) -> Iterator[tuple[Path, str]]:
    """Yield each generated file with the text that it should hold."""
    yield root / "rules" / "README.md", f"{PREAMBLE}\n{table(catalogue, folder='')}\n"
    readme = root / "README.md"
    if readme.is_file():
        text = readme.read_text(encoding="utf-8")
        yield readme, between_markers(text, table(catalogue, folder="rules/"))


def table(catalogue: Catalogue, folder: str) -> str:
    """Return the Markdown table of all rules, linking into `folder`."""
    rows = [
        "| code | name | what is wrong | severity | fix | life |",
        "|---|---|---|---|---|---|",
        *(_row(rule, folder) for rule in catalogue.rules),
    ]
    return "\n".join(rows)


def between_markers(text: str, content: str) -> str:
    """Return the text with what stands between the markers replaced; without markers it stays as it is."""
    return re.sub(
        f"{re.escape(BEGIN)}.*?{re.escape(END)}",
        lambda _: f"{BEGIN}\n{content}\n{END}",
        text,
        flags=re.DOTALL,
    )


def _row(rule: Rule, folder: str) -> str:
    link = f"[{rule.name}]({folder}{rule.code}-{rule.name}.yaml)"
    fix = "-" if rule.fixable == "none" else rule.fixable
    life = rule.life.value if rule.on_by_default or rule.life is not Life.STABLE else "stable, off by default"
    cells = (rule.code, link, " ".join(rule.summary.split()), rule.severity.value, fix, life)
    return f"| {' | '.join(cells)} |"


def _differs(path: Path, text: str, *, write: bool) -> bool:
    if path.is_file() and path.read_text(encoding="utf-8") == text:
        return False
    if write:
        path.write_text(text, encoding="utf-8")
    return True


if __name__ == "__main__":
    sys.exit(main())
