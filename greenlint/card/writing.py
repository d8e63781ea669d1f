"""Files written whole or not at all, and several of them all or none: each is staged beside its place first."""

from __future__ import annotations

import contextlib
import os
import stat
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from greenlint.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence


FOREIGN = frozenset(".py .pyi .ipynb .onnx .toml .yaml .yml .csv .tsv .log .lock .cff .pkl .parquet".split())  # noqa: SIM905
"""What greenlint reads and never makes: a slip of the pen must not replace answers, code or measurements."""


def check(targets: Sequence[str]) -> None:
    """Refuse paths that say one file twice, or that would replace a file of a kind that greenlint does not make.

    Raises `ConfigError`. Called before any work is done.
    """
    seen: set[Path] = set()
    for target in targets:
        path = Path(target)
        if path.suffix.lower() in FOREIGN and path.is_file():
            message = f"{target}: is there already and no file of greenlint's; choose another name"
            raise ConfigError(message)
        place = path.resolve()
        if place in seen:
            message = f"{target}: is asked for twice; each result needs a file of its own"
            raise ConfigError(message)
        seen.add(place)


def write(files: Mapping[Path, str]) -> None:
    """Replace files as a whole, keeping their modes; raises `ConfigError` and changes nothing when one cannot be."""
    staged: list[tuple[Path, Path]] = []
    streams = {path: text for path, text in files.items() if path.exists() and not path.is_file()}
    try:
        for path, text in files.items():
            if path not in streams:
                staged.append(_stage(path, text))
        for path, text in streams.items():
            _pour(path, text)
        while staged:
            temporary, place = staged[-1]
            with _told(place):
                temporary.replace(place)
            staged.pop()
    finally:
        for temporary, _ in staged:
            with contextlib.suppress(OSError):
                temporary.unlink()


def _stage(path: Path, text: str) -> tuple[Path, Path]:
    """Write a text beside the file that it will replace; a link is followed, so that it stays one."""
    place = path.resolve() if path.is_symlink() else path
    with _told(path):
        mode = stat.S_IMODE(place.stat().st_mode) if place.exists() else 0o666 & ~_umask()
        if place.exists() and not os.access(place, os.W_OK):
            message = f"{path}: read-only, left as it is"
            raise ConfigError(message)
        handle, name = tempfile.mkstemp(dir=place.parent, prefix=f".{place.name}.")
        try:
            with os.fdopen(handle, "w", encoding="utf-8", newline="") as file:
                file.write(text)
            Path(name).chmod(mode)
        except BaseException:
            with contextlib.suppress(OSError):
                Path(name).unlink()
            raise
    return Path(name), place


def _pour(path: Path, text: str) -> None:
    """Write to a device or a pipe: replacing it would take it from everybody."""
    with _told(path), path.open("w", encoding="utf-8", newline="") as stream:
        stream.write(text)


@contextlib.contextmanager
def _told(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        message = f"{path}: {error.strerror or error}"
        raise ConfigError(message) from None


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
