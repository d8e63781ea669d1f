"""Compare greenlint's findings with what ONNX Runtime changes: recall and precision per code.

    python benchmarks/oracle/oracle.py FOLDER_OR_MODEL ... [--verbose]

A case is a model and a code. It is a positive when a transformer of that code fired; it is found when greenlint has a
finding of that code. A finding that names a transformer is right when that transformer fired on that model. Findings
that say "no runtime removes it" are outside: nobody but a human can judge them.
"""

from __future__ import annotations

import argparse
import collections
import re
import sys
from pathlib import Path

import yaml
from optimisers import equal_tensors, onnx_runtime

from greenlint import catalogue
from greenlint.detector import detector_of
from greenlint.errors import ModelError
from greenlint.onnx.load import load
from greenlint.rule import Target

HERE = Path(__file__).parent
TABLE = yaml.safe_load((HERE / "transformers.yaml").read_text())
_OTHERS = {"ECO710": "dead node", "ECO715": "same bytes"}
JUDGED = (
    "ECO704",
    "ECO710",
    "ECO711",
    "ECO712",
    "ECO713",
    "ECO714",
    "ECO715",
    "ECO716",
    "ECO720",
    "ECO721",
    "ECO722",
    "ECO723",
)


def found(path: Path) -> tuple[set[str], dict[str, set[str]]]:
    """Codes found in a model, and for each the transformers that its findings name."""
    graph = load(path)
    codes: set[str] = set()
    named: dict[str, set[str]] = collections.defaultdict(set)
    for rule in catalogue.load().for_target(Target.GRAPH):
        options = {name.replace("-", "_"): option.default for name, option in rule.options.items()}
        for flag in detector_of(rule)(graph, **options):
            codes.add(rule.code)
            match = re.search(r"at each load \(([^)]+)\)", str(flag.values.get("who", "")))
            if match:
                named[rule.code].add(match[1])
            elif rule.code in _OTHERS:
                named[rule.code].add(_OTHERS[rule.code])
    return codes, named


def models(paths: list[Path]) -> list[Path]:
    """Every .onnx file of the paths."""
    return sorted({file for path in paths for file in ([path] if path.is_file() else path.rglob("*.onnx"))})


def main() -> int:
    """Print one line per code, and with --verbose one per disagreement."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("paths", nargs="+", type=Path)
    parser.add_argument("--verbose", action="store_true")
    arguments = parser.parse_args()
    hit, missed, right, wrong = (collections.Counter[str]() for _ in range(4))
    unknown: collections.Counter[str] = collections.Counter()
    judged = refused = 0
    for path in models(arguments.paths):
        try:
            codes, named = found(path)
        except ModelError as error:
            print(f"{path}: {error}", file=sys.stderr)
            continue
        changes = onnx_runtime(path)
        if changes.error:
            refused += 1
            continue
        judged += 1
        fired = (
            changes.fired
            | ({"unused initializer"} if changes.unused else set())
            | ({"dead node"} if changes.dead else set())
        )
        if not changes.cast_pairs:
            fired.discard("RemoveDuplicateCastTransformer")  # it removed casts that ONNX Runtime had put in itself
        if equal_tensors(path):
            fired.add("same bytes")
        for name in fired - TABLE.keys():
            unknown[name] += 1
        wanted = collections.defaultdict(set)
        for name in fired & TABLE.keys():
            wanted[TABLE[name]["code"]].add(name)
        if "unused initializer" in named["ECO710"]:
            wanted["ECO711"].discard("unused initializer")
        for code in JUDGED:
            if wanted[code]:
                (hit if code in codes else missed)[code] += 1
                if code not in codes and arguments.verbose:
                    print(f"missed {code} {path.name}: {', '.join(sorted(wanted[code]))}")
            for name in named[code]:
                good = name in fired
                (right if good else wrong)[code] += 1
                if not good and arguments.verbose:
                    print(f"wrong  {code} {path.name}: {name}")
    print(f"{judged} models judged, {refused} refused by ONNX Runtime")
    if unknown:
        print("not in the table:", dict(unknown))
    rows = [
        (
            code,
            hit[code] + missed[code],
            _share(hit[code], missed[code]),
            right[code] + wrong[code],
            _share(right[code], wrong[code]),
        )
        for code in JUDGED
    ]
    print("| code | fired on | recall | named by greenlint on | precision |\n|---|---|---|---|---|")
    for code, positives, recall, claims, precision in rows:
        print(f"| {code} | {positives} | {recall} | {claims} | {precision} |")
    total = [sum(counter.values()) for counter in (hit, missed, right, wrong)]
    print(f"| all | {total[0] + total[1]} | {_share(*total[:2])} | {total[2] + total[3]} | {_share(*total[2:])} |")
    return 0


def _share(good: int, bad: int) -> str:
    return f"{good / (good + bad):.3f}" if good + bad else "-"


if __name__ == "__main__":
    raise SystemExit(main())
