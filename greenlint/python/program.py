"""A program: an entry and the project files it imports, and what its expressions can be.

`values` follows names through assignments, calls, attributes, parameters and imports. It is a bounded approximation
that never runs code: where several definitions can reach a place it gives them all, where one cannot be told it adds
`UNKNOWN`.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from dataclasses import dataclass, field, replace
from operator import attrgetter
from typing import TYPE_CHECKING, Any

from greenlint.python import options
from greenlint.python.facts import (
    Argument,
    Assign,
    Attribute,
    Call,
    Choice,
    Collection,
    Constant,
    Expression,
    Function,
    Group,
    Import,
    Lambda,
    Leave,
    Mapping,
    Name,
    Node,
    Operation,
    Parameter,
    Subscript,
    Walrus,
)
from greenlint.python.frameworks import FLUENT, NUMERIC, PREPARING, SPAWNERS, TRANSPARENT, canonical, star_source
from greenlint.python.scope import Binding, Block, Module, Scope, Spot, arguments_of
from greenlint.python.values import (
    UNKNOWN,
    ClassValue,
    Closure,
    Display,
    FunctionValue,
    Instance,
    Library,
    Literal,
    Made,
    Member,
    ModuleValue,
    Package,
    Unknown,
    Value,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence


# Bounds that keep a query short; past them the answer is unknown.
_MOST_VALUES = 12
_DEEPEST = 40
_MOST_QUESTIONS = 200_000
_MOST_BINDINGS = 64
_LARGEST = 2**64
_MOST_RETURNS = 8
_CONSTRUCTORS = frozenset({"load_from_checkpoint", "from_pretrained", "from_config"})
# Method names too common to be taken for a project's method when nothing is known of the object.
_COMMON = frozenset(
    [
        "step",
        "train",
        "eval",
        "forward",
        "backward",
        "fit",
        "run",
        "update",
        "get",
        "set",
        "add",
        "append",
        "close",
        "reset",
        "start",
        "stop",
        "save",
        "load",
        "call",
        "predict",
        "evaluate",
        "to",
        "cuda",
        "cpu",
        "items",
        "keys",
        "values",
        "write",
        "read",
        "log",
        "item",
        "mean",
        "sum",
        "copy",
        "apply",
        "parameters",
        "state_dict",
        "zero_grad",
        "__init__",
        "__call__",
        "compile",
        "build",
        "setup",
        "test",
        "main",
        "sample",
        "generate",
        "transform",
    ]
)

Values = tuple[Value, ...]
_NOTHING: Values = (UNKNOWN,)


@dataclass(frozen=True, slots=True, eq=False)
class Edge:
    """A call from a spot to a function of the program.

    `kind` is call, spawn (runs elsewhere: a process or thread), pass (the function is handed over) or guess (the only
    method of that name).
    """

    spot: Spot
    target: Scope
    kind: str
    bound: bool


@dataclass(slots=True)
class _Group:
    """Answers that rest on the same open question, by its depth."""

    lowest: int
    keys: list[int] = field(default_factory=list)


class Program:
    """One entry and the files it imports."""

    def __init__(
        self,
        entry: Module,
        modules: Sequence[Module],
        imported: Callable[[Module, str | None, int], Module | None],
        shared: dict[int, Values] | None = None,
    ) -> None:
        """Hold the files; `imported(module, name, level)` resolves an import inside the project.

        `shared` keeps, for all programs of a project, the values that are the same in each of them: those that no
        parameter, option or subclass has a say in.
        """
        self.entry = entry
        self.modules = modules
        self._imported = imported
        self._shared: dict[int, Values] = {} if shared is None else shared
        self._memory: dict[int, Values] = {}
        self._local = False
        self._busy: dict[object, int] = {}
        self._lowest = 0
        self._asked = 0
        self._tentative: dict[int, tuple[Values, bool, _Group]] = {}
        self._groups: dict[int, list[_Group]] = {}
        self._edges: dict[int, list[Edge]] | None = None
        self._callers: dict[int, list[Edge]] = {}
        self._subclasses: dict[int, list[Scope]] | None = None
        self._methods: dict[str, list[Scope]] | None = None
        self._following = False
        self._linked = False
        self._callees: dict[int, frozenset[str]] = {}
        self._mentioned: dict[str, bool] = {}
        self._open: set[int] = set()
        self.options = options.Declared(self)
        # What each kind of expression is asked; nothing is known of the others.
        self._questions: dict[type[Node], Callable[[Any, Block], Iterable[Value]]] = {
            Constant: self._constant,
            Name: self._name,
            Attribute: self._attribute,
            Call: self._call,
            Collection: self._display,
            Mapping: self._display,
            Lambda: self._closure,
            Walrus: self._walrus,
            Choice: self._choice,
            Operation: self._operation,
            Subscript: self._subscript,
            Group: self._group,
        }

    # Values of expressions

    def values(self, expression: Expression, block: Block) -> Values:
        """Return what an expression can be where it stands; never empty."""
        key = id(expression)
        known = self._shared.get(key)
        if known is not None:
            return known
        known = self._memory.get(key)
        if known is not None:
            self._local = True
            return known
        tentative = self._tentative.get(key)
        if tentative is not None:
            found, local, group = tentative
            self._lowest = min(self._lowest, group.lowest)
            self._local = self._local or local
            return found
        depth = len(self._busy)
        if key in self._busy or depth > _DEEPEST:
            # What is being asked for already adds nothing new; answers that rest on this are not kept.
            self._lowest = min(self._lowest, self._busy.get(key, depth))
            return _NOTHING
        outer, self._lowest = self._lowest, depth
        around, self._local = self._local, False
        self._busy[key] = depth
        try:
            ask = self._questions.get(type(expression))
            found = _NOTHING if ask is None else _distinct(ask(expression, block))
        finally:
            del self._busy[key]
            if not self._busy:
                self._tentative.clear()
                self._groups.clear()
        self._asked += 1
        if self._lowest >= depth or self._asked > _MOST_QUESTIONS:
            (self._memory if self._local else self._shared)[key] = found
            if self._groups:
                self._forget(depth)
        else:
            self._keep(key, found, depth)
        self._lowest = min(outer, self._lowest)
        self._local = around or self._local
        return found

    def _forget(self, depth: int) -> None:
        """Forget the answers that rested on the question at this depth: it has its answer now, and they may grow."""
        for lowest in [lowest for lowest in self._groups if lowest >= depth]:
            for group in self._groups.pop(lowest):
                for key in group.keys:
                    self._tentative.pop(key, None)

    def _keep(self, key: int, found: Values, depth: int) -> None:
        """Keep an answer that rests on a question still open, for as long as that one is open.

        Without it each way through a circle of functions would be walked anew, and there are exponentially many.
        """
        groups = self._groups.setdefault(self._lowest, [])
        for lowest in [lowest for lowest in self._groups if lowest >= depth]:
            for group in self._groups.pop(lowest):
                group.lowest = self._lowest
                groups.append(group)
        if not groups:
            groups.append(_Group(self._lowest))
        groups[0].keys.append(key)
        self._tentative[key] = found, self._local, groups[0]

    def names(self, expression: Expression, block: Block) -> set[str]:
        """Return the library names that an expression can be or was made by."""
        found = set()
        for value in self.values(expression, block):
            if isinstance(value, (Library, Made, Member)):
                found.add(value.name)
        return found

    def name(self, spot: Spot) -> str:
        """Return the one library name that a call calls, or an empty string."""
        names = self.callees(spot)
        return next(iter(names)) if len(names) == 1 else ""

    def callees(self, spot: Spot) -> frozenset[str]:
        """Return the library names that a call can call; an object that is called has `()` after its maker's name."""
        key = id(spot)
        found = self._callees.get(key)
        if found is None:
            found = frozenset(
                f"{value.name}()" if isinstance(value, Made) else value.name
                for value in self.values(spot.call.func, spot.block)
                if isinstance(value, (Library, Made, Member))
            )
            if self._linked and not self._busy:
                self._callees[key] = found
        return found

    def mentions(self, word: str) -> bool:
        """Tell whether a part of a name or of a text in the program is this word; without it no value is named so."""
        if word not in self._mentioned:
            self._mentioned[word] = any(
                word in one for module in self.modules for held in (module.identifiers, module.strings) for one in held
            )
        return self._mentioned[word]

    def literals(self, expression: Expression, block: Block) -> list[Literal]:
        """Return the constants an expression can be, known ones only."""
        return [value for value in self.values(expression, block) if isinstance(value, Literal)]

    def argument(self, call: Call, name: str, position: int | None = None) -> Argument | None:
        """Return the argument of a call by keyword or position, or None."""
        bound = arguments_of(call)
        if name in bound:
            return bound[name]
        return bound.get(position) if position is not None else None

    @staticmethod
    def open_ended(call: Call) -> bool:
        """Tell whether a call has `*` or `**` arguments, so that what it passes is not known."""
        return any(argument.star for argument in call.arguments)

    def makers(self, spot: Spot) -> list[tuple[Call, Block]]:
        """Return the calls that made the object whose method is called."""
        func = spot.call.func
        if not isinstance(func, Attribute):
            return []
        return [
            (value.call, value.block)
            for value in self.values(func.value, spot.block)
            if isinstance(value, (Made, Instance)) and value.call is not None and value.block is not None
        ]

    def is_set(self, call: Call, name: str, block: Block) -> bool:
        """Tell whether an argument is given and is not its own way of saying no: None or -1."""
        argument = self.argument(call, name)
        if argument is None:
            return False
        values = self.values(argument.value, block)
        return not all(isinstance(one, Literal) and one.value in (None, -1) for one in values)

    def _constant(self, item: Constant, block: Block) -> Iterable[Value]:
        return (Literal(item.value, item, block.scope.module),)

    def _display(self, item: Collection | Mapping, block: Block) -> Iterable[Value]:
        return (Display(item, block),)

    def _closure(self, item: Lambda, block: Block) -> Iterable[Value]:
        return (Closure(item, block),)

    def _walrus(self, item: Walrus, block: Block) -> Iterable[Value]:
        return self.values(item.value, block)

    def _choice(self, item: Choice, block: Block) -> Iterable[Value]:
        return (*self.values(item.body, block), *self.values(item.orelse, block))

    def _group(self, item: Group, block: Block) -> Iterable[Value]:
        return self.values(item.items[0], block) if item.kind == "await" else _NOTHING

    def _name(self, item: Name, block: Block) -> Iterable[Value]:
        return self._named(item.id, item.at, block)

    def _operation(self, item: Operation, block: Block) -> Iterable[Value]:
        if item.operator in ("and", "or"):
            return [value for one in item.operands for value in self.values(one, block)]
        if len(item.operands) != 2:  # noqa: PLR2004
            return _NOTHING
        left, right = (self.values(one, block) for one in item.operands)
        lists = [one for one in (*left, *right) if isinstance(one, Display)]
        if lists and item.operator == "+":
            return [*lists, UNKNOWN] if len(lists) < len(left) + len(right) else lists
        if len(left) == len(right) == 1 and isinstance(left[0], Literal) and isinstance(right[0], Literal):
            result = _arithmetic(item.operator, left[0].value, right[0].value)
            if result is not None:
                larger = max(left[0], right[0], key=lambda one: abs(one.value))  # type: ignore[arg-type]
                return (Literal(result, larger.node, larger.module),)
        return _NOTHING

    def _subscript(self, item: Subscript, block: Block) -> Iterable[Value]:
        if len(item.index) != 1:
            return _NOTHING
        found: list[Value] = []
        for value in self.values(item.value, block):
            for index in self.values(item.index[0], block):
                key = index.value if isinstance(index, Literal) else None
                found.extend(self._item(value, key))
        return found

    def _item(self, value: Value, key: object) -> Iterable[Value]:
        if isinstance(value, Display) and isinstance(value.node, Mapping):
            found: Values = _NOTHING
            for one, held in zip(value.node.keys, value.node.values, strict=True):
                if isinstance(one, Constant) and one.value == key:
                    found = self.values(held, value.block)
            return found
        if isinstance(value, Display) and isinstance(key, int) and isinstance(value.node, Collection):
            items = value.node.items
            if -len(items) <= key < len(items) and not any(isinstance(one, Group) for one in items):
                return self.values(items[key], value.block)
        if isinstance(value, Made) and isinstance(key, str) and value.name == "dict" and value.call is not None:
            argument = arguments_of(value.call).get(key)
            if argument is not None:
                return self.values(argument.value, value.block)
        if (
            isinstance(value, Made)
            and value.name == "vars"
            and isinstance(key, str)
            and value.call is not None
            and value.call.arguments
        ):
            options = self.values(value.call.arguments[0].value, value.block)
            return [found for one in options for found in self.attribute(one, key)]
        if isinstance(value, Made) and isinstance(key, int):
            return self._unpacked(value, key)
        return _NOTHING

    # Names

    def _named(self, name: str, at: int, block: Block) -> Iterable[Value]:
        here = block.scope
        for scope in here.enclosing():
            if scope.kind == "class" and scope is not here:
                continue
            bindings = scope.bindings.get(name)
            if not bindings:
                continue
            same = scope is here
            reached = _reaching(bindings, at if same else None, block if same else scope.root)
            if len(reached) == 1:
                return self.bound(reached[0])
            if reached:
                return [value for binding in reached for value in self.bound(binding)]
        return self._from_star(name, here)

    def _from_star(self, name: str, here: Scope) -> Iterable[Value]:
        """Return what a name that nothing binds can be: one of a module imported with a star, or a builtin."""
        stars = [binding for scope in here.enclosing() for binding in scope.bindings.get("*", ())]
        for binding in reversed(stars):
            module = self._imported(binding.block.scope.module, binding.origin[0], binding.origin[1])
            if module is not None:
                if name in module.top.bindings:
                    return self._global(module, name)
                continue
            if len(stars) == 1 and binding.origin[0]:
                return (Library(canonical(f"{binding.origin[0]}.{name}")),)
        if stars:
            source = star_source(name, {canonical(binding.origin[0]) for binding in stars if binding.origin[0]})
            return (Library(f"{source}.{name}"),) if source else _NOTHING
        return (Library(name),)

    def _global(self, module: Module, name: str) -> Iterable[Value]:
        key = (id(module), name)
        if key in self._busy or len(self._busy) > _DEEPEST:
            # Packages that import names from one another in a circle.
            self._lowest = min(self._lowest, self._busy.get(key, len(self._busy)))
            return _NOTHING
        self._busy[key] = len(self._busy)
        try:
            bindings = module.top.bindings.get(name, [])
            return [v for binding in _reaching(bindings, None, module.top.root) for v in self.bound(binding)]
        finally:
            del self._busy[key]

    def bound(self, binding: Binding) -> Iterable[Value]:  # noqa: C901
        """Return what one binding binds."""
        block, node = binding.block, binding.node
        if binding.kind == "import":
            return self._import(binding)
        if binding.kind == "function" and binding.target is not None:
            return (FunctionValue(binding.target),)
        if binding.kind == "class" and binding.target is not None:
            return (ClassValue(binding.target),)
        if binding.kind == "parameter" and isinstance(node, Parameter):
            return self._parameter(node, block.scope)
        if binding.kind == "declared":
            return _NOTHING if node is None else self._annotated(node, block)
        if node is None or isinstance(node, (Parameter, Function)):
            return _NOTHING
        if binding.kind in ("value", "context"):
            found = self.values(node, block)  # type: ignore[arg-type]
            annotation = binding.statement.annotation if isinstance(binding.statement, Assign) else None
            if annotation is not None and all(_is_opaque(one) for one in found):
                return self._annotated(annotation, block)
            for index in binding.path:
                found = tuple(value for one in found for value in self._item(one, index))
            return found
        if binding.kind == "update":
            # `layers += [block]` lengthens a list; a number that is counted up is not known.
            return [one if isinstance(one, Display) else UNKNOWN for one in self.values(node, block)]  # type: ignore[arg-type]
        if binding.kind == "item":
            found = tuple(value for one in self.values(node, block) for value in self._elements(one))  # type: ignore[arg-type]
            for index in binding.path:
                found = tuple(value for one in found for value in self._item(one, index))
            return found
        return _NOTHING

    def _unpacked(self, value: Made, index: int) -> Iterable[Value]:
        """Follow `a, b = accelerator.prepare(a, b)` and the like."""
        call = value.call
        method = value.name.rpartition(".")[2]
        if call is None or self.open_ended(call):
            return _NOTHING
        if method == "parse_args_into_dataclasses":
            return self.options.dataclass_of(value, index)
        if method in PREPARING:
            named = arguments_of(call)
            if method == "initialize" and "model" in named:
                return self.values(named["model"].value, value.block) if index == 0 else _NOTHING
            if index in named:
                return self.values(named[index].value, value.block)
        if value.name == "enumerate" and index == 1 and call.arguments:
            return [v for one in self.values(call.arguments[0].value, value.block) for v in self._elements(one)]
        if value.name.endswith(("parse_known_args",)) and index == 0:
            return (Made("argparse.ArgumentParser.parse_args", call, value.block),)
        return _NOTHING

    def _elements(self, value: Value) -> Iterable[Value]:
        if isinstance(value, Display) and isinstance(value.node, Collection):
            if len(value.node.items) > _MOST_VALUES:
                return _NOTHING
            return [
                found
                for one in value.node.items
                for found in (_NOTHING if isinstance(one, Group) else self.values(one, value.block))
            ]
        if isinstance(value, Made) and value.name == "enumerate":
            return (value,)
        return _NOTHING

    def _import(self, binding: Binding) -> Iterable[Value]:
        source, level, name = binding.origin
        here = binding.block.scope.module
        if source is None:
            module = self._imported(here, name, 0)
            if module is not None:
                return (ModuleValue(module),)
            dotted = (
                [full for full, bound in binding.node.names if bound == name]
                if isinstance(binding.node, Import)
                else []
            )
            if any(self._imported(here, full, 0) is not None for full in dotted):
                return (Package(name, here),)
            return (Library(canonical(name)),)
        module = self._imported(here, source, level)
        if module is here:
            # `from . import part` in a package's own `__init__.py`.
            module = None
        if module is not None and name in module.top.bindings:
            return self._global(module, name)
        inner = self._imported(here, f"{source}.{name}" if source else name, level)
        if inner is not None:
            return (ModuleValue(inner),)
        if module is not None:
            for star in module.top.bindings.get("*", ()):
                again = self._imported(module, star.origin[0], star.origin[1])
                if again is not None and name in again.top.bindings:
                    return self._global(again, name)
            return _NOTHING
        return _NOTHING if level else (Library(canonical(f"{source}.{name}")),)

    def _annotated(self, annotation: Node, block: Block) -> Iterable[Value]:
        """Return what an annotation says of a name: an object of a class."""
        found: list[Value] = []
        if isinstance(annotation, Subscript):
            return _NOTHING
        for value in self.values(annotation, block):  # type: ignore[arg-type]
            if isinstance(value, ClassValue):
                found.append(Instance(value.scope))
            elif isinstance(value, Library) and "." in value.name:
                found.append(Made(value.name, None, block))
        return found or _NOTHING

    # Parameters

    def _parameter(self, parameter: Parameter, scope: Scope) -> Iterable[Value]:
        owner = scope.method_of
        first = bool(scope.parameters) and scope.parameters[0] is parameter
        if owner is not None and first and not self._is_static(scope):
            return (ClassValue(owner),) if parameter.name == "cls" else (Instance(owner),)
        if parameter.star:
            return _NOTHING
        declared = self.options.of_parameter(parameter, scope)
        if declared is not None:
            return declared
        self._local = True
        found: list[Value] = []
        if self._following:
            for edge in self.callers(scope):
                found.extend(self.passed(edge, parameter))
        if found:
            return found
        if parameter.default is not None:
            return self._default(parameter, scope)
        if parameter.annotation is not None:
            return self._annotated(parameter.annotation, scope.root)
        return _NOTHING

    def _default(self, parameter: Parameter, scope: Scope) -> Iterable[Value]:
        outer = scope.parent.root if scope.parent is not None else scope.root
        return self.values(parameter.default, outer) if parameter.default is not None else _NOTHING

    @staticmethod
    def _is_static(scope: Scope) -> bool:
        decorators = scope.node.decorators if isinstance(scope.node, Function) else ()
        return any(isinstance(one, Name) and one.id == "staticmethod" for one in decorators)

    def passed(self, edge: Edge, parameter: Parameter) -> Iterable[Value]:
        """Return what one call passes for a parameter, its default where the call leaves it out."""
        call, block = edge.spot.call, edge.spot.block
        names = [one.name for one in edge.target.parameters if not one.star and not one.keyword_only]
        position = names.index(parameter.name) if parameter.name in names else None
        if position is not None and edge.bound:
            position -= 1
        if edge.kind == "spawn":
            return self._spawned(edge, position, parameter)
        if edge.kind == "pass":
            return _NOTHING
        argument = self.argument(call, parameter.name, position)
        if argument is not None:
            return self.values(argument.value, block)
        for one in call.arguments:
            if one.star == "**" and (options := _spread(one.value)) is not None:
                return [v for value in self.values(options, block) for v in self.attribute(value, parameter.name)]
        if self.open_ended(call) or parameter.default is None:
            return _NOTHING
        return self._default(parameter, edge.target)

    def _spawned(self, edge: Edge, position: int | None, parameter: Parameter) -> Iterable[Value]:
        call = edge.spot.call
        bundle = self.argument(call, "args")
        shift = 0
        if any(name.endswith((".spawn", ".start_processes")) for name in self.callees(edge.spot)):
            bundle = bundle or self.argument(call, "args", 1)
            shift = 1
        if bundle is not None and position is not None and isinstance(bundle.value, Collection):
            items = bundle.value.items
            if 0 <= position - shift < len(items):
                return self.values(items[position - shift], edge.spot.block)
            if parameter.default is not None and position - shift >= len(items):
                return self._default(parameter, edge.target)
        return _NOTHING

    # Attributes

    def _attribute(self, item: Attribute, block: Block) -> Iterable[Value]:
        found: list[Value] = []
        for value in self.values(item.value, block):
            found.extend(self.attribute(value, item.name))
        assigned = self._assigned(item, block)
        if assigned:
            found = [one for one in found if not isinstance(one, (Unknown, Member))]
            found.extend(assigned)
        return found

    def _assigned(self, item: Attribute, block: Block) -> list[Value]:
        """Follow `args.epochs = 5` written earlier in the same scope."""
        if not isinstance(item.value, Name):
            return self._configured(item, block)
        bindings = block.scope.members.get((item.value.id, item.name))
        if not bindings:
            return self._configured(item, block)
        reached = _reaching(bindings, item.at, block)
        if not any(binding.block.holds(block) for binding in reached):
            reached = [binding for binding in reached if not binding.block.holds(block)]
        return [value for binding in reached for value in self.bound(binding)] or self._configured(item, block)

    def _configured(self, item: Attribute, block: Block) -> list[Value]:
        """Follow `cfg.TRAIN.EPOCHS = 200`, written at the top level of the file where `cfg` is made.

        A configuration that is merged with a file or with other settings is not known.
        """
        path, head = [item.name], item.value
        while isinstance(head, Attribute):
            path.append(head.name)
            head = head.value
        if not isinstance(head, Name):
            return []
        found: list[Value] = []
        for owner in self.values(head, block):
            if not isinstance(owner, Made) or owner.call is None:
                continue
            module = owner.block.scope.module
            if not module.top.assigned or module.merges:
                continue
            for target, binding in module.top.assigned:
                if (
                    _path_of(target)[:-1] == path
                    and target is not item
                    and self._is_made_by(target, binding.block, owner)
                ):
                    found.extend(self.bound(binding))
        return found

    def _is_made_by(self, target: Attribute, block: Block, owner: Made) -> bool:
        head: Expression = target
        while isinstance(head, Attribute):
            head = head.value
        return owner in self.values(head, block)

    def attribute(self, value: Value, name: str) -> Iterable[Value]:  # noqa: C901 - one branch for each kind of value
        """Return what an attribute of a value can be."""
        if isinstance(value, Library):
            if value.name.endswith("flags.FLAGS"):
                self._local = True
                return self.options.flag(name)
            return (Library(canonical(f"{value.name}.{name}")),)
        if isinstance(value, Package):
            inner = self._imported(value.here, f"{value.name}.{name}", 0)
            return (ModuleValue(inner),) if inner is not None else (Package(f"{value.name}.{name}", value.here),)
        if isinstance(value, ModuleValue):
            if name in value.module.top.bindings:
                return self._global(value.module, name)
            inner = self._imported(value.module, name, 1)
            return (ModuleValue(inner),) if inner is not None else _NOTHING
        if isinstance(value, ClassValue):
            return self._class_attribute(value.scope, name, None)
        if isinstance(value, Instance):
            return self._class_attribute(value.cls, name, value)
        if isinstance(value, Made):
            declared = self.options.of_member(value, name)
            self._local = self._local or declared is not None
            return declared if declared is not None else (Member(value, name),)
        if isinstance(value, Display):
            return (Member(Made("dict" if isinstance(value.node, Mapping) else "list", None, value.block), name),)
        if isinstance(value, FunctionValue) and name in ("apply", "remote", "delay", "__func__"):
            return (value,)
        return _NOTHING

    def _class_attribute(self, cls: Scope, name: str, owner: Instance | None) -> Iterable[Value]:
        found: list[Value] = []
        for scope in self.lineage(cls):
            method = scope.child(name)
            if method is not None:
                found.append(ClassValue(method) if method.kind == "class" else FunctionValue(method, owner))
                break
            if owner is not None and owner.call is not None and name in scope.bindings:
                argument = self._field(owner, scope, name)
                if argument is not None:
                    return argument
            bindings = [*scope.bindings.get(name, ()), *(scope.attributes.get(name, ()) if owner else ())]
            if bindings:
                assigned = [one for one in bindings if one.kind != "declared"] or bindings
                found.extend(value for one in assigned for value in self.bound(one))
                break
        if owner is not None and owner.call is None:
            self._local = True
            found.extend(
                FunctionValue(method, owner)
                for scope in self.subclasses(cls)
                if (method := scope.child(name)) is not None and method.kind == "function"
            )
        if found:
            return found
        if owner is not None:
            return (Member(owner, name),)
        # Alternative constructors that a library's base class brings.
        return (ClassValue(cls),) if name in _CONSTRUCTORS else _NOTHING

    def _field(self, owner: Instance, scope: Scope, name: str) -> Values | None:
        """Return a dataclass field that the constructor sets."""
        if scope.child("__init__") is not None or owner.call is None or owner.block is None:
            return None
        argument = arguments_of(owner.call).get(name)
        if argument is None:
            fields = [key for key, held in scope.bindings.items() if held[0].kind in ("value", "declared")]
            argument = arguments_of(owner.call).get(fields.index(name)) if name in fields else None
        if argument is not None:
            return self.values(argument.value, owner.block)
        return _NOTHING if self.open_ended(owner.call) else None

    # Classes

    def lineage(self, cls: Scope) -> list[Scope]:
        """Return a class and its bases in the program, nearest first."""
        found: list[Scope] = []
        waiting = [cls]
        while waiting and len(found) < _DEEPEST:
            scope = waiting.pop(0)
            if scope in found:
                continue
            found.append(scope)
            waiting.extend(value.scope for value in self._bases(scope) if isinstance(value, ClassValue))
        return found

    def _bases(self, cls: Scope) -> Iterator[Value]:
        outer = cls.parent.root if cls.parent is not None else cls.root
        for argument in cls.node.bases if cls.node is not None and not isinstance(cls.node, Function) else ():
            if not argument.name and not argument.star:
                yield from self.values(argument.value, outer)

    def bases(self, cls: Scope) -> set[str]:
        """Return the library classes that a class descends from."""
        found = set()
        for scope in self.lineage(cls):
            for value in self._bases(scope):
                if isinstance(value, (Library, Made)):
                    found.add(value.name)
        return found

    def subclasses(self, cls: Scope) -> list[Scope]:
        """Return the classes of the program that descend from a class."""
        if self._subclasses is None:
            self._subclasses = {}
            for module in self.modules:
                for scope in module.scopes:
                    if scope.kind == "class":
                        for base in self.lineage(scope)[1:]:
                            self._subclasses.setdefault(id(base), []).append(scope)
        return self._subclasses.get(id(cls), [])

    # Calls

    def _call(self, item: Call, block: Block) -> Iterable[Value]:
        found: list[Value] = []
        for value in self.values(item.func, block):
            found.extend(self._result(value, item, block))
        return found

    def _result(self, value: Value, item: Call, block: Block) -> Iterable[Value]:  # noqa: C901, PLR0912
        first = item.arguments[0] if item.arguments else None
        if isinstance(value, Library):
            if first is not None and not first.star and not first.name:
                if value.name in TRANSPARENT:
                    return self.values(first.value, block)
                if value.name in NUMERIC:
                    return [_converted(value.name, one) for one in self.values(first.value, block)]
                if value.name == "getattr" and len(item.arguments) > 1:
                    return self._getattr(item, block)
            if value.name in TRANSPARENT and first is not None and first.name in ("model", "module", "func"):
                return self.values(first.value, block)
            return (Made(value.name, item, block),)
        if isinstance(value, ClassValue):
            pretrained = isinstance(item.func, Attribute) and item.func.name == "from_pretrained"
            return (Instance(value.scope, item, block, "eval" if pretrained else ""),)
        if isinstance(value, FunctionValue):
            return self._returned(value.scope)
        if isinstance(value, Closure):
            return self.values(value.node.body, value.block)
        if isinstance(value, Member):
            return self._method_result(value, item, block)
        if isinstance(value, Instance):
            for method in ("__call__", "forward", "call"):
                for scope in self.lineage(value.cls):
                    found = scope.child(method)
                    if found is not None:
                        return self._returned(found)
            return _NOTHING
        if isinstance(value, Made):
            return (Made(f"{value.name}()", item, block),)
        return _NOTHING

    def _method_result(self, value: Member, item: Call, block: Block) -> Iterable[Value]:
        if value.attribute in FLUENT:
            if value.attribute in ("eval", "train"):
                mode = value.attribute if not item.arguments else ""
                return (replace(value.owner, mode=mode),)
            return (value.owner,)
        first = item.arguments[0] if item.arguments else None
        if value.attribute in PREPARING and len(item.arguments) == 1 and first is not None and not first.star:
            return self.values(first.value, block)
        if value.attribute == "get" and value.name == "dict.get" and isinstance(item.func, Attribute) and first:
            keys = self.literals(first.value, block)
            key = keys[0].value if len(keys) == 1 else None
            found = [v for one in self.values(item.func.value, block) for v in self._item(one, key)]
            if len(item.arguments) > 1 and UNKNOWN in found:
                found.extend(self.values(item.arguments[1].value, block))
            return found or _NOTHING
        return (Made(value.name, item, block),)

    def _getattr(self, item: Call, block: Block) -> Iterable[Value]:
        names = self.literals(item.arguments[1].value, block)
        if len(names) != 1 or not isinstance(names[0].value, str):
            return _NOTHING
        name = names[0].value
        return [found for value in self.values(item.arguments[0].value, block) for found in self.attribute(value, name)]

    def _returned(self, scope: Scope) -> Iterable[Value]:
        returns = [
            (statement.value, block)
            for statement, block in scope.statements
            if isinstance(statement, Leave) and statement.kind == "return" and statement.value is not None
        ]
        if not returns or len(returns) > _MOST_RETURNS:
            return _NOTHING
        return [value for expression, block in returns for value in self.values(expression, block)]

    # Who calls whom

    def edges(self, spot: Spot) -> list[Edge]:
        """Return the functions of the program that a call runs or hands over."""
        return self._graph().get(id(spot), [])

    def callers(self, scope: Scope) -> list[Edge]:
        """Return the calls of a function in the program."""
        self._graph()
        return self._callers.get(id(scope), [])

    def link(self) -> None:
        """Find out who calls whom, before any question, so that no answer depends on what was asked before."""
        self._graph()

    def _graph(self) -> dict[int, list[Edge]]:
        if self._edges is None:
            # Two passes: the first knows no callers, so that the second can follow parameters through them.
            self._edges = {}
            self._link(list(self.spots()))
            unresolved = [spot for spot in self.spots() if id(spot) in self._open]
            self._following = True
            self._memory.clear()
            self._link(unresolved)
            self._memory.clear()
            self._linked = True
        return self._edges

    def _link(self, spots: list[Spot]) -> None:
        """Find what calls run, and note the calls that rest on parameters."""
        edges: dict[int, list[Edge]] = {} if self._edges is None else self._edges
        self._open = set()
        for spot in spots:
            self._local = False
            found = self._edges_of(spot)
            if self._local:
                self._open.add(id(spot))
            if found:
                edges[id(spot)] = found
            else:
                edges.pop(id(spot), None)
        callers: dict[int, list[Edge]] = {}
        for spot in self.spots():
            for edge in edges.get(id(spot), ()):
                callers.setdefault(id(edge.target), []).append(edge)
        self._edges, self._callers = edges, callers

    def _edges_of(self, spot: Spot) -> list[Edge]:
        call, block = spot.call, spot.block
        found: dict[int, Edge] = {}
        unknown = False
        spawns = False
        for value in self.values(call.func, block):
            if isinstance(value, Library):
                spawns = spawns or value.name in SPAWNERS
            elif isinstance(value, Unknown):
                unknown = True
            else:
                for target, bound in self._run_by(value):
                    found[id(target)] = Edge(spot, target, "call", bound)
        for value in self._handed_over(spot):
            if id(value.scope) not in found:
                kind = "spawn" if spawns else "pass"
                found[id(value.scope)] = Edge(spot, value.scope, kind, value.owner is not None)
        if unknown and not found and isinstance(call.func, Attribute) and call.func.name not in _COMMON:
            methods = self._methods_named(call.func.name)
            if len(methods) == 1:
                found[id(methods[0])] = Edge(spot, methods[0], "guess", bound=True)
        return list(found.values())

    def _handed_over(self, spot: Spot) -> Iterator[FunctionValue]:
        for argument in spot.call.arguments:
            if isinstance(argument.value, (Name, Attribute)):
                for value in self.values(argument.value, spot.block):
                    if isinstance(value, FunctionValue):
                        yield value

    def _run_by(self, value: Value) -> Iterator[tuple[Scope, bool]]:
        if isinstance(value, FunctionValue):
            yield value.scope, value.owner is not None or self._bound_by_class(value.scope)
        elif isinstance(value, ClassValue):
            for scope in self.lineage(value.scope):
                method = scope.child("__init__")
                if method is not None:
                    yield method, True
                    break
        elif isinstance(value, Instance):
            for name in ("__call__", "forward", "call"):
                for scope in (*self.lineage(value.cls), *(() if value.call else self.subclasses(value.cls))):
                    method = scope.child(name)
                    if method is not None:
                        yield method, True

    @staticmethod
    def _bound_by_class(scope: Scope) -> bool:
        decorators = scope.node.decorators if isinstance(scope.node, Function) else ()
        return any(isinstance(one, Name) and one.id == "classmethod" for one in decorators)

    def _methods_named(self, name: str) -> list[Scope]:
        if self._methods is None:
            self._methods = {}
            for module in self.modules:
                for scope in module.scopes:
                    if scope.kind == "function" and scope.method_of is not None:
                        self._methods.setdefault(scope.name, []).append(scope)
        return self._methods.get(name, [])

    # Everything in the program

    def spots(self) -> Iterator[Spot]:
        """Yield every call of the program."""
        for module in self.modules:
            yield from module.spots()


