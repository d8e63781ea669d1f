"""Score greenlint on labelled real code: precision and recall per rule, and every wrong and missed finding.

usage: python benchmarks/precision CORPUS LABELS.json [--rules ECO301,ECO401] [--record]

CORPUS holds one checkout per repository, in folders named OWNER+NAME, at the commits that the labels name.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import defaultdict
from pathlib import Path
from typing import Any

import history
from judging import judge
from scoring import CORE, Mark, Tally, rows


def main() -> int:
    """Judge the labelled files, print the score, and return 2 when it cannot be done."""
    parser = argparse.ArgumentParser(prog="python benchmarks/precision", description=__doc__.splitlines()[0])
    parser.add_argument("corpus", type=Path, metavar="CORPUS", help="folder of checkouts, OWNER+NAME each")
    parser.add_argument("labels", type=Path, metavar="LABELS", help="JSON file of labels, see docs/precision.md")
    parser.add_argument("--rules", default=",".join(CORE), help="codes, with commas between them (default: the core)")
    parser.add_argument("--record", action="store_true", help="append the score to history.jsonl")
    options = parser.parse_args()
    corpus = options.corpus.resolve()
    labels = json.loads(options.labels.read_text(encoding="utf-8"))
    missing = [name for name in labels["files"] if not (corpus / name).is_file()]
    if missing:
        print(f"error: {len(missing)} labelled files are not under {options.corpus}: {missing[0]}", file=sys.stderr)
        return 2
    tally = score(corpus, labels, frozenset(options.rules.split(",")))
    table = tally.table()
    print("\n".join([*rows(table), *tally.remarks]))
    for line in changes(table, history.last("labels")):
        print(line)
    if options.record:
        history.record("labels", table, labels=labels["corpus"], files=len(labels["files"]))
    return 0


def score(corpus: Path, labels: dict[str, Any], rules: frozenset[str]) -> Tally:
    """Judge every labelled file with its project around it, and compare what is found with the labels."""
    found: dict[str, list[Mark]] = defaultdict(list)
    for repository in dict.fromkeys(name.split("/")[0] for name in labels["files"]):
        files = [corpus / name for name in labels["files"] if name.startswith(f"{repository}/")]
        for path, finding in judge(corpus / repository, files):
            mark = Mark(finding.rule.code, finding.place.line, finding.place.cell)
            found[path.relative_to(corpus).as_posix()].append(mark)
    tally = Tally()
    for name, entry in labels["files"].items():
        tally.add(name, entry, found[name], rules)
    return tally


def changes(table: dict[str, tuple[int, int, int]], before: dict[str, dict[str, list[int]]] | None) -> list[str]:
    """Tell which counts differ from those of an earlier record."""
    if before is None:
        return []
    told = []
    for code in sorted({*table, *before["rules"]}):
        old, new = before["rules"].get(code, [0, 0, 0]), table.get(code, (0, 0, 0))
        moved = [
            f"{word} {was} -> {now}"
            for word, was, now in zip(("right", "wrong", "missed"), old, new, strict=True)
            if was != now
        ]
        if moved:
            told.append(f"{code} since {before['commit']}: {', '.join(moved)}")
    return told


if __name__ == "__main__":
    sys.exit(main())
