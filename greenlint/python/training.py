"""Where a program trains, for how many epochs, and whether something stops it early.

A training site is a call of a framework's training entry point, or an epoch loop: the outermost loop whose body,
directly or through functions of the program, runs gradient steps.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

from greenlint.python.facts import (
    Assign,
    Attribute,
    Call,
    Constant,
    Expression,
    For,
    Loop,
    Mapping,
    Name,
    Statement,
    While,
    tail,
    words_of,
)
from greenlint.python.frameworks import root_of
from greenlint.python.loops import EPOCH, loop_words, range_of
from greenlint.python.values import (
    UNKNOWN,
    ClassValue,
    Display,
    Instance,
    Library,
    Literal,
    Made,
    Member,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from greenlint.python.bounds import Bounds
    from greenlint.python.epochs import Epochs
    from greenlint.python.program import Program
    from greenlint.python.scope import Block, Module, Scope, Spot
    from greenlint.python.stopping import Stopping

# A loop over these goes around a training: it has no epochs of its own.
_AROUND = re.compile(
    r"fold|split|seed|(?:^|_)runs?(?:$|_)|trial|repeat|param|config|hyper|layer|(?:^|_)tasks?(?:$|_)|(?:^|_)exps?(?:$|_)|"
    r"experiment|kf|(?:^|_)cv(?:$|_)|dataset|model|(?:^|_)reps?(?:$|_)|(?:^|_)lrs?(?:$|_)|learning_rate|generation|combo|"
    r"setting|subject|size|arch|(?:^|_)names?(?:$|_)",
    re.IGNORECASE,
)
_PLAIN_NAME = re.compile(r"^(?:_|[a-z])$")
_MOST_SCOPES = 200
_RUNS = ("call", "pass", "guess")
_UPDATES = frozenset(
    [
        "step",
        "optimizer_step",
        "add_",
        "sub_",
        "addcdiv_",
        "addcmul_",
        "copy_",
        "mul_",
        "apply_gradients",
        "manual_backward",
        "backward_step",
        "minimize",
        "train_on_batch",
        "loss_scaler",
    ]
)
_STEPPING = frozenset({"loss_scaler", "scaler", "grad_scaler"})
_SESSIONS = (
    "Session",
    "InteractiveSession",
    "MonitoredTrainingSession",
    "MonitoredSession",
    "SingularMonitoredSession",
)
_KERAS_ROOTS = frozenset({"keras", "keras_hub", "keras_nlp", "keras_cv", "tensorflow_addons", "segmentation_models"})
_KERAS_NO_MODEL = ("keras.preprocessing", "keras.layers", "keras.utils", "keras.callbacks", "keras.datasets")
_KERAS_WORDS = frozenset(
    {"epochs", "validation_data", "validation_split", "callbacks", "steps_per_epoch", "batch_size", "verbose"}
)
_HF_ROOTS = frozenset({"transformers", "trl", "sentence_transformers", "setfit", "optimum", "adapters", "unsloth"})
_BOOSTERS = re.compile(
    r"^(?:xgboost\.(?:sklearn\.)?XGB\w+|xgboost\.dask\.\w+|lightgbm\.(?:sklearn\.|dask\.)?(?:Dask)?LGBM\w+|catboost\.CatBoost\w*)\.fit$"
    r"|^(?:xgboost|lightgbm|catboost|xgboost\.training|xgboost\.dask|lightgbm\.engine)\.train$"
)
_SKLEARN = re.compile(r"^sklearn\.(?:\w+\.)*(?:MLP|SGD|GradientBoosting|HistGradientBoosting)\w*\.(?:fit|partial_fit)$")
_ADVERSARIAL = (
    (re.compile(r"netG|generator|\bgen\b|^G$|g_loss|gen_loss|_G$", re.IGNORECASE)),
    (re.compile(r"netD|discriminator|\bdisc\b|^D$|d_loss|disc_loss|critic|_D$", re.IGNORECASE)),
)
_GYMS = frozenset(
    [
        "gym",
        "gymnasium",
        "stable_baselines3",
        "stable_baselines",
        "pettingzoo",
        "dm_control",
        "minigrid",
        "procgen",
        "torchrl",
        "tianshou",
        "rllib",
        "ale_py",
        "envpool",
        "brax",
        "isaacgym",
        "gym_minigrid",
    ]
)


@dataclass(frozen=True, slots=True, eq=False)
class Site:
    """A place where training happens.

    `node` is the call or the loop, `framework` "loop", "keras", "lightning", "huggingface", "fastai", "estimator",
    "tuner", "boosting" or "sklearn". `epochs` are the numbers of epochs it can run, each where it is written; `open`
    tells that others are possible. `rounds` are boosting rounds or the iterations of a learner, which are no epochs.
    """

    node: Call | Loop
    block: Block
    framework: str
    spot: Spot | None = None
    epochs: tuple[Literal, ...] = ()
    rounds: tuple[Literal, ...] = ()
    nest: tuple[Loop, ...] = field(default=())

    @property
    def module(self) -> Module:
        """The file it stands in."""
        return self.block.scope.module


class Training:
    """What one program trains."""

    def __init__(self, program: Program) -> None:
        """Look at nothing yet."""
        self.program = program

    @cached_property
    def epochs(self) -> Epochs:
        """For how many epochs the sites run."""
        from greenlint.python.epochs import Epochs

        return Epochs(self)

    @cached_property
    def bounds(self) -> Bounds:
        """What bounds the sites."""
        from greenlint.python.bounds import Bounds

        return Bounds(self)

    @cached_property
    def stopping(self) -> Stopping:
        """What stops the sites early."""
        from greenlint.python.stopping import Stopping

        return Stopping(self)

    @cached_property
    def sites(self) -> tuple[Site, ...]:
        """Every training site of the program, by file and place."""
        found = [site for spot in self.program.spots() if (site := self._called(spot)) is not None]
        found += [self._loop_site(loop, block) for loop, block in self._epoch_loops()]
        order = {id(module): index for index, module in enumerate(self.program.modules)}
        return tuple(sorted(found, key=lambda site: (order[id(site.module)], site.node.at)))

    # Calls of training entry points

    def _called(self, spot: Spot) -> Site | None:
        framework = self.framework_of(spot)
        if not framework:
            return None
        epochs, rounds = self.epochs.of_call(spot, framework)
        return Site(spot.call, spot.block, framework, spot, epochs, rounds)

    def framework_of(self, spot: Spot) -> str:
        """Name the framework whose training entry point a call is, or return an empty string."""
        func = spot.call.func
        method = func.name if isinstance(func, Attribute) else func.id if isinstance(func, Name) else ""
        if method == "LightningCLI" or method.endswith("CLI"):
            return "lightning" if self._is_cli(spot) else ""
        if method not in _METHODS:
            return ""
        names: set[str] = set()
        unknown = False
        for value in self.program.values(func, spot.block):
            if isinstance(value, (Library, Made)):
                names.add(value.name)
            elif isinstance(value, Member):
                owner = value.owner
                if isinstance(owner, Made):
                    names.add(value.name)
                    unknown = unknown or owner.name.startswith("hydra.")
                else:
                    names.update(f"{base}.{method}" for base in self.program.bases(owner.cls))
                    unknown = unknown or not self.program.bases(owner.cls)
            else:
                unknown = unknown or value is UNKNOWN
        for name in names:
            framework = _entry_point(name, method)
            if framework:
                return framework
        if unknown and isinstance(func, Attribute):
            return self._guessed(spot, func, method)
        return ""

    def _is_cli(self, spot: Spot) -> bool:
        run = self.program.argument(spot.call, "run")
        if run is not None and isinstance(run.value, Constant) and run.value.value is False:
            return False
        for value in self.program.values(spot.call.func, spot.block):
            if isinstance(value, Library) and value.name == "lightning.LightningCLI":
                return True
            if isinstance(value, ClassValue) and "lightning.LightningCLI" in self.program.bases(value.scope):
                return True
        return False

    def _guessed(self, spot: Spot, func: Attribute, method: str) -> str:
        """Tell a framework's `fit` by how it is called, when the object cannot be followed."""
        if self.program.edges(spot):
            return ""
        imported = spot.scope.module.roots
        keywords = {argument.name for argument in spot.call.arguments}
        receiver = tail(func.value).lower()
        if method in ("fit", "fit_generator") and imported & {"keras", "tensorflow", "tf_keras"}:
            others = imported & {"sklearn", "lightning", "pytorch_lightning", "torch"}
            if "epochs" in keywords or (keywords & _KERAS_WORDS and "model" in receiver and not others):
                return "keras"
        if method == "fit" and receiver.endswith("trainer") and imported & {"lightning", "pytorch_lightning"}:
            return "lightning"
        if method == "train" and receiver.endswith("trainer") and imported & _HF_ROOTS:
            return "huggingface" if "Trainer" in " ".join(spot.scope.module.identifiers) else ""
        if method in ("fine_tune", "fit_one_cycle") and "fastai" in imported:
            return "fastai"
        return ""

    # Loops that run gradient steps

    def steps(self, spot: Spot) -> bool:
        """Tell whether a call is a gradient step, or the back-propagation of one."""
        func = spot.call.func
        if "scaler" in tail(func).lower():
            return any(name.endswith("NativeScaler()") for name in self.program.callees(spot))
        if isinstance(func, Name):
            return func.id == "backward" and "torch.autograd.backward" in self.program.callees(spot)
        if not isinstance(func, Attribute):
            return False
        if func.name in ("backward", "manual_backward"):
            return self._backward(spot, func)
        if func.name == "apply_gradients":
            return not spot.scope.module.roots & {"jax", "flax", "optax"}
        if func.name == "minimize":
            return any(root_of(name) in ("tensorflow", "keras") for name in self.program.callees(spot))
        if func.name == "train_on_batch":
            return not self.program.edges(spot)
        if func.name == "run":
            return self._runs_train_op(spot)
        return False

    def _backward(self, spot: Spot, func: Attribute) -> bool:
        if isinstance(func.value, Call) and isinstance(func.value.func, Name) and func.value.func.id == "super":
            return False
        scope = spot.scope
        if scope.name == "backward" and scope.parameters and scope.parameters[0].name == "ctx":
            return False
        return not any(edge.kind == "call" for edge in self.program.edges(spot))

    def _runs_train_op(self, spot: Spot) -> bool:
        call = spot.call
        fetches = self.program.argument(call, "fetches", 0)
        names = self.program.callees(spot)
        if fetches is None:
            return any(name.endswith((".minimize.run", ".apply_gradients.run")) for name in names)
        known = any(name.endswith(f".{one}.run") for name in names for one in _SESSIONS)
        if not known and not (isinstance(call.func, Attribute) and "sess" in tail(call.func.value).lower()):
            return False
        return any(_is_train_op(name) for name in self._fetched(fetches.value, spot.block))

    def _fetched(self, item: Expression, block: Block, depth: int = 0) -> Iterator[str]:
        for value in self.program.values(item, block):
            if isinstance(value, Display) and depth < 4:  # noqa: PLR2004
                held = value.node.values if isinstance(value.node, Mapping) else value.node.items
                for one in held:
                    yield from self._fetched(one, value.block, depth + 1)
            elif isinstance(value, Made):
                yield value.name
                if value.name.endswith((".group", "tuple", ".identity")) and value.call is not None:
                    for argument in value.call.arguments:
                        if depth < 4:  # noqa: PLR2004
                            yield from self._fetched(argument.value, value.block, depth + 1)

    def trains(self, scope: Scope) -> bool:
        """Tell whether a function runs gradient steps, itself or through the functions that it runs."""
        return id(scope) in self._training_scopes

    @cached_property
    def _training_scopes(self) -> set[int]:
        """Every function that runs gradient steps: those with a step of their own, and whoever runs them."""
        waiting = [
            scope
            for module in self.program.modules
            for scope in module.scopes
            if any(not spot.lazy and self.steps(spot) for spot in scope.spots)
        ]
        found = {id(scope) for scope in waiting}
        while waiting:
            for edge in self.program.callers(waiting.pop()):
                caller = edge.spot.scope
                if edge.kind in _RUNS and not edge.spot.lazy and id(caller) not in found:
                    found.add(id(caller))
                    waiting.append(caller)
        return found

    def spot_trains(self, spot: Spot) -> bool:
        """Tell whether a call is a gradient step or runs one."""
        if self.steps(spot):
            return True
        return any(edge.kind in _RUNS and self.trains(edge.target) for edge in self.program.edges(spot))

    @cached_property
    def loops(self) -> dict[int, tuple[Loop, Block]]:
        """Every loop whose body runs gradient steps, with the block it stands in."""
        found: dict[int, tuple[Loop, Block]] = {}
        for module in self.program.modules:
            for scope in module.scopes:
                for spot in scope.spots:
                    loops = [block for block in spot.block.up() if _is_loop(block)]
                    if loops and not spot.lazy and self.spot_trains(spot):
                        for block in loops:
                            owner = block.owner
                            if isinstance(owner, (For, While)) and block.parent is not None:
                                found[id(owner)] = (owner, block.parent)
        return found

    def _parents(self, block: Block) -> list[int]:
        """Return the training loops directly around a loop, in its scope or in the callers of its function."""
        for outer in block.loops():
            if id(outer) in self.loops:
                return [id(outer)]
        return self._calling_loops(block.scope, set())

    def _calling_loops(self, scope: Scope, seen: set[int]) -> list[int]:
        if id(scope) in seen:
            return []
        seen.add(id(scope))
        found: list[int] = []
        for edge in self.program.callers(scope):
            if edge.kind not in _RUNS:
                continue
            around = next((outer for outer in edge.spot.block.loops() if id(outer) in self.loops), None)
            if around is not None:
                found.append(id(around))
            else:
                found.extend(self._calling_loops(edge.spot.scope, seen))
        return found

    @cached_property
    def tree(self) -> dict[int, list[int]]:
        """Training loops inside each training loop."""
        children: dict[int, list[int]] = {}
        for key, (_, block) in self.loops.items():
            for parent in self._parents(block):
                if parent != key:
                    children.setdefault(parent, []).append(key)
        return children

    def _epoch_loops(self) -> Iterator[tuple[Loop, Block]]:
        inner = {child for children in self.tree.values() for child in children}
        chosen: dict[int, None] = {}
        for key, (_, block) in self.loops.items():
            if key in inner or not self._updates(block):
                continue
            for one in self._epoch_level(key, set()):
                if not self._is_one_epoch(*self.loops[one]):
                    chosen[one] = None
        for key in chosen:
            yield self.loops[key]

    def _is_one_epoch(self, loop: Loop, block: Block) -> bool:
        """Tell whether a loop over batches stands in a function that nobody calls: its caller holds the epochs."""
        scope = block.scope
        return (
            isinstance(loop, For)
            and scope.kind == "function"
            and scope.name != "main"
            and not self.program.callers(scope)
            and range_of(loop.iterable) is None
            and not any(EPOCH.search(word) for word in loop_words(loop))
            and any(word == one.name for one in scope.parameters for word in words_of(loop.iterable))
        )

    def _updates(self, block: Block) -> bool:
        """Tell whether what a loop runs updates what was back-propagated: a gradient alone is no training."""
        if block.scope.node is None and block.scope.module.identifiers & _UPDATES:
            return True
        seen: set[int] = set()
        waiting = [block.scope]
        if any(self.steps(spot) and tail(spot.call.func) != "backward" for spot in block.scope.spots):
            return True
        while waiting and len(seen) < _MOST_SCOPES:
            scope = waiting.pop()
            if id(scope) in seen:
                continue
            seen.add(id(scope))
            if any(tail(spot.call.func) in _UPDATES or tail(spot.call.func) in _STEPPING for spot in scope.spots):
                return True
            if any(_sets_parameter(statement) for statement, _ in scope.statements):
                return True
            waiting.extend(edge.target for spot in scope.spots for edge in self.program.edges(spot))
            waiting.extend(scope.children)
        return False

    def inside(self, loop: Loop) -> list[int]:
        """Return the keys of the training loops inside a loop, at any depth."""
        found: list[int] = []
        waiting = [id(loop)]
        while waiting:
            for child in self.tree.get(waiting.pop(), ()):
                if child not in found:
                    found.append(child)
                    waiting.append(child)
        return found

    def _epoch_level(self, key: int, seen: set[int]) -> list[int]:
        """Descend from a loop over folds, seeds or settings to the epoch loops in it."""
        loop, _ = self.loops[key]
        if key in seen or not isinstance(loop, For):
            return [key]
        seen.add(key)
        words = loop_words(loop)
        if any(EPOCH.search(word) for word in words):
            return [key]
        if not any(_AROUND.search(word) for word in words) and not _PLAIN_NAME.match(tail(loop.target)):
            return [key]
        below = [
            child
            for child in self.tree.get(key, ())
            if any(EPOCH.search(word) for word in loop_words(self.loops[child][0]))
            or self._epoch_level(child, seen) != [child]
        ]
        return [found for child in below for found in self._epoch_level(child, seen)] or [key]

    def _loop_site(self, loop: Loop, block: Block) -> Site:
        nest = tuple(self.loops[key][0] for key in self.inside(loop))
        return Site(loop, block, "loop", None, tuple(self.epochs.of_loop(loop, block)), (), nest)

    def makers(self, spot: Spot) -> list[tuple[Call, Block]]:
        """Return the calls that made the object whose method is called."""
        func = spot.call.func
        if not isinstance(func, Attribute):
            return []
        return [
            (value.call, value.block)
            for value in self.program.values(func.value, spot.block)
            if isinstance(value, (Made, Instance)) and value.call is not None and value.block is not None
        ]

    def trainer_calls(self, spot: Spot) -> list[tuple[Call, Block]]:
        """Return the calls that made the framework's Trainer whose method is called."""
        return self.makers(spot)

    def is_set(self, call: Call, name: str, block: Block) -> bool:
        """Tell whether an argument is given and is not its own way of saying no: None or -1."""
        argument = self.program.argument(call, name)
        if argument is None:
            return False
        values = self.program.values(argument.value, block)
        return not all(isinstance(one, Literal) and one.value in (None, -1) for one in values)

    def takes_precision(self, site: Site) -> bool:
        """Tell whether reduced precision is a setting where the site stands: torch, Lightning, Hugging Face, Keras."""
        if site.framework == "loop":
            known = {"torch", "keras", "lightning", "pytorch_lightning", "transformers", "accelerate"}
            return "backward" in site.module.identifiers or any(module.roots & known for module in self.program.modules)
        return site.framework in ("keras", "lightning", "huggingface")

    # Kinds of training that early stopping does not suit

    def is_adversarial(self, site: Site) -> bool:
        """Tell whether a site trains a generator against a discriminator."""
        return speaks_adversarially(site.module)

    def is_reinforcement(self, site: Site) -> bool:
        """Tell whether a site learns from an environment."""
        words = site.module.identifiers
        return bool(site.module.roots & _GYMS) or ("env" in words and bool({"reward", "rewards"} & words))


