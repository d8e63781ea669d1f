"""The options that say where evidence lies: declared once, for every command that collects it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import argparse

    from greenlint.card.collection import Request


def configure(parser: argparse.ArgumentParser) -> argparse._ArgumentGroup:
    """Declare PATH and the options; returns their group, for a command that has another one."""
    parser.add_argument(
        "path", nargs="?", default=".", metavar="PATH", help="the project (default: the working directory)"
    )
    group = parser.add_argument_group("evidence")
    group.add_argument(
        "--model", action="extend", nargs="+", default=[], metavar="FILE", help="ONNX models of the release"
    )
    group.add_argument(
        "--emissions", action="extend", nargs="+", default=[], metavar="FILE", help="emission files, or folders of them"
    )
    group.add_argument("--answers", metavar="FILE", help="the answers (default: greenlint-answers.yaml)")
    return group


def request(options: argparse.Namespace) -> Request:
    """Return what the options ask for."""
    from greenlint.card.collection import Request

    return Request(
        Path(options.path),
        tuple(map(Path, options.model)),
        tuple(map(Path, options.emissions)),
        Path(options.answers) if options.answers else None,
    )
