"""The facts of one Python file: a small syntax tree of plain data, free of formatting.

Every node says which words of the file it spans: `at` is the index of its first word, `to` the index after its last.
A word is a name or a keyword outside strings, numbers and comments, counted from 0. Words are enough to order nodes
and to find their line and column later (`places`), so no position is computed for code that nobody complains about.
Nodes compare by identity.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclass(slots=True, eq=False, repr=False)
class Node:
    """Anything with a place in the file."""

    at: int
    to: int

    def __repr__(self) -> str:
        """Stay short: a node holds a tree."""
        return f"<{type(self).__name__} {self.at}:{self.to}>"


# Expressions


@dataclass(slots=True, eq=False, repr=False)
class Constant(Node):
    """A literal: number, string, bytes, True, False, None or Ellipsis."""

    value: object


@dataclass(slots=True, eq=False, repr=False)
class Name(Node):
    """A bare name."""

    id: str


@dataclass(slots=True, eq=False, repr=False)
class Attribute(Node):
    """`value.name`."""

    value: Expression
    name: str


@dataclass(slots=True, eq=False, repr=False)
class Argument(Node):
    """One argument of a call: positional, `name=value`, or starred with `*` or `**`."""

    value: Expression
    name: str
    star: str


@dataclass(slots=True, eq=False, repr=False)
class Call(Node):
    """`func(arguments)`."""

    func: Expression
    arguments: tuple[Argument, ...]


@dataclass(slots=True, eq=False, repr=False)
class Collection(Node):
    """A display: `list`, `tuple` or `set`."""

    kind: str
    items: tuple[Expression, ...]


@dataclass(slots=True, eq=False, repr=False)
class Mapping(Node):
    """A dict display; a key of None stands for `**value`."""

    keys: tuple[Expression | None, ...]
    values: tuple[Expression, ...]


@dataclass(slots=True, eq=False, repr=False)
class Operation(Node):
    """An operator and its operands: arithmetic, `and`/`or`/`not`, or a comparison."""

    operator: str
    operands: tuple[Expression, ...]


@dataclass(slots=True, eq=False, repr=False)
class Choice(Node):
    """`body if test else orelse`."""

    test: Expression
    body: Expression
    orelse: Expression


@dataclass(slots=True, eq=False, repr=False)
class Subscript(Node):
    """`value[index]`; a slice is a `Group` of its parts."""

    value: Expression
    index: tuple[Expression, ...]


@dataclass(slots=True, eq=False, repr=False)
class Parameter(Node):
    """One parameter; `star` is empty, `*` or `**`."""

    name: str
    annotation: Expression | None
    default: Expression | None
    star: str
    keyword_only: bool


@dataclass(slots=True, eq=False, repr=False)
class Lambda(Node):
    """`lambda parameters: body`."""

    parameters: tuple[Parameter, ...]
    body: Expression


@dataclass(slots=True, eq=False, repr=False)
class Comprehension(Node):
    """A comprehension or generator; `clauses` hold target, iterable and conditions."""

    kind: str
    elements: tuple[Expression, ...]
    clauses: tuple[tuple[Expression, Expression, tuple[Expression, ...]], ...]


@dataclass(slots=True, eq=False, repr=False)
class Walrus(Node):
    """`target := value`."""

    target: Name
    value: Expression


@dataclass(slots=True, eq=False, repr=False)
class Group(Node):
    """What only matters for what it holds: an f-string, a slice, `*x`, `await x`, `yield x`."""

    kind: str
    items: tuple[Expression, ...]


Expression: TypeAlias = (
    Constant
    | Name
    | Attribute
    | Call
    | Collection
    | Mapping
    | Operation
    | Choice
    | Subscript
    | Lambda
    | Comprehension
    | Walrus
    | Group
)


# Statements


@dataclass(slots=True, eq=False, repr=False)
class Assign(Node):
    """`a = b = value`, `a: annotation = value`, or `a += value` with `operator` "+"."""

    targets: tuple[Expression, ...]
    value: Expression | None
    annotation: Expression | None
    operator: str


@dataclass(slots=True, eq=False, repr=False)
class Evaluate(Node):
    """An expression as a statement."""

    value: Expression


@dataclass(slots=True, eq=False, repr=False)
class Leave(Node):
    """`return`, `raise`, `break` or `continue`, by its word."""

    kind: str
    value: Expression | None


@dataclass(slots=True, eq=False, repr=False)
class Touch(Node):
    """`del`, `assert`, `global`, `nonlocal` or `pass`, with what it names."""

    kind: str
    values: tuple[Expression, ...]


@dataclass(slots=True, eq=False, repr=False)
class Import(Node):
    """`import a.b as c` or `from ..module import name as alias`.

    `names` are pairs (name, bound name); a plain `import a.b` binds "a". `module` is None for a plain import.
    `level` counts the leading dots. `*` binds everything.
    """

    module: str | None
    level: int
    names: tuple[tuple[str, str], ...]


@dataclass(slots=True, eq=False, repr=False)
class If(Node):
    """`if test: body else: orelse`; an `elif` is an `If` alone in `orelse`."""

    test: Expression
    body: tuple[Statement, ...]
    orelse: tuple[Statement, ...]


@dataclass(slots=True, eq=False, repr=False)
class For(Node):
    """`for target in iterable`; `head` is the word after its first line's last."""

    target: Expression
    iterable: Expression
    body: tuple[Statement, ...]
    orelse: tuple[Statement, ...]
    head: int