_METHODS = frozenset(
    [
        "fit",
        "fit_generator",
        "train",
        "hyperparameter_search",
        "fit_one_cycle",
        "fine_tune",
        "fit_flat_cos",
        "search",
        "train_and_evaluate",
        "partial_fit",
        "fit_transform",
    ]
)


def _entry_point(name: str, method: str) -> str:  # noqa: C901
    root = root_of(name)
    if root in _KERAS_ROOTS and method in ("fit", "fit_generator"):
        return "" if name.startswith(_KERAS_NO_MODEL) or "Generator.fit" in name else "keras"
    if root == "keras_tuner" and method == "search":
        return "tuner"
    if root == "lightning" and method == "fit":
        return "lightning" if "Trainer" in name else ""
    if root in _HF_ROOTS:
        owner = name.rpartition(".")[0]
        if method in ("train", "hyperparameter_search") and "Trainer" in owner.rpartition(".")[2]:
            return "huggingface"
        return "huggingface" if method == "fit" and name.startswith("sentence_transformers.SentenceTransformer") else ""
    if root == "fastai" and method in ("fit", "fit_one_cycle", "fine_tune", "fit_flat_cos"):
        return "fastai"
    if root == "tensorflow":
        if ".estimator." in name and method in ("train", "train_and_evaluate"):
            return "estimator"
        if name.startswith("tensorflow.contrib.") and method == "fit":
            return "estimator"
        return ""
    if _BOOSTERS.match(name):
        return "boosting"
    return "sklearn" if _SKLEARN.match(name) else ""


def _is_train_op(name: str) -> bool:
    return name.endswith((".minimize", ".apply_gradients", ".create_train_op", ".optimize_loss", ".get_updates"))


def _is_loop(block: Block) -> bool:
    return isinstance(block.owner, (For, While)) and block.branch == "body"


def _sets_parameter(statement: Statement) -> bool:
    """See an update by hand: `w.data -= lr * w.grad`, `w -= lr * w.grad`."""
    if not isinstance(statement, Assign) or statement.value is None or "grad" not in set(words_of(statement.value)):
        return False
    mine = {tail(target) for target in statement.targets}
    return statement.operator in ("-", "+") or "data" in mine or bool(mine & set(words_of(statement.value)))


def speaks_adversarially(module: Module) -> bool:
    """Tell whether a file names both a generator and a discriminator."""
    return all(any(pattern.search(word) for word in module.identifiers) for pattern in _ADVERSARIAL)
