"""Compare greenlint's findings with what ONNX Runtime, onnxslim and onnxsim change: recall and precision per code.

    python benchmarks/oracle/oracle.py FOLDER_OR_MODEL ... [--verbose] [--memory FOLDER]

Recall: a case is a model and a code. It is a positive when a transformer of that code fired (in the second table: when
ONNX Runtime and onnxslim both did something of that code), and found when greenlint has a finding of that code.
Precision: a case is a finding that says who removes its node. It is right when the node is gone from the model that
ONNX Runtime has optimized (in the second table, of all findings: from the model of at least one of the three).
"""

from __future__ import annotations

import argparse
import collections
import dataclasses
import re
import sys
from pathlib import Path

import yaml
from optimisers import Changes, changes, equal_tensors

from greenlint import catalogue
from greenlint.detector import detector_of
from greenlint.errors import ModelError
from greenlint.onnx.graph import Node
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


_NODES = {"ECO704", "ECO710", "ECO712", "ECO713", "ECO714", "ECO716", "ECO720", "ECO721", "ECO722", "ECO723"}
"""Codes whose findings name a node that goes; the others name tensors, and are judged by model."""


@dataclasses.dataclass(frozen=True)
class Claim:
    """A finding: its code, the nodes of which one goes, and who removes it (empty where nobody is said to)."""

    code: str
    nodes: tuple[tuple[str, tuple[str, ...]], ...]
    who: str


@dataclasses.dataclass
class Score:
    """Counts for one code."""

    hit: int = 0
    missed: int = 0
    right: int = 0
    wrong: int = 0

    def row(self, code: str) -> str:
        """Return a line of the table."""
        return (
            f"| {code} | {self.hit + self.missed} | {_share(self.hit, self.missed)} "
            f"| {self.right + self.wrong} | {_share(self.right, self.wrong)} |"
        )


def claims(path: Path) -> list[Claim]:
    """Judge a model by every rule of the graph."""
    graph = load(path)
    places = {node.place: node for node in graph.nodes}
    found = []
    for rule in catalogue.load().for_target(Target.GRAPH):
        options = {name.replace("-", "_"): option.default for name, option in rule.options.items()}
        for flag in detector_of(rule)(graph, **options):
            match = re.search(r"at each load \(([^)]+)\)", str(flag.values.get("who", "")))
            # Of two equal nodes, or two conversions, it does not matter which one stays.
            twin = places.get(str(flag.values.get("first"))) if rule.code in ("ECO713", "ECO716") else None
            nodes = [node for node in (flag.at, twin) if isinstance(node, Node)]
            named = tuple((n.op.rpartition(".")[2], tuple(v.name for v in n.outputs if v)) for n in nodes)
            found.append(Claim(rule.code, named, match[1] if match else _OTHERS.get(rule.code, "")))
    return found


def fired(path: Path, tool: str, answer: Changes) -> dict[str, set[str]]:
    """Return what a tool did, by code; what is in no row of the table stands under the empty code."""
    names = set(answer.fired)
    if tool == "ONNX Runtime":
        names |= {word for word, count in (("unused initializer", answer.unused), ("dead node", answer.dead)) if count}
        if not answer.cast_pairs:
            names.discard("RemoveDuplicateCastTransformer")  # it removed casts that ONNX Runtime had put in itself
        if equal_tensors(path):
            names.add("same bytes")
    codes: dict[str, set[str]] = collections.defaultdict(set)
    for name in names:
        codes[TABLE.get(name, {"code": ""})["code"]].add(name)
    return codes


def models(paths: list[Path]) -> list[Path]:
    """Every .onnx file of the paths."""
    return sorted({file for path in paths for file in ([path] if path.is_file() else path.rglob("*.onnx"))})


def main() -> int:
    """Print one line per code, and with --verbose one per disagreement."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("paths", nargs="+", type=Path)
    parser.add_argument("--verbose", action="store_true")
    parser.add_argument("--memory", type=Path, help="folder where the answers of the optimisers are kept")
    arguments = parser.parse_args()
    runtime = {code: Score() for code in JUDGED}
    together = {code: Score() for code in JUDGED}
    unknown: collections.Counter[str] = collections.Counter()
    judged = collections.Counter[str]()
    for path in models(arguments.paths):
        try:
            found = claims(path)
        except ModelError as error:
            print(f"{path}: {error}", file=sys.stderr)
            continue
        answers = changes(path, arguments.memory)
        judged.update(name for name, answer in answers.items() if not answer.error)
        if answers["ONNX Runtime"].error:
            continue
        did = {name: fired(path, name, answer) for name, answer in answers.items() if not answer.error}
        for names in did.values():
            unknown.update(names.pop("", ()))
        codes = {claim.code for claim in found}
        wanted = did["ONNX Runtime"]
        if any(claim.code == "ECO710" and claim.nodes[0][0] == "Constant" for claim in found):
            wanted["ECO711"].discard("unused initializer")
        for code in JUDGED:
            tell = f"{code} {path.parent.name}/{path.name}" if arguments.verbose else ""
            if wanted[code]:
                _note(runtime[code], code in codes, f"missed {tell}: {', '.join(wanted[code])}" if tell else "")
            if wanted[code] and did.get("onnxslim", {}).get(code):
                _note(together[code], code in codes, "")
            mine = [claim for claim in found if claim.code == code]
            if code not in _NODES:
                if any(claim.who for claim in mine):
                    _judge(runtime[code], bool(wanted[code]), f"wrong  {tell}" if tell else "")
                continue
            for claim in mine:
                gone = [name for name in did if not all(answers[name].has(*node) for node in claim.nodes)]
                where = f"{tell}: {claim.nodes[0]} {claim.who}" if tell else ""
                if claim.who and claim.who not in _OTHERS.values():
                    _judge(runtime[code], "ONNX Runtime" in gone, f"wrong  {where}" if tell else "")
                elif claim.who:
                    _judge(runtime[code], bool(wanted[code]), f"wrong  {where}" if tell else "")
                if claim.who or code != "ECO722":
                    _judge(together[code], bool(gone), f"kept   {where} by all" if tell else "")
    print(", ".join(f"{count} models by {name}" for name, count in judged.items()))
    if unknown:
        print("not in the table:", dict(unknown))
    for title, scores in (("ONNX Runtime", runtime), ("ONNX Runtime, onnxslim and onnxsim", together)):
        print(f"\n{title}\n\n| code | changed models | recall | findings | precision |\n|---|---|---|---|---|")
        print(*(score.row(code) for code, score in scores.items()), sep="\n")
        whole = [sum(getattr(score, name) for score in scores.values()) for name in ("hit", "missed", "right", "wrong")]
        print(Score(*whole).row("all"))
    return 0


def _note(score: Score, hit: bool, told: str) -> None:  # noqa: FBT001 - counts one case
    score.hit += hit
    score.missed += not hit
    if told and not hit:
        print(told)


def _judge(score: Score, right: bool, told: str) -> None:  # noqa: FBT001 - counts one case
    score.right += right
    score.wrong += not right
    if told and not right:
        print(told)


def _share(good: int, bad: int) -> str:
    return f"{good / (good + bad):.3f}" if good + bad else "-"


if __name__ == "__main__":
    raise SystemExit(main())
