from __future__ import annotations

import runpy
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
GENERATE = runpy.run_path(str(ROOT / "docs" / "generate.py"))


def test_what_is_generated_is_fresh() -> None:
    done = subprocess.run(
        [sys.executable, str(ROOT / "docs" / "generate.py"), "--check"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_only_what_stands_between_the_markers_is_replaced() -> None:
    text = "before\n<!-- rules:begin -->\nold\n<!-- rules:end -->\nafter\n"
    assert GENERATE["between_markers"](text, r"new \1") == (
        "before\n<!-- rules:begin -->\nnew \\1\n<!-- rules:end -->\nafter\n"
    )
    assert GENERATE["between_markers"]("no markers\n", "new") == "no markers\n"


def test_stale_files_are_named(tmp_path: Path) -> None:
    differs = GENERATE["_differs"]
    page = tmp_path / "page.md"
    assert differs(page, "text", write=False)
    assert not page.exists()
    assert differs(page, "text", write=True)
    assert not differs(page, "text", write=False)
