"""Layers that learn a bias which the batch normalisation right after them takes away."""

from __future__ import annotations

import itertools
import re
from typing import TYPE_CHECKING

from greenlint.python.facts import Attribute, Call, Collection, Constant, Evaluate, Group, If, Name, tail
from greenlint.python.values import Made

if TYPE_CHECKING:
    from collections.abc import Iterator

    from greenlint.python.facts import Expression
    from greenlint.python.program import Program
    from greenlint.python.scope import Block, Module, Scope, Spot

_TORCH_LAYER = re.compile(r"^torch\.nn\.(?:Lazy)?(?:Conv(?:Transpose)?[123]d|Linear)$")
_TORCH_NORM = re.compile(r"^torch\.nn\.(?:Lazy)?(?:BatchNorm[123]d|SyncBatchNorm)$")
_KERAS_LAYER = re.compile(
    r"^keras\.layers\.(?:Conv[123]D(?:Transpose)?|Convolution[123]D|SeparableConv[12]D|DepthwiseConv[12]D|Dense)$"
)
_KERAS_NORM = "keras.layers.BatchNormalization"
_BIAS_POSITION = {"Linear": 2, "LazyLinear": 1}
_LOADING = frozenset({"load_state_dict", "load_weights", "load_state_dict_from_url", "load_url", "load_checkpoint"})
_ACTIVATION_POSITION = {"Dense": 1, "Conv1D": 7, "Conv2D": 7, "Conv3D": 7}


def biased_before_norm(program: Program, module: Module) -> Iterator[Made]:
    """Yield the layers of a file whose output goes straight into a batch normalisation, each once."""
    if not program.mentions("BatchNorm"):
        return
    seen: set[int] = set()
    for layer in _adjacent(program, module):
        if layer.call is not None and layer.block.scope.module is module and id(layer.call) not in seen:
            seen.add(id(layer.call))
            if _has_bias(program, layer):
                yield layer


def _adjacent(program: Program, module: Module) -> Iterator[Made]:
    for scope in module.scopes:
        # A project's own class that is handed a Sequential may do something between its layers.
        handed = {
            id(argument.value)
            for spot in scope.spots
            if any(edge.kind == "call" for edge in program.edges(spot))
            for argument in spot.call.arguments
        }
        for spot in scope.spots:
            if id(spot.call) not in handed and program.name(spot) in ("torch.nn.Sequential", "keras.Sequential"):
                items = [one.value for one in spot.call.arguments if not one.name]
                yield from _pairs(program, items, spot.block)
            for argument in spot.call.arguments:
                if isinstance(argument.value, Collection):
                    yield from _pairs(program, list(argument.value.items), spot.block)
            yield from _applied(program, spot)
        for statement, block in scope.statements:
            value = getattr(statement, "value", None)
            if isinstance(value, Collection):
                yield from _pairs(program, list(value.items), block)
        yield from _appended(program, scope)


def _pairs(program: Program, items: list[Expression], block: Block) -> Iterator[Made]:
    items = [_unnamed(one) for one in items]
    for first, second in itertools.pairwise(items):
        if isinstance(first, Group) or isinstance(second, Group):
            continue
        layer = _only(program, first, block)
        if (
            layer is not None
            and _fits(layer, _only(program, second, block))
            and layer.block.holds(block)
            and not _more_conditional(block, layer.block)
        ):
            yield layer


def _unnamed(item: Expression) -> Expression:
    """Return the layer of `("conv", nn.Conv2d(...))`, as in an OrderedDict of layers."""
    if isinstance(item, Collection) and len(item.items) == 2 and isinstance(item.items[0], Constant):  # noqa: PLR2004
        return item.items[1]
    return item


