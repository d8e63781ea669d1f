"""What an expression can be, as plain values.

A value names where it comes from: a literal keeps the node that was written, an object the call that made it. What
cannot be told is `UNKNOWN`, and unknown is not absent: rules stay silent on it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from greenlint.python.facts import Call, Collection, Lambda, Mapping, Node
    from greenlint.python.scope import Block, Module, Scope


@dataclass(frozen=True, slots=True)
class Unknown:
    """Anything."""


@dataclass(frozen=True, slots=True)
class Literal:
    """A constant, and the node where it is written."""

    value: object
    node: Node
    module: Module


@dataclass(frozen=True, slots=True)
class Library:
    """Something of a library by its canonical dotted name: `torch.nn.Linear`."""

    name: str


@dataclass(frozen=True, slots=True)
class Made:
    """What a call to a library gives: `name` is what was called, such as `torch.nn.Linear`.

    `call` is None for a value known by its annotation only. `mode` is "eval" or "train" after such a call in the same
    chain: `resnet18().eval()`.
    """

    name: str
    call: Call | None
    block: Block
    mode: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class Member:
    """An attribute of an object whose class is not in the program."""

    owner: Made | Instance
    attribute: str

    @property
    def name(self) -> str:
        """Dotted name from the class: `argparse.ArgumentParser.parse_args`."""
        owner = self.owner
        return f"{owner.name if isinstance(owner, Made) else owner.cls.name}.{self.attribute}"


@dataclass(frozen=True, slots=True)
class ModuleValue:
    """A module of the project."""

    module: Module


@dataclass(frozen=True, slots=True)
class Package:
    """A folder of the project without `__init__.py`, or the head of `import a.b`: only its modules are known."""

    name: str
    here: Module


@dataclass(frozen=True, slots=True)
class ClassValue:
    """A class of the project."""

    scope: Scope


@dataclass(frozen=True, slots=True)
class FunctionValue:
    """A function or method of the project; `owner` is the object that a bound method belongs to."""

    scope: Scope
    owner: Instance | None = None


@dataclass(frozen=True, slots=True)
class Instance:
    """An object of a project's class; without a call it is any object of the class (`self`, an annotation)."""

    cls: Scope
    call: Call | None = None
    block: Block | None = None
    mode: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class Display:
    """A list, tuple, set or dict written out."""

    node: Collection | Mapping
    block: Block


@dataclass(frozen=True, slots=True)
class Closure:
    """A lambda."""

    node: Lambda
    block: Block


UNKNOWN = Unknown()
Value: TypeAlias = (
    Unknown
    | Literal
    | Library
    | Made
    | Member
    | ModuleValue
    | Package
    | ClassValue
    | FunctionValue
    | Instance
    | Display
    | Closure
)
