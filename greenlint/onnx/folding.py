"""What constants come to: the few numbers behind shapes, axes, modes and factors, and nothing large."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from greenlint.onnx.tensor import DTYPES, Tensor

if TYPE_CHECKING:
    from collections.abc import Callable

    from greenlint.onnx.graph import Node, Value
    from greenlint.onnx.tensor import Array

_NEVER_FOLDED = frozenset(
    {
        *("RandomNormal", "RandomNormalLike", "RandomUniform", "RandomUniformLike", "Multinomial", "Bernoulli"),
        "CastLike",  # measured: ONNX Runtime writes it out as a Cast after it has folded
    }
)
SMALL = 1024
"""Elements of a constant that is folded here."""
_FLOAT32, _INT64 = DTYPES[1], DTYPES[7]


def makes_constant(node: Node) -> bool:
    """Tell whether a node, whose inputs are settled, gives the same numbers on every run."""
    if node.op == "Constant":
        return True
    if node.op == "Shape":
        value = node.input(0)
        return value is not None and (value.is_constant or value.is_static)
    if (
        node.domain
        or node.scopes
        or node.op in _NEVER_FOLDED
        or not node.inputs
        or "Sequence" in node.op
        or "Optional" in node.op
    ):
        return False
    if node.op == "Dropout" and len(node.inputs) > 2:
        return False
    return all(value is None or value.is_constant for value in node.inputs)


def constant_tensor(node: Node) -> Tensor | None:
    """Return the tensor of a Constant node, None for strings."""
    attributes = node.attributes
    tensor = attributes.get("value", attributes.get("sparse_value"))
    if isinstance(tensor, Tensor):
        return tensor
    for name, dtype in (("value_float", _FLOAT32), ("value_int", _INT64)):
        if name in attributes:
            array: Array = np.array(attributes[name], dtype=dtype.stored)
            return Tensor(dtype, (), array, stored=array.nbytes)
    for name, dtype in (("value_floats", _FLOAT32), ("value_ints", _INT64)):
        if name in attributes:
            array = np.array(attributes[name], dtype=dtype.stored)
            return Tensor(dtype, array.shape, array, stored=array.nbytes)
    return None


def numbers(value: Value, most: int) -> Array | None:
    """Compute the numbers of a constant with at most so many elements, else None.

    Goes through `Value.numbers`, which remembers, so that no constant is computed twice; chains too long for the
    interpreter's stack count as unknown.
    """
    stored = value.stored
    if stored is not None:
        return stored.small(most)
    node = value.producer
    if node is None or node.outputs[0] is not value:
        return None
    fold = _FOLDS.get(node.op)
    if fold is None:
        return None
    if node.op == "Shape":
        return _shape(node)
    inputs = []
    for source in node.inputs:
        try:
            array = None if source is None else source.numbers()
        except RecursionError:
            return None
        if source is not None and array is None:
            return None
        inputs.append(array)
    try:
        with np.errstate(all="ignore"):
            folded = fold(node, *inputs)
    except (ValueError, IndexError, TypeError, AttributeError, OverflowError, ZeroDivisionError):
        # A graph that says what cannot be computed: it is not this module's part to judge it.
        return None
    return None if folded is None or folded.size > most or folded.dtype == object else folded


def _shape(node: Node) -> Array | None:
    value = node.inputs[0]
    if value is None or value.shape is None or not value.is_static:
        return None
    start, end = node.attribute("start", 0), node.attribute("end")
    return np.array(value.shape[start:end], dtype=np.int64)


def _axes(node: Node, axes: Array | None) -> tuple[int, ...] | None:
    named = node.attribute("axes") if axes is None else axes.reshape(-1).tolist()
    return None if named is None else tuple(named)


def _squeeze(node: Node, data: Array, axes: Array | None = None) -> Array:
    return np.squeeze(data, _axes(node, axes))


def _unsqueeze(node: Node, data: Array, axes: Array | None = None) -> Array:
    return np.expand_dims(data, _axes(node, axes) or ())


def _cast(node: Node, data: Array) -> Array | None:
    dtype = DTYPES.get(node.attribute("to", 0))
    if dtype is None or not dtype.bits or dtype.name in ("bfloat16", "float4e2m1") or "float8" in dtype.name:
        return None
    return data.astype(dtype.stored)


def _slice(node: Node, data: Array, *bounds: Array | None) -> Array | None:
    if bounds:
        starts, ends, axes, steps = (*(None if b is None else b.tolist() for b in bounds), None, None)[:4]
    else:
        starts, ends, axes, steps = node.attribute("starts"), node.attribute("ends"), node.attribute("axes"), None
    if starts is None or ends is None:
        return None
    cut: list[Any] = [slice(None)] * data.ndim
    for place, (start, end) in enumerate(zip(starts, ends, strict=True)):
        step = steps[place] if steps else 1
        stop = None if step < 0 and end < -data.shape[axes[place] if axes else place] else end
        cut[axes[place] if axes else place] = slice(start, stop, step)
    part: Array = data[tuple(cut)]
    return part


def _concat(node: Node, *parts: Array) -> Array:
    return np.concatenate(parts, axis=node.attribute("axis", 0))


def _gather(node: Node, data: Array, indices: Array) -> Array:
    return np.take(data, indices, axis=node.attribute("axis", 0))


def _reshape(_node: Node, data: Array, shape: Array) -> Array:
    sizes = [data.shape[i] if size == 0 and i < data.ndim else size for i, size in enumerate(shape.tolist())]
    return data.reshape(sizes)


def _transpose(node: Node, data: Array) -> Array:
    return np.transpose(data, node.attribute("perm"))


def _divide(_node: Node, left: Array, right: Array) -> Array | None:
    if np.issubdtype(left.dtype, np.integer):
        if not right.all():
            return None
        quotient: Array = np.trunc(left / right).astype(left.dtype)
        return quotient
    result: Array = np.true_divide(left, right)
    return result


def _expand(_node: Node, data: Array, shape: Array) -> Array | None:
    sizes = np.broadcast_shapes(data.shape, tuple(shape.tolist()))
    return np.broadcast_to(data, sizes) if np.prod(sizes, dtype=object) <= SMALL else None


def _constant_of_shape(node: Node, shape: Array) -> Array | None:
    sizes = shape.tolist()
    if any(size < 0 for size in sizes) or np.prod(sizes, dtype=object) > SMALL:
        return None
    tensor = node.attribute("value")
    fill = tensor.small() if isinstance(tensor, Tensor) else np.zeros(1, dtype=np.float32)
    return None if fill is None or not fill.size else np.full(sizes, fill.reshape(-1)[0])


def _plain(function: Callable[..., Any]) -> Callable[..., Any]:
    def fold(_node: Node, *inputs: Array) -> Array:
        result: Array = np.asarray(function(*inputs))
        return result

    return fold


_FOLDS: dict[str, Callable[..., Any]] = {
    "Shape": _plain(np.asarray),
    "Identity": _plain(np.asarray),
    "Squeeze": _squeeze,
    "Unsqueeze": _unsqueeze,
    "Cast": _cast,
    "Slice": _slice,
    "Concat": _concat,
    "Gather": _gather,
    "Reshape": _reshape,
    "Transpose": _transpose,
    "ConstantOfShape": _constant_of_shape,
    "Add": _plain(np.add),
    "Sub": _plain(np.subtract),
    "Mul": _plain(np.multiply),
    "Div": _divide,
    "Mod": lambda node, left, right: np.fmod(left, right) if node.attribute("fmod", 0) else np.mod(left, right),
    "Pow": _plain(lambda base, exponent: np.power(base, exponent).astype(base.dtype)),
    "Abs": _plain(np.abs),
    "Ceil": _plain(np.ceil),
    "Floor": _plain(np.floor),
    "Size": _plain(lambda data: np.array(data.size, dtype=np.int64)),
    "Expand": _expand,
    "Less": _plain(np.less),
    "LessOrEqual": _plain(np.less_equal),
    "Greater": _plain(np.greater),
    "GreaterOrEqual": _plain(np.greater_equal),
    "Neg": _plain(np.negative),
    "Sqrt": _plain(np.sqrt),
    "Reciprocal": _plain(np.reciprocal),
    "Equal": _plain(np.equal),
    "Not": _plain(np.logical_not),
    "And": _plain(np.logical_and),
    "Or": _plain(np.logical_or),
    "Where": _plain(np.where),
    "Min": _plain(lambda *inputs: np.minimum.reduce(inputs)),
    "Max": _plain(lambda *inputs: np.maximum.reduce(inputs)),
    "ReduceProd": lambda node, data, *axes: None if axes or node.attribute("axes") else np.prod(data, keepdims=True),
    "Range": lambda _node, start, limit, delta: (
        np.arange(start.item(), limit.item(), delta.item(), dtype=start.dtype)
        if delta.item() and abs((limit.item() - start.item()) / delta.item()) < SMALL
        else None
    ),
}
