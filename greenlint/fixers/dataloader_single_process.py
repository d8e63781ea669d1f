"""ECO201: workers beside the process that feeds the accelerator."""

from __future__ import annotations

from typing import TYPE_CHECKING

import libcst as cst

from greenlint.finding import Finding, Fix
from greenlint.fixer import fixes
from greenlint.python.page import argument, dotted, is_open_ended

if TYPE_CHECKING:
    from greenlint.python.page import Page


@fixes("ECO201")
def dataloader_single_process(page: Page, finding: Finding) -> Fix | None:
    call = page.find(finding.place, cst.Call)
    # A worker cannot touch a GPU that the main process has opened, and a stream is served once by each worker.
    if call is None or is_open_ended(call) or (finding.values or {}).get("hazard", True) or _hands_lambdas_on(page):
        return None
    title = 'num_workers=4: a start; on Windows and macOS the script needs `if __name__ == "__main__":`'
    given = argument(call, "num_workers")
    if given is not None:
        return Fix(title, safe=False, edits=(page.edit(page.start(given.value), page.end(given.value), "4"),))
    if sum(one.keyword is None for one in call.args) > 5:  # noqa: PLR2004  num_workers is the sixth by position
        return None
    return Fix(title, safe=False, edits=tuple(page.add_argument(call, "num_workers=4")))


def _hands_lambdas_on(page: Page) -> bool:
    """Tell whether data is prepared by a lambda: where workers are started afresh, on Windows and macOS, it is lost."""
    for node in page.nodes(cst.Lambda):
        held = page.parent(node)
        call = page.parent(held) if isinstance(held, cst.Arg) else None
        if isinstance(call, cst.Call) and isinstance(held, cst.Arg):
            word = held.keyword.value if held.keyword is not None else dotted(call.func).rpartition(".")[2]
            if word in ("Lambda", "collate_fn", "worker_init_fn") or "transform" in word:
                return True
    return False
