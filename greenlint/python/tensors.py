"""Tensors that a file makes: where, and in which type."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from greenlint.python.facts import Attribute, Call, Constant, tail, written
from greenlint.python.runtimes import guarded
from greenlint.python.values import Instance, Library, Literal, Made

if TYPE_CHECKING:
    from collections.abc import Iterator

    from greenlint.python.facts import Expression
    from greenlint.python.inference import Inference
    from greenlint.python.program import Program
    from greenlint.python.scope import Block, Module, Spot

_MAKERS = frozenset(
    ["zeros", "ones", "full", "empty", "arange", "linspace", "eye", "rand", "randn", "randint", "randperm"]
)
_PLACED = frozenset({"device", "out", "generator", "pin_memory"})
_CASTS = frozenset({"long", "float", "int", "bool", "double", "half"})
_DEVICE_WORD = re.compile(r"device|(?:^|_)(?:rank|gpu|gpu_id|cuda)$", re.IGNORECASE)

_DOUBLES = frozenset({"torch.float64", "torch.double", "torch.DoubleTensor", "torch.cuda.DoubleTensor"})
_DEFAULTS = frozenset({"torch.set_default_dtype", "torch.set_default_tensor_type"})
_FLOATX = frozenset({"keras.backend.set_floatx", "keras.config.set_floatx"})
_MODEL = re.compile(r"model|net(?:work)?$|^(?:encoder|decoder|generator|discriminator|classifier)$", re.IGNORECASE)
# Simulation, Gaussian processes and second-order optimisation often need more digits than 32 bits hold.
_SCIENCE = re.compile(
    r"pinn|(?:^|_)[ops]de(?:s|int|solver?|func)?(?:_|$)|physic|hessian|cholesky|(?:^|_)eig|gradcheck|gpytorch|botorch|lbfgs|"
    r"gaussian_?process|odeint|svd|quantum|schr|molec|atom|energy_and|forces?$|solver?s?$|orbit|hamilton|lagrang|dynamics|"
    r"(?:^|_)(?:ase|mace|e3nn|fft|ifft|linalg|kalman|simulat\w*|conjugate\w*)(?:_|$)",
    re.IGNORECASE,
)


def is_scientific(module: Module) -> bool:
    """Tell whether a file speaks of work that may need 64 bits."""
    return any(_SCIENCE.search(word) for word in module.identifiers)


def doubled(program: Program, inference: Inference, module: Module) -> Iterator[tuple[Spot, str]]:
    """Yield the calls that turn a model, or everything that is made from then on, into 64-bit floats."""
    for spot in module.spots():
        name = tail(spot.call.func)
        if name in ("double", "to", "type"):
            if _doubles_model(program, inference, spot, name) and not guarded(spot.block):
                yield spot, f"{written(spot.call.func)}({'torch.float64' if name != 'double' else ''})"
        elif name in ("set_default_dtype", "set_default_tensor_type", "set_floatx") and spot.call.arguments:
            first = spot.call.arguments[0].value
            names = program.callees(spot)
            wide = _is_double(program, first, spot.block)
            if wide and names & (_DEFAULTS | _FLOATX) and not guarded(spot.block) and not _is_restored(name, spot):
                yield spot, f"{written(spot.call.func)}(...)"


def _doubles_model(program: Program, inference: Inference, spot: Spot, name: str) -> bool:
    func = spot.call.func
    if not isinstance(func, Attribute):
        return False
    if name == "double" and spot.call.arguments:
        return False
    if name != "double" and not any(_is_double(program, one.value, spot.block) for one in spot.call.arguments):
        return False
    values = program.values(func.value, spot.block)
    if any(inference.is_model(one, spot.scope.module) for one in values):
        return True
    known = any(isinstance(one, (Instance, Made, Library)) for one in values)
    return not known and bool(_MODEL.search(tail(func.value)))


def _is_double(program: Program, item: Expression, block: Block) -> bool:
    values = program.values(item, block)
    return all(
        (isinstance(one, Library) and one.name in _DOUBLES)
        or (isinstance(one, Literal) and one.value in ("float64", "torch.DoubleTensor", "torch.cuda.DoubleTensor"))
        for one in values
    )


def _is_restored(name: str, spot: Spot) -> bool:
    """Tell whether a file sets the default again elsewhere: it wants 64 bits for a while only."""
    return any(other is not spot and tail(other.call.func) == name for other in spot.scope.module.spots())


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
