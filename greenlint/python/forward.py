"""One run of a PyTorch model: the call, the model, and which other expressions are the same model."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from greenlint.python.facts import Constant, tail, written
from greenlint.python.values import Instance, Made, Unknown, Value

if TYPE_CHECKING:
    from greenlint.python.facts import Expression
    from greenlint.python.program import Program
    from greenlint.python.scope import Block, Spot

# Calls whose result is a PyTorch model, by canonical name.
TORCH_MODELS = re.compile(
    r"^(?:torchvision\.models\.(?!.*(?:Weights|_weights|get_weight|list_models))|timm\.(?:create_model|models\.)|segmentation_models_pytorch\.|"
    r"efficientnet_pytorch\.|monai\.networks\.nets\.|torch_geometric\.nn\.models\.|open_clip\.create_model|"
    r"torch\.nn\.(?!functional|init|utils|parallel|\w*Loss|Parameter|parameter|Module$))"
)
FROM_CONFIG = re.compile(r"^transformers\.\w*(?:Model|For[A-Z]\w+|LMHeadModel)(?:\.from_config|\._from_config)?$")
KERAS_MODEL = re.compile(r"^keras\.(?:Model|Sequential|models\.\w+|applications\.\w+(?:\.\w+)?)$")


@dataclass(frozen=True, slots=True, eq=False)
class Forward:
    """One run of a model: the call, the expression that names the model, and what it can be."""

    spot: Spot
    model: Expression
    values: tuple[Value, ...]

    @property
    def name(self) -> str:
        """The model as it is written: `self.model`."""
        return written(self.model)


def is_same(program: Program, item: Expression, block: Block, run: Forward) -> bool:
    """Tell whether an expression can be the model of a run: the same object, name, or nothing known of one."""
    if tail(item) and tail(item) == tail(run.model):
        return True
    if run.name.startswith(f"{written(item)}."):
        # A parent's mode is its children's.
        return True
    values = program.values(item, block)
    if any(_holds(program, value, run) for value in values):
        return True
    if any(value in run.values for value in values if not isinstance(value, Unknown)):
        return True
    if any(_same_class(one, other) for one in values for other in run.values):
        return True
    return any(isinstance(one, Unknown) for one in values) or all(isinstance(one, Unknown) for one in run.values)


def _holds(program: Program, value: Value, run: Forward) -> bool:
    """Tell whether an object was made around a run's model: `Wrapper(model)`."""
    if not isinstance(value, (Instance, Made)) or value.call is None or value.block is None:
        return False
    block = value.block
    handed = [one for argument in value.call.arguments for one in program.values(argument.value, block)]
    return any(isinstance(one, (Instance, Made)) and one in run.values for one in handed)


def _same_class(one: Value, other: Value) -> bool:
    """`self` stands for any object of its class; a model may hold the one that is switched."""
    return (
        isinstance(one, Instance)
        and isinstance(other, Instance)
        and one.cls is other.cls
        and (one.call is None or other.call is None)
    )


def is_false(item: Expression) -> bool:
    """Tell whether an expression is the literal False."""
    return isinstance(item, Constant) and item.value is False


def is_true(item: Expression) -> bool:
    """Tell whether an expression is the literal True."""
    return isinstance(item, Constant) and item.value is True
