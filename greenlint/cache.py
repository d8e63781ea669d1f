"""What earlier runs learnt of the files below one root, in a folder that may be stale, broken or anybody's.

Everything is kept by content: a file that has the size, times and number of an earlier one is taken for the same, and
any other is read and hashed. What was found in a file holds as long as the files of its programs do. The folder is
plain JSON, because what lies in a repository may come from a stranger; whatever cannot be understood is a miss.
"""

from __future__ import annotations

import json
import os
import sys
import time
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

from greenlint import __version__

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from greenlint.python.facts import Facts

FOLDER = ".greenlint_cache"
_TAG = "CACHEDIR.TAG"
MOST_BYTES = 256 << 20
"""How large the facts of one root may become."""

MOST_RESULTS = 4
"""How many sets of rules the findings of a file are kept for."""

MOST_IDENTITIES = 3
RACE = 2_000_000_000
"""Nanoseconds: a file that changed this shortly before it was read may change again without showing it."""

_BROKEN = (KeyError, TypeError, ValueError, IndexError, AttributeError, RecursionError)
_SPOILT = "is broken and starts afresh"

T = TypeVar("T")
Stamp = tuple[int, int, int, int]
"""Size, time of change of content and of anything (nanoseconds), and number of a file."""


@dataclass(slots=True)
class Known:
    """What is known of the content of one file; None and empty where nobody has asked yet.

    `gate` says what the file is to the rules: "in", "word" (it concerns them in the right company), "out", or "foreign"
    (a notebook in another language). `parses` is true of Python that was seen to parse, `speaks` of a text whose
    comments may suppress. `targets` are the project's files that it imports, relative to the root.
    `results` has what was found, by the rules that looked for it.
    """

    digest: str
    stamp: Stamp | None = None
    gate: str = ""
    parses: bool = False
    speaks: bool = False
    trains: bool | None = None
    tested: bool | None = None
    targets: tuple[str, ...] | None = None
    results: dict[str, Result] = field(default_factory=dict)


@dataclass(slots=True)
class Result:
    """What was found in a file, as plain data, and the states of the root and of its programs that it holds for."""

    generation: int
    program: str
    relevant: bool
    findings: list[list[Any]]
    notes: list[str]


