"""What a branch brings: findings on its changed lines, and those that its changes call up elsewhere.

A finding counts when one of its lines is new or changed, or when its line had no such finding before. Every other one
was there before and is marked as known. What was decided and why: docs/decisions/0017-only-what-changed.md.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from difflib import SequenceMatcher
from typing import TYPE_CHECKING

from greenlint import discovery, git, source
from greenlint.errors import ConfigError, SourceError, did_you_mean
from greenlint.finding import Finding, Status, TextPlace, shown
from greenlint.names import NOISE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from pathlib import Path

    from greenlint.engine import Judged
    from greenlint.source import Source

    Judge = Callable[[Sequence[Path], Mapping[Path, bytes]], Iterable[Judged]]
    """Judges files with other bytes in the place of those on disk."""

Key = tuple[str, int, int]
"""What a finding has in common with itself before: code, line of the text as it was, column."""

_REGULAR = ("100644", "100755")
"""Modes of regular files; others are links and submodules."""


class Changes:
    """What has changed in the repositories of some files since they left a branch."""

    def __init__(self, base: str, paths: Sequence[Path]) -> None:
        """Ask git about the repositories that hold the paths (absolute); raise `ConfigError` when it cannot tell."""
        self.base = base
        self.notes: list[str] = []
        self._trees: dict[Path, _Tree | None] = {}
        self._found_before: dict[Path, frozenset[Key]] = {}
        self._folders = {parent: discovery.repository_of(parent) for parent in {path.parent for path in paths}}
        outside = [parent for parent, folder in self._folders.items() if folder is None]
        if outside:
            message = f"{shown(min(outside))} is in no git repository"
            raise _refusal(message)
        for folder in sorted({folder for folder in self._folders.values() if folder}):
            try:
                self._trees[folder] = _Tree(folder, base, [path for path in paths if path.is_relative_to(folder)])
            except ConfigError:
                if not any(folder.is_relative_to(outer) for outer in self._trees):
                    raise
                self._trees[folder] = None  # a submodule knows nothing of our branches
                self.notes.append(f"{shown(folder)}: is a repository without {base}, its findings are left out")

    def mark(self, judged: Iterable[Judged], judge: Judge, contents: Mapping[Path, bytes]) -> list[Judged]:
        """Mark as known what was there before.

        `contents` are the bytes that were judged where they are not those on disk; `judge` tells what was found in the
        files as they were, and is asked about as few as possible.
        """
        files = list(judged)
        pasts = {one.path: self._past(one.path, contents) for one in files if any(map(_is_open, one.findings))}
        asked = [one.path for one in files if (past := pasts.get(one.path)) and any(map(past.waits, one.findings))]
        self._look_back(asked, judge, contents)
        return [self._marked(one, pasts[one.path]) if one.path in pasts else one for one in files]

    def _marked(self, one: Judged, past: _Past | None) -> Judged:
        found = self._found_before.get(one.path)

        def is_old(finding: Finding) -> bool:
            if not _is_open(finding):
                return False
            return past is None or (past.waits(finding) and (found is None or past.key(finding) in found))

        reason = f"there before, in {self.base}"
        findings = (
            replace(finding, status=Status.KNOWN, reason=reason) if is_old(finding) else finding
            for finding in one.findings
        )
        return replace(one, findings=tuple(findings))

    def _look_back(self, paths: Iterable[Path], judge: Judge, given: Iterable[Path]) -> None:
        """Judge files as they were, under their names of then; projects in which nothing changed need no look."""
        contents = {path: data for tree in self._trees.values() if tree for path, data in tree.sources.items()}
        roots = {discovery.project_root(path) for path in (*contents, *given)}
        asked = {
            self._name_before(path): path
            for path in paths
            if path not in self._found_before and discovery.project_root(path) in roots
        }
        for one in judge(list(asked), contents) if asked else ():
            past = _Past(_text(one.path, contents))
            found = frozenset(past.key(each) for each in one.findings if _is_open(each))
            self._found_before[asked[one.path]] = found

    def _name_before(self, path: Path) -> Path:
        tree = self._trees.get(self._folders.get(path.parent) or path)
        return tree.names.get(path, path) if tree else path

    def _past(self, path: Path, contents: Mapping[Path, bytes]) -> _Past | None:
        """Return a file beside what it was; None in a repository that knows nothing of the branch."""
        folder = self._folders.get(path.parent)
        tree = self._trees.get(folder) if folder else None
        if tree is None:
            return None
        text = _text(path, contents)
        if tree.is_unchanged(path) and path not in contents:
            return _Past(text)
        data = tree.before(path)
        before = None if data is None else _text(path, {path: data})
        return _Past(text, _kept(before, text) if before and text else {})


@dataclass(frozen=True, slots=True)
class _Past:
    """A text and which of its lines were there before, as which line; all of them where `kept` is None."""

    text: Source | None
    kept: Mapping[int, int] | None = None

    def waits(self, finding: Finding) -> bool:
        """Tell whether an open finding has no changed line, so that it may have been there before."""
        if not _is_open(finding):
            return False
        if self.kept is None:
            return True
        place, line = self._place(finding)
        return all(number in self.kept for number in range(line, line + place.end_line - place.line + 1))

    def key(self, finding: Finding) -> Key:
        place, line = self._place(finding)
        return finding.rule.code, line if self.kept is None else self.kept[line], place.column

    def _place(self, finding: Finding) -> tuple[TextPlace, int]:
        place = finding.place
        if not isinstance(place, TextPlace) or self.text is None:
            message = f"{finding.place.path}: changed while it was read"
            raise ConfigError(message)
        return place, self.text.number(place.line, place.cell)


def _is_open(finding: Finding) -> bool:
    return finding.status is Status.OPEN


def _text(path: Path, contents: Mapping[Path, bytes]) -> Source | None:
    try:
        return source.decode(contents[path] if path in contents else source.read(path), path.name)
    except SourceError:
        return None


def _kept(before: Source, after: Source) -> dict[int, int]:
    """Return for each line that stayed the line it was, both from 1."""
    old, new = before.lines, after.lines
    blocks = SequenceMatcher(None, old, new, autojunk=False).get_matching_blocks()
    return {block.b + number + 1: block.a + number + 1 for block in blocks for number in range(block.size)}


class _Tree:
    """One repository: what stands in its folder now, and what stood there where HEAD left the branch."""

    def __init__(self, folder: Path, base: str, paths: Iterable[Path]) -> None:
        self.folder = folder
        self.commit = _merge_base(folder, base)
        # Weights and images need not be compared to find what was renamed.
        odd = (path.relative_to(folder).as_posix() for path in paths if not discovery.is_source(path))
        limits = [
            *(f":(top,glob)**/*{suffix}" for suffix in discovery.SUFFIXES),
            *(f":(top,literal){name}" for name in odd),
        ]
        told = _fields(folder, "diff", "--raw", "-z", "--no-abbrev", "-M", *_SAFE, self.commit, "--", *limits)
        changes = list(_read(folder, told))
        self._blobs = {change.now: change.blob for change in changes if change.now}
        self.names = {change.now: change.before for change in changes if change.now and change.before}
        self._tracked = {folder / name for name in _fields(folder, "ls-files", "-z", "--cached")}
        self.sources = self._sources(changes)

    def is_unchanged(self, path: Path) -> bool:
        return path in self._tracked and path not in self._blobs

    def before(self, path: Path) -> bytes | None:
        """Return the bytes that a file had, under its old name if it was renamed; None for a file that is new."""
        if path in self._blobs:
            blob = self._blobs[path]
            return None if blob is None else _contents(self.folder, [blob]).get(blob)
        name = path.relative_to(self.folder).as_posix()
        answer = git.run(self.folder, "cat-file", "blob", f"{self.commit}:{name}")
        return answer.stdout if answer and not answer.returncode else None

    def _sources(self, changes: Iterable[_Change]) -> dict[Path, bytes]:
        """Return the changed Python files and notebooks as they were; what was not there is an empty module."""
        others = _fields(self.folder, "ls-files", "-z", "--others", "--exclude-standard")
        absent = [self.folder / name for name in others] + [change.now for change in changes if change.now]
        sources = {path: b"" for path in absent if self._is_source(path) and path.suffix != ".ipynb"}
        blobs = {change.before: change.blob for change in changes if change.before and change.blob}
        wanted = {path: blob for path, blob in blobs.items() if self._is_source(path)}
        read = _contents(self.folder, sorted(set(wanted.values())))
        return sources | {path: read[blob] for path, blob in wanted.items() if blob in read}

    def _is_source(self, path: Path) -> bool:
        return discovery.is_source(path) and NOISE.isdisjoint(path.relative_to(self.folder).parts)


@dataclass(frozen=True, slots=True)
class _Change:
    """One file that is not what it was: its paths before and now, None where it was or is not there; its old blob."""

    before: Path | None
    now: Path | None
    blob: str | None


_SAFE = ("--no-ext-diff", "--no-textconv", "--ignore-submodules=all")
"""What keeps git from running what a repository names."""


def _read(folder: Path, fields: Iterable[str]) -> Iterable[_Change]:
    """Read `git diff --raw -z`: https://git-scm.com/docs/git-diff#_raw_output_format."""
    words = iter(fields)
    for head in words:
        mode, _, blob, _, status = head.removeprefix(":").split(" ")
        before = now = folder / next(words)
        if status[0] in "RC":
            now = folder / next(words)
        was_there = mode in _REGULAR and status[0] not in "CU"
        yield _Change(before if was_there else None, None if status[0] == "D" else now, blob if was_there else None)


