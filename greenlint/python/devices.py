"""Accelerators that a program names, and the reduced precision that it offers."""

from __future__ import annotations

import re
from functools import cached_property
from typing import TYPE_CHECKING

from greenlint.python.facts import (
    Assign,
    Attribute,
    Choice,
    Collection,
    Constant,
    Expression,
    Group,
    Mapping,
    Name,
    Operation,
    Parameter,
    Statement,
    Subscript,
    tail,
    walk,
)
from greenlint.python.scope import arguments_of, once
from greenlint.python.values import Display, Instance, Library, Literal, Made, Member

if TYPE_CHECKING:
    from greenlint.python.program import Program
    from greenlint.python.scope import Block, Module, Spot
    from greenlint.python.training import Site

_DEVICE = re.compile(r"^/?(?:device:)?(?:cuda|mps|xpu|hip|gpu)(?::(?:\d+|\{\}|%[ds])?)?/?$", re.IGNORECASE)
_NUMBERED = re.compile(r"^(?:cuda|xpu|mps|/?gpu|/device:gpu):\d+$", re.IGNORECASE)
_TEXT_DEVICE = re.compile(r"^(?:cuda|xpu|mps|/gpu|/device:gpu|gpu):?", re.IGNORECASE)
_INDEX = re.compile(r"(?:^|_)(?:gpu|gpu_id|gpus|local_rank|rank|cuda_id|gpu_ids|device_id)$", re.IGNORECASE)
_STRATEGIES = re.compile(
    r"^tensorflow\.distribute\.(?:experimental\.)?(?:Mirrored|MultiWorkerMirrored|OneDevice)Strategy$"
)
_DISTRIBUTED = frozenset({"torch.distributed.init_process_group", "torch.nn.parallel.DataParallel"})
_PLACED = ("device", "device_type", "map_location", "device_ids", "gpus", "default_device")
_ACCELERATORS = frozenset({"gpu", "cuda", "mps", "xpu"})

_PRECISION = re.compile(
    r"autocast|GradScaler|bfloat16|(?:^|_)float16|fp16|bf16|(?:^|_)amp(?:_|$)|mixed_?precision|allow_tf32|"
    r"float32_matmul_precision|fp8|float8|deepspeed|^apex$|load_in_(?:8|4)bit|BitsAndBytes|LossScaleOptimizer|"
    r"^set_policy$|set_global_policy|transformer_engine|HalfTensor|set_dtype_policy|dtype_policy|MixedPrecision|"
    r"^fp32_precision$|half_precision|^to_fp16$|^to_bf16$",
    re.IGNORECASE | re.MULTILINE,
)
_PRECISION_TEXT = re.compile(
    r"^(?:--(?:no[-_])?(?:use[-_])?(?:fp16|bf16|float16|bfloat16|half|amp|mixed[-_]precision|precision|fp8|tf32|dtype)(?:[-_]\w+)*|"
    r"fp16|bf16|float16|bfloat16|fp8|16-mixed|bf16-mixed|bf16-true|16-true|mixed_float16|mixed_bfloat16)$",
    re.IGNORECASE,
)
_PRECISION_KEYWORDS = frozenset({"fp16", "bf16", "mixed_precision", "tf32", "amp", "half", "amp_level"})
_TRAINERS = re.compile(r"Trainer|Fabric|TrainingArguments|Config$|LightningCLI")
_LAUNCHED = re.compile(r"^(?:lightning\.fabric\.Fabric|lightning\.LightningCLI|accelerate\.Accelerator)$")


