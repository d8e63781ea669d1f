"""Models in, findings and costs out: read, judge by the rules of the graph, count; one bad model costs itself alone."""

from __future__ import annotations

import hashlib
from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from greenlint.detector import detector_of
from greenlint.engine import Judged
from greenlint.errors import ConfigError, GreenlintError, ModelError, did_you_mean
from greenlint.finding import Finding, GraphPlace, Problem, shown
from greenlint.judge import detector_options, enabled_rules
from greenlint.rule import Target

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    from greenlint.config import Settings
    from greenlint.onnx.energy import Estimate
    from greenlint.onnx.graph import Graph, Value
    from greenlint.onnx.timing import Measurement
    from greenlint.onnx.weights import Statistics
    from greenlint.rule import Rule

MOST_TOLD = 5
"""Largest nodes in a summary."""
LEAST_SAVED = 1024
"""Bytes that a summary speaks of."""


@dataclass(frozen=True, slots=True)
class Inspected:
    """One model after its judging: `graph` is None for what could not be read, and once it is no longer needed.

    `symbols` are the names of the sizes that its inputs leave open or that were given.
    """

    judged: Judged
    graph: Graph | None = None
    symbols: frozenset[str] = frozenset()

    def without_graph(self) -> Inspected:
        """Return the same without the graph, which takes memory."""
        return replace(self, graph=None)


@dataclass(frozen=True, slots=True)
class Port:
    """An input or output of a model."""

    name: str
    dtype: str
    shape: tuple[int | str, ...] | None


@dataclass(frozen=True, slots=True)
class HeavyNode:
    """One of the nodes with the most multiply-accumulates; numbers with free sizes at 1."""

    place: str
    operator: str
    macs: int
    traffic: int


@dataclass(frozen=True, slots=True)
class Saving:
    """Something that need not be shipped: bytes or nodes, in words."""

    what: str
    bytes: int = 0
    nodes: int = 0


@dataclass(frozen=True, slots=True)
class Summary:
    """A model in numbers, as plain data.

    `macs`, `traffic` (bytes) and `peak` (bytes of activations) are for one run with the free sizes at 1; the `_text`
    fields say how the first two grow with the free sizes. `exact` is False when they are lower bounds, and `cost_notes`
    say what they take for granted or leave out. `by_dtype` has elements and stored bytes. `weights` are statistics of
    floating-point weights, None where nothing was read. `unmeasured` says why a model that was to be measured was not.
    """

    path: str
    file_bytes: int
    external_bytes: int
    training_bytes: int
    ir_version: int
    opsets: Mapping[str, int]
    producer: str
    inputs: tuple[Port, ...]
    outputs: tuple[Port, ...]
    nodes: int
    functions: int
    operators: Mapping[str, int]
    parameters: int
    by_dtype: Mapping[str, tuple[int, int]]
    weight_bytes: int
    macs: int
    macs_text: str
    traffic: int
    traffic_text: str
    peak: int
    exact: bool
    cost_notes: tuple[str, ...]
    free: tuple[str, ...]
    unknown: Mapping[str, int]
    largest: tuple[HeavyNode, ...]
    energy: Estimate
    weights: Statistics | None
    savings: tuple[Saving, ...]
    measured: Measurement | None
    unmeasured: str
    dims: Mapping[str, int]
    counts: Mapping[str, int]


def inspect(
    path: Path, settings: Settings, *, dims: Mapping[str, int] | None = None, weights: str = "sample"
) -> Inspected:
    """Read and judge one model; whatever goes wrong is a problem of the result, and never an exception.

    Only a missing package raises: it concerns every model. `ModelError` then names the command that installs it.
    """
    from greenlint.onnx.load import load

    judged = Judged(path, settings)
    try:
        graph = load(path, dims=dims, weights=weights)
        findings, problems = _judge(graph, path, settings)
    except ModelError as error:
        return Inspected(replace(judged, unreadable=True, problems=(Problem(shown(path), str(error)),)))
    except (RecursionError, MemoryError, OSError) as error:
        told = f"cannot be read: {type(error).__name__}: {' '.join(str(error).split())[:120]}"
        return Inspected(replace(judged, unreadable=True, problems=(Problem(shown(path), told),)))
    judged = replace(
        judged, relevant=True, findings=tuple(findings), problems=tuple(problems), notes=_notes(graph, path)
    )
    return Inspected(judged, graph, frozenset(graph.symbols))


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
            findings += list(_found(rule, graph, path, detector_options(rule, settings)))
        except GreenlintError:
            raise
        except Exception as error:  # noqa: BLE001 - one detector must not take the others down
            told = f"greenlint itself failed in {rule.code} {rule.name}: {type(error).__name__}: {str(error)[:200]}"
            problems.append(Problem(shown(path), told))
    return findings, problems


def _found(rule: Rule, graph: Graph, path: Path, options: dict[str, Any]) -> Iterator[Finding]:
    """Yield findings; a fingerprint is of the rule and the node, so that it stays when other nodes come and go."""
    where = shown(path)
    seen: Counter[str] = Counter()
    for flag in detector_of(rule)(graph, **options):
        node = _printable(flag.at.place)
        seen[node] += 1
        digest = hashlib.sha256(f"{rule.code}\n{node}\n{seen[node]}".encode("utf-8", "replace")).hexdigest()
        yield Finding(
            rule=rule,
            severity=flag.severity or rule.severity,
            place=GraphPlace(where, node),
            message=_printable(rule.message.format_map({k: _short(v) for k, v in flag.values.items()})),
            fingerprint=digest[:32],
            values=flag.values,
        )