def _contents(folder: Path, blobs: Sequence[str]) -> dict[str, bytes]:
    """Return the contents of blobs; those that are missing are left out."""
    answer = git.run(folder, "cat-file", "--batch", said="".join(f"{name}\n" for name in blobs).encode())
    data = answer.stdout if answer else b""
    contents = {}
    place = 0
    while (end := data.find(b"\n", place)) >= 0:
        name, kind, *size = data[place:end].decode().split(" ")
        place = end + 1
        if kind == "blob":
            contents[name] = data[place : place + int(size[0])]
            place += int(size[0]) + 1
    return contents


def _merge_base(folder: Path, base: str) -> str:
    """Return the commit where HEAD left a branch; raise `ConfigError` saying what is missing."""
    if git.run(folder, "--version") is None:
        message = "git is not installed"
        raise _refusal(message)
    known = git.run(folder, "rev-parse", "--verify", "--quiet", f"{base}^{{commit}}") if _is_name(base) else None
    if known is None or known.returncode:
        complaint = _complaint(known.stderr if known else b"")
        message = complaint or f'no commit is called "{base}"{_near(folder, base)}{_shallow(folder)}'
        raise _refusal(message)
    common = git.run(folder, "merge-base", known.stdout.decode().strip(), "HEAD")
    if common is None or common.returncode:
        has_head = git.run(folder, "rev-parse", "--verify", "--quiet", "HEAD")
        there = has_head is not None and not has_head.returncode
        message = f"HEAD and {base} have no commit in common{_shallow(folder)}" if there else "there is no commit yet"
        raise _refusal(message)
    return common.stdout.decode().split()[0]


