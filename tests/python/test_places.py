from __future__ import annotations

from pathlib import Path

import pytest

from greenlint.python.collect import collect
from greenlint.python.facts import Constant
from greenlint.python.places import Ruler, _tokens

ROOT = Path(__file__).parents[2]


def literals(node: object, seen: set[int] | None = None) -> list[Constant]:
    seen = set() if seen is None else seen
    if isinstance(node, Constant):
        return [node]
    if isinstance(node, (list, tuple)):
        return [found for item in node for found in literals(item, seen)]
    if not hasattr(node, "__slots__") or id(node) in seen:
        return []
    seen.add(id(node))
    names = [name for cls in type(node).__mro__ for name in getattr(cls, "__slots__", ())]
    return [found for name in names for found in literals(getattr(node, name, None), seen)]


@pytest.mark.parametrize(
    ("text", "value", "place"),
    [
        ("EPOCHS = 150\n\n(x, y) = f()\n", 150, (1, 10, 1, 13)),
        ("f(1, 2, 300)\ng()\n", 300, (1, 9, 1, 12)),
        ("f(\n    default=200,  # more\n)\n", 200, (2, 13, 2, 16)),
        ("x = 1\ny = 'a'", "a", (2, 5, 2, 8)),
        ("300", 300, (1, 1, 1, 4)),
    ],
)
def test_a_literal_has_its_own_place(text: str, value: object, place: tuple[int, ...]) -> None:
    facts = collect(text)
    (literal,) = {id(one): one for one in literals(facts) if one.value == value}.values()
    span = Ruler(text, facts).span(literal)
    assert (span.line, span.column, span.end_line, span.end_column) == place


@pytest.mark.parametrize("path", sorted((ROOT / "greenlint").rglob("*.py")), ids=lambda path: path.stem)
def test_words_are_counted_alike_by_the_walk_and_by_the_ruler(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    ruler = [start for kind, start, _ in _tokens(text) if kind == "word"]
    assert len(ruler) == collect(text).words


@pytest.mark.parametrize(
    "text",
    [
        'x = f\'{a:{b}} {c!r} {{d}}\'\ny = rf"""{e[\'f\']}"""\n',
        "x = 0xff + 1e-3 + 1_000j + .5\n",
        "def f(*a: int, **b): return lambda: (yield)\n",
        "# words in comments\nx = 'words in strings'  # and here\n",
        "@a.b\nasync def f[T](x: T) -> T:\n    async with y as z: pass\n",
        "match x:\n    case [1, *_]: pass\n    case {'a': b, **c}: pass\n    case A(b=1) | None: pass\n",
    ],
)
def test_words_of_odd_syntax_are_counted_alike(text: str) -> None:
    assert len([1 for kind, _, _ in _tokens(text) if kind == "word"]) == collect(text).words
