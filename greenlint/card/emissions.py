"""Emission files: found by content, read run by run, and believed only when their figures can be true.

Inside, energy is kWh and carbon is gCO2eq. A reader is a module of `greenlint.card.readers` with two functions,
`recognises(head)` and `read(text, path)`; the folder is the registry. Nothing is ever unpickled.
"""

from __future__ import annotations

import importlib
import math
import os
import pkgutil
import re
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, cast

from greenlint.card.documents import MEGABYTE, printable, read_bytes, sha256
from greenlint.card.language import at, joined, text
from greenlint.card.plausibility import implausible
from greenlint.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from datetime import datetime

    from greenlint.card.language import Text

_NAMED = re.compile(r"^emissions?\b.*\.csv$|carbontracker.*\.log$", re.IGNORECASE)

LARGEST_FILE = 64 * MEGABYTE
HEAD = 8192

SKIPPED_FOLDERS = frozenset(
    {".git", ".hg", ".venv", "venv", "node_modules", "__pycache__", "site-packages", ".tox", ".mypy_cache"},
)
SKIPPED_SUFFIXES = frozenset(
    """
    .py .pyi .ipynb .md .rst .html .css .js .ts .c .cc .cpp .h .cu .toml .yaml .yml .lock .png .jpg .jpeg .gif .svg .pdf
    .onnx .pt .pth .bin .safetensors .h5 .npy .npz .pkl .pickle .parquet .arrow .zip .gz .tar .whl .so .mp4 .wav
    """.split(),  # noqa: SIM905 - words read better as words
)


@dataclass(frozen=True, slots=True)
class Run:
    """One run as its tool recorded it.

    `kwh` is what the file says, `grams` None where it does not say; parts are kWh; `steps` are the energies of epochs
    or tasks in order, kWh; `overhead_included` is True when the file already multiplied by a PUE; `scope` is what was
    measured (machine, process, devices, gpu), empty where the file does not say.
    """

    tool: str
    path: str
    line: int
    run_id: str
    kwh: float
    grams: float | None = None
    seconds: float | None = None
    ended: datetime | None = None
    project: str = ""
    stage: str = "training"
    parts: tuple[float, ...] = ()
    cpu_kwh: float | None = None
    gpu_kwh: float | None = None
    steps: tuple[float, ...] = ()
    planned_epochs: int | None = None
    requests: int | None = None
    cpu_model: str = ""
    cpu_threads: int | None = None
    memory_gb: float | None = None
    gpu_model: str = ""
    gpu_count: int | None = None
    gpu_used_percent: float | None = None
    country: str = ""
    region: str = ""
    cloud: str = ""
    pue: float | None = None
    overhead_included: bool = False
    scope: str = ""
    method: str = ""
    tool_version: str = ""
    notes: tuple[Text, ...] = ()

    @property
    def where(self) -> str:
        """`emissions.csv:3`."""
        return f"{self.path}:{self.line}"

    @property
    def intensity(self) -> float | None:
        """Carbon over energy, g/kWh, where both are known."""
        return self.grams / self.kwh if self.grams is not None and self.kwh > 0 else None


@dataclass(frozen=True, slots=True)
class EmissionFile:
    """The believable runs of one file, and one line for each thing in it that was not believed."""

    path: str
    sha256: str
    tool: str
    runs: tuple[Run, ...]
    problems: tuple[Text, ...] = ()


@dataclass(slots=True)
class Reading:
    """What a reader yields into: runs, and lines about rows that it left out."""

    path: str
    runs: list[Run] = field(default_factory=list)
    problems: list[Text] = field(default_factory=list)

    def refuse(self, line: int, why: Text) -> None:
        """Leave a row out and say so."""
        self.problems.append(at(f"{self.path}:{line}", why))


class Reader(Protocol):
    """A module of `greenlint.card.readers`."""

    TOOL: str

    def recognises(self, head: str) -> bool:
        """Whether the first bytes of a file look like this tool's."""

    def read(self, text: str, into: Reading) -> None:
        """Read a whole file."""


def readers() -> list[Reader]:
    """Every reader, by name."""
    package = importlib.import_module("greenlint.card.readers")
    names = sorted(module.name for module in pkgutil.iter_modules(package.__path__))
    modules = [importlib.import_module(f"greenlint.card.readers.{name}") for name in names]
    return [cast("Reader", module) for module in modules if hasattr(module, "recognises")]


def read(path: Path, shown: str | None = None) -> EmissionFile | None:
    """Read one file, or None when no reader knows its content.

    `shown` is the path that evidence names. Raises `ConfigError` for a file that cannot be read or is too large.
    """
    shown = shown or path.as_posix()
    reader = _reader_of(path)
    if reader is None:
        return None
    content = printable(read_bytes(path, limit=LARGEST_FILE).decode("utf-8-sig", errors="replace"))
    reading = Reading(shown)
    reader.read(content, reading)
    kept: list[Run] = []
    for run in reading.runs:
        reasons = implausible(run)
        if reasons:
            reading.refuse(run.line, joined(reasons))
        else:
            kept.append(run)
    return EmissionFile(shown, sha256(path), reader.TOOL, tuple(kept), tuple(reading.problems))


