"""What a detector sees: one file in its program, and the questions that rules ask of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from greenlint.python.training import speaks_adversarially

if TYPE_CHECKING:
    from collections.abc import Iterator

    from greenlint.python.devices import Devices
    from greenlint.python.exports import Exports
    from greenlint.python.inference import Inference
    from greenlint.python.program import Program
    from greenlint.python.scope import Module
    from greenlint.python.serving import Serving
    from greenlint.python.tracking import Tracking
    from greenlint.python.training import Site, Training


class View:
    """One file in the program of one entry."""

    def __init__(self, module: Module, program: Program, *, is_test: bool) -> None:
        """See `module` as part of `program`; `is_test` tells whether the file is a test's."""
        self.module = module
        self.program = program
        self.is_test = is_test

    @property
    def entry(self) -> str:
        """Name of the file that starts the program: this one, where it can be run by itself.

        What the program of an importer lacks, the smaller program of the imported file lacks as well.
        """
        runs = "__main__" in self.module.strings and "__name__" in self.module.identifiers
        return self.module.path.name if runs else self.program.entry.path.name

    @property
    def training(self) -> Training:
        """What the program trains."""
        return self.program.training

    @property
    def tracking(self) -> Tracking:
        """What the program measures."""
        return self.program.tracking

    @property
    def devices(self) -> Devices:
        """Where the program runs, and in which precision."""
        return self.program.devices

    @property
    def inference(self) -> Inference:
        """What the program evaluates."""
        return self.program.inference

    @property
    def exports(self) -> Exports:
        """What the program ships."""
        return self.program.exports

    @property
    def serving(self) -> Serving:
        """What the program loads again and again."""
        return self.program.serving

    @property
    def runs_models(self) -> bool:
        """Tell whether the file itself trains or evaluates."""
        if next(self.sites, None) is not None:
            return True
        training, inference = self.program.training, self.program.inference
        return any(
            inference.forwards(scope) or any(training.steps(spot) for spot in scope.spots)
            for scope in self.module.scopes
        )

    @property
    def is_adversarial(self) -> bool:
        """Tell whether the file speaks of a generator and a discriminator."""
        return speaks_adversarially(self.module)

    @property
    def sites(self) -> Iterator[Site]:
        """The training sites of this file, in the order of the source."""
        return (site for site in self.program.training.sites if site.module is self.module)
