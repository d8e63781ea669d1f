"""Defaults of command-line options and settings: argparse, click, typer, absl, fire and dataclasses."""

from __future__ import annotations

from typing import TYPE_CHECKING

from greenlint.python.facts import (
    Attribute,
    Call,
    Constant,
    Function,
    Name,
    tail,
)
from greenlint.python.scope import arguments_of
from greenlint.python.values import (
    UNKNOWN,
    ClassValue,
    Instance,
    Library,
    Literal,
    Made,
    Value,
)

if TYPE_CHECKING:
    from greenlint.python.facts import Argument, Parameter
    from greenlint.python.program import Program
    from greenlint.python.scope import Block, Scope, Spot

Values = tuple[Value, ...]
_NOTHING: Values = (UNKNOWN,)
_NAMESPACES = frozenset(
    [
        "types.SimpleNamespace",
        "argparse.Namespace",
        "easydict.EasyDict",
        "addict.Dict",
        "ml_collections.ConfigDict",
        "Bunch",
        "omegaconf.OmegaConf.create",
        "box.Box",
    ]
)
_FLAG_MODULES = ("absl.flags", "tensorflow.app.flags", "tensorflow.flags", "gflags", "abseil.flags")
# Fields of library classes that have a default which decides how long is trained.
_FIELD_DEFAULTS: dict[tuple[str, str], object] = {("transformers.TrainingArguments", "num_train_epochs"): 3.0}


