"""Detector of ECO714 foldable-constant."""

from __future__ import annotations

from typing import TYPE_CHECKING

from greenlint.detector import detects, flag
from greenlint.onnx import patterns, runtimes
from greenlint.onnx.units import bytes_text, plural

if TYPE_CHECKING:
    from collections.abc import Iterator

    from greenlint.detector import Flag
    from greenlint.onnx.graph import Graph


_KEPT_WEIGHTS = frozenset({"DequantizeLinear", "QuantizeLinear"})
_KEPT = _KEPT_WEIGHTS | {"Constant", "Identity"}


@detects("ECO714")
def foldable_constant(graph: Graph) -> Iterator[Flag]:
    for node in graph.nodes:
        # Quantized weights are meant to be small in the file: DequantizeLinear is never folded.
        if node.op in _KEPT or not node.outputs or not any(value and value.is_constant for value in node.outputs):
            continue
        if all(patterns.is_folded_further(value) for value in node.outputs if value is not None):
            continue
        chain = patterns.constant_chain(node)
        if not chain or any(inner.op in _KEPT_WEIGHTS for inner in chain):
            continue
        before, after = patterns.folding_bytes(node, chain)
        if after is None:
            change = "by an unknown amount"
        elif after > before:
            change = f"by +{bytes_text(after - before)}, so leave the file as it is"
        else:
            change = f"by -{bytes_text(before - after)}" if before > after else "by nothing"
        alone = node.op == "Unsqueeze" and len(chain) == 1 and graph.opset < 13
        who = runtimes.ort("UnsqueezeElimination" if alone else "ConstantFolding", "folds")
        yield flag(node, operator=node.op, nodes=plural(len(chain), "node"), change=change, who=who)
