"""Names of files and folders that a run looks for, or looks away from."""

from __future__ import annotations

SETTINGS = ("greenlint.toml", "pyproject.toml")
"""Where settings may stand, the first one found in a folder wins."""

NOISE = frozenset(
    {
        *(".bzr", ".direnv", ".eggs", ".git", ".hg", ".ipynb_checkpoints", ".mypy_cache", ".nox", ".pytest_cache"),
        *(".ruff_cache", ".svn", ".tox", ".venv", ".greenlint_cache", "__pycache__", "__pypackages__", "_build"),
        *("build", "dist", "node_modules", "site-packages", "venv"),
    },
)
"""Names of folders that hold no source of the project's own."""
