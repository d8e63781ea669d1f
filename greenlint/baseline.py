"""Findings that are known already: one line of `greenlint-baseline.json` for each, found again by its fingerprint.

An entry answers for one finding of its file. When its file no longer has it, or is gone, it answers for the same code
in another file: code that moves keeps its entry. What was decided and why: docs/decisions/0010-baseline.md.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from greenlint.errors import ConfigError
from greenlint.finding import Finding, GraphPlace, Status, shown

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from greenlint.engine import Judged

NAME = "greenlint-baseline.json"
SCHEMA = "greenlint-baseline/1"
_LONGEST = 100
"""Characters of the line of code that an entry shows to its reader."""


@dataclass(frozen=True, slots=True, order=True)
class Entry:
    """One known finding; entries stand in the file in the order of their fields.

    `path` is relative to the folder of the baseline, with forward slashes. `at` is the line of code or the node: it is
    there to be read, and nothing is compared with it.
    """

    path: str
    code: str
    at: str
    fingerprint: str
    name: str = ""

    @property
    def key(self) -> tuple[str, str]:
        """What an entry and its finding have in common; the fingerprint holds the rule and counts repetitions."""
        return os.path.normcase(self.path), self.fingerprint


_Place = tuple[int, int]
"""Where a finding stands: the number of its file, and its own."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """What a run and a baseline have to do with one another.

    `judged` are the files with their known findings marked. `met` and `new` are the open findings as entries, with and
    without one in the baseline. `stale` entries answer for nothing any more; `untold` ones are about files or rules
    that the run did not judge.
    """

    judged: tuple[Judged, ...]
    met: tuple[Entry, ...]
    new: tuple[Entry, ...]
    stale: tuple[Entry, ...]
    untold: tuple[Entry, ...]


def mark(judged: Iterable[Judged], asked: Iterable[Path] = ()) -> tuple[list[Judged], list[str]]:
    """Mark what the baselines of the settings know; return the files in their order, and remarks for the user.

    `asked` are the folders that were searched (absolute): an entry of a file that is gone from them is stale. Raises
    `ConfigError` for a baseline that is not there or cannot be read.
    """
    everything: list[Judged] = []
    known: dict[Path, list[Entry]] = {}
    notes = []
    for one in judged:
        file = one.settings.baseline
        if file and file not in known:
            known[file] = read(file)  # at the first file, not after the last one
        everything.append(one)
    folders = tuple(asked)
    for file, entries in known.items():
        places = [number for number, one in enumerate(everything) if one.settings.baseline == file]
        comparison = compare(file, entries, [everything[number] for number in places], folders)
        for number, one in zip(places, comparison.judged, strict=True):
            everything[number] = one
        if comparison.stale:
            number = len(comparison.stale)
            told = f"{number} {'entry is' if number == 1 else 'entries are'} no longer found"
            notes.append(f"{shown(file)}: {told}, `greenlint baseline --prune` cleans up")
    return everything, notes


def compare(file: Path, entries: Iterable[Entry], judged: Iterable[Judged], asked: Iterable[Path] = ()) -> Comparison:
    """Hold the entries of a baseline against what was judged; only open findings need an entry."""
    files = list(judged)
    homes = [_relative(one.path, file.parent) for one in files]
    found: dict[_Place, Entry] = {
        (row, column): _entry(finding, home)
        for row, (one, home) in enumerate(zip(files, homes, strict=True))
        for column, finding in enumerate(one.findings)
        if finding.status is Status.OPEN
    }
    waiting = {entry.key: entry for entry in entries}
    known = {place for place, entry in found.items() if waiting.pop(entry.key, None)}
    surroundings = _Surroundings(file.parent, dict(zip(map(os.path.normcase, homes), files, strict=True)), tuple(asked))
    for place, moved in _moved(found, known, waiting, surroundings):
        known.add(place)
        del waiting[moved.key]
    stale = {entry.key for entry in waiting.values() if surroundings.stale(entry)}
    return Comparison(
        judged=tuple(
            replace(
                one,
                findings=tuple(
                    replace(finding, status=Status.KNOWN, reason=f"known in {file.name}")
                    if (row, column) in known
                    else finding
                    for column, finding in enumerate(one.findings)
                ),
            )
            for row, one in enumerate(files)
        ),
        met=tuple(entry for place, entry in found.items() if place in known),
        new=tuple(entry for place, entry in found.items() if place not in known),
        stale=tuple(entry for key, entry in waiting.items() if key in stale),
        untold=tuple(entry for key, entry in waiting.items() if key not in stale),
    )


def _moved(
    found: Mapping[_Place, Entry], known: set[_Place], waiting: Mapping[tuple[str, str], Entry], there: _Surroundings
) -> list[tuple[_Place, Entry]]:
    """Return the findings that are not known where they are, with the entries that are left for the same code."""
    free: dict[str, list[Entry]] = {}
    for entry in waiting.values():
        if there.lost(entry):
            free.setdefault(entry.fingerprint, []).append(entry)
    moves = []
    for place, entry in sorted(found.items(), key=lambda item: item[1]):
        if place in known:
            continue
        # Nodes of different models are called alike: of models only what was renamed is the same.
        candidates = [one for one in free.get(entry.fingerprint, ()) if there.is_gone(one) or not _is_model(entry)]
        if candidates:
            moves.append((place, candidates[0]))
            free[entry.fingerprint].remove(candidates[0])
    return moves


def _is_model(entry: Entry) -> bool:
    return entry.path.endswith(".onnx")


@dataclass(frozen=True, slots=True)
class _Surroundings:
    """What became of the file of an entry that was not met: `judged` is by the path that entries have."""

    folder: Path
    judged: dict[str, Judged]
    asked: tuple[Path, ...]

    def lost(self, entry: Entry) -> bool:
        """Tell whether the finding is certainly no longer where it was."""
        return self._without(entry) or self.is_gone(entry)

    def is_gone(self, entry: Entry) -> bool:
        """Tell whether the file of the entry is not there any more."""
        return not self._file(entry).exists()

    def stale(self, entry: Entry) -> bool:
        """Tell whether the run would have met the finding, wherever it is now.

        What is gone from a folder that was not searched may be what this checkout never held.
        """
        file = self._file(entry)
        return self._without(entry) or (self.is_gone(entry) and any(map(file.is_relative_to, self.asked)))

    def _without(self, entry: Entry) -> bool:
        one = self.judged.get(os.path.normcase(entry.path))
        if one is None or one.unreadable or one.problems:
            return False
        return entry.code in one.settings.enabled - one.settings.ignored_in(one.path)

    def _file(self, entry: Entry) -> Path:
        return Path(os.path.abspath(self.folder / entry.path))  # noqa: PTH100  resolve() would follow links


def _entry(finding: Finding, path: str) -> Entry:
    place = finding.place
    at = place.node if isinstance(place, GraphPlace) else " ".join(finding.snippet.split())
    if len(at) > _LONGEST:
        at = f"{at[: _LONGEST - 3]}..."
    return Entry(path, finding.rule.code, at, finding.fingerprint, finding.rule.name)


def _relative(path: Path, folder: Path) -> str:
    try:
        return Path(os.path.relpath(path, folder)).as_posix()
    except ValueError:  # another drive
        return path.as_posix()


# -- the file ---------------------------------------------------------------------------------------------------------


def render(entries: Iterable[Entry]) -> Iterator[str]:
    """Yield the lines of a baseline: one for each entry, sorted, so that two branches seldom touch the same."""
    ordered = sorted({entry.key: entry for entry in entries}.values())
    yield "{"
    yield f'  "schema": "{SCHEMA}",'
    yield '  "findings": ['
    for number, entry in enumerate(ordered, start=1):
        told = {
            "path": entry.path,
            "code": entry.code,
            "name": entry.name,
            "at": entry.at,
            "fingerprint": entry.fingerprint,
        }
        yield f"    {json.dumps(told, ensure_ascii=False)}{',' * (number < len(ordered))}"
    yield "  ]"
    yield "}"


def read(file: Path) -> list[Entry]:
    """Return the entries of a baseline; raise `ConfigError` for what is not there, no baseline, or too new."""
    name = shown(file)
    try:
        document = json.loads(file.read_bytes().decode("utf-8-sig"))
    except FileNotFoundError:
        complaint = "no such file (`greenlint baseline` writes it)"
    except OSError as error:
        complaint = f"cannot be read: {(error.strerror or str(error)).lower()}"
    except UnicodeDecodeError:
        complaint = "is no baseline: not UTF-8"
    except json.JSONDecodeError as error:
        name, complaint = f"{name}:{error.lineno}:{error.colno}", f"is no baseline: not JSON, {_lower(error.msg)}"
    except (RecursionError, ValueError):
        complaint = "is no baseline: JSON nested too deeply"
    else:
        complaint = _complaint(document)
        if not complaint:
            return [_told(entry) for entry in document["findings"]]
    message = f"{name}: {complaint}"
    raise ConfigError(message)


def _complaint(document: Any) -> str:  # noqa: ANN401  what JSON holds
    """Return what keeps a document from being a baseline, or nothing."""
    schema = document.get("schema") if isinstance(document, dict) else None
    if not isinstance(schema, str) or schema.partition("/")[0] != SCHEMA.partition("/")[0]:
        return f'is no baseline: its schema is not "{SCHEMA}"'
    if schema != SCHEMA:
        return f'has the schema "{schema}", this greenlint reads "{SCHEMA}": upgrade greenlint'
    if not isinstance(document.get("findings"), list):
        return "is no baseline: findings must be a list"
    for number, entry in enumerate(document["findings"], start=1):
        for key in ("path", "code", "fingerprint"):
            if not isinstance(entry, dict) or not isinstance(entry.get(key), str):
                return f"is no baseline: {key} of entry {number} must be a text"
    return ""


def _told(entry: dict[str, Any]) -> Entry:
    at, name = entry.get("at"), entry.get("name")
    return Entry(
        path=entry["path"],
        code=entry["code"],
        at=at if isinstance(at, str) else "",
        fingerprint=entry["fingerprint"],
        name=name if isinstance(name, str) else "",
    )


def _lower(words: str) -> str:
    return f"{words[:1].lower()}{words[1:]}"
