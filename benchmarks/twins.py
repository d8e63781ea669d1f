"""Break real files by a small edit, and see that exactly the edited rule speaks, there, and not before.

usage: python benchmarks/twins.py CHECKOUTS [--rule ECO303] [-v]

CHECKOUTS holds one folder for each repository, named OWNER+NAME, at the commit that twins.yaml names; what is
missing is skipped and said. A twin is right when the file has no finding of the rule at first, and one at the wanted
line after the edits, while nothing else is found anew. Nothing is written: the edited text is handed to the engine as
an editor would.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import yaml

from greenlint import engine
from greenlint.catalogue import load
from greenlint.config import Configuration, Overrides
from greenlint.finding import TextPlace

if TYPE_CHECKING:
    from collections.abc import Iterator

    from greenlint.finding import Finding

TWINS = Path(__file__).with_name("twins.yaml")


@dataclass(frozen=True)
class Twin:
    """One file, the texts that are replaced in it, and a text of the line where the rule must speak.

    `nth` picks among several such lines, from 1; 0 where there is one. `beside` are rules that become due as well.
    """

    rule: str
    folder: str
    path: str
    edits: tuple[tuple[str, str], ...]
    found: str
    nth: int
    beside: frozenset[str]

    def text(self, before: str) -> str:
        """Return the broken file; raise `ValueError` when an edit does not fit exactly once."""
        for old, new in self.edits:
            if before.count(old) != 1:
                message = f"{old!r} stands {before.count(old)} times in {self.folder}/{self.path}"
                raise ValueError(message)
            before = before.replace(old, new)
        return before


def main(arguments: list[str] | None = None) -> int:
    """Judge every twin and print the table; return 1 when one is wrong."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("checkouts", type=Path)
    parser.add_argument("--rule")
    parser.add_argument("-v", "--verbose", action="store_true", help="name the twins that are right, too")
    options = parser.parse_args(arguments)
    right: Counter[str] = Counter()
    total: Counter[str] = Counter()
    for twin in twins():
        if options.rule and twin.rule != options.rule:
            continue
        root = (options.checkouts / twin.folder).resolve()
        if not (root / twin.path).is_file():
            print(f"skipped: {twin.folder}/{twin.path} is not there")
            continue
        complaint = judge(twin, root)
        total[twin.rule] += 1
        right[twin.rule] += not complaint
        if complaint or options.verbose:
            print(f"{twin.rule} {twin.folder}/{twin.path}: {complaint or 'right'}")
    for rule in sorted(total):
        print(f"{rule}  {right[rule]} of {total[rule]} right")
    return 0 if right == total else 1


def twins() -> Iterator[Twin]:
    """Yield the twins of twins.yaml."""
    for repository, files in yaml.safe_load(TWINS.read_text(encoding="utf-8"))["twins"].items():
        for twin in files:
            yield Twin(
                rule=twin["rule"],
                folder=repository.replace("/", "+"),
                path=twin["path"],
                edits=tuple((old, new) for old, new in twin["edits"]),
                found=twin["found"],
                nth=twin.get("nth", 0),
                beside=frozenset(twin.get("beside", ())),
            )


def judge(twin: Twin, root: Path) -> str:
    """Return what is wrong with the findings of a twin; empty when nothing is."""
    path = root / twin.path
    before = path.read_text(encoding="utf-8", errors="surrogateescape")
    after = twin.text(before)
    lines = [number for number, line in enumerate(after.splitlines(), start=1) if twin.found in line]
    if twin.nth:
        lines = lines[twin.nth - 1 : twin.nth]
    if len(lines) != 1:
        return f"{twin.found!r} stands in {len(lines)} lines of the broken file"
    first, second = findings(root, path, before), findings(root, path, after)
    if old := [line for code, line in first if code == twin.rule]:
        return f"found before the edit, at line {old[0]}"
    new = {code for code, _ in second} - {code for code, _ in first} - {twin.rule} - twin.beside
    if new:
        return f"found beside it: {', '.join(sorted(new))}"
    places = [line for code, line in second if code == twin.rule]
    return "" if places == lines else f"found at {places}, wanted at {lines}"


def findings(root: Path, path: Path, text: str) -> list[tuple[str, int]]:
    """Return code and line of all findings of the stable rules in one file, were it to hold this text."""
    settings = Configuration(load(), Overrides(select=("ALL",))).settings
    content = {path: text.encode("utf-8", "surrogateescape")}
    report = engine.gather(engine.check([path], settings, lambda _: root, content))
    return [(finding.rule.code, line_of(finding)) for finding in report.findings]


def line_of(finding: Finding) -> int:
    """Return the line of a finding in a Python file."""
    return finding.place.line if isinstance(finding.place, TextPlace) else 0


if __name__ == "__main__":
    sys.exit(main())
