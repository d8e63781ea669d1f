"""ECO310: an end to training that no longer helps, where a framework has a callback for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import libcst as cst

from greenlint.finding import Finding, Fix
from greenlint.fixer import fixes
from greenlint.python.page import Imported, argument, dotted, is_open_ended

if TYPE_CHECKING:
    from greenlint.finding import Edit
    from greenlint.python.page import Page

_LEAST = 3
_KERAS = ("keras", "tensorflow.keras", "tf_keras")


@fixes("ECO310")
def missing_early_stopping(page: Page, finding: Finding) -> Fix | None:
    site = page.find(finding.place, cst.Call)
    epochs = (finding.values or {}).get("epochs")
    if site is None or not isinstance(epochs, int) or not isinstance(site.func, cst.Attribute):
        return None  # when a loop written by hand should stop, only its author can say
    if _counts_on(page, site, epochs):
        return None  # what comes later expects a value for every epoch
    # Less than three would end training on the noise of a single epoch.
    patience = max(_LEAST, round(epochs / 10))
    for made in (_keras, _lightning, _huggingface):
        found = made(page, site, patience)
        if found is not None:
            holder, callback, monitor, imported = found
            rule = f"{patience} epochs: a tenth of {epochs}, at least {_LEAST}"
            why = f"# Ends when {monitor} has not improved for {rule}."
            edits = _handed_over(page, holder, callback, why)
            title = f"early stopping on {monitor}, patience {rule}"
            return Fix(title, safe=False, edits=(*imported.edits, *edits)) if edits else None
    return None


def _counts_on(page: Page, site: cst.Call, epochs: int) -> bool:
    """Tell whether a text goes over all epochs elsewhere, as over a history or in a plot: `range(1, 21)`."""
    given = argument(site, "epochs")
    told = {str(epochs), str(epochs + 1), *([page.code(given.value)] if given is not None else [])}
    return any(
        dotted(call.func) in ("range", "np.arange")
        and any(page.code(one.value).split("+")[0].strip() in told for one in call.args)
        for call in page.nodes(cst.Call)
    )


def _is_free(page: Page) -> bool:
    """Tell whether `early_stopping` means nothing else in a text."""
    return all(
        isinstance(one.value, cst.Call) and "EarlyStopping" in dotted(one.value.func)
        for one in page.nodes(cst.Assign)
        if any(dotted(target.target) == "early_stopping" for target in one.targets)
    ) and not any(
        isinstance(page.parent(node), (cst.Param, cst.FunctionDef, cst.ImportAlias, cst.For))
        for node in page.nodes(cst.Name)
        if node.value == "early_stopping"
    )


def _handed_over(page: Page, call: cst.Call, callback: str, why: str) -> list[Edit]:
    """Make the callback on a line of its own, and hand it over: to the call, or to the list that the call is given."""
    given = argument(call, "callbacks")
    held = None if given is None else given.value if isinstance(given.value, cst.List) else _list_of(page, call, given)
    if is_open_ended(call) or (given is not None and held is None) or not _is_free(page):
        return []
    statement = page.statement(held if held is not None else call)
    made = None if statement is None else page.lines_before(statement, why, f"early_stopping = {callback}")
    if made is None:
        return []
    if held is not None:
        return [made, *page.add_item(held, "early_stopping")]
    return [made, *page.add_argument(call, "callbacks=[early_stopping]")]


def _list_of(page: Page, call: cst.Call, given: cst.Arg) -> cst.List | None:
    """Return the list that a name is given once, before the call and in its function, if nothing else uses it."""
    name = dotted(given.value)
    uses = [node for node in page.nodes(cst.Name) if node.value == name and not page.is_word(node)]
    values = [
        one.value
        for one in page.nodes(cst.Assign)
        if name.isidentifier() and any(dotted(target.target) == name for target in one.targets)
    ]
    once = len(values) == 1 and len(uses) == 2  # noqa: PLR2004  where it is given its value, and here
    if not once or not isinstance(values[0], cst.List) or page.function(values[0]) is not page.function(call):
        return None
    return values[0] if page.start(values[0]) < page.start(call) else None


def _keras(page: Page, site: cst.Call, patience: int) -> tuple[cst.Call, str, str, Imported] | None:
    validated = argument(site, "validation_data") or argument(site, "validation_split")
    if validated is None or dotted(validated.value) == "None" or argument(site, "validation_freq"):
        return None
    stopping = _keras_stopping(page, page.start(site))
    if stopping is None:
        return None
    callback = f'{stopping.written}(monitor="val_loss", patience={patience}, restore_best_weights=True)'
    return site, callback, "val_loss", stopping


def _keras_stopping(page: Page, before: int) -> Imported | None:
    """Return how EarlyStopping is written in the text's own way of naming Keras."""
    names = page.imports(before)
    for bound, full in names.items():
        if full in [f"{root}.callbacks.EarlyStopping" for root in _KERAS]:
            return Imported(bound)
    for suffix, wanted in (
        ("callbacks.EarlyStopping", _KERAS),
        ("keras.callbacks.EarlyStopping", ("tensorflow",)),
        ("EarlyStopping", tuple(f"{root}.callbacks" for root in _KERAS)),
    ):
        for bound, full in names.items():
            if full in wanted and bound.isidentifier():
                return Imported(f"{bound}.{suffix}")
    used = next((root for root in reversed(_KERAS) for full in names.values() if full.startswith(f"{root}.")), "")
    return page.imported(f"{used}.callbacks", "EarlyStopping", before=before) if used else None