def _refusal(complaint: str) -> ConfigError:
    return ConfigError(f"--diff-base: {complaint}")


def _is_name(base: str) -> bool:
    return bool(base.strip()) and not base.startswith("-") and base.isprintable()


def _complaint(said: bytes) -> str:
    """Return what git itself has against the repository, such as a foreign owner, in one line."""
    lines = [line for line in said.decode("utf-8", "replace").splitlines() if line.startswith("fatal: ")]
    return f"git: {lines[0].removeprefix('fatal: ')}" if lines else ""


def _near(folder: Path, base: str) -> str:
    names = _fields(folder, "for-each-ref", "--format=%(refname:short)%00", "refs/heads", "refs/remotes", "refs/tags")
    remote = next((name for name in names if base and name.endswith(f"/{base}")), None)
    return f', did you mean "{remote}"?' if remote else did_you_mean(base, names)


def _shallow(folder: Path) -> str:
    answer = git.run(folder, "rev-parse", "--is-shallow-repository")
    if answer and answer.stdout.strip() == b"true":
        return " (the clone is shallow: `git fetch --unshallow`, or `fetch-depth: 0` in GitHub Actions)"
    return ""


def _fields(folder: Path, *arguments: str) -> list[str]:
    """Return what git lists; raise `ConfigError` with its own words when it refuses."""
    answer = git.run(folder, *arguments)
    if answer is None or answer.returncode:
        message = _complaint(answer.stderr if answer else b"") or "git failed"
        raise _refusal(message)
    return [os.fsdecode(name.strip(b"\n")) for name in answer.stdout.split(b"\0") if name.strip(b"\n")]
