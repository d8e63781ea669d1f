"""Early stopping that cannot act: passed to nothing, watching what nobody measures, or too patient for the run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from greenlint.python.facts import Assign, Call, Collection, Constant, Group, Name, tail, walk
from greenlint.python.forward import is_false
from greenlint.python.stopping import appended
from greenlint.python.values import Display, Instance, Literal, Made

if TYPE_CHECKING:
    from collections.abc import Iterator

    from greenlint.python.facts import Expression
    from greenlint.python.program import Program
    from greenlint.python.scope import Block, Module, Scope
    from greenlint.python.training import Site

_STOPPERS = {
    "keras.callbacks.EarlyStopping": "keras",
    "lightning.callbacks.EarlyStopping": "lightning",
    "transformers.EarlyStoppingCallback": "huggingface",
}
_PATIENCE = {"keras": ("patience", 2), "lightning": ("patience", 2), "huggingface": ("early_stopping_patience", 0)}

_OPTIONS = frozenset({"add_argument", "add", "option", "Option", "Argument", "argument"})


def unused(program: Program, module: Module) -> Iterator[tuple[Call, str]]:
    """Yield the callbacks that are built, kept under a name, and passed to nobody."""
    for scope in module.scopes:
        for statement, block in scope.statements:
            if not isinstance(statement, Assign) or statement.value is None or len(statement.targets) != 1:
                continue
            target = statement.targets[0]
            call = _stopper_in(program, statement.value, block)
            if call is not None and isinstance(target, Name) and not _is_read(target.id, scope, program):
                yield call, f"{target.id} is passed to nothing"


def _stopper_in(program: Program, item: Expression, block: Block) -> Call | None:
    items = item.items if isinstance(item, Collection) else (item,)
    for one in items:
        if isinstance(one, Call) and "EarlyStopping" in tail(one.func):
            made = program.values(one, block)
            if any(isinstance(value, Made) and value.name in _STOPPERS for value in made):
                return one
    return None


def _is_read(name: str, scope: Scope, program: Program) -> bool:
    """Tell whether a name is read in its file, or, at the top of a file, named by any other file."""
    written = {
        id(target) for one in scope.module.scopes for statement, _ in one.statements for target in _targets(statement)
    }
    if any(
        isinstance(one, Name) and one.id == name and id(one) not in written for one in walk(scope.module.facts.body)
    ):
        return True
    others = (module for module in program.modules if module is not scope.module)
    exported = scope.kind == "module" and (
        name in scope.module.strings or any(name in one.identifiers for one in others)
    )
    return exported or {"locals", "globals"} <= scope.module.identifiers


def _targets(statement: object) -> tuple[Expression, ...]:
    return statement.targets if isinstance(statement, Assign) and not statement.operator else ()


def powerless(program: Program, site: Site) -> Iterator[tuple[Call, str]]:
    """Yield the callbacks of a site that can never stop it, with the reason."""
    if site.spot is None or site.framework not in ("keras", "lightning", "huggingface"):
        return
    calls = [(site.spot.call, site.spot.block)]
    if site.framework != "keras":
        calls = program.makers(site.spot)
    for call, block in calls:
        argument = program.argument(call, "callbacks")
        if argument is None or program.open_ended(call):
            continue
        callbacks = list(_callbacks(program, argument.value, block, 0))
        for value in callbacks:
            if isinstance(value, Made) and _STOPPERS.get(value.name) == site.framework and value.call is not None:
                reason = _too_patient(program, value, site) or _blind(program, value, site, callbacks)
                if reason:
                    yield value.call, reason


def _callbacks(program: Program, item: Expression, block: Block, depth: int) -> Iterator[object]:
    for value in program.values(item, block):
        if isinstance(value, Display) and isinstance(value.node, Collection) and depth < 3:  # noqa: PLR2004
            for one in value.node.items:
                inner = one.items[0] if isinstance(one, Group) and one.items else one
                yield from _callbacks(program, inner, value.block, depth + 1)
        else:
            yield value
    if depth == 0:
        for extra, where in appended(item, block):
            yield from _callbacks(program, extra, where, depth + 1)


def _too_patient(program: Program, stopper: Made, site: Site) -> str:
    """Compare patience and epochs where both are known."""
    call = stopper.call
    name, position = _PATIENCE[site.framework]
    if call is None or program.open_ended(call) or not site.epochs:
        return ""
    restores = program.argument(call, "restore_best_weights")
    if restores is not None and not is_false(restores.value):
        # It still brings the best weights back at the end.
        return ""
    argument = program.argument(call, name, position)
    if argument is None:
        return ""
    known = program.values(argument.value, stopper.block)
    patience = [one.value for one in known if isinstance(one, Literal) and type(one.value) is int]
    epochs = [one.value for one in site.epochs if type(one.value) is int]
    if len(patience) != len(known) or len(epochs) != len(site.epochs) or min(patience) < max(epochs):
        return ""
    if any(_is_default(program, one) for one in site.epochs):
        # Whoever runs it chooses the number.
        return ""
    return f"its patience of {min(patience)} is not shorter than the {max(epochs)} epochs"


def _is_default(program: Program, epochs: Literal) -> bool:
    """Tell whether a number is the default of an option of the command line."""
    return any(
        argument.value is epochs.node
        for spot in program.spots()
        if tail(spot.call.func) in _OPTIONS or tail(spot.call.func).startswith("DEFINE_")
        for argument in spot.call.arguments
    )


def _blind(program: Program, stopper: Made, site: Site, callbacks: list[object]) -> str:
    """See Keras watch `val_loss`, which is the default, while nothing is given to validate on."""
    call, spot = stopper.call, site.spot
    if site.framework != "keras" or call is None or spot is None or program.open_ended(call):
        return ""
    generated = tail(spot.call.func) == "fit_generator"
    given = program.argument(spot.call, "validation_data", 5 if generated else 7)
    split = program.argument(spot.call, "validation_split", None if generated else 6)
    if given is not None or split is not None:
        return ""
    argument = program.argument(call, "monitor", 0)
    monitor = "val_loss" if argument is None else ""
    if argument is not None and isinstance(argument.value, Constant) and isinstance(argument.value.value, str):
        monitor = argument.value.value
    if not monitor.startswith("val_") or any(_may_measure(one) for one in callbacks):
        return ""
    return f"it watches {monitor}, and fit() has nothing to validate on"


def _may_measure(callback: object) -> bool:
    """Tell whether a callback is the project's own, which may log what another one watches."""
    return isinstance(callback, Instance) or not isinstance(callback, Made) or not callback.name.startswith("keras.")
