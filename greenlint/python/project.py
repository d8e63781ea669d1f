"""A project: which file imports which, and the programs that this makes.

Terms. An entry is a file that no other file of the project imports (a test imports nothing in this sense). Its
program is the entry and the files it imports, transitively. A framework that the catalogue knows is never part of a
program, even when its source lies in the same project. Importers are found by the import lines of all files, read as
bytes; only the files of a program are parsed.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from greenlint.python.frameworks import FRAMEWORKS
from greenlint.python.program import Program, Values
from greenlint.python.scope import Module
from greenlint.python.study import Study
from greenlint.python.tests import is_test
from greenlint.python.view import View

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from greenlint.python.facts import Facts

# Bounds; a limit that is met is reported by `Project.limits`.
MOST_FILES = 400
MOST_ENTRIES = 24
# A file of 20 000 lines has some 120 000; what is longer was written by a program.
MOST_WORDS = 150_000
_SOURCES = ("", "src", "lib", "python")
_IMPORT = re.compile(
    rb"""^[ \t]*"?(?:from[ \t]+([.\w]+)[ \t]+import[ \t]+(?:\(([^)]*)\)|([^\n#;]+))|import[ \t]+([^\n#;]+))""",
    re.MULTILINE,
)
_WORD = re.compile(r"[\w.]+|\*")


