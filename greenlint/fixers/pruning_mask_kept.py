"""ECO505: masks made permanent before the model is saved."""

from __future__ import annotations

from typing import TYPE_CHECKING

import libcst as cst

from greenlint.finding import Finding, Fix
from greenlint.fixer import fixes
from greenlint.python.page import argument, dotted

if TYPE_CHECKING:
    from greenlint.python.page import Page


_SAVES = frozenset(
    ["torch.save", "save", "torch.onnx.export", "onnx.export", "torch.jit.save", "torch.export.save", "save_file"]
)
_TRAINS = frozenset({"backward", "fit", "train", "step"})


@fixes("ECO505")
def pruning_mask_kept(page: Page, finding: Finding) -> Fix | None:
    call = page.find(finding.place, cst.Call)
    statement = page.parent(call) if call is not None else None
    if call is None or not isinstance(statement, cst.Expr) or page.loops(call):
        return None  # one of many modules: which ones, only the loop knows
    prune = dotted(call.func).rpartition(".")[0]
    save = next((one for one in page.follows(statement) if _is_save(page, one)), None)
    if not prune or save is None or page.body(statement) is None:
        return None
    lines: list[str] = []
    for one in page.nodes(cst.Call):
        if dotted(one.func).startswith(f"{prune}."):
            made = _unmasked(page, one, prune, save)
            if made is None:
                return None  # some mask would stay
            lines += [line for line in made if line not in lines]
    # Training between keeps the masks in force until the save; training after it would need them again.
    if any(page.words(one) & _TRAINS for one in page.follows(statement) if page.start(one) >= page.start(save)):
        return None
    edit = page.lines_before(save, *lines)
    if edit is None:
        return None
    # What loads the file may expect the masks in it.
    safe = "load_state_dict" not in page.words(page.module)
    return Fix("masks made permanent before the model is saved", safe=safe, edits=(edit,))


def _unmasked(page: Page, call: cst.Call, prune: str, save: cst.CSTNode) -> list[str] | None:
    """Return the lines before a save that make the masks of one call permanent, None where they are not known."""
    statement = page.parent(call)
    first = argument(call, "module") or argument(call, "parameters") or (call.args[0] if call.args else None)
    module = dotted(first.value) if first is not None else ""
    if not module or not isinstance(statement, cst.Expr) or save not in page.follows(statement):
        return None
    between = (one for one in page.follows(statement) if page.start(one) < page.start(save))
    if any(page.binds(one, module) for one in between):
        return None
    if dotted(call.func).endswith("global_unstructured"):
        return [f"for module, name in {module}:", f"{page.step}{prune}.remove(module, name)"]
    second = argument(call, "name") or (call.args[1] if len(call.args) > 1 else None)
    if second is None or not isinstance(second.value, cst.SimpleString):
        return None
    return [f"{prune}.remove({module}, {page.code(second.value)})"]


def _is_save(page: Page, node: cst.CSTNode) -> bool:
    return isinstance(node, cst.SimpleStatementLine) and any(
        dotted(call.func) in _SAVES or dotted(call.func).endswith((".save_pretrained", ".push_to_hub"))
        for call in page.within(node, cst.Call)
    )