class Cache:
    """The files of one root, by their paths relative to it with the separators of the system."""

    def __init__(self, root: str, *, persistent: bool) -> None:
        """Read what is there; a cache that is not `persistent` starts empty, hashes nothing and leaves nothing."""
        self.root = root
        self.persistent = persistent
        self.notes: list[str] = []
        self.generation = 0
        self._known: dict[str, Known] = {}
        self._listed: set[str] = set()
        self._seen: dict[str, Known] = {}
        self._moved = False
        self._keeps = persistent
        self._dirty = False
        self._stored = 0
        self._signed = False
        self._folder = os.path.join(root, FOLDER, _identity()) if persistent else ""
        if persistent and os.path.islink(os.path.join(root, FOLDER)):
            self._note(f"{os.path.join(root, FOLDER)} is a link and is left alone")
            self._keeps = False
        elif persistent:
            self._read()

    # Files

    def known(self, name: str, read: Callable[[], bytes], *, overridden: bool = False) -> Known:
        """Return what is known of a file, looking at it once in a run; `read` is called only if it has changed.

        What is `overridden` has other content for this run than on the disk, and nothing of such a run is kept.
        """
        seen = self._seen.get(name)
        if seen is None:
            seen = self._seen[name] = self._look(name, read, overridden=overridden) if self.persistent else Known("")
        return seen

    def _look(self, name: str, read: Callable[[], bytes], *, overridden: bool) -> Known:
        if overridden:
            self._keeps = False
            self._move()
            return Known(digest_of(read()))
        old = self._known.get(name)
        began = time.time_ns()
        stamp = self._stamp(name)
        if old is not None and old.stamp is not None and old.stamp == stamp:
            return old
        digest = digest_of(read())
        if stamp is not None and max(stamp[1], stamp[2]) > began - RACE:
            stamp = None
        if old is not None and old.digest == digest:
            self._dirty = self._dirty or stamp != old.stamp
            old.stamp = stamp
            return old
        self._move()
        self._known[name] = Known(digest, stamp)
        return self._known[name]

    def _stamp(self, name: str) -> Stamp | None:
        try:
            status = os.stat(os.path.join(self.root, name))
        except OSError:
            return None
        return status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino

    def forget(self) -> None:
        """Keep nothing of this run: a file changed while it was being judged."""
        self._keeps = False

    def listed(self, names: Iterable[str]) -> None:
        """Say which files the root has: what was known of their imports holds only for the same set of files."""
        names = set(names)
        if names == self._listed:
            return
        self._listed = names
        self._move()
        for known in self._known.values():
            known.targets = None
        for name in [name for name in self._known if name not in names and name not in self._seen]:
            del self._known[name]

    def _move(self) -> None:
        """Go on to another state of the root, for which nothing that was found holds without a look."""
        if not self._moved:
            self.generation = max(self.generation + 1, time.time_ns())
        self._moved = self._dirty = True

    # What was found

    def result(self, known: Known, rules: str, program: Callable[[], str]) -> Result | None:
        """Return what was found in a file, if it holds still; `program` hashes all that it may depend on."""
        result = known.results.get(rules)
        if result is None or result.generation == self.generation:
            return result
        if result.program != program():
            return None
        result.generation = self.generation
        self._dirty = True
        return result

    def keep(self, known: Known, rules: str, result: Result) -> None:
        """Keep what was found in a file by a set of rules."""
        known.results.pop(rules, None)
        known.results[rules] = result
        while len(known.results) > MOST_RESULTS:
            del known.results[next(iter(known.results))]
        self._dirty = True

    def learnt(self) -> None:
        """Say that something was added to what is known of a file."""
        self._dirty = True

    # Facts

    def facts(self, digest: str) -> Facts | None:
        """Return the facts of a content, None where they were not kept."""
        if not self.persistent:
            return None
        import zlib

        from greenlint.python import packing

        try:
            with open(self._facts(digest), "rb") as file:
                return packing.unpack(zlib.decompress(file.read()))
        except FileNotFoundError:
            return None
        except (OSError, zlib.error, *_BROKEN):
            self._note(f"{self._facts(digest)} {_SPOILT}")
            return None

    def keep_facts(self, digest: str, facts: Facts) -> None:
        """Keep the facts of a content, if there is room."""
        if not self._keeps or self._stored > MOST_BYTES:
            return
        import zlib

        from greenlint.python import packing

        try:
            packed = zlib.compress(packing.pack(facts), 1)
        except (ValueError, RecursionError):
            return
        self._stored += len(packed)
        self._write(self._facts(digest), packed)

    def has_facts(self, digest: str) -> bool:
        """Tell whether the facts of a content were kept."""
        return self.persistent and os.path.exists(self._facts(digest))

    def _facts(self, digest: str) -> str:
        return os.path.join(self._folder, "facts", digest[:2], digest[2:])

    # The folder

    def _read(self) -> None:
        index = os.path.join(self._folder, "index.json")
        try:
            with open(index, "rb") as file:
                self._known, self._listed, self.generation = _decoded(json.loads(file.read()))
        except FileNotFoundError:
            return
        except OSError as error:
            self._note(f"{index} cannot be read: {(error.strerror or str(error)).lower()}")
        except _BROKEN:
            self._note(f"{index} {_SPOILT}")

    def save(self) -> None:
        """Write what was learnt, atomically; what cannot be written is noted and costs nothing else."""
        if not (self._keeps and self._dirty):
            return
        self._dirty = False
        self._merge()
        text = json.dumps(_encoded(self._known, self._listed, self.generation), separators=(",", ":"))
        if not self._write(os.path.join(self._folder, "index.json"), text.encode("ascii")):
            return
        self._prune()

    def _merge(self) -> None:
        """Take over what another run has found in the meantime; each of it is to be looked at before it is believed."""
        other = Cache(self.root, persistent=True)
        for name, theirs in other._known.items():
            mine = self._known.get(name)
            if mine is None or mine.digest != theirs.digest:
                continue
            for rules, result in theirs.results.items():
                if rules not in mine.results and len(mine.results) < MOST_RESULTS:
                    result.generation = 0
                    mine.results[rules] = result

    def _write(self, path: str, content: bytes) -> bool:
        new = f"{path}.{os.getpid()}.new"
        try:
            self._sign()
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(new, "wb") as file:
                file.write(content)
            os.replace(new, path)
        except OSError as error:
            self._note(f"{self._folder} cannot be written: {(error.strerror or str(error)).lower()}")
            self._keeps = False
            with suppress(OSError):
                os.unlink(new)
            return False
        return True

    def _sign(self) -> None:
        """Mark the folder as a cache, for git and for programs that make backups, before anything is in it."""
        if self._signed:
            return
        folder = os.path.join(self.root, FOLDER)
        os.makedirs(folder, exist_ok=True)
        for name, content in ((".gitignore", "*\n"), (_TAG, "Signature: 8a477f597d28d172789f06886806bc55\n")):
            path = os.path.join(folder, name)
            if not os.path.exists(path):
                with open(path, "w", encoding="ascii") as file:
                    file.write(content)
        self._signed = True

    def _prune(self) -> None:
        """Throw away the caches of other versions but the latest, and facts that no file has any more."""
        import shutil
        from pathlib import Path

        above = Path(self.root, FOLDER)
        try:
            others = sorted(above.glob("*/index.json"), key=lambda index: index.stat().st_mtime_ns)
            for index in others[:-MOST_IDENTITIES]:
                shutil.rmtree(index.parent, ignore_errors=True)
            if not self._stored:
                return
            digests = {known.digest for known in self._known.values()}
            kept = [file for file in Path(self._folder, "facts").glob("*/*") if file.is_file()]
            size = sum(file.stat().st_size for file in kept)
            if len(kept) > 2 * len(digests) or size > MOST_BYTES:
                for file in kept:
                    if file.parent.name + file.name not in digests or size > MOST_BYTES:
                        file.unlink(missing_ok=True)
        except OSError as error:
            self._note(f"{self._folder} cannot be tidied: {(error.strerror or str(error)).lower()}")

    def _note(self, note: str) -> None:
        note = f"cache: {note}"
        if note not in self.notes:
            self.notes.append(note)


