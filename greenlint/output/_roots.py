"""Paths as services want them: relative to the checkout, whatever folder the run was started in."""

from __future__ import annotations

import os
from pathlib import Path
from urllib.parse import quote

GITHUB = "GITHUB_WORKSPACE"
"""https://docs.github.com/en/actions/reference/workflows-and-actions/variables"""
GITLAB = "CI_PROJECT_DIR"
"""https://docs.gitlab.com/ci/variables/predefined_variables/"""


def checkout(*variables: str) -> Path:
    """Return the folder that the first of the variables names, else the working directory."""
    named = next((os.environ[name] for name in variables if os.environ.get(name)), "")
    folder = Path(named) if named else Path.cwd()
    return folder if folder.is_absolute() and Path.cwd().is_relative_to(folder) else Path.cwd()


def from_folder(path: str, folder: Path) -> str:
    """Return a path of the report relative to a folder, or absolute where it lies elsewhere; with forward slashes."""
    whole = Path(os.path.abspath(path))  # noqa: PTH100  resolve() would follow links
    try:
        return whole.relative_to(folder).as_posix()
    except ValueError:
        return whole.as_posix()


def uri(path: str) -> str:
    """Return a relative path as a reference of RFC 3986, an absolute one as a `file:` URI."""
    escaped = quote(path.encode("utf-8", "surrogateescape"), safe="/!$&'()*+,;=@~-._")
    if path.startswith("/"):
        return f"file://{escaped}"
    if path[1:3] == ":/":  # a drive
        return f"file:///{path[0]}:{quote(path[2:])}"
    return escaped