class Project:
    """The files below one root."""

    def __init__(
        self,
        root: Path,
        files: Iterable[Path],
        load: Callable[[Path], Facts | None],
        peek: Callable[[Path], bytes] | None = None,
    ) -> None:
        """Hold the project's files (absolute paths).

        `load` gives a file's facts or None when it cannot be read, `peek` its bytes.
        """
        self.root = root
        self.limits: list[str] = []
        self._many_entries = False
        self._load = load
        self._peek = peek or Path.read_bytes
        self._files = {str(path) for path in files}
        self._modules: dict[str, Module | None] = {}
        self._resolved: dict[tuple[str, str | None, int], str | None] = {}
        self._imports: dict[str, tuple[str, ...]] = {}
        self._importers: dict[str, list[str]] | None = None
        self._studies: dict[str, Study] = {}
        self._values: dict[int, Values] = {}

    def views(self, path: Path) -> Iterator[View]:
        """Yield the file in the program of each entry that holds it."""
        module = self.module(str(path))
        if module is None:
            return
        studies = [study for entry in self.entries(str(path)) if (study := self.study(entry)) is not None]
        for study in studies:
            others = [other for other in studies if other is not study]
            yield View(module, study, is_test=self.is_test(str(path)), others=others)

    def company(self, path: Path) -> Iterator[Path]:
        """Yield the files of every program that holds a file, the file itself too, by import lines alone."""
        seen: set[str] = set()
        for entry in self.entries(str(path)):
            for other in self._closure(entry):
                if other not in seen:
                    seen.add(other)
                    yield Path(other)

    def is_test(self, path: str) -> bool:
        """Tell whether a file is a test."""
        return is_test(self.relative(path), self._content(path))

    def _content(self, path: str) -> bytes:
        try:
            return self._peek(Path(path))
        except OSError:
            return b""

    def relative(self, path: str) -> str:
        """Return a path relative to the root, with forward slashes."""
        try:
            return Path(path).relative_to(self.root).as_posix()
        except ValueError:
            return Path(path).as_posix()

    def module(self, path: str) -> Module | None:
        """Return the indexed file, or None when it cannot be read."""
        if path not in self._modules:
            facts = self._load(Path(path))
            if facts is not None and facts.words > MOST_WORDS:
                self._limit(f"{self.relative(path)} has more than {MOST_WORDS} names and keywords; it is not judged")
                facts = None
            self._modules[path] = None if facts is None else Module(Path(path), facts)
        return self._modules[path]

    # Programs

    def study(self, entry: str) -> Study | None:
        """Return what is known of the program of an entry, made once."""
        if entry not in self._studies:
            closure = self._closure(entry)
            modules = [module for path in closure if (module := self.module(path)) is not None]
            first = self.module(entry)
            if first is None:
                return None
            program = Program(first, modules, self.imported, self._values)
            program.link()
            self._studies[entry] = Study(program)
        return self._studies[entry]

    def _closure(self, entry: str) -> list[str]:
        found = {entry: None}
        waiting = [entry]
        while waiting:
            for path in self.imports(waiting.pop(0)):
                if path not in found:
                    if len(found) >= MOST_FILES:
                        self._limit(
                            f"{self.relative(entry)} imports more than {MOST_FILES} files; the rest is not seen"
                        )
                        return list(found)
                    found[path] = None
                    waiting.append(path)
        return list(found)

    def entries(self, path: str) -> list[str]:
        """Return the entries whose program holds a file; the file itself when nothing imports it."""
        importers = self._index()
        seen = {path}
        waiting = [path]
        entries = []
        while waiting:
            current = waiting.pop(0)
            above = importers.get(current, ())
            if not above:
                entries.append(current)
                if len(entries) >= MOST_ENTRIES:
                    self._limit_entries(path)
                    break
            for importer in above:
                if importer not in seen:
                    seen.add(importer)
                    waiting.append(importer)
        return entries or [path]

    def _limit_entries(self, path: str) -> None:
        """Say once for the project that a file has more entries than are judged."""
        if not self._many_entries:
            self._many_entries = True
            name = self.relative(path)
            told = f"{name}, like perhaps others, is imported from more than {MOST_ENTRIES} entries"
            self._limit(f"{told}; the nearest are judged")

    def _limit(self, message: str) -> None:
        if message not in self.limits:
            self.limits.append(message)

    def _index(self) -> dict[str, list[str]]:
        if self._importers is None:
            self._importers = {}
            for path in sorted(self._files):
                if self.is_test(path):
                    continue
                for target in self.imports(path):
                    self._importers.setdefault(target, []).append(path)
        return self._importers

    def imports(self, path: str) -> tuple[str, ...]:
        """Return the project files that a file's import lines name."""
        if path not in self._imports:
            content = self._content(path)
            found: dict[str, None] = {}
            for source, level, names in _import_lines(content):
                for target in self._targets(path, source, level, names):
                    if target != path:
                        found[target] = None
            self._imports[path] = tuple(found)
        return self._imports[path]

    def _targets(self, path: str, source: str | None, level: int, names: Sequence[str]) -> Iterator[str]:
        if source is None:
            for name in names:
                parts = name.split(".")
                for size in range(1, len(parts) + 1):
                    target = self._resolve(path, ".".join(parts[:size]), 0)
                    if target is not None:
                        yield target
            return
        parts = source.split(".") if source else []
        for size in range(1, len(parts) + 1):
            target = self._resolve(path, ".".join(parts[:size]), level)
            if target is not None:
                yield target
        for name in names:
            target = self._resolve(path, f"{source}.{name}" if source else name, level)
            if target is not None:
                yield target

    # Imports

    def imported(self, module: Module, name: str | None, level: int) -> Module | None:
        """Return the project's module that an import names, or None when it is a library's or unknown."""
        path = self._resolve(str(module.path), name or "", level)
        return self.module(path) if path is not None else None

    def _resolve(self, path: str, name: str, level: int) -> str | None:
        key = (str(Path(path).parent), name, level)
        if key not in self._resolved:
            self._resolved[key] = self._search(path, name, level)
        return self._resolved[key]

    def _search(self, path: str, name: str, level: int) -> str | None:
        folder = Path(path).parent
        package = self._package_root(folder)
        if package is not None and package.name in FRAMEWORKS:
            return None
        if level:
            for _ in range(level - 1):
                folder = folder.parent
            return self._at(folder, name)
        top = name.partition(".")[0]
        if top in FRAMEWORKS:
            return None
        for base in self._bases(folder, package, shadowing=top in sys.stdlib_module_names):
            found = self._at(base, name)
            if found is not None:
                return found
        return None

    def _bases(self, folder: Path, package: Path | None, *, shadowing: bool) -> Iterator[Path]:
        if shadowing:
            if package is None:
                yield folder
            return
        start = folder if package is None else package.parent
        for ancestor in (start, *start.parents):
            for source in _SOURCES:
                yield ancestor / source if source else ancestor
            if ancestor == self.root:
                break
        if package is not None:
            yield folder
            yield from (above for above in folder.parents if package in above.parents or above == package)

    def _package_root(self, folder: Path) -> Path | None:
        """Return the topmost folder around that is a package, or None for a folder of scripts."""
        root = None
        while str(folder / "__init__.py") in self._files:
            root = folder
            folder = folder.parent
        return root

    def _at(self, base: Path, name: str) -> str | None:
        target = str(base.joinpath(*name.split("."))) if name else str(base)
        for candidate in (f"{target}/__init__.py", f"{target}.py"):
            if candidate in self._files:
                return candidate
        return None


def _import_lines(content: bytes) -> Iterator[tuple[str | None, int, list[str]]]:
    for source, block, line, plain in _IMPORT.findall(content):
        if plain:
            for part in plain.decode("utf-8", "replace").split(","):
                words = _WORD.findall(part)
                if words:
                    yield None, 0, [words[0]]
        else:
            text = source.decode("utf-8", "replace")
            name = text.lstrip(".")
            names = re.sub(r"#[^\n]*", "", (block or line).decode("utf-8", "replace"))
            listed = [words[0] for part in names.split(",") if (words := _WORD.findall(part))]
            yield name, len(text) - len(name), listed
