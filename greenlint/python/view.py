"""What a detector sees: one file in its program, and the questions that rules ask of it."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from greenlint.python.order import trains_after, trains_on
from greenlint.python.training import speaks_adversarially

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from greenlint.python.forward import Forward
    from greenlint.python.program import Program
    from greenlint.python.scope import Module, Scope, Spot
    from greenlint.python.study import Study
    from greenlint.python.training import Site


# The first run of a stretch that breaks a rule is the finding: it is among the first, or the stretch is generated code.
_MOST_RUNS = 32
# What a training loop calls for every batch.
_HOOKS = frozenset({"forward", "training_step", "validation_step", "test_step"})
_FEW_HOPS = 4


class View:
    """One file in the program of one entry; `study` holds what is known of that program."""

    def __init__(self, module: Module, study: Study, *, is_test: bool, others: Sequence[Study] = ()) -> None:
        """See `module` as part of a program; `is_test` tells whether the file is a test's.

        `others` are the studies of the other programs that hold the file.
        """
        self.module = module
        self.study = study
        self.is_test = is_test
        self._others = others

    def runs(self, scope: Scope) -> bool:
        """Tell whether a function is to be judged in this program: it runs here, or nowhere.

        What this program never calls and another one does is judged there, with its callers.
        """
        if scope.kind != "function" or self.program.callers(scope):
            return True
        return not any(other.program.callers(scope) for other in self._others)

    @property
    def program(self) -> Program:
        """The program itself."""
        return self.study.program

    @property
    def entry(self) -> str:
        """Name of the file that starts the program: this one, where it can be run by itself.

        What the program of an importer lacks, the smaller program of the imported file lacks as well.
        """
        runs = "__main__" in self.module.strings and "__name__" in self.module.identifiers
        return self.module.path.name if runs else self.program.entry.path.name

    @property
    def sites(self) -> Iterator[Site]:
        """The training sites of this file, in the order of the source."""
        return (
            site for site in self.study.training.sites if site.module is self.module and self.runs(site.block.scope)
        )

    @property
    def evaluations(self) -> Iterator[list[Forward]]:
        """The runs of models of each stretch of evaluation in this file."""
        for runs in self.study.inference.units(self.module):
            if self.runs(runs[0].spot.scope):
                yield runs[:_MOST_RUNS]

    @cached_property
    def runs_models(self) -> bool:
        """Tell whether the file itself trains or evaluates."""
        if next(self.sites, None) is not None:
            return True
        loops, inference = self.study.training.loops, self.study.inference
        return any(
            inference.forwards(scope) or any(loops.steps(spot) for spot in scope.spots) for scope in self.module.scopes
        )

    def repeats(self, spot: Spot) -> bool:
        """Tell whether a call runs again and again: in a loop, in a module's forward, or in what such places call."""
        return self._repeats(spot, frozenset())

    def _repeats(self, spot: Spot, seen: frozenset[int]) -> bool:
        scope = spot.scope
        if spot.looped or next(spot.block.loops(), None) is not None:
            return True
        if scope.kind != "function" or id(scope) in seen or len(seen) > _FEW_HOPS:
            return False
        owner = scope.method_of
        if owner is not None and scope.name in _HOOKS and self.study.inference.is_module(owner):
            return True
        return any(
            edge.kind in ("call", "guess") and self._repeats(edge.spot, seen | {id(scope)})
            for edge in self.program.callers(scope)
        )

    def trains_after(self, spot: Spot) -> bool:
        """Tell whether the program may train once a call has run."""
        return trains_after(self.study.training, spot)

    def trains_on(self, spot: Spot) -> bool:
        """Tell whether the program may train in the mode that a call leaves behind."""
        return trains_on(self.study.training, spot)

    @property
    def trains(self) -> bool:
        """Tell whether the program trains at all."""
        return bool(self.study.training.sites)

    @property
    def is_adversarial(self) -> bool:
        """Tell whether the file speaks of a generator and a discriminator."""
        return speaks_adversarially(self.module)
