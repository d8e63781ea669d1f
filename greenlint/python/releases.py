"""Files of models that are meant to be used, by their names, and whether the optimizer's state goes along."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from greenlint.python.facts import Attribute, Call, Constant, Mapping, expressions, tail
from greenlint.python.forward import is_true
from greenlint.python.frameworks import FRAMEWORKS, root_of
from greenlint.python.values import Display, Literal

if TYPE_CHECKING:
    from collections.abc import Iterator

    from greenlint.python.facts import Argument, Expression
    from greenlint.python.program import Program
    from greenlint.python.scope import Block, Module, Spot

_RELEASE = re.compile(
    r"(?:^|[^a-z])(?:final|release|export(?:ed)?|deploy(?:ed|ment)?|production|prod|serving|publish(?:ed)?)(?:$|[^a-z])",
    re.IGNORECASE,
)
_RESUMED = re.compile(r"checkpoint|ckpt|resume|backup|snapshot", re.IGNORECASE)
_KERAS_SAVES = frozenset({"keras.models.save_model", "keras.saving.save_model"})
_NO_KERAS = frozenset({"torch", "stable_baselines3", "sentence_transformers", "lightning", "pytorch_lightning"})

_SAVING = re.compile(
    r"sav(?:e|ing)|check_?point|ckpt|snapshot|pickle|joblib|dump|export|serializ|to_disk|push_to_hub|log_model|log_artifact|"
    r"savez|to_hdf|BackupAndRestore|write_model|store",
    re.IGNORECASE,
)
_SAVED_PLOTS = frozenset({"savefig", "save_image", "save_img", "imsave", "saveh", "restore_best_weights"})


def saves_anything(module: Module) -> bool:
    """Tell whether a file names anything that keeps a model; figures and images are no models."""
    return any(_SAVING.search(word) for word in module.identifiers - _SAVED_PLOTS)


def shipped_states(program: Program, module: Module) -> Iterator[tuple[Spot, str]]:
    """Yield the calls that save a model under a name for use, optimizer and all, with that name."""
    if not {"save", "save_model"} & module.identifiers:
        return
    for spot in module.spots():
        if tail(spot.call.func) not in ("save", "save_model") or program.open_ended(spot.call):
            continue
        if "torch.save" in program.callees(spot):
            kept, path = _keeps_optimizer(program, spot), program.argument(spot.call, "f", 1)
        else:
            kept, path = _saves_compiled(program, spot), _keras_path(program, spot)
        if kept and path is not None:
            name = _name_of_release(program, path.value, spot.block)
            if name:
                yield spot, name


def _keeps_optimizer(program: Program, spot: Spot) -> bool:
    """See `torch.save({"model": ..., "optimizer": optimizer.state_dict()}, ...)`."""
    first = program.argument(spot.call, "obj", 0)
    if first is None:
        return False
    return any(
        isinstance(value, Display)
        and isinstance(value.node, Mapping)
        and any(_is_optimizer_state(one) for one in value.node.values)
        for value in program.values(first.value, spot.block)
    )


def _is_optimizer_state(item: Expression) -> bool:
    return (
        isinstance(item, Call)
        and isinstance(item.func, Attribute)
        and item.func.name == "state_dict"
        and "optim" in tail(item.func.value).lower()
    )


def _saves_compiled(program: Program, spot: Spot) -> bool:
    """Tell whether a Keras model is saved as a whole by a file that trains it and does not go on with it later."""
    words = spot.scope.module.identifiers
    if not {"fit", "fit_generator", "train_on_batch"} & words or "initial_epoch" in words:
        return False
    keeps = program.argument(spot.call, "include_optimizer", 2)
    if keeps is not None and not is_true(keeps.value):
        return False
    names = program.callees(spot)
    if names & _KERAS_SAVES:
        return True
    func = spot.call.func
    if not isinstance(func, Attribute) or func.name != "save":
        return False
    if any(root_of(name) in FRAMEWORKS | _NO_KERAS for name in names):
        return all(root_of(name) == "keras" for name in names)
    roots = spot.scope.module.roots
    known = roots & {"keras", "tensorflow", "tf_keras"} and not roots & _NO_KERAS
    return bool(known) and "model" in tail(func.value).lower() and not program.edges(spot)


def _keras_path(program: Program, spot: Spot) -> Argument | None:
    position = 1 if program.callees(spot) & _KERAS_SAVES else 0
    return program.argument(spot.call, "filepath", position)


def _name_of_release(program: Program, item: Expression, block: Block) -> str:
    """Return the text of a path that says that the file is for use, or an empty string."""
    texts = [one.value for one in expressions(item) if isinstance(one, Constant) and isinstance(one.value, str)]
    texts += [
        one.value for one in program.values(item, block) if isinstance(one, Literal) and isinstance(one.value, str)
    ]
    if any(_RESUMED.search(text) for text in texts):
        return ""
    return next((text for text in texts if _RELEASE.search(text)), "")
