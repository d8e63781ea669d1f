"""Code that runs a PyTorch model without learning from it: where, with gradients or without, in which mode.

A unit of evaluation is a function that runs a model's forward and never back-propagates, or a block inside training
code that does the same: a validation loop, or what a script does after its last gradient step. Names and `.eval()`
tell; where neither does, a program that trains nothing only infers.
"""

from __future__ import annotations

import re
from functools import cached_property
from typing import TYPE_CHECKING

from greenlint.python.facts import (
    Assign,
    Attribute,
    Call,
    Constant,
    For,
    Leave,
    Name,
    tail,
    words_of,
)
from greenlint.python.forward import FROM_CONFIG, KERAS_MODEL, TORCH_MODELS, Forward, is_same, is_true
from greenlint.python.gradients import Gradients
from greenlint.python.metrics import propagated
from greenlint.python.switching import Switching
from greenlint.python.values import (
    FunctionValue,
    Instance,
    Made,
    Unknown,
    Value,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from greenlint.python.program import Program
    from greenlint.python.scope import Module, Scope, Spot
    from greenlint.python.training import Training

_TELLS = re.compile(
    r"(?:^|_)(?:test|testing|eval|evaluate|evaluation|evaluator|val|valid|validate|validation|predict|prediction|predictions|"
    r"infer|inference|generate|generation|sample|sampling|translate|transcribe|caption|demo|embed|embeddings?|"
    r"extract_features?|accuracy|visuali[sz]e|detect|classify|decode|recogni[sz]e|denoise|summari[sz]e|recommend|stylize|"
    r"super_resolve|segment|encode_\w+|get_(?:features|embeddings|predictions|accuracy|logits))(?:_|$)",
    re.IGNORECASE,
)
_METHOD_TELLS = re.compile(
    r"(?:^|_)(?:test|eval|evaluate|evaluation|valid|validate|validation|predict|prediction|infer|inference|generate|sample|"
    r"translate|transcribe|caption|greedy|beam)(?:_|$)",
    re.IGNORECASE,
)
_PREDICTS = re.compile(
    r"Predict|Infer|Evaluat|Classifier|Detector|Recogni|Translator|Generator|Sampler|Validator|Service"
)
_LOOP_TELLS = re.compile(
    r"(?:^|_)(?:test|eval|evaluation|val|valid|validation|dev|holdout|predict|infer|inference)(?:_|$|\d|set|load|data|batch|iter|dl)",
    re.IGNORECASE,
)
_TRAIN_TELLS = re.compile(
    r"(?:^|_)(?:train|training|fit|learn|optimi[sz]e|update|action|act|step|loss|attack|adapt|finetune|rollout)(?:_|$)",
    re.IGNORECASE,
)
_MODEL_NAME = re.compile(
    r"(?:^|_)(?:model|net|network|netG|encoder|decoder|classifier|generator|discriminator|backbone|transformer|unet|"
    r"resnet|bert|gpt|vae|ddp_model|learner|estimator|ema)\d*$",
    re.IGNORECASE,
)
_VERB = re.compile(
    r"^_?(?:unwrap|wrap|get|load|build|create|make|init|initialize|save|prepare|setup|eval|evaluate|train|test|export|convert|"
    r"compile|freeze|copy|update|register|print|summarize|define|set|quantize|download|fetch|select|choose|run|fit|clone|"
    r"optimize|prune|plot|move|cast|log|push|upload|restore|reset|delete|is|has|parse|instantiate)_",
    re.IGNORECASE,
)
_DEFINING = frozenset(
    {"forward", "__call__", "call", "__init__", "training_step", "extra_repr", "reset_parameters", "_init_weights"}
)
_QUIET_METHODS = frozenset(
    [
        "train",
        "eval",
        "to",
        "cuda",
        "cpu",
        "half",
        "float",
        "double",
        "bfloat16",
        "parameters",
        "named_parameters",
        "state_dict",
        "load_state_dict",
        "zero_grad",
        "modules",
        "children",
        "named_modules",
        "apply",
        "requires_grad_",
        "register_buffer",
        "add_module",
        "register_forward_hook",
        "compile",
        "share_memory",
        "summary",
        "save",
        "freeze",
        "unfreeze",
        "init_weights",
        "init_hidden",
        "reset_parameters",
    ]
)
# Layers without parameters: running one is arithmetic, not a model.
_PLAIN_LAYER = re.compile(
    r"^torch\.nn\.(?:\w*Pad\dd|\w*Pool\dd|\w*ReLU\w*|\w*ELU|Sigmoid|Tanh|Softmax\w*|LogSoftmax|Softplus|Hard\w+|Identity|Flatten|"
    r"Unflatten|Upsample\w*|Pixel\w+|Dropout\w*|Fold|Unfold|SiLU|Mish|GLU|\w*Similarity|\w*Distance|DataParallel)$"
)
_LOSS = re.compile(r"(?:Loss|Criterion|CosineSimilarity|PairwiseDistance)$")
_LOADED = re.compile(r"^(?:torch\.load|torch\.jit\.load|torch\.hub\.load|torch\.package\..*)$")
_RANDOM = re.compile(
    r"^torch\.(?:rand|randn|randint|ones|zeros|empty|rand_like|randn_like|full|arange|tensor|ones_like|zeros_like)$"
)
# `G(z)` runs a generator, `Encoder(...)` builds an encoder.
_SHORT = 3
_FEW_HOPS = 6


class Inference:
    """The evaluation code of one program."""

    def __init__(self, program: Program, training: Training) -> None:
        """Look at nothing yet."""
        self.program = program
        self.training = training
        self.gradients = Gradients(program)
        self.switching = Switching(program, training, self.gradients)
        self._forwards: dict[int, list[Forward]] = {}
        self._gradients: dict[int, bool] = {}
        self._units: dict[int, list[list[Forward]]] = {}

    # Forward calls

    def forwards(self, scope: Scope) -> list[Forward]:
        """Return the runs of a model that a scope makes itself, in order."""
        key = id(scope)
        if key not in self._forwards:
            found = [one for spot in scope.spots if not spot.lazy and (one := self._forward(spot)) is not None]
            self._forwards[key] = sorted(found, key=lambda one: one.spot.call.at)
        return self._forwards[key]

    def _forward(self, spot: Spot) -> Forward | None:
        call = spot.call
        if not call.arguments:
            return None
        func = call.func
        if not self._speaks_torch(spot.scope.module):
            return None
        if isinstance(func, Attribute) and func.name == "forward" and not isinstance(func.value, Call):
            values = self.program.values(func.value, spot.block)
            if any(self.is_model(value, spot.scope.module) for value in values):
                return Forward(spot, func.value, values)
        if isinstance(func, Attribute) and func.name not in _QUIET_METHODS:
            method = self._method(func, spot)
            if method is not None:
                return method
        values = self.program.values(func, spot.block)
        if any(self.is_model(value, spot.scope.module) for value in values):
            return Forward(spot, func, values)
        if isinstance(func, (Name, Attribute)) and any(isinstance(one, Unknown) for one in values):
            name = func.id if isinstance(func, Name) else func.name
            builds = len(name) > _SHORT and name[0].isupper()
            prepares = any(one.name == "return_tensors" for one in call.arguments)
            if (
                _MODEL_NAME.search(name)
                and not builds
                and not prepares
                and not _VERB.match(name)
                and not _is_imported(func, spot.scope)
                and not self.program.edges(spot)
            ):
                return Forward(spot, func, values)
        return None

    def _method(self, func: Attribute, spot: Spot) -> Forward | None:
        """See `model.encode(x)`: a method of a project's module that runs its layers."""
        if isinstance(func.value, Call):
            return None
        for value in self.program.values(func, spot.block):
            if isinstance(value, FunctionValue) and value.owner is not None:
                method = value.scope
                inside = spot.scope.method_of is not None and method.method_of in self.program.lineage(
                    spot.scope.method_of
                )
                if not inside and self.is_module(value.owner.cls) and self.forwards(method) and not self.tells(method):
                    return Forward(spot, func.value, (value.owner,))
        return None

    @staticmethod
    def _speaks_torch(module: Module) -> bool:
        known = {"torch", "lightning", "pytorch_lightning", "transformers", "timm", "torchvision", "fastai"}
        if module.roots & known:
            return True
        others = {"tensorflow", "keras", "jax", "paddle", "mxnet"}
        return not module.roots & others and bool(
            {"eval", "backward", "no_grad", "zero_grad", "state_dict"} & module.identifiers
        )

    def is_module(self, cls: Scope) -> bool:
        """Tell whether a class of the project is a `torch.nn.Module`."""
        return any(
            name.startswith(("torch.nn.", "transformers.", "torchvision.models.", "timm.models."))
            or name in ("lightning.LightningModule", "torch.nn.Module", "lightning.LightningBaseModule")
            for name in self.program.bases(cls)
        )

    def is_model(self, value: Value, module: Module) -> bool:
        """Tell whether a value is a PyTorch model."""
        if isinstance(value, Instance):
            return self.is_module(value.cls) and not _LOSS.search(value.cls.name)
        if isinstance(value, Made) and value.call is not None:
            name = value.name
            if KERAS_MODEL.match(name):
                return "torch" in module.roots
            if name.startswith("transformers.") and name.endswith(("from_pretrained", "from_config")):
                return not re.search(r"Tokenizer|Processor|Config|FeatureExtractor|Scheduler|Pipeline", name)
            if _PLAIN_LAYER.match(name):
                return False
            return bool(TORCH_MODELS.match(name)) or bool(_LOADED.match(name)) or bool(FROM_CONFIG.match(name))
        return False

    # Gradients

    def uses_gradients(self, scope: Scope) -> bool:
        """Tell whether a function back-propagates, or asks autograd for gradients, itself or in what it runs."""
        key = id(scope)
        if key not in self._gradients:
            self._gradients[key] = False
            self._gradients[key] = self.training.loops.trains(scope) or any(
                self._asks_gradients(spot) for spot in scope.spots
            )
        return self._gradients[key]

    def _asks_gradients(self, spot: Spot) -> bool:
        func = spot.call.func
        name = func.name if isinstance(func, Attribute) else func.id if isinstance(func, Name) else ""
        if name in ("grad", "requires_grad_", "enable_grad", "attribute", "jacobian", "vjp", "hessian"):
            argument = self.program.argument(spot.call, "requires_grad", 0) if name == "requires_grad_" else None
            return argument is None or not (isinstance(argument.value, Constant) and argument.value.value is False)
        if any(argument.name == "requires_grad" and is_true(argument.value) for argument in spot.call.arguments):
            return True
        return any(
            edge.kind in ("call", "guess", "pass") and self.uses_gradients(edge.target)
            for edge in self.program.edges(spot)
        )

    def _feeds_backward(self, scope: Scope, hops: int = 0) -> bool:
        """Tell whether a caller back-propagates what a function gives it."""
        for edge in self.program.callers(scope):
            caller, statement = edge.spot.scope, edge.spot.statement
            if isinstance(statement, Assign):
                given = {word for target in statement.targets for word in words_of(target)}
                if given & propagated(caller):
                    return True
            elif isinstance(statement, Leave) and hops < _FEW_HOPS and self._feeds_backward(caller, hops + 1):
                return True
        return False

    # Units of evaluation

    @cached_property
    def _trains(self) -> bool:
        training = self.training
        return bool(training.sites) or any(
            training.loops.trains(scope) for module in self.program.modules for scope in module.scopes
        )

    def tells(self, scope: Scope) -> bool:
        """Tell whether a function says by its name that it evaluates."""
        name = _snake(scope.name)
        evaluates, trains = _TELLS.search(name), _TRAIN_TELLS.search(name)
        # The first word decides: `eval_training` evaluates, `train_and_eval` trains.
        return (
            scope.kind == "function"
            and evaluates is not None
            and (trains is None or evaluates.start() < trains.start())
        )

    def units(self, module: Module) -> list[list[Forward]]:
        """Return the runs of models of each unit of evaluation of a file, in order."""
        key = id(module)
        if key not in self._units:
            self._units[key] = list(self._found_units(module))
        return self._units[key]

    def _found_units(self, module: Module) -> Iterator[list[Forward]]:
        for scope in module.scopes:
            if scope.kind == "class" or scope.name in ("__getitem__", "__iter__"):
                continue
            runs = [one for one in self.forwards(scope) if not self._is_smoke(one)]
            if not runs or self._is_definition(scope):
                continue
            if self.uses_gradients(scope):
                yield from self._blocks(scope, runs)
            elif self._evaluates(scope, runs):
                yield runs

    def _is_definition(self, scope: Scope) -> bool:
        """Tell whether a function defines a model or a trainer's step rather than runs one."""
        owner = scope.method_of
        if owner is None:
            return False
        bases = self.program.bases(owner)
        if scope.name in _DEFINING:
            # A plain class that is called like a function only hands on, unless it says that it predicts.
            return bool(bases) or scope.name != "__call__" or not _PREDICTS.search(owner.name)
        if any(
            base.startswith(("transformers.", "trl.", "keras."))
            and base.endswith(("Trainer", "Callback", "Model", "Layer"))
            for base in bases
        ):
            return True
        if self.is_module(owner):
            hook = "lightning.LightningModule" in bases
            if hook and re.match(r"^on_(?:train|fit|after|before)|^on_epoch|^(?:training|train)_epoch", scope.name):
                return False
            return not _METHOD_TELLS.search(_snake(scope.name)) or not self._is_run_from_outside(scope)
        return False

    def _is_run_from_outside(self, scope: Scope) -> bool:
        """Tell whether code that is no module itself runs a module's method; `forward` runs pieces of the model."""
        callers = [edge.spot.scope for edge in self.program.callers(scope)]
        return bool(callers) and not any(
            caller.method_of is not None and (caller.name in _DEFINING or self.is_module(caller.method_of))
            for caller in callers
        )

    def _evaluates(self, scope: Scope, runs: list[Forward]) -> bool:
        if scope.parent is not None and (self._feeds_backward(scope) or self._serves_forward(scope)):
            return False
        if scope.method_of is not None and re.match(r"^on_(?:train|fit|epoch)", scope.name):
            return True
        if self.tells(scope) or self._evals_before(scope, runs[-1].spot) or self.switching.is_switched_off(runs[0]):
            return True
        if _TRAIN_TELLS.search(_snake(scope.name)) and scope.kind == "function":
            return False
        if self._trains:
            return False
        if scope.kind == "module" or scope.name == "main":
            return True
        if not self.program.callers(scope):
            return any(
                isinstance(value, (Instance, Made)) and value.call is not None for run in runs for value in run.values
            )
        return self._is_reached(scope)

    def _serves_forward(self, scope: Scope) -> bool:
        """Tell whether a model's own `forward` calls a function: then it is a piece of the model."""
        return any(
            edge.spot.scope.name in ("forward", "call") and edge.spot.scope.method_of is not None
            for edge in self.program.callers(scope)
        )

    def _evals_before(self, scope: Scope, spot: Spot) -> bool:
        return any(
            isinstance(one.call.func, Attribute)
            and one.call.func.name == "eval"
            and not one.call.arguments
            and one.call.at < spot.call.at
            for one in scope.spots
        )

    def _is_reached(self, scope: Scope, hops: int = 0) -> bool:
        """Tell whether the entry runs a function: from its top level, through calls."""
        for edge in self.program.callers(scope):
            if edge.spot.scope.kind == "module" or (hops < _FEW_HOPS and self._is_reached(edge.spot.scope, hops + 1)):
                return True
        return False

    def _blocks(self, scope: Scope, runs: list[Forward]) -> Iterator[list[Forward]]:
        """Yield the evaluation loops inside training code, and what a script does after its last gradient step."""
        steps = [spot for spot in scope.spots if self.training.loops.spot_trains(spot) or self._asks_gradients(spot)]
        learning = {id(block.owner) for spot in steps for block in spot.block.up() if block.owner is not None}
        last = max((spot.call.at for spot in steps), default=-1)
        taken: dict[int, list[Forward]] = {}
        after: list[Forward] = []
        for run in runs:
            switch = self._switched_before(scope, run, steps)
            if switch is not None:
                around = next((one for one in switch.block.loops() if id(one) in learning), None)
                taken.setdefault(id(around), []).append(run)
                continue
            loop = next((one for one in run.spot.block.loops() if id(one) not in learning), None)
            if loop is not None and isinstance(loop, For):
                words = [*words_of(loop.target), *words_of(loop.iterable)]
                if any(_LOOP_TELLS.search(_snake(word)) for word in words) or self._evals_near(scope, run):
                    taken.setdefault(id(loop), []).append(run)
                    continue
            in_loop = any(id(one) in learning for one in run.spot.block.loops())
            if scope.kind == "module" and run.spot.call.at > last and not in_loop:
                after.append(run)
        yield from taken.values()
        if after and not any(run in group for group in taken.values() for run in after):
            yield after

    def _switched_before(self, scope: Scope, run: Forward, steps: list[Spot]) -> Spot | None:
        """Return the `.eval()` that opens a stretch of evaluation inside a training loop, before a run."""
        found = None
        for spot in scope.spots:
            func = spot.call.func
            if (
                (
                    spot.call.at < run.spot.call.at
                    and isinstance(func, Attribute)
                    and func.name in ("eval", "train")
                    and is_same(self.program, func.value, spot.block, run)
                )
                and not any(edge.kind == "call" for edge in self.program.edges(spot))
                and spot.block.holds(run.spot.block)
            ):
                is_eval = func.name == "eval" and not spot.call.arguments
                if found is None or spot.call.at > found[0].call.at:
                    found = (spot, is_eval)
        if found is None or not found[1]:
            return None
        between = any(found[0].call.at < step.call.at < run.spot.call.at for step in steps)
        return None if between or self._learns_from(scope, run) else found[0]

    def _learns_from(self, scope: Scope, run: Forward) -> bool:
        """Tell whether a gradient step follows in the same block: then the run may be part of it."""
        return any(
            self.training.loops.steps(spot)
            and spot.call.at > run.spot.call.at
            and run.spot.block.holds(spot.block)
            and next(spot.block.loops(), None) is next(run.spot.block.loops(), None)
            for spot in scope.spots
        )

    def _evals_near(self, scope: Scope, run: Forward) -> bool:
        """Tell whether the last change of mode before a loop is `.eval()`."""
        modes = [
            spot
            for spot in scope.spots
            if isinstance(spot.call.func, Attribute)
            and spot.call.func.name in ("eval", "train")
            and spot.call.at < run.spot.call.at
            and not self.program.edges(spot)
        ]
        return bool(modes) and isinstance(modes[-1].call.func, Attribute) and modes[-1].call.func.name == "eval"

    def _is_smoke(self, run: Forward) -> bool:
        """Tell whether a fresh model is only fed made-up tensors, to look at shapes."""
        arguments = run.spot.call.arguments
        if not arguments or not all(isinstance(one, Instance) or self._is_fresh(one) for one in run.values):
            return False
        seen = [self.program.values(one.value, run.spot.block) for one in arguments if not one.star]
        made_up = bool(seen) and any(isinstance(value, Made) and _RANDOM.match(value.name) for value in seen[0])
        return made_up and (not self._is_restored(run) or self._is_only_measured(run))

    @staticmethod
    def _is_only_measured(run: Forward) -> bool:
        """Tell whether only the shape of a run's result is looked at."""
        statement = run.spot.statement
        names = {tail(target) for target in getattr(statement, "targets", ())}
        if not names:
            return {"shape", "size"} & set(words_of(statement)) != set()
        if run.spot.scope.kind == "module" and not any(
            names & set(words_of(other)) for other, _ in run.spot.scope.statements if other.at > statement.at
        ):
            return True
        later = [
            one
            for other, _ in run.spot.scope.statements
            if other.at > statement.at and not hasattr(other, "body")
            for one in [other]
            if names & set(words_of(other))
        ]
        return bool(later) and {"shape", "size"} & set(words_of(later[0])) != set()

    @staticmethod
    def _is_fresh(value: Value) -> bool:
        return isinstance(value, Made) and bool(TORCH_MODELS.match(value.name))

    def _is_restored(self, run: Forward) -> bool:
        """Tell whether weights are loaded anywhere in the file: then its input may be noise, but it generates."""
        return bool(
            {"load_state_dict", "from_pretrained", "load_from_checkpoint", "load_checkpoint"}
            & run.spot.scope.module.identifiers
        )


def _snake(name: str) -> str:
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()


def _is_imported(func: Name | Attribute, scope: Scope) -> bool:
    """Tell whether a bare name is imported from where it cannot be followed: `flatten_model` is then no model."""
    if not isinstance(func, Name):
        return False
    bindings = [one for around in scope.enclosing() for one in around.bindings.get(func.id, ())]
    return all(one.kind == "import" for one in bindings)
