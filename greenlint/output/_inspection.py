"""Inspected models: a summary for people, a document (schema "greenlint-inspection/1") for programs, a comparison."""

from __future__ import annotations

import json
import textwrap
from collections import Counter
from typing import TYPE_CHECKING, Any

from greenlint.finding import GraphPlace
from greenlint.inspection import shortened
from greenlint.onnx.energy import METHOD
from greenlint.onnx.units import bytes_text, count_text, plural
from greenlint.output import json as findings_json
from greenlint.output.text import Paint, statistics, summary
from greenlint.rule import Severity

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from greenlint.finding import Finding, Report
    from greenlint.inspection import Port, Summary
    from greenlint.output import Look

MOST_PLACES = 3
_MARGIN = 11


def text(report: Report, summaries: list[Summary], look: Look) -> Iterator[str]:
    """Yield for each model its numbers, then its findings by rule, then one line that counts all."""
    if look.statistics:
        yield from statistics(report, look)
    else:
        yield from _models(report, summaries, look)
    if not look.quiet and (report.checked or not report.problems):
        yield summary(report)


def _models(report: Report, summaries: list[Summary], look: Look) -> Iterator[str]:
    by_path: dict[str, list[Finding]] = {}
    for finding in report.open:
        by_path.setdefault(finding.place.path, []).append(finding)
    for model in summaries:
        found = by_path.pop(model.path, [])
        if not look.quiet:
            yield from _summary(model, look)
        elif found:
            yield Paint(look).bold(model.path)
        if found:
            yield from _findings(found, look)
            yield ""
    if summaries and not look.quiet:
        if len(summaries) > 1:
            yield from _overview(summaries, look)
        yield from textwrap.wrap(f"The energy is an estimate and no measurement: {METHOD}.", look.width)


def _overview(summaries: list[Summary], look: Look) -> Iterator[str]:
    """Yield one line for each model, to find the one that matters."""
    width = max(look.width - 42, 20)
    yield Paint(look).bold(f"{'model'.ljust(width)} {'nodes':>8} {'size':>9} {'MACs':>10} {'findings':>11}")
    for model in summaries:
        size = bytes_text(model.file_bytes + model.external_bytes)
        count = sum(model.counts.values())
        macs = f"{'' if model.exact else '>'}{count_text(model.macs)}"
        yield f"{shortened(model.path, width).ljust(width)} {model.nodes:>8} {size:>9} {macs:>10} {count:>11}"
    yield ""


def _summary(model: Summary, look: Look) -> Iterator[str]:
    paint = Paint(look)
    opset = ", ".join(f"{domain or 'opset'} {version}" for domain, version in model.opsets.items())
    size = bytes_text(model.file_bytes)
    if model.external_bytes:
        size += f" and {bytes_text(model.external_bytes)} beside it"
    told = ", ".join(word for word in (size, f"IR {model.ir_version}", opset, model.producer) if word)
    yield paint.bold(model.path)
    yield from _row("file", told, look)
    for word, ports in (("input", model.inputs), ("output", model.outputs)):
        for number, port in enumerate(ports[:4]):
            yield from _row(word if number == 0 else "", _port(port), look)
        if len(ports) > 4:  # noqa: PLR2004 - enough to recognise the model
            yield from _row("", f"and {len(ports) - 4} more", look)
    common = ", ".join(f"{op} {count}" for op, count in list(model.operators.items())[:6])
    more = f" in {plural(model.functions, 'local function')} too" if model.functions else ""
    yield from _row("nodes", f"{model.nodes}{more}: {common}", look)
    types = ", ".join(f"{name} {bytes_text(size)}" for name, (_, size) in list(model.by_dtype.items())[:4])
    yield from _row(
        "weights", f"{count_text(model.parameters)} parameters, {bytes_text(model.weight_bytes)} ({types})", look
    )
    if model.weights is not None and model.weights.count:
        seen = "" if model.weights.exact else " (a sample)"
        tiny = f"{model.weights.tiny / model.weights.count:.1%} below 6e-5"
        zeros = f"{model.weights.zeros / model.weights.count:.1%} zero"
        yield from _row("", f"largest {model.weights.largest:.3g}, {zeros}, {tiny}{seen}", look)
    yield from _costs(model, look)
    for saving in model.savings:
        amount = bytes_text(saving.bytes) if saving.bytes else plural(saving.nodes, "node")
        yield from _row("could go" if saving is model.savings[0] else "", f"{amount} {saving.what}", look)
    yield ""


