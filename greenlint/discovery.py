"""Paths in, the Python files and notebooks below them out: without what git ignores and without the usual noise.

Why git is asked when it is there, and what stands in for it when it is not: docs/decisions/0002-files-by-git.md.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import unicodedata
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from greenlint import git
from greenlint.config import fits
from greenlint.finding import Problem, shown
from greenlint.names import NOISE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

SUFFIXES = (".py", ".pyi", ".pyw", ".ipynb")

FOLDS_CASE = sys.platform in ("win32", "darwin")
"""Whether names that differ in case alone may be one file."""

MOST_ENTRIES = 200_000
"""How many names a folder without a project around it is searched for at most: somebody's home is no project."""


@dataclass(frozen=True, slots=True)
class Listing:
    """Absolute paths in order, each once, and what stood in the way."""

    files: tuple[Path, ...]
    problems: tuple[Problem, ...] = ()


def discover(paths: Iterable[Path], excluded: Callable[[Path], bool], *, force_exclude: bool = False) -> Listing:
    """Return the files that the paths stand for.

    A file that is named is read whatever its suffix, and a folder that is named is searched, though git ignores them or
    they are excluded, unless `force_exclude`. `excluded` is asked with absolute paths.
    """
    files: dict[Path, None] = {}
    problems: list[Problem] = []
    named = [absolute(path) for path in paths]
    left_out = _left_out(named, excluded) if force_exclude else set()
    for path in named:
        if path in left_out:
            continue
        if path.is_dir():
            listing = below(path)
            problems += listing.problems
            whole = excluded(path) and not force_exclude  # asked for by name, with all that lies in it
            files.update((file, None) for file in listing.files if whole or not excluded(file))
        else:
            files[path] = None
    return Listing(tuple(sorted(files)), tuple(dict.fromkeys(problems)))


def absolute(path: str | Path) -> Path:
    """Return a path from the root on; links on the way stay.

    Where the system finds `SRC/Train.py` under `src/train.py` too, the name is the one that the folder has: all of the
    project speaks of the file by that one.
    """
    whole = Path(os.path.abspath(path))  # noqa: PTH100  resolve() would follow links
    return _spelled(whole) if FOLDS_CASE else whole


def _spelled(path: Path) -> Path:
    here = Path(path.anchor.upper())
    for name in path.parts[1:]:
        there = here / name
        spellings = _spellings(here)
        known = spellings.get(_folded(name), ())
        here = here / known[0] if len(known) == 1 and name not in known and os.path.lexists(there) else there
    return here


@cache
def _spellings(folder: Path) -> dict[str, list[str]]:
    """Return the names in a folder by what they have in common with their other spellings; empty if it is closed."""
    spellings: dict[str, list[str]] = {}
    try:
        names = os.listdir(folder)  # noqa: PTH208
    except OSError:
        return spellings
    for name in names:
        spellings.setdefault(_folded(name), []).append(name)
    return spellings


def _folded(name: str) -> str:
    return unicodedata.normalize("NFC", name).casefold()


def is_source(path: Path) -> bool:
    """Tell by its suffix whether a path is one that a search would find."""
    return path.name.endswith(SUFFIXES)


def project_root(file: Path, given: Path | None = None) -> Path:
    """Return the project of a file: the nearest folder above with `.git` or `pyproject.toml`, else `given`.

    All paths are absolute. A file that is not below `given` belongs to its own folder.
    """
    root = _marked_root(file.parent)
    if root:
        return root
    return given if given and file.is_relative_to(given) else file.parent


@cache
def below(folder: Path) -> Listing:
    """Return the files below an absolute folder that are the project's own."""
    return _by_git(folder) or _by_walk(folder)


@cache
def _marked_root(folder: Path) -> Path | None:
    if (folder / ".git").exists() or (folder / "pyproject.toml").is_file():
        return folder
    return None if folder.parent == folder else _marked_root(folder.parent)


def repository_of(folder: Path) -> Path | None:
    """Return the nearest folder with `.git`, the folder itself or one above it; all absolute."""
    return next((above for above in (folder, *folder.parents) if (above / ".git").exists()), None)


def _left_out(named: list[Path], excluded: Callable[[Path], bool]) -> set[Path]:
    """Return which of the paths would not be found if their folders were searched."""
    left_out = {path for path in named if excluded(path) or _is_noise(path.relative_to(project_root(path)).as_posix())}
    by_repository: dict[Path, list[Path]] = {}
    for path in named:
        if path not in left_out and (repository := repository_of(path.parent)):
            by_repository.setdefault(repository, []).append(path)
    for repository, paths in by_repository.items():
        asked = "".join(f"{path}\0" for path in paths)
        answer = _git(repository, "check-ignore", "-z", "--stdin", said=asked)
        if answer is None or answer.returncode > 1:
            left_out.update(path for path in paths if _Ignores(repository).match_whole(path))
        else:
            left_out.update(Path(name) for name in answer.stdout.split("\0") if name)
    return left_out


def _is_noise(relative: str) -> bool:
    return not NOISE.isdisjoint(relative.split("/"))


def _git(folder: Path, *arguments: str, said: str = "") -> subprocess.CompletedProcess[str] | None:
    """Run git in a folder, in the encoding of names; None when there is no git."""
    answer = git.run(folder, *arguments, said=os.fsencode(said))
    if answer is None:
        return None
    told, complaint = (part.decode("utf-8", "surrogateescape") for part in (answer.stdout, answer.stderr))
    return subprocess.CompletedProcess(answer.args, answer.returncode, told, complaint)


