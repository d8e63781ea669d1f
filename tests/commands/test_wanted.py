from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from greenlint.commands import _wanted

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.slow
def test_progress_is_for_long_runs_on_terminals(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    class Terminal:
        said = ""

        def isatty(self) -> bool:
            return True

        def write(self, text: str) -> None:
            self.said += text

        def flush(self) -> None: ...

    terminal = Terminal()
    monkeypatch.setattr(_wanted.sys, "stderr", terminal)
    clock = iter([0.5, 1.5, 1.55, 9.0])
    monkeypatch.setattr(_wanted.time, "perf_counter", lambda: next(clock))
    one = type("One", (), {"path": folder / "a.py"})
    assert len(list(_wanted.with_progress([one] * 4, 4, 0.0, quiet=False))) == 4
    assert terminal.said == "\r\x1b[K2/4 a.py\r\x1b[K4/4 a.py\r\x1b[K"