def _costs(model: Summary, look: Look) -> Iterator[str]:
    least = "" if model.exact else "at least "
    moved, held = bytes_text(model.traffic), bytes_text(model.peak)
    run = f"{least}{count_text(model.macs)} MACs, {moved} moved, {held} of activations"
    yield from _row("one run", run, look)
    given = ", ".join(f"{name}={size}" for name, size in model.dims.items())
    if given:
        yield from _row("", f"with {given}", look)
    if model.free:
        asked = " ".join(f"--dim {shortened(name, 40)}=..." for name in model.free[:3])
        yield from _row("", f"with the free sizes at 1; {asked} says more", look)
        if model.exact:
            yield from _row("", f"MACs {shortened(model.macs_text, 200)}", look)
    if model.unknown:
        unknown = ", ".join(f"{op} {count}" for op, count in list(model.unknown.items())[:3])
        yield from _row("", f"{plural(sum(model.unknown.values()), 'node')} of unknown cost: {unknown}", look)
    for note in model.cost_notes:
        yield from _row("", note, look)
    for number, heavy in enumerate(model.largest[:3]):
        share = heavy.macs / model.macs if model.macs else 0
        yield from _row(
            "largest" if number == 0 else "", f"{share:4.0%}  {heavy.operator} {shortened(heavy.place)}", look
        )
    energy = model.energy
    device = f"{energy.device.name} ({energy.device.stands_for})"
    kwh = f"{_energy(energy.kwh)} ({_energy(energy.lowest)} to {_energy(energy.highest)}) for {energy.runs} runs"
    yield from _row("energy", f"{least}{kwh} on {device}, estimated", look)
    if model.unmeasured:
        yield from _row("measured", f"not: it {model.unmeasured}", look)
    if model.measured is not None:
        timed = model.measured
        joules = "no energy counter here"
        if timed.joules is not None:
            joules = f"{timed.joules:.3g} J a run (processor package)"
        times = f"{timed.median:.3g} ms a run, 95 % under {timed.slowest_twentieth:.3g} ms"
        told = f"{times}, {joules}; {timed.runtime}, CPU"
        yield from _row("measured", told, look)
        yield from _row("", timed.sizes, look)


def _energy(kwh: float) -> str:
    """Convert for the eye: kWh, Wh, mWh or µWh."""
    for factor, unit in ((1, "kWh"), (1e3, "Wh"), (1e6, "mWh")):
        if kwh * factor >= 0.1:  # noqa: PLR2004 - one digit after the point
            return f"{kwh * factor:.2g} {unit}"
    return f"{kwh * 1e9:.2g} µWh" if kwh else "0"


def _port(port: Port) -> str:
    shape = "" if port.shape is None else f"[{', '.join(shortened(str(size), 40) for size in port.shape)}]"
    return f"{shortened(port.name)} {port.dtype}{shape}"


def _row(word: str, told: str, look: Look) -> Iterator[str]:
    lead = f"  {word.ljust(_MARGIN - 2)}"
    lines = textwrap.wrap(told, max(look.width - _MARGIN, 20), break_on_hyphens=False) or [""]
    for number, line in enumerate(lines):
        yield (Paint(look).dim(lead) if number == 0 else " " * _MARGIN) + line


def _findings(found: list[Finding], look: Look) -> Iterator[str]:
    """Yield the findings of one model by rule and level, the gravest first, with a few places each."""
    groups: dict[tuple[int, str], list[Finding]] = {}
    for finding in found:
        groups.setdefault((-finding.severity.rank, finding.rule.code), []).append(finding)
    paint = Paint(look)
    for _, group in sorted(groups.items(), key=lambda item: item[0]):
        rule, level = group[0].rule, group[0].severity
        count = f": {len(group)}" if len(group) > 1 else ""
        yield f"{paint.severity(group[0], f'{level.value}[{rule.code} {rule.name}]')}{count}"
        for finding in group[:MOST_PLACES]:
            node = shortened(finding.place.node) if isinstance(finding.place, GraphPlace) else ""
            yield from textwrap.wrap(
                f"{f'{node}: ' if node else ''}{finding.message}",
                look.width,
                initial_indent="  ",
                subsequent_indent="      ",
                break_on_hyphens=False,
            )
        if len(group) > MOST_PLACES:
            yield f"  and {len(group) - MOST_PLACES} more (--format concise tells all)"
        if level is not Severity.INFO:
            yield from textwrap.wrap(
                f"instead: {rule.fix}", look.width, initial_indent="  ", subsequent_indent="      "
            )


# -- for programs -----------------------------------------------------------------------------------------------------


def document(report: Report, summaries: list[Summary], *, compare: bool = False) -> Iterator[str]:
    """Yield the JSON of a run; findings have the shape that they have in check's."""
    told: dict[str, Any] = {
        "schema": "greenlint-inspection/1",
        "models": [_model(model) for model in summaries],
        "findings": [findings_json.told(finding) for finding in report.findings],
        "errors": [{"path": problem.path, "message": problem.message} for problem in report.problems],
    }
    if compare and len(summaries) == 2:  # noqa: PLR2004 - before and after
        before, after = summaries
        told["comparison"] = {
            name: {"before": old, "after": new, "change": new - old} for name, old, new in _compared(before, after)
        }
    yield from json.dumps(told, indent=2, ensure_ascii=False).split("\n")