def _lightning(page: Page, site: cst.Call, patience: int) -> tuple[cst.Call, str, str, Imported] | None:
    func = site.func
    trainer = page.made(func.value) if isinstance(func, cst.Attribute) and func.attr.value == "fit" else None
    if trainer is None or dotted(trainer.func).rpartition(".")[2] != "Trainer":
        return None
    validates = (
        len(site.args) > 2  # noqa: PLR2004  model, training data, validation data
        or argument(site, "val_dataloaders")
        or any(one.name.value == "val_dataloader" for one in page.nodes(cst.FunctionDef))
    )
    logged = [
        str(call.args[0].value.evaluated_value)
        for call in page.nodes(cst.Call)
        if isinstance(call.func, cst.Attribute)
        and call.func.attr.value == "log"
        and call.args
        and isinstance(call.args[0].value, cst.SimpleString)
    ]
    monitor = next((name for name in logged if "val" in name and "loss" in name), "")
    roots = {full.split(".")[0] for full in page.imports(page.start(trainer)).values()}
    package = "lightning.pytorch" if "lightning" in roots else "pytorch_lightning"
    if not validates or not monitor or not roots & {"lightning", "pytorch_lightning"}:
        return None
    stopping = page.imported(f"{package}.callbacks", "EarlyStopping", before=page.start(trainer))
    if stopping is None:
        return None
    return trainer, f'{stopping.written}(monitor="{monitor}", patience={patience})', monitor, stopping


def _huggingface(page: Page, site: cst.Call, patience: int) -> tuple[cst.Call, str, str, Imported] | None:
    trainer = page.made(site.func.value) if isinstance(site.func, cst.Attribute) else None
    given = argument(trainer, "args") if trainer is not None else None
    settings = page.made(given.value) if given is not None else None
    if trainer is None or settings is None or not dotted(trainer.func).endswith("Trainer"):
        return None
    # The callback insists on both: evaluations to compare, and the best model to go back to.
    evaluates = argument(settings, "eval_strategy") or argument(settings, "evaluation_strategy")
    best = argument(settings, "load_best_model_at_end")
    if evaluates is None or best is None or dotted(best.value) != "True":
        return None
    if not isinstance(evaluates.value, cst.SimpleString) or evaluates.value.evaluated_value != "epoch":
        return None
    stopping = page.imported("transformers", "EarlyStoppingCallback", before=page.start(trainer))
    metric = argument(settings, "metric_for_best_model")
    monitor = page.code(metric.value).strip("\"'") if metric is not None else "the evaluation loss"
    if stopping is None:
        return None
    return trainer, f"{stopping.written}(early_stopping_patience={patience})", monitor, stopping
