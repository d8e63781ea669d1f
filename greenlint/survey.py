"""What can be told of the files below one root without parsing any: contents, the gate, and who imports whom."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from greenlint import discovery, relevance, source
from greenlint.cache import digest_of
from greenlint.errors import SourceError

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence

    from greenlint.cache import Cache, Known
    from greenlint.python.imports import Imports
    from greenlint.source import Source


class Survey:
    """The files of one root; each is looked at when it is first asked about."""

    def __init__(self, root: Path, cache: Cache, read: Callable[[Path], bytes], unsaved: Collection[Path]) -> None:
        """Look at nothing yet; `read` gives the bytes of a file, `unsaved` holds those that differ from the disk."""
        self.root = root
        self._prefix = f"{str(root).rstrip(os.sep)}{os.sep}"
        self.cache = cache
        self._read = read
        self._unsaved = unsaved
        self._imports: Imports | None = None
        self._programs: dict[str, bytes] = {}

    def glance(self, path: Path) -> tuple[Known, Source | None]:
        """Return what is known of a file, its gate too, and its text if it had to be read; raise `SourceError`."""
        known = self.known(path)
        if known.gate:
            return known, None
        text = source.decode(self._content(path), path.name)
        if text is None:
            known.gate = "foreign"
        else:
            data = text.text.encode("utf-8", "surrogatepass")
            known.speaks = relevance.may_suppress(text.text)
            if relevance.names_a_framework(data):
                known.gate = "in"
            else:
                known.gate = "word" if relevance.says_a_word(data) else "out"
        self.cache.learnt()
        return known, text

    def known(self, path: Path) -> Known:
        """Return what is known of the content of a file; raise `SourceError`."""
        return self._known_of(str(path))

    def _known_of(self, name: str) -> Known:
        overridden = bool(self._unsaved) and Path(name) in self._unsaved
        return self.cache.known(self._relative(name), lambda: self._read(Path(name)), overridden=overridden)

    def _relative(self, name: str) -> str:
        return name.removeprefix(self._prefix)

    def digest(self, path: Path) -> str:
        """Return what stands for the content of a file, an empty text when it cannot be read."""
        try:
            return self.known(path).digest
        except SourceError:
            return ""

    def text(self, path: Path) -> Source:
        """Return the text of a file; raise `SourceError`."""
        text = source.decode(self._content(path), path.name)
        if text is None:
            message = "is no Python"
            raise SourceError(message)
        return text

    def _content(self, path: Path) -> bytes:
        data = self._read(path)
        if self.cache.persistent and digest_of(data) != self.known(path).digest:
            self.cache.forget()
        return data

    def text_or_none(self, path: Path) -> Source | None:
        """Return the text of a file, None when it cannot be read."""
        try:
            return self.text(path)
        except SourceError:
            return None

    def can_train(self, name: str) -> bool:
        """Tell whether a file may train or evaluate, by its bytes."""
        try:
            known = self._known_of(name)
            if known.trains is None:
                known.trains = relevance.can_train(self._read(Path(name)))
                self.cache.learnt()
        except SourceError:
            return False
        return known.trains

    # The project around it

    @property
    def imports(self) -> Imports:
        """The import lines of the whole project, looked at once."""
        if self._imports is None:
            self._imports = self._survey()
        return self._imports

    def _survey(self) -> Imports:
        from greenlint.python.imports import Imports, import_lines
        from greenlint.python.tests import is_test

        def lines(name: str) -> tuple[tuple[str | None, int, Sequence[str]], ...]:
            try:
                return tuple(import_lines(self._read(Path(name))))
            except SourceError:
                return ()

        def tested(name: str) -> bool:
            try:
                known = self._known_of(name)
                if known.tested is None:
                    known.tested = is_test(imports.relative(name), lambda: self._read(Path(name)))
                    self.cache.learnt()
            except SourceError:
                return is_test(imports.relative(name), bytes)
            return known.tested

        # What was given in place of the disk may not be there, such as a file before it was renamed.
        given = (path for path in self._unsaved if path.is_relative_to(self.root) and discovery.is_source(path))
        files = sorted(str(path) for path in {*discovery.below(self.root).files, *given})
        imports = Imports(str(self.root), files, lines, tested)
        if self.cache.persistent:
            self.cache.listed(map(imports.relative, files))
            for name in files:
                self._recall_targets(name, imports)
        return imports

    def _recall_targets(self, name: str, imports: Imports) -> None:
        """Take what a file imports from the cache, and look at the file if that is not there."""
        try:
            known = self._known_of(name)
        except SourceError:
            return
        if known.targets is not None:
            targets = tuple(f"{self.root}{os.sep}{target.replace('/', os.sep)}" for target in known.targets)
            if all(target in imports.files for target in targets):
                imports.recall(name, targets)
                return
        known.targets = tuple(imports.relative(target) for target in imports.targets(name))
        self.cache.learnt()

    def program(self, path: Path) -> str:
        """Return a digest of all that a file's findings may depend on: its programs' files, and what they import."""
        imports = self.imports
        parts = [self._relative(str(path)).encode("utf-8", "surrogateescape"), str(imports.is_test(str(path))).encode()]
        for entry in imports.entries(str(path)):
            if entry not in self._programs:
                told = []
                for name in imports.closure(entry):
                    others = " ".join(imports.relative(target) for target in imports.targets(name))
                    told.append(f"{imports.relative(name)} {self._digest_of(name)} {others}")
                self._programs[entry] = digest_of(*(one.encode("utf-8", "surrogateescape") for one in told)).encode()
            parts.append(self._programs[entry])
        return digest_of(*parts)

    def _digest_of(self, name: str) -> str:
        return self.digest(Path(name))

    def is_shared(self, path: Path) -> bool:
        """Tell whether a change elsewhere can make a file's facts wanted again."""
        entries = self.imports.entries(str(path))
        return len(entries) > 1 or len(self.imports.closure(entries[0])) > 1
