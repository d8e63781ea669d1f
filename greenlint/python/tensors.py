"""Tensors that a file makes: where, and in which type."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from greenlint.python.facts import Attribute, Call, Constant, tail
from greenlint.python.values import Literal, Made

if TYPE_CHECKING:
    from collections.abc import Iterator

    from greenlint.python.facts import Expression
    from greenlint.python.program import Program
    from greenlint.python.scope import Block, Module, Spot

_MAKERS = frozenset(
    ["zeros", "ones", "full", "empty", "arange", "linspace", "eye", "rand", "randn", "randint", "randperm"]
)
_PLACED = frozenset({"device", "out", "generator", "pin_memory"})
_CASTS = frozenset({"long", "float", "int", "bool", "double", "half"})
_DEVICE_WORD = re.compile(r"device|(?:^|_)(?:rank|gpu|gpu_id|cuda)$", re.IGNORECASE)


def made_on_host(program: Program, module: Module) -> Iterator[tuple[Spot, Call]]:
    """Yield the copies to a device of a tensor that was just made, with the call that made it."""
    for spot in module.spots():
        func = spot.call.func
        if not isinstance(func, Attribute) or func.name not in ("to", "cuda"):
            continue
        maker = _maker(func.value)
        if maker is None or not program.names(maker.func, spot.block) & {f"torch.{name}" for name in _MAKERS}:
            continue
        if func.name == "cuda" or _names_device(program, spot.call, spot.block):
            yield spot, maker


def _maker(item: Expression) -> Call | None:
    """Return the call that makes a tensor where nobody said, through casts that `dtype=` could do as well."""
    while (
        isinstance(item, Call) and isinstance(item.func, Attribute) and item.func.name in _CASTS and not item.arguments
    ):
        item = item.func.value
    if not isinstance(item, Call) or tail(item.func) not in _MAKERS:
        return None
    if any(one.name in _PLACED or one.star == "**" for one in item.arguments):
        return None
    return item


def _names_device(program: Program, call: Call, block: Block) -> bool:
    argument = program.argument(call, "device", 0)
    if argument is None or argument.star:
        return False
    item = argument.value
    values = program.values(item, block)
    known = [one.value for one in values if isinstance(one, Literal)]
    if known and len(known) == len(values):
        return any(isinstance(one, int) or (isinstance(one, str) and one != "cpu") for one in known)
    if any(isinstance(one, Made) and one.name == "torch.device" and _is_cpu(one.call) for one in values):
        return False
    if any(isinstance(one, Made) and one.name == "torch.device" for one in values):
        return True
    return bool(_DEVICE_WORD.search(tail(item)))


def _is_cpu(call: Call | None) -> bool:
    first = call.arguments[0].value if call is not None and call.arguments else None
    return isinstance(first, Constant) and first.value == "cpu"
