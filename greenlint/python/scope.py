"""Where things stand in a file: its scopes, blocks, bindings and calls, made once from the facts."""

from __future__ import annotations

from bisect import insort
from dataclasses import dataclass, field
from functools import cached_property, wraps
from typing import TYPE_CHECKING, Any

from greenlint.python.facts import (
    Argument,
    Assign,
    Attribute,
    Call,
    Choice,
    Class,
    Collection,
    Comprehension,
    Constant,
    Evaluate,
    Expression,
    Facts,
    For,
    Function,
    Group,
    If,
    Import,
    Lambda,
    Leave,
    Loop,
    Mapping,
    Match,
    Name,
    Node,
    Operation,
    Parameter,
    Statement,
    Subscript,
    Touch,
    Try,
    Walrus,
    While,
    With,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


@dataclass(slots=True, eq=False, repr=False)
class Block:
    """A run of statements: the body of `owner`, or the branch of it that `branch` names."""

    scope: Scope
    parent: Block | None
    owner: Statement | None
    branch: str

    def up(self) -> Iterator[Block]:
        """Yield this block and those around it in its scope, innermost first."""
        block: Block | None = self
        while block is not None:
            yield block
            block = block.parent

    def holds(self, other: Block) -> bool:
        """Tell whether `other` is this block or inside it."""
        block: Block | None = other
        while block is not None:
            if block is self:
                return True
            block = block.parent
        return False

    def excludes(self, other: Block) -> bool:
        """Tell whether the two are alternative branches of one `if`, so that never both run."""
        if self is other:
            return False
        mine = {id(block.owner): block.branch for block in self.up() if type(block.owner) is If}
        return bool(mine) and any(
            mine.get(id(block.owner), block.branch) != block.branch for block in other.up() if type(block.owner) is If
        )

    def loops(self) -> Iterator[Loop]:
        """Yield the loops around this block in its scope, innermost first; a loop's `else` is outside it."""
        for block in self.up():
            if isinstance(block.owner, (For, While)) and block.branch == "body":
                yield block.owner

    def tests(self) -> Iterator[tuple[If, bool]]:
        """Yield the `if`s around this block, with whether their test is true here."""
        for block in self.up():
            if isinstance(block.owner, If):
                yield block.owner, block.branch == "body"


@dataclass(slots=True, eq=False, repr=False)
class Binding:
    """One way in which a name gets its value.

    `kind` is value, update, item (of a loop), context (of a `with`), parameter, import, function, class or other.
    `path` leads into an unpacked value: `a, (b, c) = value` binds c by (1, 1). `at` is the word from which the name
    holds, `until` the word up to which it does (comprehensions).
    """

    name: str
    kind: str
    node: Node | None
    at: int
    block: Block
    path: tuple[int, ...] = ()
    target: Scope | None = None
    origin: tuple[str | None, int, str] = (None, 0, "")
    statement: Statement | None = None
    until: int | None = None


@dataclass(slots=True, eq=False, repr=False)
class Spot:
    """A call and where it stands; `looped` means inside a comprehension, `lazy` inside a lambda."""

    call: Call
    block: Block
    statement: Statement
    looped: bool
    lazy: bool

    @property
    def scope(self) -> Scope:
        """The scope that runs the call."""
        return self.block.scope


@dataclass(slots=True, eq=False, repr=False)
class Scope:
    """A module, function or class body.

    `attributes` (of a class) are what its methods assign on their first parameter; `assigned` are assignments to
    attributes of anything else, and `members` those of them to `name.attribute`, by these two words.
    """

    kind: str
    name: str
    node: Function | Class | None
    parent: Scope | None
    module: Module
    at: int = 0
    root: Block = field(init=False)
    bindings: dict[str, list[Binding]] = field(default_factory=dict)
    spots: list[Spot] = field(default_factory=list)
    statements: list[tuple[Statement, Block]] = field(default_factory=list)
    children: list[Scope] = field(default_factory=list)
    attributes: dict[str, list[Binding]] = field(default_factory=dict)
    assigned: list[tuple[Attribute, Binding]] = field(default_factory=list)
    members: dict[tuple[str, str], list[Binding]] = field(default_factory=dict)
    foreign: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        """Open the scope's own block."""
        self.root = Block(self, None, None, "body")

    @property
    def parameters(self) -> tuple[Parameter, ...]:
        """Parameters of a function; empty for anything else."""
        return self.node.parameters if isinstance(self.node, Function) else ()

    @property
    def method_of(self) -> Scope | None:
        """The class whose body holds this function."""
        return self.parent if self.parent is not None and self.parent.kind == "class" else None

    @property
    def qualified(self) -> str:
        """Dotted name inside the file: `Trainer.fit`."""
        if self.parent is None or self.parent.kind == "module":
            return self.name
        return f"{self.parent.qualified}.{self.name}"

    def bind(self, binding: Binding) -> None:
        """Keep a binding; those of one name stay in the order of the source."""
        held = self.bindings.setdefault(binding.name, [])
        if held and held[-1].at > binding.at:
            insort(held, binding, key=lambda one: one.at)
        else:
            held.append(binding)

    def child(self, name: str) -> Scope | None:
        """Return the function or class of this name defined here, the last one if several."""
        for scope in reversed(self.children):
            if scope.name == name:
                return scope
        return None

    def enclosing(self) -> Iterator[Scope]:
        """Yield this scope and those around it, innermost first."""
        scope: Scope | None = self
        while scope is not None:
            yield scope
            scope = scope.parent

    def all(self) -> Iterator[Scope]:
        """Yield this scope and every scope inside it, in the order of the source."""
        yield self
        for child in self.children:
            yield from child.all()


class Module:
    """One file, indexed.

    `identifiers` holds every name, attribute and keyword in the file, `strings` every string literal.
    """

    def __init__(self, path: Path, facts: Facts) -> None:
        """Index the facts of one file."""
        self.path = path
        self.facts = facts
        self.identifiers: set[str] = set()
        self.strings: set[str] = set()
        self.imports: list[Import] = []
        self.top = Scope("module", path.stem, None, None, self)
        self.scopes: list[Scope] = []
        self.answers: dict[object, bool] = {}
        _Indexer(self).block(facts.body, self.top.root)
        self.scopes = list(self.top.all())

    @cached_property
    def vocabulary(self) -> str:
        """The identifiers, one on a line: one search through it is faster than one for each of them."""
        return "\n".join(self.identifiers)

    @cached_property
    def merges(self) -> bool:
        """Whether it speaks of merging settings with others, or of reading them from a file."""
        return any("merge" in word or word == "from_file" for word in self.identifiers)

    @cached_property
    def roots(self) -> set[str]:
        """The top-level packages that the file imports."""
        found: set[str] = set()
        for item in self.imports:
            if item.module is None:
                found.update(name.partition(".")[0] for name, _ in item.names)
            elif not item.level:
                found.add(item.module.partition(".")[0])
        return found

    def spots(self) -> Iterator[Spot]:
        """Yield every call of the file, scope by scope."""
        for scope in self.scopes:
            yield from scope.spots


def once(question: Callable[[Module], bool]) -> Callable[[Module], bool]:
    """Have a question about a file answered once, however many programs the file is part of."""

    @wraps(question)
    def answer(module: Module) -> bool:
        if question not in module.answers:
            module.answers[question] = question(module)
        return module.answers[question]

    return answer


class _Indexer:
    """One walk over the facts of a file."""

    def __init__(self, module: Module) -> None:
        self.module = module
        self.statement: Statement = module.facts.body[0] if module.facts.body else Touch(0, 0, "pass", ())
        self.looped = False
        self.lazy = False
        self.expressions: dict[type[Node], Callable[[Any, Block], None]] = {
            Name: self._name,
            Constant: self._constant,
            Attribute: self._attribute,
            Call: self._call,
            Collection: self._items,
            Group: self._items,
            Operation: self._operation,
            Mapping: self._mapping,
            Subscript: self._subscript,
            Choice: self._choice,
            Walrus: self._walrus,
            Lambda: self._lambda,
            Comprehension: self._comprehension,
        }
        self.statements: dict[type[Node], Callable[[Any, Block], None]] = {
            Assign: self._assign,
            Evaluate: self._evaluate,
            Leave: self._leave,
            Touch: self._touch,
            Import: self._import,
            If: self._if,
            For: self._for,
            While: self._while,
            With: self._with,
            Try: self._try,
            Match: self._match,
            Function: self._function,
            Class: self._class,
        }

    def block(self, body: tuple[Statement, ...], block: Block) -> None:
        """Index statements that stand in `block`."""
        for statement in body:
            self.statement = statement
            block.scope.statements.append((statement, block))
            self.statements[type(statement)](statement, block)

    def _inner(self, body: tuple[Statement, ...], block: Block, owner: Statement, branch: str) -> None:
        if body:
            self.block(body, Block(block.scope, block, owner, branch))

    # Statements

    def _assign(self, item: Assign, block: Block) -> None:
        if item.value is not None:
            self.expression(item.value, block)
        if item.annotation is not None:
            self.expression(item.annotation, block)
        for target in item.targets:
            kind = "update" if item.operator else "value"
            if item.value is None:
                kind = "declared"
            self._bind(target, kind, item.value or item.annotation, block, (), item.to)

    def _bind(  # noqa: PLR0913, PLR0917 - one binding is all of these
        self, target: Expression, kind: str, node: Node | None, block: Block, path: tuple[int, ...], at: int
    ) -> None:
        scope = block.scope
        if isinstance(target, Name):
            self.module.identifiers.add(target.id)
            binding = Binding(target.id, kind, node, at, block, path, statement=self.statement)
            home = scope
            if target.id in scope.foreign:
                home = scope.module.top
            home.bind(binding)
        elif isinstance(target, Attribute):
            self.expression(target, block)
            binding = Binding(target.name, kind, node, at, block, path, statement=self.statement)
            owner = _self_class(target, scope)
            if owner is not None:
                owner.attributes.setdefault(target.name, []).append(binding)
            else:
                scope.assigned.append((target, binding))
                if isinstance(target.value, Name):
                    scope.members.setdefault((target.value.id, target.name), []).append(binding)
        elif isinstance(target, Collection):
            for index, one in enumerate(target.items):
                self._bind(one, kind, node, block, (*path, index), at)
        elif isinstance(target, Group):
            for one in target.items:
                self._bind(one, "other", None, block, (), at)
        else:
            self.expression(target, block)

    def _evaluate(self, item: Evaluate, block: Block) -> None:
        self.expression(item.value, block)

    def _leave(self, item: Leave, block: Block) -> None:
        if item.value is not None:
            self.expression(item.value, block)

    def _touch(self, item: Touch, block: Block) -> None:
        if item.kind in ("global", "nonlocal"):
            block.scope.foreign.update(one.id for one in item.values if isinstance(one, Name))
            return
        for value in item.values:
            self.expression(value, block)

    def _import(self, item: Import, block: Block) -> None:
        self.module.imports.append(item)
        for name, bound in item.names:
            self.module.identifiers.add(bound)
            self.module.identifiers.update(name.split("."))
            origin = (item.module, item.level, name)
            if item.module is None and bound == name.partition(".")[0]:
                origin = (None, 0, bound)
            if item.module:
                self.module.identifiers.update(item.module.split("."))
            block.scope.bind(Binding(bound, "import", item, item.to, block, origin=origin, statement=item))

    def _if(self, item: If, block: Block) -> None:
        # Chains of `elif` run to hundreds in real code: no recursion.
        while True:
            self.expression(item.test, block)
            self._inner(item.body, block, item, "body")
            if len(item.orelse) != 1 or not isinstance(item.orelse[0], If):
                break
            block, item = Block(block.scope, block, item, "else"), item.orelse[0]
            self.statement = item
            block.scope.statements.append((item, block))
        self._inner(item.orelse, block, item, "else")

    def _for(self, item: For, block: Block) -> None:
        self.expression(item.iterable, block)
        body = Block(block.scope, block, item, "body")
        self._bind(item.target, "item", item.iterable, body, (), item.head)
        self.block(item.body, body)
        self._inner(item.orelse, block, item, "else")

    def _while(self, item: While, block: Block) -> None:
        body = Block(block.scope, block, item, "body")
        self.expression(item.test, body)
        self.block(item.body, body)
        self._inner(item.orelse, block, item, "else")

    def _with(self, item: With, block: Block) -> None:
        body = Block(block.scope, block, item, "body")
        for value, target in item.items:
            self.expression(value, block)
            if target is not None:
                self._bind(target, "context", value, body.parent or body, (), value.to)
        self.block(item.body, body)

    def _try(self, item: Try, block: Block) -> None:
        self._inner(item.body, block, item, "body")
        for number, (kind, name, body) in enumerate(item.handlers):
            if kind is not None:
                self.expression(kind, block)
            inner = Block(block.scope, block, item, f"except {number}")
            if name:
                block.scope.bind(Binding(name, "other", None, kind.to if kind is not None else item.at, inner))
            self.block(body, inner)
        self._inner(item.orelse, block, item, "else")
        if item.finalbody:
            self._inner(item.finalbody, block, item, "finally")

    def _match(self, item: Match, block: Block) -> None:
        self.expression(item.subject, block)
        for number, (expressions, names, body) in enumerate(item.cases):
            inner = Block(block.scope, block, item, f"case {number}")
            for one in expressions:
                self.expression(one, inner)
            for name in names:
                self._bind(name, "other", None, inner, (), name.to)
            self.block(body, inner)

    def _function(self, item: Function, block: Block) -> None:
        outer = block.scope
        for decorator in item.decorators:
            self.expression(decorator, block)
        scope = Scope("function", item.name, item, outer, self.module, item.at)
        self._parameters(item.parameters, block, scope)
        outer.children.append(scope)
        outer.bind(Binding(item.name, "function", item, item.at, block, target=scope, statement=item))
        self._separately(item.body, scope)

    def _parameters(self, parameters: tuple[Parameter, ...], block: Block, scope: Scope) -> None:
        for parameter in parameters:
            self.module.identifiers.add(parameter.name)
            if parameter.annotation is not None:
                self.expression(parameter.annotation, block)
            if parameter.default is not None:
                self.expression(parameter.default, block)
            binding = Binding(parameter.name, "parameter", parameter, parameter.at, scope.root)
            scope.bind(binding)

    def _class(self, item: Class, block: Block) -> None:
        outer = block.scope
        for decorator in item.decorators:
            self.expression(decorator, block)
        for base in item.bases:
            self.expression(base.value, block)
        scope = Scope("class", item.name, item, outer, self.module, item.at)
        outer.children.append(scope)
        outer.bind(Binding(item.name, "class", item, item.at, block, target=scope, statement=item))
        self._separately(item.body, scope)

    def _separately(self, body: tuple[Statement, ...], scope: Scope) -> None:
        kept = self.statement, self.looped, self.lazy
        self.looped = self.lazy = False
        self.block(body, scope.root)
        self.statement, self.looped, self.lazy = kept

    # Expressions

    def expression(self, item: Expression, block: Block) -> None:
        """Index one expression."""
        self.expressions[type(item)](item, block)

    def _name(self, item: Name, _: Block) -> None:
        self.module.identifiers.add(item.id)

    def _constant(self, item: Constant, _: Block) -> None:
        if isinstance(item.value, str):
            self.module.strings.add(item.value)

    def _attribute(self, item: Attribute, block: Block) -> None:
        self.module.identifiers.add(item.name)
        self.expression(item.value, block)

    def _call(self, item: Call, block: Block) -> None:
        self.expression(item.func, block)
        for argument in item.arguments:
            if argument.name:
                self.module.identifiers.add(argument.name)
            self.expression(argument.value, block)
        block.scope.spots.append(Spot(item, block, self.statement, self.looped, self.lazy))

    def _items(self, item: Collection | Group, block: Block) -> None:
        for one in item.items:
            self.expression(one, block)

    def _operation(self, item: Operation, block: Block) -> None:
        for one in item.operands:
            self.expression(one, block)

    def _mapping(self, item: Mapping, block: Block) -> None:
        for key in item.keys:
            if key is not None:
                self.expression(key, block)
        for one in item.values:
            self.expression(one, block)

    def _subscript(self, item: Subscript, block: Block) -> None:
        self.expression(item.value, block)
        for one in item.index:
            self.expression(one, block)

    def _choice(self, item: Choice, block: Block) -> None:
        self.expression(item.test, block)
        self.expression(item.body, block)
        self.expression(item.orelse, block)

    def _walrus(self, item: Walrus, block: Block) -> None:
        self.expression(item.value, block)
        self._bind(item.target, "value", item.value, block, (), item.to)

    def _lambda(self, item: Lambda, block: Block) -> None:
        kept, self.lazy = self.lazy, True
        self.expression(item.body, block)
        self.lazy = kept

    def _comprehension(self, item: Comprehension, block: Block) -> None:
        kept = self.looped
        for target, iterable, tests in item.clauses:
            self.expression(iterable, block)
            self.looped = True
            self._bind(target, "item", iterable, block, (), item.at)
            for name in _names(target):
                home = self.module.top if name in block.scope.foreign else block.scope
                next(one for one in reversed(home.bindings[name]) if one.at == item.at).until = item.to
            for test in tests:
                self.expression(test, block)
        self.looped = True
        for one in item.elements:
            self.expression(one, block)
        self.looped = kept


def _names(target: Expression) -> Iterator[str]:
    if isinstance(target, Name):
        yield target.id
    elif isinstance(target, Collection):
        for one in target.items:
            yield from _names(one)


def _self_class(target: Attribute, scope: Scope) -> Scope | None:
    """Return the class whose method assigns an attribute on its own first parameter."""
    if not isinstance(target.value, Name):
        return None
    for inner in scope.enclosing():
        owner = inner.method_of
        if owner is not None and inner.parameters and inner.parameters[0].name == target.value.id:
            return owner
    return None


def arguments_of(call: Call) -> dict[int | str, Argument]:
    """Map positions and keywords to arguments, up to the first `*`."""
    found: dict[int | str, Argument] = {}
    for index, argument in enumerate(call.arguments):
        if argument.star == "*":
            break
        if argument.name:
            found[argument.name] = argument
        elif not argument.star:
            found[index] = argument
    for argument in call.arguments:
        if argument.name:
            found[argument.name] = argument
    return found
