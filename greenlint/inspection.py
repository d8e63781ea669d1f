"""Models in, findings and costs out: read, judge by the rules of the graph, count; one bad model costs itself alone."""

from __future__ import annotations

import gc
import hashlib
from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from greenlint.engine import Judged, detector_options, enabled_rules
from greenlint.detector import detector_of
from greenlint.errors import GreenlintError, ModelError
from greenlint.finding import Finding, GraphPlace, Problem, shown
from greenlint.rule import Target

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    from greenlint.config import Settings
    from greenlint.onnx.graph import Graph
    from greenlint.rule import Rule


@dataclass(frozen=True, slots=True)
class Inspected:
    """One model after its judging: `graph` is None for what could not be read."""

    judged: Judged
    graph: Graph | None = None


def inspect(path: Path, settings: Settings, *, dims: Mapping[str, int] | None = None, weights: str = "sample") -> Inspected:
    """Read and judge one model; whatever goes wrong is a problem of the result, and never an exception.

    Only a missing package raises: it concerns every model. `ModelError` then names the command that installs it.
    """
    from greenlint.onnx.load import load

    judged = Judged(path, settings)
    was_on = gc.isenabled()
    # A graph is one large cycle that lives until the end; the collector would walk it again and again.
    gc.disable()
    try:
        graph = load(path, dims=dims, weights=weights)
        findings, problems = _judge(graph, path, settings)
    except ModelError as error:
        return Inspected(replace(judged, unreadable=True, problems=(Problem(shown(path), str(error)),)))
    except (RecursionError, MemoryError, OSError) as error:
        told = f"cannot be read: {type(error).__name__}: {' '.join(str(error).split())[:120]}"
        return Inspected(replace(judged, unreadable=True, problems=(Problem(shown(path), told),)))
    finally:
        if was_on:
            gc.enable()
    return Inspected(
        replace(judged, relevant=True, findings=tuple(findings), problems=tuple(problems), notes=_notes(graph, path)), graph
    )


def _notes(graph: Graph, path: Path) -> tuple[str, ...]:
    return tuple(f"{shown(path)}: {note}" for note in dict.fromkeys(graph.notes))


def _judge(graph: Graph, path: Path, settings: Settings) -> tuple[list[Finding], list[Problem]]:
    """Run the detectors of graphs; one that fails costs its own findings and is named."""
    findings: list[Finding] = []
    problems: list[Problem] = []
    ignored = settings.ignored_in(path)
    for rule in enabled_rules(settings, Target.GRAPH):
        if rule.code in ignored:
            continue
        try:
            findings += _found(rule, graph, path, detector_options(rule, settings))
        except GreenlintError:
            raise
        except Exception as error:  # noqa: BLE001 - one detector must not take the others down
            told = f"greenlint itself failed in {rule.code} {rule.name}: {type(error).__name__}: {str(error)[:200]}"
            problems.append(Problem(shown(path), told))
    return list(_fingerprinted(findings)), problems


def _found(rule: Rule, graph: Graph, path: Path, options: dict[str, Any]) -> Iterator[Finding]:
    for flag in detector_of(rule)(graph, **options):
        yield Finding(
            rule=rule,
            severity=flag.severity or rule.severity,
            place=GraphPlace(shown(path), _printable(flag.at.place)),
            message=_printable(rule.message.format(**flag.values)),
            values=dict(flag.values),
        )


def _printable(text: str) -> str:
    """Names come from the file: no control characters reach the terminal, and no line is longer than can be read."""
    text = "".join(char if char.isprintable() else "?" for char in text)
    return text if len(text) <= 300 else f"{text[:297]}..."  # noqa: PLR2004 - four lines of a terminal


def _fingerprinted(findings: Iterable[Finding]) -> Iterator[Finding]:
    """Identify a finding by its rule and node, so that it stays the same when other nodes come and go."""
    seen: Counter[str] = Counter()
    for finding in findings:
        place = finding.place
        identity = f"{finding.rule.code}\n{place.node if isinstance(place, GraphPlace) else ''}"
        seen[identity] += 1
        digest = hashlib.sha256(f"{identity}\n{seen[identity]}".encode("utf-8", "replace")).hexdigest()
        yield replace(finding, fingerprint=digest[:32])
