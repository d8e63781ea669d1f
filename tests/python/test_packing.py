from __future__ import annotations

from pathlib import Path

import pytest

from greenlint import reading
from greenlint.errors import SourceError
from greenlint.python import facts, packing

FILES = sorted((Path(__file__).parents[2] / "greenlint").rglob("*.py"))


def told(item: object) -> object:
    """Return a node with its places and fields, as plain data."""
    if isinstance(item, facts.Node):
        kinds = [one for kind in type(item).__mro__ for one in getattr(kind, "__slots__", ())]
        return type(item).__name__, [(name, told(getattr(item, name))) for name in dict.fromkeys(kinds)]
    return [told(one) for one in item] if isinstance(item, tuple) else (type(item), item)


@pytest.mark.parametrize(
    "text",
    [
        "x: int = 1\ny += 2j\nz = ..., b'\\xff', 1.5, None, True\n",
        "import a.b as c\nfrom . import d\nfrom ..e import *\n",
        "async def f(a, /, *b, c=1, **d): return await g(*b, c=c, **d)\n",
        "match x:\n    case [1, *_] if y: pass\n",
        "with open(f) as g, h: x = lambda y: (z := y)\n",
        "try: a\nexcept* (B, C) as d: raise\nelse: e\nfinally: del f\n",
        "for x in y: continue\nelse: [a for b in c if d]\nwhile 1: break\n",
        f"x = '{'a' * 1000}'[1:2, ::3] if not -1 < 2 else {{**a, 'b': f'{{c!r:>{{d}}}}'}}\n",
    ],
)
def test_what_is_packed_is_unpacked(text: str) -> None:
    found = reading.facts_of(text)
    again = packing.unpack(packing.pack(found))
    assert again.words == found.words
    assert told(again.body) == told(found.body)


def test_so_is_a_whole_package() -> None:
    for file in FILES[::9]:
        found = reading.facts_of(file.read_text())
        assert told(packing.unpack(packing.pack(found)).body) == told(found.body)


def test_what_cannot_be_written_down_is_told() -> None:
    found = reading.facts_of("x = 1\n")
    with pytest.raises((ValueError, TypeError)):
        packing.pack(facts.Facts((*found.body, {1}), found.words))  # type: ignore[arg-type]
    with pytest.raises(SourceError):
        reading.facts_of("x = (\n")
