"""Pruning masks: where they are put on, and whether they are ever made permanent."""

from __future__ import annotations

from typing import TYPE_CHECKING

from greenlint.python.facts import tail

if TYPE_CHECKING:
    from collections.abc import Iterator

    from greenlint.python.program import Program
    from greenlint.python.scope import Module, Spot

_PRUNE = "torch.nn.utils.prune."
_METHODS = frozenset(
    [
        "l1_unstructured",
        "random_unstructured",
        "ln_structured",
        "random_structured",
        "global_unstructured",
        "custom_from_mask",
        "identity",
    ]
)
_SHIPPING = frozenset(
    [
        "torch.save",
        "torch.onnx.export",
        "torch.jit.save",
        "torch.export.save",
        "safetensors.torch.save_file",
        "torch.onnx.dynamo_export",
    ]
)
_SHIPPING_METHODS = frozenset(
    {"save_pretrained", "save_checkpoint", "save_model", "push_to_hub", "export_onnx", "to_onnx"}
)


def masks(program: Program, module: Module) -> Iterator[tuple[Spot, str]]:
    """Yield the calls of a file that mask weights, with the name of the method, in order."""
    found = [
        (spot, tail(spot.call.func))
        for spot in module.spots()
        if tail(spot.call.func) in _METHODS and any(name.startswith(_PRUNE) for name in program.callees(spot))
    ]
    yield from sorted(found, key=lambda one: one[0].call.at)


def unmasks(program: Program) -> bool:
    """Tell whether anything in the program makes masks permanent."""
    return any(
        f"{_PRUNE}remove" in program.callees(spot) for spot in program.spots() if tail(spot.call.func) == "remove"
    )


def ships_model(program: Program) -> bool:
    """Tell whether anything in the program saves or exports a model."""
    return any(
        tail(spot.call.func) in _SHIPPING_METHODS
        or any(
            name in _SHIPPING or (name.startswith("torch.jit.") and name.endswith(".save"))
            for name in program.callees(spot)
        )
        for spot in program.spots()
    )
