from __future__ import annotations

import sysconfig
from pathlib import Path

import libcst as cst
import pytest
from libcst.metadata import MetadataWrapper, PositionProvider

from greenlint.errors import SourceError
from greenlint.python.collect import collect
from greenlint.python.facts import Call, Constant, Facts, For, If, Node, While
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
        "x = 1if x else 2\ny = 0xFFif x else 1_0.e-5j\n",
        "try: pass\nexcept* (A, B) as e: pass\n",
        "type X[T: int, *Ts, **P] = dict[T, P]\nclass A[T = int](B, metaclass=C): pass\n",
        "if (a := [b for c in d if e async for f in g]) not in h: pass\n",
        "x = \\\n    lambda *a, b=c, **d: a \\\n    if b else d\n",
        "größe = naïve.été(ñ=1)\n名前 = ª\n",
        "from . import (a as b,  # word\n    c)\nfrom ...d.e import *\nimport f.g as h, i\n",
        "f(*a, **b)[c:d, ..., e:f:g] = {**h, i: j, 'k': -l}\nnonlocal_ = not m is not n\n",
        "async def f():\n    await g\n    yield from h\n    async for i in j: continue\n    else: break\n",
        "def f(a, /, b, *, c=1) -> d:\n    global e, g\n    del a, (b, c)\n    assert a, b\n    raise c from d\n",
        "match x:\n    case C(a, b=D.e) as f if g: pass\n    case -1 | 1+2j | 'a' 'b' | None: pass\n    case _: pass\n",
        "if x:\n  a\nelif y:\n  b\nelif z:\n  c\nelse:\n  d\n",
        "while x:\n\tpass\nelse:\n\twith (a as b, c): pass\n",
        "x = f'{a.b(c[\"d\"]):>{e}}' 'f' f\"{g=}\"\n",
        "match x:\n    case [1, *_]: pass\n    case {'a': b, **c}: pass\n    case A(b=1) | None: pass\n",
    ],
)
def test_words_of_odd_syntax_are_counted_alike(text: str) -> None:
    assert len([1 for kind, _, _ in _tokens(text) if kind == "word"]) == collect(text).words


def nodes(node: object) -> list[Node]:
    if isinstance(node, (list, tuple)):
        return [found for item in node for found in nodes(item)]
    if not isinstance(node, (Node, Facts)):
        return []
    names = [name for cls in type(node).__mro__ for name in getattr(cls, "__slots__", ())]
    inner = [found for name in names for found in nodes(getattr(node, name, None))]
    return [node, *inner] if isinstance(node, Node) else inner


def surveyed(text: str, kind: type[cst.CSTNode]) -> list[tuple[int, int]]:
    """Return where LibCST sees the nodes of a kind outside f-strings, which are text to the walk."""
    wrapper = MetadataWrapper(cst.parse_module(text), unsafe_skip_copy=True)
    positions = wrapper.resolve(PositionProvider)

    def inside(node: cst.CSTNode) -> list[cst.CSTNode]:
        if type(node).__name__ in ("FormattedString", "TemplatedString"):
            return []
        return [*([node] if isinstance(node, kind) else []), *(one for child in node.children for one in inside(child))]

    return sorted((positions[one].start.line, positions[one].start.column + 1) for one in inside(wrapper.module))


LOOPS_AND_CALLS = """\
x = (y) ; f(1)
@g(2)
async def h[T](a: i(3) = j(4), *, b=k(5)) -> l(6):
    for m in n(7): o(8)
    while p(9):
        async for q in [r(10) for s in t(11) if u(12)]: pass
    return lambda v=w(13): x(14)(15).y(16)
class A(B(17), metaclass=C(18)):
    z: D(19) = 1if E(20) else 0xFF or F(21)
match G(22):
    case H.I if J(23): K(24)
try: L(25)
except M(26) as N: pass
"""


def test_calls_and_loops_stand_where_libcst_sees_them() -> None:
    text = LOOPS_AND_CALLS
    facts = collect(text)
    ruler = Ruler(text, facts)
    for kind, theirs in ((Call, cst.Call), (For, cst.For), (While, cst.While)):
        spans = [ruler.span(one) for one in nodes(facts.body) if isinstance(one, kind)]
        mine = sorted({(span.line, span.column) for span in spans})
        seen = surveyed(text, theirs)
        assert set(mine) <= set(seen), kind
        assert mine or kind is not Call


@pytest.mark.slow
def test_words_of_the_standard_library_are_counted_alike() -> None:
    folder = Path(sysconfig.get_path("stdlib"))
    wrong = []
    for path in sorted(folder.glob("*.py")):
        text = path.read_bytes().decode("utf-8", "replace").replace("\r", "\n")
        if len([1 for kind, _, _ in _tokens(text) if kind == "word"]) != collect(text).words:
            wrong.append(path.name)
    assert not wrong


@pytest.mark.parametrize("links", [400, 900])
def test_a_long_chain_of_elif_is_no_deep_nesting(links: int) -> None:
    text = "if x:\n  y\n" + "elif x:\n  f(y)\n" * links
    assert len(nodes_of_chain(collect(text).body)) == links + 1


def nodes_of_chain(body: tuple[object, ...]) -> list[If]:
    found = []
    while body and isinstance(body[0], If):
        found.append(body[0])
        body = body[0].orelse
    return found


def test_a_chain_that_libcst_follows_by_recursion_is_refused_and_does_not_end_the_process() -> None:
    with pytest.raises(SourceError, match="nested too deeply"):
        collect("x = a" + " and b" * 10_000 + "\n")