def _model(model: Summary) -> dict[str, Any]:
    energy, weights, measured = model.energy, model.weights, model.measured
    return {
        "path": model.path,
        "file_bytes": model.file_bytes,
        "external_bytes": model.external_bytes,
        "training_bytes": model.training_bytes,
        "ir_version": model.ir_version,
        "opsets": dict(model.opsets),
        "producer": model.producer,
        "inputs": [_port_data(port) for port in model.inputs],
        "outputs": [_port_data(port) for port in model.outputs],
        "nodes": model.nodes,
        "functions": model.functions,
        "operators": dict(model.operators),
        "parameters": model.parameters,
        "weight_bytes": model.weight_bytes,
        "weights_by_dtype": {name: {"elements": n, "bytes": size} for name, (n, size) in model.by_dtype.items()},
        "weights": None
        if weights is None
        else {
            "counted": weights.count,
            "zeros": weights.zeros,
            "below_fp16_normal": weights.tiny,
            "largest": weights.largest,
            "not_finite": weights.not_finite,
            "exact": weights.exact,
        },
        "dims": dict(model.dims),
        "free_dims": list(model.free),
        "macs": model.macs,
        "macs_formula": model.macs_text,
        "traffic_bytes": model.traffic,
        "traffic_formula": model.traffic_text,
        "peak_activation_bytes": model.peak,
        "exact": model.exact,
        "cost_notes": list(model.cost_notes),
        "unknown_cost": dict(model.unknown),
        "largest_nodes": [
            {"node": heavy.place, "operator": heavy.operator, "macs": heavy.macs, "traffic_bytes": heavy.traffic}
            for heavy in model.largest
        ],
        "energy": {
            "kind": "estimate",
            "method": METHOD,
            "device": energy.device.name,
            "stands_for": energy.device.stands_for,
            "source": energy.device.source,
            "runs": energy.runs,
            "kwh": energy.kwh,
            "kwh_lowest": energy.lowest,
            "kwh_highest": energy.highest,
        },
        "measured": None
        if measured is None
        else {
            "runtime": measured.runtime,
            "inputs": measured.sizes,
            "runs": measured.runs,
            "median_ms": measured.median,
            "p95_ms": measured.slowest_twentieth,
            "joules_per_run": measured.joules,
        },
        "savings": [{"what": one.what, "bytes": one.bytes, "nodes": one.nodes} for one in model.savings],
        "findings": dict(model.counts),
    }


def _port_data(port: Port) -> dict[str, Any]:
    return {"name": port.name, "dtype": port.dtype, "shape": None if port.shape is None else list(port.shape)}


# -- two releases -----------------------------------------------------------------------------------------------------


def _compared(before: Summary, after: Summary) -> Iterable[tuple[str, float, float]]:
    def size(model: Summary) -> int:
        return model.file_bytes + model.external_bytes

    yield "nodes", before.nodes, after.nodes
    yield "file_bytes", size(before), size(after)
    yield "weight_bytes", before.weight_bytes, after.weight_bytes
    yield "parameters", before.parameters, after.parameters
    yield "macs", before.macs, after.macs
    yield "traffic_bytes", before.traffic, after.traffic
    yield "peak_activation_bytes", before.peak, after.peak
    yield "energy_kwh", before.energy.kwh, after.energy.kwh
    if before.measured and after.measured:
        yield "measured_ms", before.measured.median, after.measured.median
    yield "findings", sum(before.counts.values()), sum(after.counts.values())


def comparison(before: Summary, after: Summary, report: Report, look: Look) -> Iterator[str]:
    """Yield what one release has gained over the other, then the findings that went and came."""
    paint = Paint(look)
    yield f"{paint.bold(before.path)} -> {paint.bold(after.path)}"
    for name, old, new in _compared(before, after):
        if name.endswith("bytes"):
            told = bytes_text(old), bytes_text(new)
        elif name.endswith("kwh"):
            told = _energy(old), _energy(new)
        elif name.endswith("_ms"):
            told = f"{old:.3g} ms", f"{new:.3g} ms"
        else:
            told = count_text(old), count_text(new)
        change = f"{(new - old) / old:+.1%}" if old else "new"
        if new == old or change in ("+0.0%", "-0.0%"):
            change = "same"
        word = (
            name.removesuffix("_kwh")
            .removesuffix("_ms")
            .replace("_", " ")
            .replace(" bytes", "")
            .replace("macs", "MACs")
        )
        yield f"  {word.ljust(16)} {told[0].rjust(12)} {told[1].rjust(12)} {change.rjust(9)}"
    if not (before.exact and after.exact):
        open_ = dict.fromkeys((*before.free, *after.free))
        how = f"--dim {next(iter(open_))}=... says more" if open_ else "the cost of some nodes is unknown"
        yield f"  MACs, traffic and energy are lower bounds: {how}"
    for note in dict.fromkeys((*before.cost_notes, *after.cost_notes)):
        yield from textwrap.wrap(note, look.width, initial_indent="  ", subsequent_indent="  ")
    counts = Counter(after.counts)
    counts.subtract(before.counts)
    names = {finding.rule.code: finding.rule.name for finding in report.findings}
    for word, sign in (("gone", -1), ("new", 1)):
        changed = [
            f"{abs(n)} {code} {names.get(code, '')}".strip() for code, n in sorted(counts.items()) if n * sign > 0
        ]
        if changed:
            yield from _row(word, ", ".join(changed), look)