def clean(root: str) -> bool:
    """Remove the cache of a root; tell whether there was one. Raises `OSError`."""
    import shutil

    folder = os.path.join(root, FOLDER)
    if os.path.islink(folder) or not os.path.exists(os.path.join(folder, _TAG)):
        return False
    shutil.rmtree(folder)
    return True


def digest_of(*parts: bytes) -> str:
    """Return what stands for a content: 32 hexadecimal digits."""
    import hashlib

    digest = hashlib.blake2b(digest_size=16)
    for part in parts:
        digest.update(len(part).to_bytes(8, "little"))
        digest.update(part)
    return digest.hexdigest()


def _encoded(known: dict[str, Known], listed: set[str], generation: int) -> dict[str, Any]:
    """Return an index as plain data; the rules that files were judged by are told once."""
    rules: dict[str, int] = {}
    files = {}
    for name, one in known.items():
        results = [
            [rules.setdefault(key, len(rules)), *(getattr(result, part) for part in _RESULT)]
            for key, result in one.results.items()
        ]
        files[name] = [name in listed, *(getattr(one, part) for part in _KNOWN), results]
    return {"generation": generation, "rules": list(rules), "files": files}


def _decoded(index: dict[str, Any]) -> tuple[dict[str, Known], set[str], int]:
    """Undo `_encoded`, believing nothing: a value of another kind is a `ValueError` or one of its like."""
    rules = [_only(str, rule) for rule in index["rules"]]
    known = {}
    listed = set()
    for name, row in index["files"].items():
        is_listed, digest, stamp, gate, parses, speaks, trains, tested, targets, results = row
        if _only(bool, is_listed):
            listed.add(name)
        known[name] = Known(
            _only(str, digest),
            None if stamp is None else _stamped(stamp),
            _only(str, gate),
            _only(bool, parses),
            _only(bool, speaks),
            None if trains is None else _only(bool, trains),
            None if tested is None else _only(bool, tested),
            None if targets is None else tuple(_only(str, target) for target in _only(list, targets)),
            {rules[number]: _result(*rest) for number, *rest in results},
        )
    return known, listed, _only(int, index["generation"])


def _result(generation: object, program: object, relevant: object, findings: object, notes: object) -> Result:
    return Result(
        _only(int, generation),
        _only(str, program),
        _only(bool, relevant),
        [_only(list, row) for row in _only(list, findings)],
        [_only(str, note) for note in _only(list, notes)],
    )


def _stamped(stamp: object) -> Stamp:
    size, content, anything, number = (_only(int, part) for part in _only(list, stamp))
    return size, content, anything, number


def _only(kind: type[T], value: object) -> T:
    if type(value) is not kind:
        message = f"{value!r} is no {kind.__name__}"
        raise ValueError(message)
    return value


_KNOWN = ("digest", "stamp", "gate", "parses", "speaks", "trains", "tested", "targets")
_RESULT = ("generation", "program", "relevant", "findings", "notes")


def _identity() -> str:
    """Return a name for all that findings depend on beside the files: this greenlint, this Python, this LibCST."""
    global _named  # noqa: PLW0603  worked out once in a process
    if not _named:
        from importlib.machinery import PathFinder

        package = os.path.dirname(os.path.abspath(__file__))
        told = [sys.version]
        folders = [package, *(os.path.join(package, inner) for inner in ("python", "detectors", "rules"))]
        folders.append(os.path.join(os.path.dirname(package), "rules"))
        libcst = PathFinder.find_spec("libcst")
        if libcst is not None and libcst.origin:
            folders.append(os.path.dirname(libcst.origin))
        for folder in folders:
            try:
                with os.scandir(folder) as entries:
                    for entry in entries:
                        if entry.name.endswith((".py", ".yaml")):
                            status = entry.stat()
                            told.append(f"{entry.path} {status.st_size} {status.st_mtime_ns}")
            except OSError:
                continue
        _named = f"{__version__}-{digest_of(*(one.encode('utf-8', 'surrogateescape') for one in sorted(told)))[:16]}"
    return _named


_named = ""
