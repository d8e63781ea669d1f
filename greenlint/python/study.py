"""What is known of one program: each part asked of the parts below it, and worked out once."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from greenlint.python.bounds import Bounds
from greenlint.python.devices import Devices
from greenlint.python.exports import Exports
from greenlint.python.inference import Inference
from greenlint.python.releases import saves_anything
from greenlint.python.serving import Serving
from greenlint.python.stopping import Stopping
from greenlint.python.tracking import Tracking
from greenlint.python.training import Training

if TYPE_CHECKING:
    from greenlint.python.program import Program


class Study:
    """The answers about one program that its files share."""

    def __init__(self, program: Program) -> None:
        """Work out nothing yet."""
        self.program = program

    @cached_property
    def training(self) -> Training:
        """What the program trains."""
        return Training(self.program)

    @cached_property
    def stopping(self) -> Stopping:
        """What stops its training early."""
        return Stopping(self.program)

    @cached_property
    def bounds(self) -> Bounds:
        """What bounds its training."""
        return Bounds(self.program, self.stopping)

    @cached_property
    def tracking(self) -> Tracking:
        """What energy it measures."""
        return Tracking(self.program)

    @cached_property
    def devices(self) -> Devices:
        """Which accelerators and precisions it names."""
        return Devices(self.program)

    @cached_property
    def inference(self) -> Inference:
        """What it evaluates."""
        return Inference(self.program, self.training)

    @cached_property
    def exports(self) -> Exports:
        """What it ships."""
        return Exports(self.program, self.inference)

    @cached_property
    def serving(self) -> Serving:
        """What it loads again and again."""
        return Serving(self.program, self.training)

    @cached_property
    def saves(self) -> bool:
        """Tell whether it keeps any state of what it trains."""
        return any(saves_anything(module) for module in self.program.modules)
