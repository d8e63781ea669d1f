"""Facts as JSON and back, so that they can be kept between runs: JSON because what lies in a folder may be anybody's.

A node is a list of the number of its kind, its words and its fields; a tuple is a list that starts with -1.
"""

from __future__ import annotations

import dataclasses
import inspect
import json
from typing import Any

from greenlint.python import facts
from greenlint.python.facts import Facts, Node

_KINDS: tuple[type[Node], ...] = tuple(
    kind
    for _, kind in sorted(vars(facts).items())
    if inspect.isclass(kind) and issubclass(kind, Node) and kind is not Node
)
_NUMBERS = {kind: number for number, kind in enumerate(_KINDS)}
_FIELDS = tuple(tuple(field.name for field in dataclasses.fields(kind)[2:]) for kind in _KINDS)
_TUPLE = -1
_BYTES = -2
_COMPLEX = -3
_ELLIPSIS = -4


def pack(found: Facts) -> bytes:
    """Write facts down; raises `ValueError` or `RecursionError` for what JSON cannot hold."""
    packed = [found.words, *map(_packed, found.body)]
    return json.dumps(packed, separators=(",", ":"), check_circular=False).encode("ascii")


def unpack(data: bytes) -> Facts:
    """Read what `pack` wrote; raises `ValueError`, `TypeError`, `IndexError` or `RecursionError` for anything else."""
    words, *body = json.loads(data)
    return Facts(tuple(map(_unpacked, body)), words)


def _packed(item: Any) -> Any:  # noqa: ANN401
    number = _NUMBERS.get(type(item))
    if number is not None:
        return [number, item.at, item.to, *[_packed(getattr(item, name)) for name in _FIELDS[number]]]
    if isinstance(item, tuple):
        return [_TUPLE, *map(_packed, item)]
    if isinstance(item, bytes):
        return [_BYTES, item.decode("latin-1")]
    if isinstance(item, complex):
        return [_COMPLEX, item.real, item.imag]
    return [_ELLIPSIS] if item is ... else item


def _unpacked(item: Any) -> Any:  # noqa: ANN401
    if type(item) is not list:
        return item
    number = item[0]
    if number >= 0:
        return _KINDS[number](item[1], item[2], *[_unpacked(field) for field in item[3:]])
    if number == _TUPLE:
        return tuple([_unpacked(one) for one in item[1:]])
    if number == _BYTES:
        return item[1].encode("latin-1")
    return complex(item[1], item[2]) if number == _COMPLEX else ...