class Declared:
    """The options that the files of one program declare."""

    def __init__(self, program: Program) -> None:
        """Declare nothing yet: options are gathered at the first question."""
        self._program = program
        self._added: dict[str, list[tuple[Argument | None, Spot]]] | None = None
        self._flags: dict[str, list[tuple[Argument | None, Spot]]] = {}
        self._overridden: dict[str, list[Spot]] = {}

    def _gathered(self) -> dict[str, list[tuple[Argument | None, Spot]]]:
        if self._added is None:
            self._added = {}
            for spot in self._program.spots():
                func = spot.call.func
                method = func.name if isinstance(func, Attribute) else func.id if isinstance(func, Name) else ""
                if method in ("add_argument", "add"):
                    self._add(spot)
                elif method.startswith("DEFINE_"):
                    self._define(spot)
                elif method == "set_defaults":
                    for argument in spot.call.arguments:
                        if argument.name:
                            self._overridden.setdefault(argument.name, []).append(spot)
        return self._added

    def _add(self, spot: Spot) -> None:
        bound = arguments_of(spot.call)
        names = [bound[i].value for i in range(len(spot.call.arguments)) if i in bound]
        words = [one.value for one in names if isinstance(one, Constant) and isinstance(one.value, str)]
        if not words:
            return
        destination = _destination(words)
        explicit = bound.get("dest")
        if explicit is not None and isinstance(explicit.value, Constant):
            destination = str(explicit.value.value)
        if self._added is not None:
            self._added.setdefault(destination, []).append((bound.get("default"), spot))

    def _define(self, spot: Spot) -> None:
        bound = arguments_of(spot.call)
        name = bound.get("name", bound.get(0))
        if name is not None and isinstance(name.value, Constant):
            default = bound.get("default", bound.get("default_value", bound.get(1)))
            self._flags.setdefault(str(name.value.value), []).append((default, spot))

    def of_member(self, value: Made, name: str) -> Values | None:
        """Return what an attribute of a parsed namespace, a flag or a settings object defaults to.

        None when the object is none of these.
        """
        if value.name.endswith((".parse_args", ".parse_known_args", ".parse_intermixed_args")):
            return self._option(name, value.block)
        if value.name in _NAMESPACES and value.call is not None:
            argument = arguments_of(value.call).get(name)
            return self._program.values(argument.value, value.block) if argument is not None else _NOTHING
        if (value.name, name) in _FIELD_DEFAULTS or _is_arguments(value.name):
            return self._field(value, name)
        return None

    def _option(self, name: str, block: Block) -> Values:
        entries = self._gathered().get(name)
        if not entries or name in self._overridden or self._is_rewritten(name):
            return _NOTHING
        near = [entry for entry in entries if entry[1].scope.module is block.scope.module] or entries
        return self._defaults(near)

    def _is_rewritten(self, name: str) -> bool:
        """Tell whether a function surely sets the attribute of some namespace anew: `opt.epochs = trial["epochs"]`."""
        return any(
            target.name == name and tail(target.value) not in ("self", "cls") and not any(binding.block.tests())
            for module in self._program.modules
            for scope in module.scopes
            if scope.kind == "function"
            for target, binding in scope.assigned
        )

    def flag(self, name: str) -> Values:
        """Return what an absl flag defaults to."""
        self._gathered()
        return self._defaults(self._flags.get(name, []))

    def _defaults(self, entries: list[tuple[Argument | None, Spot]]) -> Values:
        found: list[Value] = []
        for default, spot in entries:
            # `default=None` and no default at all: the number comes from elsewhere.
            values = self._program.values(default.value, spot.block) if default is not None else _NOTHING
            found.extend(UNKNOWN if isinstance(one, Literal) and one.value is None else _number(one) for one in values)
        return tuple(found) or _NOTHING

    def _field(self, value: Made, name: str) -> Values | None:
        if value.call is None:
            return _NOTHING
        argument = arguments_of(value.call).get(name)
        if argument is not None:
            return self._program.values(argument.value, value.block)
        if self._program.open_ended(value.call):
            return _NOTHING
        default = _FIELD_DEFAULTS.get((value.name, name))
        return (Literal(default, value.call, value.block.scope.module),) if default is not None else None

    def dataclass_of(self, value: Made, index: int) -> Values:
        """Return the object that `HfArgumentParser((A, B)).parse_args_into_dataclasses()[index]` gives."""
        call = value.call
        if call is None or not isinstance(call.func, Attribute):
            return _NOTHING
        for parser in self._program.values(call.func.value, value.block):
            if isinstance(parser, Made) and parser.call is not None and parser.call.arguments:
                wanted = parser.call.arguments[0].value
                items = getattr(wanted, "items", (wanted,))
                if index < len(items):
                    return tuple(
                        self._object(one, parser.block) for one in self._program.values(items[index], parser.block)
                    )
        return _NOTHING

    @staticmethod
    def _object(value: Value, block: Block) -> Value:
        if isinstance(value, ClassValue):
            return Instance(value.scope)
        return Made(value.name, None, block) if isinstance(value, Library) else UNKNOWN

    def of_parameter(self, parameter: Parameter, scope: Scope) -> Values | None:
        """Return the default of a click or typer option that fills a parameter; None when there is none."""
        node = scope.node
        if not isinstance(node, Function):
            return None
        outer = scope.parent.root if scope.parent is not None else scope.root
        for decorator in node.decorators:
            if isinstance(decorator, Call) and tail(decorator.func) in ("option", "argument"):
                words = [a.value.value for a in decorator.arguments if not a.name and isinstance(a.value, Constant)]
                names = [str(word) for word in words]
                if names and (parameter.name in names or _destination(names) == parameter.name):
                    default = arguments_of(decorator).get("default")
                    return self._program.values(default.value, outer) if default is not None else _NOTHING
        written = parameter.default
        if isinstance(written, Call):
            for value in self._program.values(written, outer):
                if isinstance(value, Made) and value.name in ("typer.Option", "typer.Argument"):
                    first = arguments_of(written).get("default", arguments_of(written).get(0))
                    return self._program.values(first.value, outer) if first is not None else _NOTHING
        return None


def _is_arguments(name: str) -> bool:
    return name.rpartition(".")[2].endswith(("TrainingArguments", "Config")) and name.startswith(
        ("transformers.", "trl.")
    )


def _number(value: Value) -> Value:
    """Read a default given as text: argparse converts strings by the option's type."""
    if isinstance(value, Literal) and isinstance(value.value, str) and value.value.strip().isdigit():
        return Literal(int(value.value), value.node, value.module)
    return value


def _destination(words: list[str]) -> str:
    """Name the attribute that argparse or click makes of `-e`, `--num-epochs`."""
    long = [word for word in words if word.startswith("--")] or words
    plain = [word for word in words if not word.startswith("-")]
    chosen = plain[0] if plain and len(words) > 1 else long[0]
    return chosen.split("/")[0].lstrip("-").replace("-", "_")
