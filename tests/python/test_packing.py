from __future__ import annotations

from pathlib import Path

import pytest

from greenlint.python import packing
from greenlint.python.collect import collect
from greenlint.python.facts import Facts, Node

HERE = Path(__file__).resolve()
EVERYTHING = """
import a.b as c
from .. import *
@d(1, x=2, *y, **z)
async def f(p: int, /, q=..., *r, s: "t" = 1j, **u) -> None:
    global g
    async with h as (i, j), k: await l
    for m in n: break
    else: continue
    while o: pass
    return lambda v=b"\\xff\\x00": {**w, 1.5: -0.0, 1e400: "\\ud800é"}
class A(B, metaclass=C):
    x: int = 1 if z else [i for i in j if k for l in m]
    del x, y[1:2, ...]
    assert {1, 2} | {n: m async for n in o}, f"{p!r:{q}}"
    try: raise E from None
    except F as g: x += 1
    except (G, H): pass
    else: yield
    finally: (w := 3)
match x:
    case [1, *rest] if y: pass
    case {"k": v, **others}: pass
    case K(a, b=c) | None: pass
"""


def same(one: object, other: object) -> bool:
    if isinstance(one, Node):
        slots = [name for kind in type(one).__mro__ for name in getattr(kind, "__slots__", ())]
        return type(one) is type(other) and all(same(getattr(one, name), getattr(other, name)) for name in slots)
    if isinstance(one, tuple):
        return isinstance(other, tuple) and len(one) == len(other) and all(map(same, one, other))
    return type(one) is type(other) and repr(one) == repr(other)


def check(text: str) -> None:
    facts = collect(text)
    again = packing.unpack(packing.pack(facts))
    assert again.words == facts.words
    assert same(facts.body, again.body)


def test_every_kind_of_node_and_value_comes_back() -> None:
    check(EVERYTHING)


@pytest.mark.parametrize("path", sorted(HERE.parents[2].glob("greenlint/**/*.py")), ids=lambda path: path.name)
def test_real_code_comes_back(path: Path) -> None:
    check(path.read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    "data", [b"", b"{}", b"[]", b"[1, [99, 0, 0]]", b"[1, [0]]", b"[1, [-2, 3]]", b"[1, [[]]]", b"[" * 9999, b"\xff"]
)
def test_anything_else_is_refused(data: bytes) -> None:
    with pytest.raises((ValueError, TypeError, IndexError, RecursionError, AttributeError)):
        packing.unpack(data)


def test_what_json_cannot_hold_is_refused() -> None:
    with pytest.raises((ValueError, RecursionError)):
        packing.pack(collect("x = 0x" + "f" * 5000))


def test_no_facts_are_facts() -> None:
    assert packing.unpack(packing.pack(Facts((), 0))) is not None
