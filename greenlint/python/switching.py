"""In which mode a model is where it runs: what switches it on every known way there."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from greenlint.python.facts import Attribute, Call, Constant, Function, Name, With, expressions, tail
from greenlint.python.forward import FROM_CONFIG, KERAS_MODEL, TORCH_MODELS, Forward, is_false, is_same
from greenlint.python.modes import ModeDependence
from greenlint.python.values import Instance, Made, Unknown

if TYPE_CHECKING:
    from greenlint.python.facts import Expression
    from greenlint.python.gradients import Gradients
    from greenlint.python.program import Program
    from greenlint.python.scope import Scope, Spot
    from greenlint.python.training import Training

_GENERATOR = re.compile(r"(?:^|[._])(?:net_?g|generator|gen|g)(?:$|_)|generator", re.IGNORECASE)
_PRETRAINED = re.compile(
    r"^(?:transformers|diffusers|peft|optimum|adapters|sentence_transformers)\..*(?:from_pretrained|SentenceTransformer)$"
)
_FEW_HOPS = 6


class Switching:
    """The changes between training and evaluation mode in one program."""

    def __init__(self, program: Program, training: Training, gradients: Gradients) -> None:
        """Look at nothing yet."""
        self.program = program
        self.training = training
        self.gradients = gradients
        self.dependence = ModeDependence(program)

    def in_training_mode(self, run: Forward) -> bool:
        """Tell whether a model is surely in training mode at a run, on at least one known way there."""
        if any(argument.name == "training" and is_false(argument.value) for argument in run.spot.call.arguments):
            return False
        depends = [self.dependence.of(value) for value in run.values if not isinstance(value, Unknown)]
        if depends and all(one is False for one in depends):
            return False
        return self._mode(run, run.spot, set(), 0) == "train"

    @staticmethod
    def is_generator(run: Forward) -> bool:
        """Tell whether a model is the generator of a GAN."""
        names = [run.name, *(value.cls.name for value in run.values if isinstance(value, Instance))]
        return any(_GENERATOR.search(name) for name in names)

    def is_switched_off(self, run: Forward) -> bool:
        """Tell whether every caller of a run's function switches the model to evaluation right before."""
        callers = self.program.callers(run.spot.scope)
        return bool(callers) and all(
            edge.kind == "call" and self._event_before(run, edge.spot) == "eval" for edge in callers
        )

    def _event_before(self, run: Forward, spot: Spot) -> str:
        """Return the last change of mode before a call, in the function that makes it."""
        for other in sorted(spot.scope.spots, key=lambda one: -one.call.at):
            if other.call.at < spot.call.at and not other.block.excludes(spot.block):
                mode = self._event(other, run, set())
                if mode:
                    return mode
        return ""

    def _mode(self, run: Forward, spot: Spot, seen: set[int], hops: int) -> str:  # noqa: C901
        """Return "train", "eval" or "" (unknown) for the mode in which a run's model reaches a spot."""
        scope = spot.scope
        for other in sorted(scope.spots, key=lambda one: -one.call.at):
            if other.call.at >= spot.call.at or other.block.excludes(spot.block):
                continue
            mode = self._event(other, run, set())
            if (
                mode == "train"
                and scope is run.spot.scope
                and isinstance(other.call.func, Attribute)
                and other.call.func.name == "train"
            ):
                # `model.train()` right before an evaluation is a choice (MC dropout), unless the same code trains.
                return mode if self.training.loops.trains(scope) or not self.gradients.off_here(run.spot) else ""
            if mode:
                return mode
        if any(
            _is_mode_context(item)
            for block in spot.block.up()
            if isinstance(block.owner, With)
            for item, _ in block.owner.items
        ):
            return "eval"
        if isinstance(scope.node, Function) and any(
            re.search(r"eval", tail(one.func if isinstance(one, Call) else one)) for one in scope.node.decorators
        ):
            return "eval"
        if scope.kind == "module" or id(scope) in seen or hops > _FEW_HOPS:
            return self._initial(run)
        if self.gradients.off_by_hook(scope) or self._mode_of_object(run, scope) == "eval":
            return "eval"
        seen = {*seen, id(scope)}
        callers = [edge for edge in self.program.callers(scope) if edge.kind != "pass"]
        if len(callers) != len(self.program.callers(scope)):
            return ""
        if not callers:
            if self._is_parameter(run, scope):
                return ""
            return self._mode_of_global(run, scope) or self._initial(run)
        modes = {self._mode(run, edge.spot, seen, hops + 1) for edge in callers}
        return "train" if "train" in modes else "eval" if modes == {"eval"} else ""

    def _mode_of_object(self, run: Forward, scope: Scope) -> str:
        """Return "eval" when the other methods of the same object, its constructor say, switch to it and never back."""
        owner = scope.method_of
        if owner is None:
            return ""
        others = [method for cls in self.program.lineage(owner) for method in cls.children if method is not scope]
        modes = [self._event(spot, run, set()) for method in others for spot in method.spots]
        return "eval" if "eval" in modes and "train" not in modes else ""

    def _mode_of_global(self, run: Forward, scope: Scope) -> str:
        """Return "eval" when the file switches a model of its top level to it: nothing shows who comes first."""
        head = run.model
        while isinstance(head, Attribute):
            head = head.value
        if not isinstance(head, Name) or head.id in scope.bindings:
            return ""
        made = {value.block.scope.module for value in run.values if isinstance(value, (Instance, Made)) and value.block}
        modes = [
            self._event(spot, run, set())
            for module in {scope.module, *made}
            for other in module.scopes
            if other is not scope
            for spot in other.spots
        ]
        return "eval" if "eval" in modes else ""

    def _is_parameter(self, run: Forward, scope: Scope) -> bool:
        head = run.model
        while isinstance(head, Attribute):
            head = head.value
        if (
            scope.method_of is not None
            and scope.parameters
            and isinstance(head, Name)
            and head.id == scope.parameters[0].name
        ):
            return False
        return isinstance(head, Name) and any(one.name == head.id for one in scope.parameters)

    def _event(self, spot: Spot, run: Forward, seen: set[int]) -> str:
        """Return the mode that a call leaves a run's model in, or an empty string when it changes none."""
        func = spot.call.func
        if isinstance(func, Attribute) and func.name in ("eval", "train"):
            own = any(edge.kind == "call" for edge in self.program.edges(spot))
            if not own and is_same(self.program, func.value, spot.block, run):
                if func.name == "eval":
                    return "" if spot.call.arguments else "eval"
                return self._train_argument(spot)
        for edge in self.program.edges(spot):
            if edge.kind in ("call", "guess") and id(edge.target) not in seen and edge.target is not run.spot.scope:
                seen = {*seen, id(edge.target)}
                for other in sorted(edge.target.spots, key=lambda one: -one.call.at):
                    mode = self._event(other, run, seen)
                    if mode:
                        return mode
        return ""

    def _train_argument(self, spot: Spot) -> str:
        argument = self.program.argument(spot.call, "mode", 0)
        if argument is None:
            return "train"
        if isinstance(argument.value, Constant):
            return "train" if argument.value.value is True else "eval" if argument.value.value is False else ""
        # `.train(mode=flag)`: either; taken for the careful one.
        return "eval"

    def _initial(self, run: Forward) -> str:
        """Return the mode of a model that nothing changed since it was made."""
        modes = set()
        for value in run.values:
            if isinstance(value, (Instance, Made)) and value.mode:
                modes.add(value.mode)
            elif isinstance(value, Instance) and value.call is not None:
                modes.add("train")
            elif isinstance(value, Made) and value.call is not None:
                if _PRETRAINED.match(value.name) or KERAS_MODEL.match(value.name):
                    modes.add("eval")
                elif TORCH_MODELS.match(value.name) or FROM_CONFIG.match(value.name):
                    modes.add("train")
                else:
                    modes.add("")
            else:
                modes.add("")
        # One of several it can be is enough: it then runs in training mode on a known way.
        return "train" if "train" in modes and "eval" not in modes else "eval" if modes == {"eval"} else ""


def _is_mode_context(item: Expression) -> bool:
    return any(
        isinstance(one, (Name, Attribute)) and re.search(r"eval(?:uat|_mode|$)", tail(one)) for one in expressions(item)
    )