def _appended(program: Program, scope: Scope) -> Iterator[Made]:
    """Follow `layers.append(conv)` right before `layers.append(norm)`, and `model.add(...)` likewise."""
    previous: tuple[str, Made, Block] | None = None
    for statement, block in scope.statements:
        current = None
        if isinstance(statement, Evaluate) and isinstance(statement.value, Call):
            call = statement.value
            if (
                isinstance(call.func, Attribute)
                and call.func.name in ("append", "add", "add_module")
                and call.arguments
            ):
                made = _only(program, call.arguments[-1].value, block)
                target = tail(call.func.value)
                if made is not None:
                    if (
                        previous is not None
                        and previous[0] == target
                        and previous[2] is block
                        and _fits(previous[1], made)
                    ):
                        yield previous[1]
                    current = (target, made, block)
        previous = current


def _applied(program: Program, spot: Spot) -> Iterator[Made]:
    """Follow `self.bn(self.conv(x))`, also through one name: `x = self.conv(x); x = self.bn(x)`."""
    call = spot.call
    if len(call.arguments) != 1 or call.arguments[0].name or call.arguments[0].star:
        return
    norm = _only(program, call.func, spot.block)
    if norm is None or not (_TORCH_NORM.match(norm.name) or norm.name == _KERAS_NORM):
        return
    argument = call.arguments[0].value
    applied = _only(program, argument, spot.block)
    if applied is None or applied.call is None or not applied.name.endswith("()"):
        return
    if not applied.block.holds(spot.block) or _more_conditional(spot.block, applied.block):
        return
    if isinstance(argument, Name) and _read_elsewhere(argument, applied, spot):
        return
    layer = _only(program, applied.call.func, applied.block)
    if layer is not None and _fits(layer, norm):
        yield layer


def _read_elsewhere(argument: Name, applied: Made, spot: Spot) -> bool:
    """Tell whether the layer's output is used by something else before the name is bound again."""
    from greenlint.python.facts import walk

    later = [one.at for one in spot.scope.bindings.get(argument.id, ()) if one.at > spot.call.at]
    end = min(later, default=spot.scope.module.facts.words)
    reads = [
        one
        for statement, _ in spot.scope.statements
        if applied.call is not None
        and statement.at >= applied.call.at
        and statement.at <= end
        and not hasattr(statement, "body")
        for one in walk(statement)
        if isinstance(one, Name) and one.id == argument.id and applied.call.to <= one.at < end
    ]
    targets = {one.at for one in reads if one is argument}
    return len({one.at for one in reads} - targets - {spot.statement.at}) > 0


def _only(program: Program, item: Expression, block: Block) -> Made | None:
    values = program.values(item, block)
    return values[0] if len(values) == 1 and isinstance(values[0], Made) else None


def _fits(layer: Made, norm: Made | None) -> bool:
    if norm is None:
        return False
    if _TORCH_LAYER.match(layer.name):
        return bool(_TORCH_NORM.match(norm.name))
    return bool(_KERAS_LAYER.match(layer.name)) and norm.name == _KERAS_NORM


def _more_conditional(inner: Block, outer: Block) -> bool:
    """Tell whether a block stands under an `if` that the other does not: the norm comes only sometimes."""
    around = {id(block.owner) for block in outer.up()}
    return any(isinstance(block.owner, If) and id(block.owner) not in around for block in inner.up())


def _has_bias(program: Program, layer: Made) -> bool:
    """Tell whether a layer surely has its bias on, and for Keras no activation in between."""
    call = layer.call
    if call is None or program.open_ended(call):
        return False
    kind = layer.name.rpartition(".")[2]
    if layer.name.startswith("keras."):
        activation = program.argument(call, "activation", _ACTIVATION_POSITION.get(kind))
        if activation is not None and not (
            isinstance(activation.value, Constant) and activation.value.value in (None, "linear")
        ):
            return False
        bias = program.argument(call, "use_bias")
    else:
        bias = program.argument(call, "bias", _BIAS_POSITION.get(kind, 7))
    return bias is None or (isinstance(bias.value, Constant) and bias.value.value is True)


def loads_weights(program: Program) -> bool:
    """Tell whether anything in the program loads weights that were saved earlier, biases and all."""
    return any(module.identifiers & _LOADING for module in program.modules)
