"""The record of what each commit scored, one JSON object per line."""

from __future__ import annotations

import json
import subprocess
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

FILE = Path(__file__).with_name("history.jsonl")


def last(kind: str) -> dict[str, Any] | None:
    """Return the newest record of a kind ("labels" or "twins")."""
    lines = FILE.read_text(encoding="utf-8").splitlines() if FILE.is_file() else []
    records = [record for record in map(json.loads, lines) if record["kind"] == kind]
    return records[-1] if records else None


def record(kind: str, rules: Mapping[str, object], **more: object) -> None:
    """Append the counts of a run, with the moment (UTC) and the commit, marked `+` when files differ from it."""
    entry = {"kind": kind, "date": f"{datetime.now(timezone.utc):%Y-%m-%dT%H:%MZ}", "commit": _commit(), **more}
    with FILE.open("a", encoding="utf-8") as file:
        file.write(json.dumps({**entry, "rules": rules}) + "\n")


def _commit() -> str:
    changed = _git("status", "--porcelain", "--untracked-files=no", "--", "greenlint", "rules")
    return _git("rev-parse", "--short", "HEAD") + ("+" if changed else "")


def _git(*words: str) -> str:
    run = subprocess.run(["git", *words], cwd=FILE.parents[2], check=True, capture_output=True, text=True)  # noqa: S603, S607
    return run.stdout.strip()
