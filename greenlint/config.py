"""Settings: `[tool.greenlint]` of the nearest pyproject.toml, or greenlint.toml, under the command line's options."""

from __future__ import annotations

import os
import re
import sys
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path, PurePath, PureWindowsPath
from typing import TYPE_CHECKING, Any, NoReturn, TypeGuard

from greenlint.errors import ConfigError, did_you_mean
from greenlint.finding import shown
from greenlint.names import SETTINGS
from greenlint.rule import Life, OptionValue, Rule, Severity

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from greenlint.catalogue import Catalogue

FOREIGN_TABLES = frozenset({"score", "card", "inspect"})
"""Tables of the same file that other commands read and check for themselves."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What a run is asked to do, for the files below one folder.

    `enabled` holds the codes of the rules that run, of every target. `options` maps a code to all its options, defaults
    included. Patterns of `exclude` and `per_file_ignores` are relative to `root`. `origin` is the file that was read,
    None for the defaults. `notes` are remarks for the user.
    """

    enabled: frozenset[str]
    root: Path
    origin: Path | None = None
    per_file_ignores: tuple[tuple[str, frozenset[str]], ...] = ()
    exclude: tuple[str, ...] = ()
    options: Mapping[str, Mapping[str, OptionValue]] = field(default_factory=dict)
    fail_on: Severity = Severity.WARNING
    preview: bool = False
    baseline: Path | None = None
    notes: tuple[str, ...] = ()

    def excludes(self, path: Path) -> bool:
        """Tell whether a pattern of `exclude` fits the path or a folder that holds it; `path` is absolute."""
        return any(fits(pattern, path, self.root) for pattern in self.exclude)

    def ignored_in(self, path: Path) -> frozenset[str]:
        """Return the codes that `per-file-ignores` switches off in a file; `path` is absolute."""
        codes = (codes for pattern, codes in self.per_file_ignores if fits(pattern, path, self.root))
        return frozenset().union(*codes)


@dataclass(frozen=True, slots=True)
class Overrides:
    """What the command line says; None where it says nothing. `ignore` and `exclude` add to the file's own.

    `baseline` is absolute; `no_baseline` also does away with the one of the file.
    """

    select: tuple[str, ...] | None = None
    extend_select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    preview: bool | None = None
    fail_on: Severity | None = None
    baseline: Path | None = None
    no_baseline: bool = False


class Configuration:
    """Finds the settings of each folder, reading each file of settings once."""

    def __init__(self, catalogue: Catalogue, overrides: Overrides, file: Path | None = None) -> None:
        """Use `file` for every folder when it is given, else the nearest one above; mistakes are `ConfigError`s."""
        self._catalogue = catalogue
        self._overrides = overrides
        reader = _Reader("command line", "--")
        for option in ("select", "extend-select", "ignore"):
            for word in getattr(overrides, option.replace("-", "_")) or ():
                reader.matching(option, word, catalogue)
        self._fixed = self._settings(file, file.parent.resolve()) if file else None
        self._of_folder: dict[Path, Settings] = {}
        self._of_file: dict[Path, Settings] = {}

    def settings(self, folder: Path) -> Settings:
        """Return the settings for the files of a folder (absolute); raise `ConfigError` naming file and key."""
        if self._fixed:
            return self._fixed
        if folder not in self._of_folder:
            file = settings_file(folder)
            if file:
                if file not in self._of_file:
                    self._of_file[file] = self._settings(file, file.parent)
                self._of_folder[folder] = self._of_file[file]
            elif folder.parent == folder:
                self._of_folder[folder] = self._settings(None, Path.cwd())
            else:
                self._of_folder[folder] = self.settings(folder.parent)
        return self._of_folder[folder]

    def _settings(self, file: Path | None, root: Path) -> Settings:
        table = read_table(file) if file else {}
        reader = _Reader(shown(file) if file else "command line", "tool.greenlint." if _is_pyproject(file) else "")
        return reader.settings(table, self._catalogue, self._overrides, root, file)


def settings_file(folder: Path) -> Path | None:
    """Return the file of settings that stands in a folder itself, if any."""
    for name in SETTINGS:
        file = folder / name
        if file.is_file() and (name != "pyproject.toml" or "greenlint" in _tool_tables(file)):
            return file
    return None


def read_table(file: Path) -> dict[str, Any]:
    """Return greenlint's own table of a TOML file; raise `ConfigError` naming the file when it cannot be read."""
    document = _read(file)
    if not _is_pyproject(file):
        return document
    table = document.get("tool", {}).get("greenlint", {})
    if not isinstance(table, dict):
        message = f"{shown(file)}: tool.greenlint: must be a table"
        raise ConfigError(message)
    return table