@dataclass(slots=True, eq=False, repr=False)
class While(Node):
    """`while test`; `head` as in `For`."""

    test: Expression
    body: tuple[Statement, ...]
    orelse: tuple[Statement, ...]
    head: int


@dataclass(slots=True, eq=False, repr=False)
class With(Node):
    """`with item as target, ...`."""

    items: tuple[tuple[Expression, Expression | None], ...]
    body: tuple[Statement, ...]


@dataclass(slots=True, eq=False, repr=False)
class Try(Node):
    """`try`, its handlers as (exception, name, body), `else` and `finally`."""

    body: tuple[Statement, ...]
    handlers: tuple[tuple[Expression | None, str, tuple[Statement, ...]], ...]
    orelse: tuple[Statement, ...]
    finalbody: tuple[Statement, ...]


@dataclass(slots=True, eq=False, repr=False)
class Match(Node):
    """`match subject`; each case has the expressions of its pattern and guard, the names it binds, and a body."""

    subject: Expression
    cases: tuple[tuple[tuple[Expression, ...], tuple[Name, ...], tuple[Statement, ...]], ...]


@dataclass(slots=True, eq=False, repr=False)
class Function(Node):
    """A `def`; `name_at` is the word of its name."""

    name: str
    parameters: tuple[Parameter, ...]
    decorators: tuple[Expression, ...]
    body: tuple[Statement, ...]
    is_async: bool
    name_at: int


@dataclass(slots=True, eq=False, repr=False)
class Class(Node):
    """A `class` with its bases and keywords; `name_at` is the word of its name."""

    name: str
    bases: tuple[Argument, ...]
    decorators: tuple[Expression, ...]
    body: tuple[Statement, ...]
    name_at: int


Statement: TypeAlias = (
    Assign | Evaluate | Leave | Touch | Import | If | For | While | With | Try | Match | Function | Class
)
Loop: TypeAlias = For | While


def walk(item: object) -> Iterator[Node]:
    """Yield every node in a node or a tuple of nodes, parents first."""
    if isinstance(item, tuple):
        for one in item:
            yield from walk(one)
    elif isinstance(item, Node):
        yield item
        for name in _fields(type(item)):
            yield from walk(getattr(item, name))


def expressions(item: object) -> Iterator[Node]:
    """Yield what `walk` yields, leaving out what runs later: bodies of functions, classes and lambdas."""
    if isinstance(item, tuple):
        for one in item:
            yield from expressions(one)
    elif isinstance(item, Node):
        yield item
        if not isinstance(item, (Function, Class, Lambda)):
            for name in _fields(type(item)):
                yield from expressions(getattr(item, name))


def tail(item: Node | None) -> str:
    """Return the last name of a dotted expression: `c` of `a.b.c`; empty for anything else."""
    if isinstance(item, Attribute):
        return item.name
    return item.id if isinstance(item, Name) else ""


def words_of(item: object) -> Iterator[str]:
    """Yield the names, attributes and keywords in an expression."""
    for one in expressions(item):
        if isinstance(one, (Name, Attribute)):
            yield tail(one)
        elif isinstance(one, Argument) and one.name:
            yield one.name


def written(item: Node) -> str:
    """Return a dotted expression as it is written; calls are shortened, anything else is "model"."""
    if isinstance(item, Attribute):
        return f"{written(item.value)}.{item.name}"
    if isinstance(item, Name):
        return item.id
    if isinstance(item, Subscript):
        return f"{written(item.value)}[...]"
    return f"{written(item.func)}(...)" if isinstance(item, Call) else "model"


_FIELDS: dict[type[Node], tuple[str, ...]] = {}


def _fields(kind: type[Node]) -> tuple[str, ...]:
    if kind not in _FIELDS:
        _FIELDS[kind] = _holding(kind)
    return _FIELDS[kind]


def _holding(kind: type[Node]) -> tuple[str, ...]:
    """Name the fields of a kind of node that can hold nodes."""
    return tuple(
        name for name in vars(kind)["__slots__"] if name not in ("name", "id", "star", "kind", "operator", "head")
    )


@dataclass(frozen=True, slots=True, eq=False)
class Facts:
    """What one file says; `words` is how many words it has, to check positions against."""

    body: tuple[Statement, ...]
    words: int
