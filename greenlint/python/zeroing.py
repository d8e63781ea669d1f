"""Gradients that are written over with zeros between steps."""

from __future__ import annotations

from typing import TYPE_CHECKING

from greenlint.python.facts import Assign, Attribute, tail, walk
from greenlint.python.forward import is_false

if TYPE_CHECKING:
    from collections.abc import Iterator

    from greenlint.python.program import Program
    from greenlint.python.scope import Module, Spot

_GRAPHS = frozenset({"CUDAGraph", "make_graphed_callables", "cudagraph_mark_step_begin"})


def zeroings(program: Program, module: Module) -> Iterator[Spot]:
    """Yield the calls that ask for zeros: `optimizer.zero_grad(set_to_none=False)`."""
    for spot in module.spots():
        if tail(spot.call.func) == "zero_grad" and isinstance(spot.call.func, Attribute):
            argument = program.argument(spot.call, "set_to_none")
            if argument is not None and is_false(argument.value):
                yield spot


def needs_zeros(module: Module) -> bool:
    """Tell whether a file counts on gradients that are tensors: it adds to them by hand, or captures a CUDA graph."""
    if module.identifiers & _GRAPHS or any("cuda_graph" in word or "cudagraph" in word for word in module.identifiers):
        return True
    if "grad" not in module.identifiers:
        return False
    for scope in module.scopes:
        for statement, _ in scope.statements:
            if isinstance(statement, Assign) and any(
                isinstance(one, Attribute) and one.name == "grad" for one in walk(statement.targets)
            ):
                return True
    return False