class Devices:
    """What one program says of devices and precision."""

    def __init__(self, program: Program) -> None:
        """Look at nothing yet."""
        self.program = program
        self._placed: dict[int, bool] = {}

    @cached_property
    def explicit(self) -> bool:
        """Tell whether any file of the program places something on an accelerator by name."""
        return not self._hidden and any(self.places(module) for module in self.program.modules)

    def places(self, module: Module) -> bool:
        """Tell whether a file itself names an accelerator as a placement."""
        key = id(module)
        if key not in self._placed:
            self._placed[key] = any(self._spot_places(spot) for spot in module.spots()) or self._written(module)
        return self._placed[key]

    def copies_to_cuda(self, module: Module) -> bool:
        """Tell whether a file copies what it loops over to CUDA, which it names."""
        if not self.places(module) or "current_accelerator" in module.identifiers:
            return False
        named = any(text.startswith(("cuda", "gpu")) for text in module.strings)
        only = not {"mps", "xpu"} & module.strings
        return any(
            self._spot_places(spot) if only and not named else named or tail(spot.call.func) == "cuda"
            for spot in module.spots()
            if self._copies(spot)
        )

    def _copies(self, spot: Spot) -> bool:
        """See `x.to(device)` in a loop or comprehension, where x is no model."""
        func = spot.call.func
        if not isinstance(func, Attribute) or func.name not in ("to", "cuda"):
            return False
        if not spot.looped and next(spot.block.loops(), None) is None:
            return False
        return not any(isinstance(one, (Instance, Made)) for one in self.program.values(func.value, spot.block))

    @cached_property
    def _hidden(self) -> bool:
        """`CUDA_VISIBLE_DEVICES = ""` leaves no GPU."""
        for module in self.program.modules:
            if "CUDA_VISIBLE_DEVICES" not in module.strings:
                continue
            for scope in module.scopes:
                for statement, _ in scope.statements:
                    if (
                        isinstance(statement, Assign)
                        and isinstance(statement.value, Constant)
                        and statement.value.value in ("", "-1")
                        and any(_is_visible(one) for one in statement.targets)
                    ):
                        return True
        return False

    def _spot_places(self, spot: Spot) -> bool:  # noqa: C901
        call, func = spot.call, spot.call.func
        method = func.name if isinstance(func, Attribute) else func.id if isinstance(func, Name) else ""
        if method == "cuda" and isinstance(func, Attribute):
            return not isinstance(func.value, Name) or func.value.id != "torch"
        if method == "to" and isinstance(func, Attribute):
            first = self.program.argument(call, "device", 0)
            return first is not None and self._is_device(first.value, spot.block, indexed=True)
        for argument in call.arguments:
            if argument.name in _PLACED and self._is_device(
                argument.value, spot.block, indexed=argument.name != "gpus"
            ):
                return True
            if argument.name == "gpus" and self._is_count(argument.value, spot.block):
                return True
        names = self.program.callees(spot)
        for name in names:
            if name == "torch.device":
                first = self.program.argument(call, "type", 0)
                return first is not None and self._is_device(first.value, spot.block, indexed=True)
            if name.startswith("torch.accelerator.current_accelerator"):
                # `.type` alone may serve memory statistics; where it places something, that is seen there.
                return not any(
                    isinstance(one, Attribute) and one.name == "type" and one.value is call
                    for one in walk(spot.statement)
                )
            if name == "torch.cuda.set_device":
                return True
            if name in ("torch.set_default_device", "tensorflow.device", "torch.cuda.device"):
                first = self.program.argument(call, "device", 0)
                return first is not None and self._is_device(first.value, spot.block, indexed=True)
            if _STRATEGIES.match(name) or name in _DISTRIBUTED or name.endswith("DistributedDataParallel"):
                return self._is_distributed(name, spot)
        accelerator = self.program.argument(call, "accelerator")
        if accelerator is not None:
            return any(one.value in _ACCELERATORS for one in self._literals(accelerator.value, spot.block))
        return method in ("add_argument", "option") and self._option(call, spot.block)

    def _is_distributed(self, name: str, spot: Spot) -> bool:
        if name == "torch.distributed.init_process_group":
            backend = self.program.argument(spot.call, "backend", 0)
            return backend is not None and any(
                isinstance(one.value, str) and "nccl" in one.value for one in self._literals(backend.value, spot.block)
            )
        if name.endswith("DistributedDataParallel"):
            devices = self.program.argument(spot.call, "device_ids", 1)
            return devices is not None and not (isinstance(devices.value, Constant) and devices.value.value is None)
        return True

    def _option(self, call: object, block: Block) -> bool:
        bound = arguments_of(call)  # type: ignore[arg-type]
        default = bound.get("default")
        return default is not None and any(_is_device_text(one.value) for one in self._literals(default.value, block))

    def _literals(self, item: Expression, block: Block) -> list[Literal]:
        return self.program.literals(item, block)

    def _is_count(self, item: Expression, block: Block) -> bool:
        if isinstance(item, Collection):
            return bool(item.items)
        return any(
            isinstance(one.value, int) and not isinstance(one.value, bool) and one.value != 0
            for one in self._literals(item, block)
        )

    def _is_device(self, item: Expression, block: Block, *, indexed: bool) -> bool:
        if isinstance(item, Group) and item.kind == "text":
            first = item.items[0] if item.items else None
            return (
                isinstance(first, Constant) and isinstance(first.value, str) and bool(_TEXT_DEVICE.match(first.value))
            )
        if isinstance(item, (Choice, Operation)):
            parts = (item.body, item.orelse) if isinstance(item, Choice) else item.operands
            return any(self._is_device(one, block, indexed=indexed) for one in parts)
        if isinstance(item, Collection):
            return any(self._is_device(one, block, indexed=indexed) for one in item.items)
        for value in self.program.values(item, block):
            if isinstance(value, (Made, Member)) and value.name.startswith("torch.accelerator.current_accelerator"):
                return True
            if isinstance(value, Literal):
                number = value.value
                if _is_device_text(number) or (
                    indexed and isinstance(number, int) and not isinstance(number, bool) and number >= 0
                ):
                    return True
            elif (
                isinstance(value, Display)
                and isinstance(value.node, Collection)
                and any(self._is_device(one, value.block, indexed=indexed) for one in value.node.items)
            ):
                return True
        name = item.name if isinstance(item, Attribute) else item.id if isinstance(item, Name) else ""
        if indexed and _INDEX.search(name):
            return (
                not any(isinstance(one, (Made, Library)) for one in self.program.values(item, block)) or name != "rank"
            )
        return False

    def _written(self, module: Module) -> bool:
        """See `device = "cuda"`, a default of a parameter or a field, or a numbered device anywhere."""
        if any(_NUMBERED.match(text) for text in module.strings):
            return True
        return any(
            any(_assigns_device(statement) for statement, _ in scope.statements)
            # Defaults of a trainer given as a dict: `trainer_defaults={"accelerator": "gpu"}`.
            or any(_sets_accelerator(one.value) for spot in scope.spots for one in spot.call.arguments)
            or any(_defaults_to_device(one) for one in scope.parameters)
            for scope in module.scopes
        )

    def is_on_cpu(self, site: Site) -> bool:
        """Tell whether a framework's trainer is told to stay on the CPU."""
        if site.spot is None:
            return False
        for call, block in self.program.makers(site.spot):
            accelerator = self.program.argument(call, "accelerator")
            if accelerator is not None and any(one.value == "cpu" for one in self._literals(accelerator.value, block)):
                return True
        return False

    # Precision

    @cached_property
    def reduced_precision(self) -> bool:
        """Tell whether the program offers reduced precision at all, even as an option that is off by default."""
        return any(offers_precision(module) for module in self.program.modules) or self._launcher

    @cached_property
    def _launcher(self) -> bool:
        """`accelerate launch`, `fabric run` and LightningCLI take the precision on the command line."""
        for module in self.program.modules:
            if not {"Fabric", "LightningCLI", "Accelerator"} & module.identifiers:
                continue
            for spot in module.spots():
                if any(_LAUNCHED.match(name) for name in self.program.callees(spot)):
                    return True
                if "LightningCLI" in tail(spot.call.func):
                    return True
        return False


