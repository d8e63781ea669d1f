"""A project: the programs that its imports make, and the views of a file in them; only their files are parsed."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from greenlint.python.imports import Imports, import_lines
from greenlint.python.program import Program, Values
from greenlint.python.scope import Module
from greenlint.python.study import Study
from greenlint.python.tests import is_test
from greenlint.python.view import View

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from greenlint.python.facts import Facts

# A file of 20 000 lines has some 120 000; what is longer was written by a program.
MOST_WORDS = 150_000


class Project:
    """Files that import one another, read and understood; all of it is let go together."""

    def __init__(self, imports: Imports, load: Callable[[Path], Facts | None]) -> None:
        """Read nothing yet; `load` gives a file's facts or None when it cannot be read."""
        self.imports = imports
        self._load = load
        self._modules: dict[str, Module | None] = {}
        self._studies: dict[str, Study | None] = {}
        self._values: dict[int, Values] = {}
        self._limits: dict[str, str] = {}

    @classmethod
    def of(
        cls,
        root: Path,
        files: Iterable[Path],
        load: Callable[[Path], Facts | None],
        peek: Callable[[Path], bytes] = Path.read_bytes,
    ) -> Project:
        """Return the project of files below a root; all paths are absolute, `peek` gives a file's bytes."""

        def content(path: str) -> bytes:
            try:
                return peek(Path(path))
            except OSError:
                return b""

        imports = Imports(
            str(root),
            map(str, files),
            lambda path: tuple(import_lines(content(path))),
            lambda path: is_test(imports.relative(path), lambda: content(path)),
        )
        return cls(imports, load)

    def views(self, path: Path) -> Iterator[View]:
        """Yield the file in the program of each entry that holds it."""
        name = str(path)
        module = self.module(name)
        if module is None:
            return
        studies = [study for entry in self.imports.entries(name) if (study := self.study(entry)) is not None]
        for study in studies:
            others = [other for other in studies if other is not study]
            yield View(module, study, is_test=self.imports.is_test(name), others=others)

    def limits(self, path: Path) -> list[str]:
        """Return the bounds that judging a file met, in words."""
        company = self.imports.company(str(path))
        return [*(self._limits[other] for other in company if other in self._limits), *self.imports.limits(str(path))]

    def module(self, path: str) -> Module | None:
        """Return the indexed file, or None when it cannot be read."""
        if path not in self._modules:
            facts = self._load(Path(path))
            if facts is not None and facts.words > MOST_WORDS:
                told = f"{self.imports.relative(path)} has more than {MOST_WORDS} names and keywords; it is not judged"
                self._limits[path] = told
                facts = None
            self._modules[path] = None if facts is None else Module(Path(path), facts)
        return self._modules[path]

    def study(self, entry: str) -> Study | None:
        """Return what is known of the program of an entry, made once; None when the entry cannot be read."""
        if entry not in self._studies:
            first = self.module(entry)
            self._studies[entry] = None if first is None else self._study(entry, first)
        return self._studies[entry]

    def _study(self, entry: str, first: Module) -> Study:
        modules = {path: module for path in self.imports.closure(entry) if (module := self.module(path)) is not None}

        def imported(module: Module, name: str | None, level: int) -> Module | None:
            """Return the program's module that an import names, or None when it is a library's or unknown."""
            path = self.imports.resolve(str(module.path), name or "", level)
            return modules.get(path) if path is not None else None

        program = Program(first, list(modules.values()), imported, self._values)
        program.link()
        return Study(program)