def fits(pattern: str, path: PurePath, root: PurePath) -> bool:
    """Tell whether a glob fits a path or a folder above it (both absolute, the pattern relative to `root`).

    `*` and `?` stop at a slash, `**` does not. A pattern without a slash fits a name at any depth. As paths of Windows
    do, their patterns take a backslash for a slash and let case be.
    """
    try:
        relative = path.relative_to(root).as_posix()
    except ValueError:
        return False
    if isinstance(path, PureWindowsPath):
        pattern, relative = pattern.replace("\\", "/").lower(), relative.lower()
    return _compiled(pattern).match(relative) is not None


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    body = pattern.strip().rstrip("/")
    anchored = "/" in body
    body = body.removeprefix("./").lstrip("/")
    expression = "".join(map(_translated, re.findall(r"\*\*/|/\*\*|\*\*|\*|\?|\[[^\]]+\]|[^*?\[/]+|.", body)))
    return re.compile(f"{'' if anchored else '(?:.*/)?'}{expression}(?:/.*)?\\Z", re.DOTALL)


def _translated(piece: str) -> str:
    if piece.startswith("[") and piece.endswith("]"):
        return piece.replace("[!", "[^", 1)
    return _GLOB.get(piece) or re.escape(piece)


_GLOB = {"**/": "(?:.*/)?", "/**": "(?:/.*)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}


def _is_pyproject(file: Path | None) -> bool:
    return file is not None and file.name == "pyproject.toml"


def _read(file: Path) -> dict[str, Any]:
    if sys.version_info >= (3, 11):
        import tomllib
    else:
        import tomli as tomllib

    try:
        return tomllib.loads(file.read_bytes().decode())
    except OSError as error:
        message = f"{shown(file)}: cannot be read: {(error.strerror or str(error)).lower()}"
    except UnicodeDecodeError:
        message = f"{shown(file)}: is not UTF-8"
    except tomllib.TOMLDecodeError as error:
        message = f"{shown(file)}: is not TOML: {error}"
    raise ConfigError(message)


def _tool_tables(file: Path) -> dict[str, Any]:
    with suppress(OSError):
        if b"greenlint" not in file.read_bytes():
            return {}  # whatever else it holds, and be it broken, it is not about us
    tables = _read(file).get("tool", {})
    return tables if isinstance(tables, dict) else {}


class _Reader:
    """Turns one table into settings; every complaint names the file and the key."""

    def __init__(self, file: str, prefix: str) -> None:
        self.file = file
        self.prefix = prefix
        self.notes: list[str] = []

    def settings(
        self, table: dict[str, Any], catalogue: Catalogue, overrides: Overrides, root: Path, origin: Path | None
    ) -> Settings:
        readers: dict[str, Callable[[str, object], Any]] = {
            "select": self.words,
            "extend-select": self.words,
            "ignore": self.words,
            "per-file-ignores": self.table,
            "exclude": self.words,
            "preview": self.truth,
            "rules": self.table,
            "fail-on": self.severity,
            "baseline": self.text,
        }
        for key in table:
            if key not in readers and key not in FOREIGN_TABLES:
                self.refuse(key, f"unknown setting{did_you_mean(key, readers)}")
        said = {key: reader(key, table[key]) for key, reader in readers.items() if key in table}
        for key in ("select", "extend-select", "ignore"):
            for word in said.get(key, ()):
                self.matching(key, word, catalogue)
        preview = overrides.preview if overrides.preview is not None else said.get("preview", False)
        select = overrides.select if overrides.select is not None else said.get("select")
        # The command line's --select starts anew; what the file adds or ignores is about the file's own selection.
        extend = () if overrides.select is not None else said.get("extend-select", ())
        ignore = (*(() if overrides.select is not None else said.get("ignore", ())), *overrides.ignore)
        enabled = self.enabled(catalogue, select, (*extend, *overrides.extend_select), ignore, preview=preview)
        return Settings(
            enabled=enabled,
            root=root,
            origin=origin,
            per_file_ignores=tuple(
                (pattern, self.codes(f"per-file-ignores.{pattern}", words, catalogue))
                for pattern, words in said.get("per-file-ignores", {}).items()
            ),
            exclude=(*said.get("exclude", ()), *overrides.exclude),
            options=self.options(said.get("rules", {}), catalogue),
            fail_on=overrides.fail_on or said.get("fail-on", Severity.WARNING),
            preview=preview,
            baseline=self.baseline(said.get("baseline"), overrides, root),
            notes=tuple(self.notes),
        )

    def baseline(self, said: str | None, overrides: Overrides, root: Path) -> Path | None:
        if overrides.no_baseline:
            return None
        return overrides.baseline or (Path(os.path.abspath(root / said)) if said else None)  # noqa: PTH100

    def enabled(
        self,
        catalogue: Catalogue,
        select: Iterable[str] | None,
        extend: Iterable[str],
        ignore: Iterable[str],
        *,
        preview: bool,
    ) -> frozenset[str]:
        """Choose the rules: for each one the more exact word wins, `ignore` when two are equally exact."""
        wanted = [*(("ALL",) if select is None else select), *extend]
        chosen = _exactness(wanted, catalogue)
        refused = _exactness(ignore, catalogue)
        enabled = set()
        for rule in catalogue.rules:
            here = chosen.get(rule.code, -1)
            by_default = select is None and here == 0
            if here < 0 or here <= refused.get(rule.code, -1) or (by_default and not rule.on_by_default):
                continue
            if _runs(rule, preview=preview):
                enabled.add(rule.code)
            elif here == _EXACT:
                kind = "a preview rule: it needs `preview = true`" if rule.life is Life.PREVIEW else "retired"
                self.notes.append(f"{self.file}: {rule.code} {rule.name} is {kind}")
        return frozenset(enabled)

    def options(self, tables: Mapping[str, object], catalogue: Catalogue) -> dict[str, dict[str, OptionValue]]:
        options = {
            rule.code: {name: option.default for name, option in rule.options.items()}
            for rule in catalogue.rules
            if rule.options
        }
        for word, body in tables.items():
            key = f"rules.{word}"
            try:
                rule = catalogue.by_word(word)
            except ConfigError as error:
                self.refuse(key, str(error))
            for name, value in self.table(key, body).items():
                option = rule.options.get(name)
                if option is None:
                    near = did_you_mean(name, rule.options)
                    known = ", ".join(rule.options) or "none"
                    self.refuse(f"{key}.{name}", f"unknown option of {rule.code}{near or f' (it has: {known})'}")
                options[rule.code][name] = self.like(f"{key}.{name}", value, option.default)
        return options

    def like(self, key: str, value: object, default: OptionValue) -> OptionValue:
        """Return the value if it has the type of the default."""
        if isinstance(default, bool):
            return self.truth(key, value)
        if isinstance(default, int | float):
            number = isinstance(value, int) or (isinstance(default, float) and isinstance(value, float))
            if not number or isinstance(value, bool):
                kind = "a number" if isinstance(default, float) else "a whole number"
                self.refuse(key, f"must be {kind}, not {_toml(value)}")
            return value  # type: ignore[return-value]
        return self.words(key, value) if isinstance(default, tuple) else self.text(key, value)

    def codes(self, key: str, value: object, catalogue: Catalogue) -> frozenset[str]:
        matching = (self.matching(key, word, catalogue) for word in self.words(key, value))
        return frozenset(rule.code for rules in matching for rule in rules)

    def matching(self, key: str, word: str, catalogue: Catalogue) -> tuple[Rule, ...]:
        try:
            return catalogue.matching(word)
        except ConfigError as error:
            self.refuse(key, str(error))

    def words(self, key: str, value: object) -> tuple[str, ...]:
        if not _is_list_of_texts(value):
            self.refuse(key, f"must be a list of texts, not {_toml(value)}")
        return tuple(value)

    def text(self, key: str, value: object) -> str:
        if not isinstance(value, str):
            self.refuse(key, f"must be a text, not {_toml(value)}")
        return value

    def truth(self, key: str, value: object) -> bool:
        if not isinstance(value, bool):
            self.refuse(key, f"must be true or false, not {_toml(value)}")
        return value

    def table(self, key: str, value: object) -> Mapping[str, Any]:
        if not isinstance(value, dict):
            self.refuse(key, f"must be a table, not {_toml(value)}")
        return value

    def severity(self, key: str, value: object) -> Severity:
        levels = [level.value for level in Severity]
        if not isinstance(value, str) or value not in levels:
            near = did_you_mean(value, levels) if isinstance(value, str) else ""
            self.refuse(key, f"must be one of {', '.join(levels)}, not {_toml(value)}{near}")
        return Severity(value)

    def refuse(self, key: str, complaint: str) -> NoReturn:
        message = f"{self.file}: {self.prefix}{key}: {complaint}"
        raise ConfigError(message)


_EXACT = 99


def _exactness(words: Iterable[str], catalogue: Catalogue) -> dict[str, int]:
    """Return how exactly the words name each rule: 0 for ALL, the length of a prefix, `_EXACT` for a code or a name."""
    exactness: dict[str, int] = {}
    for word in words:
        for rule in catalogue.matching(word):
            exact = word.upper() == rule.code or word.lower() == rule.name
            degree = _EXACT if exact else 0 if word.upper() == "ALL" else len(word)
            exactness[rule.code] = max(degree, exactness.get(rule.code, 0))
    return exactness


def _runs(rule: Rule, *, preview: bool) -> bool:
    return rule.life is Life.STABLE or (preview and rule.life is Life.PREVIEW)


def _is_list_of_texts(value: object) -> TypeGuard[list[str]]:
    return isinstance(value, list) and all(isinstance(item, str) for item in value)


def _toml(value: object) -> str:
    """Return a value as its file says it."""
    if isinstance(value, bool):
        return str(value).lower()
    return f'"{value}"' if isinstance(value, str) else f"{value!r}" if not isinstance(value, dict) else "a table"