@once
def offers_precision(module: Module) -> bool:
    """Tell whether a file names a reduced precision anywhere in its code."""
    if _PRECISION.search(module.vocabulary):
        named = {word for word in module.identifiers if _PRECISION.search(word)}
        if named - {"float16"} or (named and not _is_numpys(module)):
            return True
    if any(_PRECISION_TEXT.match(text) for text in module.strings if len(text) < 24):  # noqa: PLR2004
        return True
    return any(
        (isinstance(spot.call.func, Attribute) and spot.call.func.name == "half")
        or any(argument.name in _PRECISION_KEYWORDS for argument in spot.call.arguments)
        or (
            bool(_TRAINERS.search(tail(spot.call.func))) and any(one.name == "precision" for one in spot.call.arguments)
        )
        for spot in module.spots()
    )


def _is_numpys(module: Module) -> bool:
    """Tell whether every float16 of a file is numpy's: rounding what is printed is no precision of training."""
    return all(
        tail(one.value) in ("np", "numpy")
        for one in walk(module.facts.body)
        if isinstance(one, Attribute) and one.name == "float16"
    )


def _is_device_text(value: object) -> bool:
    return isinstance(value, str) and bool(_DEVICE.match(value))


def _mentions(item: Expression) -> bool:
    if isinstance(item, Constant):
        return _is_device_text(item.value)
    if isinstance(item, Choice):
        return _mentions(item.body) or _mentions(item.orelse)
    if isinstance(item, Operation) and item.operator in ("or", "and"):
        return any(_mentions(one) for one in item.operands)
    if isinstance(item, Group) and item.kind == "text" and item.items:
        first = item.items[0]
        return isinstance(first, Constant) and isinstance(first.value, str) and bool(_TEXT_DEVICE.match(first.value))
    return False


def _assigns_device(statement: Statement) -> bool:
    return (
        isinstance(statement, Assign)
        and statement.value is not None
        and any("device" in tail(one).lower() for one in statement.targets)
        and _mentions(statement.value)
    )


def _defaults_to_device(parameter: Parameter) -> bool:
    default = parameter.default
    return "device" in parameter.name.lower() and isinstance(default, Constant) and _is_device_text(default.value)


def _sets_accelerator(item: Expression) -> bool:
    return isinstance(item, Mapping) and any(
        isinstance(key, Constant)
        and key.value == "accelerator"
        and isinstance(value, Constant)
        and value.value in _ACCELERATORS
        for key, value in zip(item.keys, item.values, strict=True)
    )


def _is_visible(target: Expression) -> bool:
    return (
        isinstance(target, Subscript)
        and len(target.index) == 1
        and isinstance(target.index[0], Constant)
        and target.index[0].value == "CUDA_VISIBLE_DEVICES"
    )