def _spread(expression: Expression) -> Expression | None:
    """Return the namespace behind `**vars(args)` or `**args.__dict__`."""
    if isinstance(expression, Call) and isinstance(expression.func, Name) and expression.func.id == "vars":
        return expression.arguments[0].value if expression.arguments else None
    if isinstance(expression, Attribute) and expression.name == "__dict__":
        return expression.value
    return None


def _path_of(target: Attribute) -> list[str]:
    """Return the names of a dotted target from its last to its first: `["EPOCHS", "TRAIN", "cfg"]`."""
    path = []
    head: Expression = target
    while isinstance(head, Attribute):
        path.append(head.name)
        head = head.value
    return [*path, head.id if isinstance(head, Name) else ""]


def _is_opaque(value: Value) -> bool:
    """Tell whether nothing is known of a value but perhaps its annotation: `hydra.utils.instantiate(...)`."""
    return isinstance(value, Unknown) or (isinstance(value, Made) and value.name.startswith("hydra."))


def _distinct(values: Iterable[Value]) -> Values:
    found = tuple(values)
    if len(found) == 1:
        return found
    found = tuple(dict.fromkeys(found))
    if not found:
        return _NOTHING
    return found if len(found) <= _MOST_VALUES else (*found[:_MOST_VALUES], UNKNOWN)


