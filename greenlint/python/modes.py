"""Which models behave differently in training and in evaluation: those that hold Dropout, BatchNorm and the like."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from greenlint.python.facts import Assign, Attribute, Call, Constant, Name, Node, walk
from greenlint.python.values import ClassValue, FunctionValue, Instance, Library, Made, Unknown, Value

if TYPE_CHECKING:
    from greenlint.python.program import Program
    from greenlint.python.scope import Scope, Spot

_DEPENDENT = re.compile(
    r"(?:^|\.)(?:Dropout\w*|AlphaDropout|FeatureAlphaDropout|\w*BatchNorm\w*|DropPath|RReLU|Transformer|TransformerEncoder\w*|"
    r"TransformerDecoder\w*|StochasticDepth|dropout\w*|drop_path|batch_norm)$"
)
_OPTIONAL = re.compile(r"^torch\.nn\.(?:LSTM|GRU|RNN|MultiheadAttention|InstanceNorm\dd)$")
_OPTIONAL_WORDS = frozenset({"dropout", "track_running_stats"})
_INDEPENDENT = re.compile(
    r"^torch\.nn\.(?:Linear|Bilinear|Conv\w*|ConvTranspose\w*|Embedding\w*|LayerNorm|GroupNorm|RMSNorm|InstanceNorm\w*|"
    r"\w*ReLU\w*|\w*ELU\w*|Sigmoid|Tanh|Softmax\w*|LogSoftmax|Softplus|Hardtanh|Hardswish|Hardsigmoid|Identity|Flatten|"
    r"Unflatten|\w*Pool\w*|\w*Pad\w*|Upsample\w*|UpsamplingNearest2d|UpsamplingBilinear2d|PixelShuffle|PixelUnshuffle|"
    r"Sequential|ModuleList|ModuleDict|Parameter|ParameterList|Fold|Unfold|LSTMCell|GRUCell|RNNCell|\w*Loss|SiLU|Mish|GLU|"
    r"parameter\.Parameter|CosineSimilarity|ChannelShuffle|LocalResponseNorm|Module)$"
)
# A name with a module behind it only when it starts with a capital letter or says so.
_MODULE_LIKE = re.compile(
    r"(?:^|\.)[A-Z]\w*$|create_model|from_config|build|make_|get_model|resnet|vgg|densenet|mobilenet|efficientnet"
)
_PLAIN_BASES = frozenset(
    {"lightning.LightningModule", "object", "abc.ABC", "typing.Generic", "huggingface_hub.PyTorchModelHubMixin"}
)
_DEEPEST = 8


class ModeDependence:
    """Answers for the models of one program."""

    def __init__(self, program: Program) -> None:
        """Look at nothing yet."""
        self.program = program
        self._known: dict[int, bool | None] = {}

    def of(self, value: Value) -> bool | None:
        """Tell whether a model depends on its mode; None when that cannot be told."""
        if isinstance(value, Instance):
            return self._class(value.cls, 0)
        if isinstance(value, Made):
            return self._made(value, 0)
        return None

    def _class(self, cls: Scope, depth: int) -> bool | None:
        key = id(cls)
        if key not in self._known:
            self._known[key] = None
            self._known[key] = self._judge(cls, depth)
        return self._known[key]

    def _judge(self, cls: Scope, depth: int) -> bool | None:
        if depth > _DEEPEST:
            return None
        verdicts: list[bool | None] = []
        for scope in self.program.lineage(cls):
            if scope.node is not None and _asks_mode(scope.node):
                return True
            verdicts.extend(self._spot(spot, depth) for inner in scope.all() for spot in inner.spots)
        bases = self.program.bases(cls)
        if any(_DEPENDENT.search(base) for base in bases):
            return True
        if not all(base in _PLAIN_BASES or _INDEPENDENT.match(base) for base in bases):
            verdicts.append(None)
        if True in verdicts:
            return True
        return None if None in verdicts else False

    def _spot(self, spot: Spot, depth: int) -> bool | None:
        verdicts: list[bool | None] = []
        for value in self.program.values(spot.call.func, spot.block):
            if isinstance(value, Library):
                verdicts.append(self._library(value.name, spot.call))
            elif isinstance(value, ClassValue):
                verdicts.append(self._class(value.scope, depth + 1) if self._is_module(value.scope) else False)
            elif isinstance(value, FunctionValue):
                if value.owner is None and depth < _DEEPEST:
                    verdicts.extend(self._spot(one, depth + 2) for one in value.scope.spots)
            elif isinstance(value, Instance) and depth < _DEEPEST:
                verdicts.append(self._class(value.cls, depth + 1) if self._is_module(value.cls) else False)
            elif isinstance(value, Unknown) and self._comes_from_outside(spot):
                verdicts.append(None)
            elif isinstance(value, Unknown):
                # A class handed in as a parameter (`norm_layer(64)`) may be BatchNorm.
                name = spot.call.func.id if isinstance(spot.call.func, Name) else ""
                passed = spot.scope.name != "forward" and re.search(r"norm|layer|block|act|drop", name)
                verdicts.append(None if passed else False)
        if True in verdicts:
            return True
        return None if None in verdicts else False

    def _comes_from_outside(self, spot: Spot) -> bool:
        """Tell whether a class runs what its constructor was handed: `self.backbone(x)`, `for layer in self.layers`."""
        func, owner = spot.call.func, spot.scope.method_of
        if owner is None:
            return False
        if isinstance(func, Attribute) and isinstance(func.value, Name) and func.value.id == "self":
            name = func.name
        elif isinstance(func, Name):
            items = [one.node for one in spot.scope.bindings.get(func.id, ()) if one.kind == "item"]
            name = next(
                (word for item in items for word in (part.name for part in walk(item) if isinstance(part, Attribute))),
                "",
            )
        else:
            return False
        bindings = [one for cls in self.program.lineage(owner) for one in cls.attributes.get(name, ())]
        return any(
            isinstance(one.node, Name)
            and any(parameter.name == one.node.id for parameter in one.block.scope.parameters)
            for one in bindings
        )

    def _is_module(self, cls: Scope) -> bool:
        return any(
            name.startswith(("torch.nn.", "lightning.")) for name in self.program.bases(cls)
        ) or not self.program.bases(cls)

    def _library(self, name: str, call: Call) -> bool | None:
        if _DEPENDENT.search(name):
            return not (name.endswith(("functional.dropout", "batch_norm")) and self._is_constant_mode(call))
        if _OPTIONAL.match(name):
            given = [one for one in call.arguments if one.name in _OPTIONAL_WORDS]
            if any(one.star for one in call.arguments):
                return None
            return any(not _is_zero(one.value) for one in given)
        if name.startswith("torch.nn."):
            return (
                False
                if _INDEPENDENT.match(name)
                or name.startswith(("torch.nn.functional", "torch.nn.init", "torch.nn.utils"))
                else None
            )
        if name.startswith(
            ("torchvision.models.", "timm.", "transformers.", "torch_geometric.", "monai.", "torch.hub.")
        ):
            return None
        return False

    @staticmethod
    def _is_constant_mode(call: Call) -> bool:
        return any(one.name == "training" and isinstance(one.value, Constant) for one in call.arguments)

    def _made(self, value: Made, depth: int) -> bool | None:
        if value.name == "torch.nn.Sequential" and value.call is not None:
            verdicts: list[bool | None] = []
            for one in walk(value.call.arguments):
                if isinstance(one, Call):
                    for made in self.program.values(one.func, value.block):
                        if isinstance(made, Library):
                            verdicts.append(self._library(made.name, one))
                        elif isinstance(made, ClassValue):
                            verdicts.append(self._class(made.scope, depth + 1))
                        else:
                            verdicts.append(None)
            if any(one.star for one in value.call.arguments):
                verdicts.append(None)
            if True in verdicts:
                return True
            return None if None in verdicts else False
        if value.call is None:
            return None
        return self._library(value.name, value.call)


def _asks_mode(node: Node) -> bool:
    """Tell whether a class reads `self.training`; one that only sets it does not ask."""
    parts = list(walk(node))
    set_here = {id(target) for one in parts if isinstance(one, Assign) for target in one.targets}
    return any(_is_mode(one) and id(one) not in set_here for one in parts)


def _is_mode(item: object) -> bool:
    return (
        isinstance(item, Attribute)
        and item.name == "training"
        and isinstance(item.value, Name)
        and item.value.id == "self"
    )


def _is_zero(item: object) -> bool:
    return isinstance(item, Constant) and item.value in (0, 0.0, False)
