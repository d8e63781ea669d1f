"""Asking git, without letting a repository run anything."""

from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


def run(folder: Path, *arguments: str, said: bytes = b"") -> subprocess.CompletedProcess[bytes] | None:
    """Run git in a folder, `said` on its standard input; None when there is no git.

    A hook's GIT_* variables speak of the repository that is being committed, not of the one asked about. A file system
    monitor is a command that the repository names: it is not run.
    """
    environment = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    try:
        return subprocess.run(  # noqa: S603
            ["git", "-c", "core.fsmonitor=false", "-c", "core.quotePath=false", "-C", str(folder), *arguments],  # noqa: S607
            capture_output=True,
            check=False,
            input=said,
            env={**environment, "LC_ALL": "C"},
        )
    except OSError:
        return None