def shortened(name: str, most: int = 60) -> str:
    """Return a name that is not too long to read, cut in the middle: exporters join the names of what they merge."""
    if len(name) <= most:
        return name
    half = (most - 3) // 2
    return f"{name[: most - 3 - half]}...{name[-half:]}"


def _short(value: object) -> object:
    """Shorten what a message quotes from a file; its own words stay."""
    if not isinstance(value, str) or len(value) <= 80:  # noqa: PLR2004 - a line of a terminal
        return value
    return " ".join(shortened(word) for word in value.split(" "))


def _printable(text: str) -> str:
    """Names come from the file: no control characters reach the terminal, and no line is longer than can be read."""
    if not text.isprintable():
        text = "".join(char if char.isprintable() else "?" for char in text)
    return text if len(text) <= 300 else f"{text[:297]}..."  # noqa: PLR2004 - four lines of a terminal


def summarise(one: Inspected, *, device: str = "server-cpu", measure: bool = False) -> Summary:
    """Count what a model costs; with `measure` also run it.

    Raises `ConfigError` for an unknown class of device and `ModelError` when ONNX Runtime is missing.
    """
    from greenlint.onnx import cost, energy
    from greenlint.onnx.weights import statistics

    graph = one.graph
    if graph is None:
        message = "cannot be summed up: it was not read"
        raise ModelError(message)
    if device not in energy.DEVICES:
        known = f" (there are: {', '.join(energy.DEVICES)})"
        message = f'--device: no class of device is called "{device}"{did_you_mean(device, energy.DEVICES) or known}'
        raise ConfigError(message)
    costs = cost.measure(graph)
    measured, unmeasured = _measured(graph) if measure else (None, "")
    macs, traffic = costs.macs.at({}), costs.traffic.at({})
    counted = list(statistics(graph).values())
    whole = counted[0] if counted else None
    for more in counted[1:]:
        whole = whole.plus(more) if whole else more
    return Summary(
        path=shown(one.judged.path),
        file_bytes=graph.sizes["file"],
        external_bytes=graph.sizes["external"],
        training_bytes=graph.sizes["training"],
        ir_version=graph.ir_version,
        opsets=dict(graph.opsets),
        producer=_printable(graph.producer),
        inputs=tuple(_port(value) for value in graph.main.inputs if not value.is_overridable),
        outputs=tuple(_port(value) for value in graph.main.outputs),
        nodes=sum(costs.operators.values()),
        functions=len(graph.functions),
        operators=costs.operators,
        parameters=costs.parameters,
        by_dtype=costs.by_dtype,
        weight_bytes=costs.weight_bytes,
        macs=macs,
        macs_text=costs.macs.text(),
        traffic=traffic,
        traffic_text=costs.traffic.text("B"),
        peak=costs.peak,
        exact=costs.exact,
        cost_notes=costs.notes,
        free=costs.free,
        unknown=costs.unknown,
        largest=tuple(
            HeavyNode(_printable(heavy.place), heavy.operator, heavy.weight, heavy.traffic.at({}))
            for heavy in costs.largest[:MOST_TOLD]
        ),
        energy=energy.estimate(macs, traffic, energy.DEVICES[device]),
        weights=whole,
        savings=tuple(_savings(graph, one.judged.findings)),
        measured=measured,
        unmeasured=unmeasured,
        dims=dict(graph.dims),
        counts=dict(Counter(finding.rule.code for finding in one.judged.findings)),
    )


def _measured(graph: Graph) -> tuple[Measurement | None, str]:
    """Run a model; one that does not run is told about all the same."""
    from greenlint.onnx import timing

    timing.require()
    try:
        return timing.measure(graph), ""
    except ModelError as error:
        return None, str(error)


def _port(value: Value) -> Port:
    shape = None if value.shape is None else tuple("?" if dim is None else dim for dim in value.shape)
    return Port(_printable(value.name), value.dtype.name if value.dtype else "unknown", shape)


def _savings(graph: Graph, findings: Iterable[Finding]) -> Iterator[Saving]:
    """Add up what findings of one kind could save; the kinds overlap, so that they are not added to one another."""
    from greenlint.onnx.patterns import live_nodes
    from greenlint.onnx.weights import duplicates, half_precision

    codes = Counter(finding.rule.code for finding in findings)
    if graph.training:
        yield Saving("of training graphs", graph.sizes["training"])
    unused = [v.tensor.stored for v in graph.initializers if v.tensor and not v.consumers and not v.is_graph_output]
    if sum(unused) >= LEAST_SAVED:
        yield Saving("of stored tensors that nobody reads", sum(unused))
    copies = duplicates(graph) if codes["ECO715"] else ()
    wasted = (sum(value.stored.stored for value in same[1:] if value.stored is not None) for same in copies)
    again = sum(size for size in wasted if size >= LEAST_SAVED)
    if again >= LEAST_SAVED:
        yield Saving("of copies of stored tensors", again)
    idle = 0
    if codes["ECO710"]:
        live = graph.once(live_nodes)
        idle = sum(1 for node in graph.nodes if node not in live)
    gone = idle + sum(codes[code] for code in ("ECO704", "ECO712", "ECO713", "ECO716"))
    if gone:
        yield Saving("of no-ops, repeats and dead ends", nodes=gone)
    full = sum(tensor.stored for _, tensor in graph.stored if tensor.dtype.name == "float32")
    if full and codes["ECO730"] and half_precision(graph).fits:
        yield Saving("by FP16 weights (measure the accuracy)", full // 2)
