"""ECO320: fewer bits per multiplication, where one setting says so."""

from __future__ import annotations

from typing import TYPE_CHECKING

import libcst as cst

from greenlint.finding import Finding, Fix
from greenlint.fixer import fixes
from greenlint.python.page import argument, dotted, is_open_ended

if TYPE_CHECKING:
    from greenlint.python.page import Page


@fixes("ECO320")
def missing_mixed_precision(page: Page, finding: Finding) -> Fix | None:
    loop = page.find(finding.place, cst.For) or page.find(finding.place, cst.While)
    if loop is not None:
        return _loop(page, loop)
    site = page.find(finding.place, cst.Call)
    if site is None or not isinstance(site.func, cst.Attribute):
        return None
    trainer = page.made(site.func.value)
    if trainer is None:
        return None
    given = argument(trainer, "args")
    settings = page.made(given.value) if given is not None else None
    if settings is not None and dotted(settings.func).endswith("TrainingArguments") and not is_open_ended(settings):
        edits = page.add_argument(settings, "bf16=True")
        return Fix("bf16=True: GPUs since 2020 have it", safe=False, edits=tuple(edits))
    if dotted(trainer.func).endswith("Trainer") and site.func.attr.value == "fit" and not is_open_ended(trainer):
        edits = page.add_argument(trainer, 'precision="bf16-mixed"')
        return Fix('precision="bf16-mixed": GPUs since 2020 have it', safe=False, edits=tuple(edits))
    return None  # Keras: which layers have to stay in float32, only the model's author knows


def _loop(page: Page, loop: cst.For | cst.While) -> Fix | None:
    """Let matrices be multiplied in TF32 where the GPU has it; the rest of a loop by hand stays as it is."""
    if page.words(page.module) & {"Variable", "volatile", "legacy", "rpc"}:
        return None  # a torch that knows no set_float32_matmul_precision, or a loop that trains in other processes
    outermost = [loop, *page.loops(loop)][-1]
    torch = page.imported("torch", before=page.start(outermost))
    if torch is None:
        return None
    edit = page.before(outermost, f'{torch.written}.set_float32_matmul_precision("high")')
    if edit is None:
        return None
    return Fix("matrices multiplied in TF32, where the GPU has it", safe=False, edits=(*torch.edits, edit))