def _reaching(bindings: Sequence[Binding], at: int | None, block: Block) -> list[Binding]:
    """Return the bindings that can hold at a place: back to the first that surely ran.

    With `at` None the place is the end of the scope, as a function sees what is around it.
    """
    found: list[Binding] = []
    size = len(bindings)
    if at is not None and bindings and bindings[-1].at > at:
        size = bisect_right(bindings, at, key=attrgetter("at"))
    for index in range(size - 1, -1, -1):
        binding = bindings[index]
        if binding.until is not None and (at is None or at >= binding.until):
            continue
        if at is not None and binding.block.excludes(block):
            continue
        found.append(binding)
        if len(found) > _MOST_BINDINGS:
            return found
        if binding.kind not in ("update", "declared") and binding.block.holds(block):
            return found
    if at is not None and not any(binding.kind != "declared" for binding in found):
        # Nothing before: a loop can bring round what is bound below.
        found = [binding for binding in reversed(bindings) if binding.until is None][:_MOST_BINDINGS]
    return found


def _converted(name: str, value: Value) -> Value:
    if not isinstance(value, Literal):
        return UNKNOWN
    try:
        number = float(value.value)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return UNKNOWN
    if name == "float" or not math.isfinite(number):
        return Literal(number, value.node, value.module)
    return Literal(math.ceil(number) if name == "math.ceil" else int(number), value.node, value.module)


def _arithmetic(operator: str, left: object, right: object) -> float | None:
    if not isinstance(left, (int, float)) or not isinstance(right, (int, float)):
        return None
    if max(abs(left), abs(right)) > _LARGEST:
        # No number of epochs; powers of powers would never end.
        return None
    try:
        if operator == "+":
            return left + right
        if operator == "-":
            return left - right
        if operator == "*":
            return left * right
        if operator == "/":
            return left / right
        if operator == "//":
            return left // right
        if operator == "**" and abs(right) <= 16:  # noqa: PLR2004
            return float(left**right) if isinstance(left, float) else left**right
    except (ZeroDivisionError, OverflowError):
        return None
    return None
