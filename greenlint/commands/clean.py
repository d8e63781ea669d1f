"""Remove what earlier runs have kept in .greenlint_cache."""

from __future__ import annotations

from typing import TYPE_CHECKING

from greenlint.finding import shown

if TYPE_CHECKING:
    import argparse
    from pathlib import Path


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("paths", nargs="*", metavar="PATH", help="files and folders (default: the working directory)")


def run(options: argparse.Namespace) -> int:
    """Remove the cache of the project of each path, say so, and return 0."""
    from greenlint import cache, discovery

    roots: dict[Path, None] = {}
    for path in options.paths or ["."]:
        place = discovery.absolute(path)
        folder = place if place.is_dir() else place.parent
        roots.update({folder: None, discovery.project_root(folder / "any", folder): None})
    removed = [root for root in roots if cache.clean(str(root))]
    for root in removed:
        print(f"removed {shown(root / cache.FOLDER)}")
    if not removed:
        print("nothing to remove")
    return 0
