"""Where a program trains, for how many epochs, and whether something stops it early.

A training site is a call of a framework's training entry point, or an epoch loop: the outermost loop whose body,
directly or through functions of the program, runs gradient steps.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

from greenlint.python.epochs import Epochs
from greenlint.python.facts import (
    Attribute,
    Call,
    Constant,
    Loop,
    Name,
    tail,
)
from greenlint.python.frameworks import root_of
from greenlint.python.training_loops import TrainingLoops
from greenlint.python.values import (
    UNKNOWN,
    ClassValue,
    Library,
    Literal,
    Made,
    Member,
)

if TYPE_CHECKING:
    from greenlint.python.program import Program
    from greenlint.python.scope import Block, Module, Spot

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
        self.loops = TrainingLoops(program)
        self.epochs = Epochs(program, self.loops)

    @cached_property
    def sites(self) -> tuple[Site, ...]:
        """Every training site of the program, by file and place."""
        found = [site for spot in self.program.spots() if (site := self._called(spot)) is not None]
        found += [self._loop_site(loop, block) for loop, block in self.loops.outermost()]
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

    def _loop_site(self, loop: Loop, block: Block) -> Site:
        nest = tuple(self.loops.all[key][0] for key in self.loops.inside(loop))
        return Site(loop, block, "loop", None, tuple(self.epochs.of_loop(loop, block)), (), nest)

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
        return any(module.roots & _GYMS for module in self.program.modules) or (
            "env" in words and bool({"reward", "rewards"} & words)
        )


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


def speaks_adversarially(module: Module) -> bool:
    """Tell whether a file names both a generator and a discriminator."""
    return all(any(pattern.search(word) for word in module.identifiers) for pattern in _ADVERSARIAL)
