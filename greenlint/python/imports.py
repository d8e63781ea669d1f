"""Which file of a project imports which, told from import lines alone: entries, and the files of their programs.

Terms. An entry is a file that no other file of the project imports (a test imports nothing in this sense). Its
program is the entry and the files it imports, transitively. A framework that the catalogue knows is never part of a
program, even when its source lies in the same project.
"""

from __future__ import annotations

import os
import re
import sys
from functools import cache
from typing import TYPE_CHECKING

from greenlint.python.frameworks import FRAMEWORKS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

# Bounds; a limit that is met is told with the files it concerns.
MOST_FILES = 400
MOST_ENTRIES = 24
_SOURCES = ("", "src", "lib", "python")
_IMPORT = re.compile(
    rb"""^[ \t]*(?:from[ \t]+([.\w]+)[ \t]+import[ \t]+(?:\(([^)]*)\)|([^\n#;]+))|import[ \t]+([^\n#;]+))""",
    re.MULTILINE,
)
_WORD = re.compile(r"[\w.]+|\*")
_COMMENT = re.compile(r"#[^\n]*")


class Imports:
    """The files below one root, absolute paths as texts, and what their import lines name."""

    def __init__(
        self,
        root: str,
        files: Iterable[str],
        lines: Callable[[str], Sequence[tuple[str | None, int, Sequence[str]]]],
        is_test: Callable[[str], bool],
    ) -> None:
        """Hold the project's files; `lines` gives the `import_lines` of a file, `is_test` tells tests."""
        self.root = root
        self.files = set(files)
        self.is_test = is_test
        self._lines = lines
        self._targets: dict[str, tuple[str, ...]] = {}
        self._resolved: dict[tuple[str, str, int], str | None] = {}
        self._importers: dict[str, list[str]] | None = None
        self._closures: dict[str, tuple[tuple[str, ...], str]] = {}
        self._entries: dict[str, tuple[tuple[str, ...], str]] = {}
        # What an absolute import can begin with and still lead to a file of the project.
        self._tops = {part.removesuffix(".py") for file in self.files for part in self.relative(file).split("/")}
        self._tops.add(os.path.basename(root))
        self._packages = cache(self._package_root)
        self._searched = cache(self._bases)

    def relative(self, path: str) -> str:
        """Return a path relative to the root, with forward slashes; a path elsewhere stays whole."""
        inner = path[len(self.root) :].lstrip(os.sep) if path.startswith(self.root.rstrip(os.sep) + os.sep) else path
        return inner.replace(os.sep, "/")

    # Programs

    def closure(self, entry: str) -> tuple[str, ...]:
        """Return an entry and the files it imports, transitively and boundedly."""
        return self._closure(entry)[0]

    def entries(self, path: str) -> tuple[str, ...]:
        """Return the entries whose program holds a file; the file itself when nothing imports it."""
        return self._above(path)[0]

    def limits(self, path: str) -> list[str]:
        """Return the bounds that the programs of a file met, in words."""
        entries, limit = self._above(path)
        told = [limit, *(self._closure(entry)[1] for entry in entries)]
        return [one for one in dict.fromkeys(told) if one]

    def company(self, path: str) -> Iterator[str]:
        """Yield the files of every program that holds a file, the file itself too."""
        seen: set[str] = set()
        for entry in self.entries(path):
            for other in self.closure(entry):
                if other not in seen:
                    seen.add(other)
                    yield other

    def _closure(self, entry: str) -> tuple[tuple[str, ...], str]:
        if entry not in self._closures:
            found = {entry: None}
            limit = ""
            waiting = [entry]
            for current in waiting:  # grows while it is walked
                for path in self.targets(current):
                    if path in found:
                        continue
                    if len(found) >= MOST_FILES:
                        limit = f"{self.relative(entry)} imports more than {MOST_FILES} files; the rest is not seen"
                        break
                    found[path] = None
                    waiting.append(path)
                if limit:
                    break
            self._closures[entry] = tuple(found), limit
        return self._closures[entry]

    def _above(self, path: str) -> tuple[tuple[str, ...], str]:
        if path not in self._entries:
            importers = self._index()
            seen = {path}
            waiting = [path]
            entries = []
            limit = ""
            for current in waiting:  # grows while it is walked
                above = importers.get(current, ())
                if not above:
                    entries.append(current)
                    if len(entries) >= MOST_ENTRIES:
                        limit = f"some files are imported from more than {MOST_ENTRIES} entries; the nearest are judged"
                        break
                for importer in above:
                    if importer not in seen:
                        seen.add(importer)
                        waiting.append(importer)
            self._entries[path] = tuple(entries) or (path,), limit
        return self._entries[path]

    def _index(self) -> dict[str, list[str]]:
        if self._importers is None:
            self._importers = {}
            for path in sorted(self.files):
                targets = self.targets(path)
                if targets and not self.is_test(path):
                    for target in targets:
                        self._importers.setdefault(target, []).append(path)
        return self._importers

    # Imports

    def recall(self, path: str, targets: tuple[str, ...]) -> None:
        """Take over what a file's import lines were seen to name among the same files."""
        self._targets[path] = targets

    def targets(self, path: str) -> tuple[str, ...]:
        """Return the project files that a file's import lines name."""
        if path not in self._targets:
            found: dict[str, None] = {}
            for source, level, names in self._lines(path):
                for target in self._named(path, source, level, names):
                    if target != path:
                        found[target] = None
            self._targets[path] = tuple(found)
        return self._targets[path]

    def _named(self, path: str, source: str | None, level: int, names: Sequence[str]) -> Iterator[str]:
        if source is None:
            modules = [name for name in names if self._may_be_here(name)]
        elif level == 0 and not self._may_be_here(source):
            return
        else:
            modules = [source] if source else []
        for module in modules:
            parts = module.split(".")
            for size in range(1, len(parts) + 1):
                target = self.resolve(path, ".".join(parts[:size]), level)
                if target is not None:
                    yield target
        if source is not None:
            for name in names:
                target = self.resolve(path, f"{source}.{name}" if source else name, level)
                if target is not None:
                    yield target

    def _may_be_here(self, name: str) -> bool:
        return name.partition(".")[0] in self._tops

    def resolve(self, path: str, name: str, level: int) -> str | None:
        """Return the project's file that a file means by the name of a module, or None: a library's, or unknown."""
        if not level and not self._may_be_here(name):
            return None
        key = (os.path.dirname(path), name, level)
        if key not in self._resolved:
            self._resolved[key] = self._search(*key)
        return self._resolved[key]

    def _search(self, folder: str, name: str, level: int) -> str | None:
        package = self._packages(folder)
        if package and os.path.basename(package) in FRAMEWORKS:
            return None
        if level:
            for _ in range(level - 1):
                folder = os.path.dirname(folder)
            return self._at(folder, name)
        top = name.partition(".")[0]
        if top in FRAMEWORKS:
            return None
        for base in self._searched(folder, package, top in sys.stdlib_module_names):
            found = self._at(base, name)
            if found is not None:
                return found
        return None

    def _bases(self, folder: str, package: str, shadowing: bool) -> tuple[str, ...]:  # noqa: FBT001
        """Return the folders that an absolute import is looked for in; only scripts may shadow the standard library."""
        if shadowing:
            return () if package else (folder,)
        start = os.path.dirname(package) if package else folder
        bases = []
        for ancestor in (start, *_above(start)):
            bases += [os.path.join(ancestor, source) if source else ancestor for source in _SOURCES]
            if ancestor == self.root:
                break
        if package:
            bases.append(folder)
            bases += [one for one in _above(folder) if one == package or one.startswith(package + os.sep)]
        return tuple(bases)

    def _package_root(self, folder: str) -> str:
        """Return the topmost folder around that is a package, empty for a folder of scripts."""
        root = ""
        while os.path.join(folder, "__init__.py") in self.files:
            root = folder
            folder = os.path.dirname(folder)
        return root

    def _at(self, base: str, name: str) -> str | None:
        target = os.path.join(base, *name.split(".")) if name else base
        for candidate in (os.path.join(target, "__init__.py"), f"{target}.py"):
            if candidate in self.files:
                return candidate
        return None


def import_lines(content: bytes) -> Iterator[tuple[str | None, int, list[str]]]:
    """Yield module (None for a plain import), level and names of each import line in the bytes of a file.

    A notebook may hold a whole cell, or itself, in one line: its strings are taken apart as they are written.
    """
    if content[:64].removeprefix(b"\xef\xbb\xbf").lstrip().startswith(b"{"):
        content = content.replace(b"\\n", b"\n").replace(b'"', b"\n")
    for source, block, line, plain in _IMPORT.findall(content):
        if plain:
            for part in plain.decode("utf-8", "replace").split(","):
                words = _WORD.findall(part)
                if words:
                    yield None, 0, [words[0]]
        else:
            text = source.decode("utf-8", "replace")
            name = text.lstrip(".")
            names = _COMMENT.sub("", (block or line).decode("utf-8", "replace"))
            listed = [words[0] for part in names.split(",") if (words := _WORD.findall(part))]
            yield name, len(text) - len(name), listed


def _above(folder: str) -> Iterator[str]:
    """Yield the folders above one, nearest first."""
    above = os.path.dirname(folder)
    while above != folder:
        yield above
        folder, above = above, os.path.dirname(above)
