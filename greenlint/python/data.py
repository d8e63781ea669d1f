"""Data loaders, and what their datasets do for each sample."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from greenlint.python.facts import Collection, Comprehension, Constant, tail
from greenlint.python.values import Display, Instance, Made, Unknown, Value

if TYPE_CHECKING:
    from collections.abc import Iterator

    from greenlint.python.program import Program
    from greenlint.python.scope import Module, Spot

_LOADER = "torch.utils.data.DataLoader"
_IN_MEMORY = re.compile(
    r"^(?:torch\.utils\.data\.TensorDataset|torch\.(?:randn?|randint|zeros|ones|tensor|from_numpy|arange|stack|cat|linspace|"
    r"rand_like)|torch\.\w+\.to|list|zip|range|numpy\.\w+|torch\.randn\.\w+|lightning\.demos\..*|sklearn\.datasets\..*)$"
)
_WRAPPERS = re.compile(r"^torch\.utils\.data\.(?:Subset|random_split|ConcatDataset)$")
# Calls in `__getitem__` that only hand over what is in memory.
_CHEAP = frozenset(
    [
        "tensor",
        "from_numpy",
        "as_tensor",
        "Tensor",
        "LongTensor",
        "FloatTensor",
        "float",
        "long",
        "int",
        "clone",
        "detach",
        "item",
        "len",
        "unsqueeze",
        "squeeze",
        "view",
        "reshape",
        "to",
        "tolist",
        "index_select",
        "dict",
        "tuple",
        "list",
        "super",
        "size",
        "shape",
        "copy",
        "items",
    ]
)


def loaders(program: Program, module: Module) -> Iterator[Spot]:
    """Yield the calls of a file that make a `torch.utils.data.DataLoader`."""
    for spot in module.spots():
        if tail(spot.call.func) == "DataLoader" and program.callees(spot) == {_LOADER}:
            yield spot


def is_in_memory(program: Program, spot: Spot) -> bool:
    """Tell whether a loader's dataset only hands over tensors or lists that are already built in memory."""
    argument = program.argument(spot.call, "dataset", 0)
    if argument is None:
        return False
    values = program.values(argument.value, spot.block)
    if isinstance(argument.value, (Comprehension, Collection)):
        return True
    known = [value for value in values if not isinstance(value, Unknown)]
    return bool(known) and all(_serves_memory(program, value, 0) for value in known)


def _serves_memory(program: Program, value: Value, depth: int) -> bool:
    if isinstance(value, Display):
        return True
    if isinstance(value, Made) and value.call is not None:
        if _WRAPPERS.match(value.name) and value.call.arguments and depth < 4:  # noqa: PLR2004
            inner = program.values(value.call.arguments[0].value, value.block)
            parts = [
                part
                for one in inner
                for part in (
                    [v for item in one.node.items for v in program.values(item, one.block)]
                    if isinstance(one, Display)
                    and isinstance(one.node, Collection)
                    and value.name.endswith("ConcatDataset")
                    else [one]
                )
            ]
            return bool(parts) and all(_serves_memory(program, one, depth + 1) for one in parts)
        return bool(_IN_MEMORY.match(value.name)) or value.name.endswith(("RandomDataset", "RandomDictDataset"))
    if isinstance(value, Instance):
        method = next(
            (found for scope in program.lineage(value.cls) if (found := scope.child("__getitem__")) is not None), None
        )
        if method is None:
            return any(base == "torch.utils.data.TensorDataset" for base in program.bases(value.cls))
        return all(_is_cheap(spot, program) for spot in method.spots)
    return False


def _is_cheap(spot: Spot, program: Program) -> bool:
    if tail(spot.call.func) in _CHEAP:
        return True
    return any(
        name.startswith(("torch.rand", "torch.tensor", "torch.zeros", "torch.ones", "torch.arange"))
        for name in program.callees(spot)
    )


def workers_off(program: Program, spot: Spot) -> str:
    """Return how a loader says that it has no workers, or an empty string when it has some or may have."""
    if program.open_ended(spot.call):
        return ""
    argument = program.argument(spot.call, "num_workers", 5)
    if argument is None:
        return "no num_workers"
    if isinstance(argument.value, Constant) and argument.value.value == 0 and argument.value.value is not False:
        return "num_workers=0"
    return ""