def _by_git(folder: Path) -> Listing | None:
    repository = repository_of(folder)
    if repository is None:
        return None
    answer = _git(folder, "ls-files", "-z", "--cached", "--others", "--exclude-standard")
    if answer is None or answer.returncode:
        return None
    names = [name for name in dict.fromkeys(answer.stdout.split("\0")) if name]
    if not names and _is_ignored(folder):
        return None
    problems = [
        Problem(shown(folder / name.rstrip("/")), "cannot be read: permission denied")
        for name in re.findall(r"could not open directory '(.*)': Permission denied", answer.stderr)
    ]
    inner = {folder / name for name in names if name.endswith("/")} | set(_submodules(repository))
    sources = [os.path.join(folder, name) for name in names if name.endswith(SUFFIXES) and not _is_noise(name)]  # noqa: PTH118
    files = [Path(source) for source in sources if os.path.isfile(source)]  # noqa: PTH113
    for other in sorted(inner):
        # A repository inside the repository: git does not look into it, and its files are there all the same.
        if other.is_relative_to(folder) and other != folder and (other / ".git").exists():
            if _is_noise(other.relative_to(folder).as_posix()):
                continue
            listing = below(other)
            files += listing.files
            problems += listing.problems
    return Listing(tuple(sorted(set(files))), tuple(problems))


def _submodules(repository: Path) -> list[Path]:
    try:
        text = (repository / ".gitmodules").read_text("utf-8", "replace")
    except OSError:
        return []
    return [repository / name.strip() for name in re.findall(r"^\s*path\s*=\s*(.+)$", text, re.MULTILINE)]


def _is_ignored(folder: Path) -> bool:
    answer = _git(folder, "check-ignore", "--quiet", "--", ".")
    return answer is not None and answer.returncode == 0


def _by_walk(folder: Path) -> Listing:
    files: list[Path] = []
    problems: list[Problem] = []
    limit = None if _marked_root(folder) else MOST_ENTRIES
    seen = 0
    ignores = _Ignores(folder)
    stack = [folder]
    while stack:
        here = stack.pop()
        try:
            with os.scandir(here) as entries:
                listed = sorted(entries, key=lambda entry: entry.name)
        except OSError as error:
            problems.append(Problem(shown(here), f"cannot be read: {(error.strerror or str(error)).lower()}"))
            continue
        seen += len(listed)
        if limit is not None and seen > limit:
            problems.append(Problem(shown(folder), f"holds more than {limit} files: name a smaller folder"))
            break
        ignores.enter(here)
        for entry in listed:
            is_folder = entry.is_dir(follow_symlinks=False)
            if is_folder and _is_junction(entry):
                continue
            if is_folder and (entry.name in NOISE or os.path.exists(os.path.join(entry.path, "pyvenv.cfg"))):  # noqa: PTH110, PTH118
                continue
            if (not is_folder and not entry.name.endswith(SUFFIXES)) or ignores.match(entry.path, folder=is_folder):
                continue
            if is_folder:
                stack.append(Path(entry.path))
            elif os.path.isfile(entry.path):  # noqa: PTH113  entry.is_file() raises for links in a circle
                files.append(Path(entry.path))
    return Listing(tuple(sorted(files)), tuple(problems))


def _is_junction(entry: os.DirEntry[str]) -> bool:
    """Tell whether a folder is a link of Windows, which may lead in a circle; Python before 3.12 cannot tell."""
    return sys.version_info >= (3, 12) and entry.is_junction()


@dataclass(slots=True)
class _Ignores:
    """The `.gitignore` files of a walk, outermost first; a later pattern wins over an earlier one, as git has it."""

    top: Path
    patterns: list[tuple[Path, str, bool, bool]] = field(default_factory=list)

    def __post_init__(self) -> None:
        repository = repository_of(self.top)
        if repository:
            self._read(repository, repository / ".git" / "info" / "exclude")
            for above in reversed(self.top.parents):
                if above.is_relative_to(repository):
                    self._read(above, above / ".gitignore")
        # The folder itself was asked for by name: what ignores all of it says nothing about its files.
        self.patterns = [one for one in self.patterns if one[2] or not fits(one[1], self.top, one[0])]

    def enter(self, folder: Path) -> None:
        self._read(folder, folder / ".gitignore")

    def match(self, path: str, *, folder: bool) -> bool:
        for base, pattern, negated, folders_only in reversed(self.patterns):
            if (folder or not folders_only) and fits(pattern, Path(path), base):
                return not negated
        return False

    def match_whole(self, path: Path) -> bool:
        """Tell whether the path, or a folder between the top and it, is ignored."""
        self.enter(self.top)
        for above in reversed(path.relative_to(self.top).parents[:-1]):
            if self.match(str(self.top / above), folder=True):
                return True
            self.enter(self.top / above)
        return self.match(str(path), folder=path.is_dir())

    def _read(self, base: Path, file: Path) -> None:
        try:
            lines = file.read_text("utf-8", "replace").splitlines()
        except OSError:
            return
        for line in lines:
            pattern = line.rstrip()
            if not pattern or pattern.startswith("#"):
                continue
            negated = pattern.startswith("!")
            pattern = pattern.removeprefix("!").removeprefix("\\")
            self.patterns.append((base, pattern, negated, pattern.endswith("/")))