def read_named(paths: Iterable[Path], root: Path) -> list[EmissionFile]:
    """Read files that the user named; raises `ConfigError` when one holds no emissions."""
    files = []
    for path in paths:
        if path.is_dir():
            files.extend(find(path, root=root)[0])
            continue
        file = read(path, relative(path, root))
        if file is None:
            known = ", ".join(sorted({reader.TOOL for reader in readers()}))
            message = f"{path}: not an emission file of {known}"
            raise ConfigError(message)
        files.append(file)
    return merge(files)


def find(
    folder: Path,
    *,
    root: Path | None = None,
    skip: Callable[[Path], bool] = lambda _path: False,
) -> tuple[list[EmissionFile], list[Text]]:
    """Read every emission file below a folder; also returns one line for each that could not be read."""
    files: list[EmissionFile] = []
    problems: list[Text] = []
    for path in _candidates(folder):
        if skip(path):
            continue
        try:
            file = read(path, relative(path, root or folder))
        except ConfigError as error:
            problems.append(text(str(error)))
            continue
        if file is not None:
            files.append(file)
        if (file is None or not (file.runs or file.problems)) and _NAMED.search(path.name):
            told = text(
                "named like an emission file, and no run in it can be read", "aucune exécution lisible, malgré son nom"
            )
            problems.append(at(relative(path, root or folder), told))
    return merge(files), problems


def merge(files: Sequence[EmissionFile]) -> list[EmissionFile]:
    """Count each run once; files that tell nothing new are dropped.

    Copies of a file are dropped; of a run told by two files the longer telling stays; a report made from another tool's
    file (BoAmps, with the same energy and duration) is that run again.
    """
    unique = list({file.sha256: file for file in reversed(files)}.values())[::-1]
    told: dict[tuple[str, ...], Run] = {}
    for run in sorted((run for file in unique for run in file.runs), key=lambda run: run.tool == "BoAmps"):
        key = (run.tool, run.run_id)
        if run.tool == "BoAmps" and any(_is_same(run, other) for other in told.values()):
            continue
        other = told.get(key)
        if other is not None:
            first, second = (run, other) if _tells_more(run, other) else (other, run)
            run = replace(first, steps=first.steps or second.steps)  # noqa: PLW2901
        told[key] = run
    chosen = {(run.path, run.line): run for run in told.values()}
    kept = [
        replace(file, runs=tuple(chosen[run.path, run.line] for run in file.runs if (run.path, run.line) in chosen))
        for file in unique
    ]
    return [
        after for before, after in zip(unique, kept, strict=True) if after.runs or after.problems or not before.runs
    ]


def _tells_more(run: Run, other: Run) -> bool:
    """Compare two tellings of one run: the one with carbon, else the longer one; CarbonTracker writes two logs."""
    return (run.grams is not None, run.seconds or 0) >= (other.grams is not None, other.seconds or 0)


def _is_same(run: Run, other: Run) -> bool:
    return (
        math.isclose(run.kwh, other.kwh, rel_tol=1e-6)
        and run.seconds is not None
        and other.seconds is not None
        and math.isclose(run.seconds, other.seconds, rel_tol=1e-6)
    )


def number(value: object) -> float | None:
    """Float of a cell, None for an empty or unreadable one; `nan` stays NaN so that it can be refused."""
    try:
        return float(str(value).strip())
    except ValueError:
        return None


def whole(value: object) -> int | None:
    """Integer of a cell such as `2` or `2.0`, else None."""
    amount = number(value)
    return int(amount) if amount is not None and math.isfinite(amount) else None


def moment(value: str) -> datetime | None:
    """Moment of an ISO 8601 text, as naive or aware as it was written; None when it is no moment."""
    from datetime import datetime

    try:
        return datetime.fromisoformat(value.strip().replace("Z", "+00:00"))
    except ValueError:
        return None


def relative(path: Path, root: Path) -> str:
    """Path below the root where it is below it, with forward slashes."""
    try:
        return path.resolve().relative_to(root.resolve()).as_posix()
    except ValueError:
        return path.as_posix()


def _reader_of(path: Path) -> Reader | None:
    try:
        with path.open("rb") as file:
            head = file.read(HEAD)
    except OSError as error:
        message = f"{path}: {error.strerror or error}"
        raise ConfigError(message) from None
    if b"\0" in head:
        return None
    start = head.decode("utf-8-sig", errors="replace")
    return next((reader for reader in readers() if reader.recognises(start)), None)


def _candidates(folder: Path) -> Iterator[Path]:
    for parent, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if name not in SKIPPED_FOLDERS)
        for name in sorted(names):
            path = Path(parent, name)
            if path.suffix.lower() not in SKIPPED_SUFFIXES and path.is_file() and not path.is_symlink():
                yield path
