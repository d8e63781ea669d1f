"""Findings in, corrected files out: fixes are tried, judged again, and kept only where they mend and break nothing.

Fixes that do not overlap are made together; the rest waits for the next round. After each round the files are judged
again. A file that got worse is put back, and its fixes are tried one by one, so that only those that fail are left out.
"""

from __future__ import annotations

import difflib
import re
from collections import Counter
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, cast

from greenlint import rewriting, source
from greenlint.errors import SourceError
from greenlint.finding import Finding, Problem, Status, TextPlace, shown
from greenlint.fixer import fixer_of, has_fixer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from greenlint.engine import Judged
    from greenlint.finding import Fix
    from greenlint.python.page import Page
    from greenlint.rule import Rule
    from greenlint.source import Source

    Judge = Callable[[Sequence[Path], Mapping[Path, bytes]], list[Judged]]

MOST_ROUNDS = 100
"""Ten are usual at most; a file whose fixes are tried one by one takes a round for each."""


@dataclass(slots=True)
class Outcome:
    """What fixing came to.

    `changed` holds the bytes of each file before and after, `judged` every file as it is now, `fixed` the findings that
    are gone, `notes` what was left out and why, `unsafe` how many fixes wait for --unsafe-fixes.
    """

    judged: list[Judged]
    changed: dict[Path, tuple[bytes, bytes]] = field(default_factory=dict)
    fixed: list[Finding] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    unsafe: int = 0


def proposed(judged: Iterable[Judged], read: Callable[[Path], bytes] = source.read) -> Iterator[Judged]:
    """Pass files on, their open findings with the fix that a fixer proposes; it has not been judged again."""
    for one in judged:
        sheet = _sheet(one, read)
        fixes = {id(finding): made for finding, made in sheet.candidates()} if sheet is not None else {}
        yield replace(one, findings=tuple(replace(f, fix=fixes[id(f)]) if id(f) in fixes else f for f in one.findings))


def fix(judged: Sequence[Judged], judge: Judge, contents: Mapping[Path, bytes], *, unsafe: bool) -> Outcome:
    """Work out the corrected bytes of every file; nothing is written.

    `judge` judges some files with other bytes in the place of those on disk; `contents` are those that were given
    instead of the disk's from the start. With `unsafe`, fixes that may change results are made as well.
    """
    return _Run(judge, dict(contents), Outcome(list(judged)), unsafe=unsafe).run()


def diff(outcome: Outcome) -> Iterator[str]:
    """Yield the lines of one unified diff over all changed files."""
    for path, (before, after) in outcome.changed.items():
        yield f"--- {shown(path)}"
        yield f"+++ {shown(path)}"
        yield from _hunks(_lines(before, path.name), _lines(after, path.name))


_CONTEXT = 3
_MANY_LINES = 5000


class _Aligned(difflib.SequenceMatcher[str]):
    """Two texts whose matching stretches are known."""

    def __init__(self, blocks: list[tuple[int, int, int]]) -> None:
        super().__init__()
        self._blocks = [difflib.Match(*block) for block in blocks]

    def get_matching_blocks(self) -> list[difflib.Match]:
        return self._blocks


def _hunks(old: list[str], new: list[str]) -> Iterator[str]:
    """Yield the hunks of a diff. What both begin and end with is set aside: it leaves difflib little to get wrong."""
    head = _common(old, new)
    tail = _common(old[head:][::-1], new[head:][::-1])
    inner = old[head : len(old) - tail], new[head : len(new) - tail]
    matcher = difflib.SequenceMatcher(None, *inner, autojunk=len(inner[0]) > _MANY_LINES)
    blocks = [(0, 0, head), *((i + head, j + head, size) for i, j, size in matcher.get_matching_blocks()[:-1])]
    blocks += [(len(old) - tail, len(new) - tail, tail)]
    whole = _Aligned([*_merged(blocks), (len(old), len(new), 0)])
    for group in whole.get_grouped_opcodes(_CONTEXT):
        (_, start, _, into, _), (_, _, end, _, to) = group[0], group[-1]
        yield f"@@ -{_range(start, end - start)} +{_range(into, to - into)} @@"
        for kind, first, last, here, there in group:
            yield from _marked(" " if kind == "equal" else "-", old[first:last])
            yield from _marked("+", new[here:there] if kind != "equal" else [])


def _common(old: list[str], new: list[str]) -> int:
    pairs = enumerate(zip(old, new, strict=False))
    return next((number for number, (one, other) in pairs if one != other), min(len(old), len(new)))


def _merged(blocks: Iterable[tuple[int, int, int]]) -> Iterator[tuple[int, int, int]]:
    """Join matching stretches that follow one another without a gap."""
    held = (0, 0, 0)
    for block in blocks:
        if (held[0] + held[2], held[1] + held[2]) == block[:2]:
            held = (held[0], held[1], held[2] + block[2])
        else:
            if held[2]:
                yield held
            held = block
    if held[2]:
        yield held


def _range(start: int, length: int) -> str:
    return f"{start + (length > 0)}" if length == 1 else f"{start + (length > 0)},{length}"


def _marked(mark: str, lines: Iterable[str]) -> Iterator[str]:
    for line in lines:
        yield f"{mark}{line}".removesuffix("\n")
        if not line.endswith("\n"):
            yield "\\ No newline at end of file"


def write(outcome: Outcome) -> Iterator[tuple[Path, Problem]]:
    """Write the changed files, each whole or not at all; yield what could not be written, and why."""
    written: dict[Path, bytes] = {}
    for path, (before, after) in outcome.changed.items():
        real = path.resolve()
        if written.get(real) == after:
            continue  # another link to the same file
        try:
            rewriting.replace(path, after, before)
            written[real] = after
        except SourceError as error:
            yield path, Problem(shown(path), str(error))


def _lines(data: bytes, name: str) -> list[str]:
    return re.findall(r"[^\n]*\n|[^\n]+", rewriting.characters(data, name))


@dataclass(slots=True)
class _Sheet:
    """One file to correct: its bytes, its text, and the findings that are open in it."""

    judged: Judged
    data: bytes
    text: Source
    page: Page
    crashes: dict[str, None] = field(default_factory=dict)

    def candidates(self) -> Iterator[tuple[Finding, Fix]]:
        """Yield the open findings that can be corrected, with their fixes, in the order of the file."""
        for finding in self.judged.findings:
            fixer = fixer_of(finding.rule.module) if finding.status is Status.OPEN else None
            if fixer is None:
                continue
            try:
                made = fixer(self.page, finding)
                if made is not None and made.edits:
                    self.rewritten([made])
                    yield finding, made
            except SourceError:
                continue  # what cannot be written is not proposed
            except Exception as error:  # noqa: BLE001  one fixer must not take the others down
                self.crashes[f"greenlint itself failed in the fix of {finding.rule.code}: {error!r}"] = None

    def rewritten(self, fixes: Iterable[Fix]) -> bytes:
        """Return the bytes of the file with fixes made, an edit that several share once."""
        edits = list(dict.fromkeys(edit for one in fixes for edit in one.edits))
        return rewriting.rewrite(self.data, self.judged.path.name, self.text, edits)


@dataclass(slots=True)
class _Run:
    judge: Judge
    contents: dict[Path, bytes]
    outcome: Outcome
    unsafe: bool
    careful: set[Path] = field(default_factory=set)
    refused: set[tuple[Path, str, str]] = field(default_factory=set)
    settled: set[Path] = field(default_factory=set)
    kin: dict[Path, set[Path]] | None = None
    before: dict[Path, bytes] = field(default_factory=dict)

    def run(self) -> Outcome:
        judged = {one.path: one for one in self.outcome.judged}
        stale = False
        for _ in range(MOST_ROUNDS):
            waiting = [one for path, one in judged.items() if path not in self.settled]
            batch = {one.path: chosen for one in waiting if (chosen := self.choose(one))}
            self.settled = set(judged) - set(batch)
            if not batch:
                break
            careful = next((path for path in batch if path in self.careful), None)
            # Where something went wrong, one fix is tried at a time, so that no other is blamed for it.
            stale |= self.attempt(judged, batch if careful is None else {careful: batch[careful]})
        if stale:
            judged.update({one.path: one for one in self.judge(self.company(judged, self.before), self.contents)})
        self.outcome.judged = [judged[one.path] for one in self.outcome.judged]
        self.outcome.changed = {
            path: (data, self.contents[path]) for path, data in self.before.items() if self.contents[path] != data
        }
        self.outcome.unsafe = 0 if self.unsafe else sum(self.waiting(one) for one in judged.values())
        return self.outcome

    def read(self, path: Path) -> bytes:
        content = self.contents.get(path)
        return source.read(path) if content is None else content

    def waiting(self, judged: Judged) -> int:
        """Count the fixes of a file that only --unsafe-fixes would make."""
        sheet = _sheet(judged, self.read)
        return sum(not made.safe for _, made in sheet.candidates()) if sheet is not None else 0

    def choose(self, judged: Judged) -> tuple[_Sheet, list[Finding], bytes] | None:
        """Return the fixes to make in a file in this round, and its bytes with them."""
        sheet = _sheet(judged, self.read)
        if sheet is None:
            return None
        chosen: list[tuple[Finding, Fix]] = []
        for finding, made in sheet.candidates():
            if (made.safe or self.unsafe) and self.key(judged.path, finding) not in self.refused:
                if not any(_overlap(made, other) or _echoes(made, other) for _, other in chosen):
                    chosen.append((finding, made))
                if judged.path in self.careful:
                    break
        self.outcome.notes += [note for note in sheet.crashes if note not in self.outcome.notes]
        if not chosen:
            return None
        try:
            return sheet, [finding for finding, _ in chosen], sheet.rewritten(made for _, made in chosen)
        except SourceError:
            self.careful.add(judged.path)
            (finding, made), *_ = chosen
            return sheet, [finding], sheet.rewritten([made])

    def attempt(self, judged: dict[Path, Judged], batch: dict[Path, tuple[_Sheet, list[Finding], bytes]]) -> bool:
        """Judge a round's files again, keep those that got better; tell whether some had to be put back."""
        attempted = {**self.contents, **{path: data for path, (_, _, data) in batch.items()}}
        again = {one.path: one for one in self.judge(self.company(judged, batch), attempted)}
        reasons = {
            path: reason
            for path, (_, chosen, _) in batch.items()
            if (reason := _worse(judged[path], again[path], chosen))
        }
        for path, one in again.items():
            if path not in batch and (reason := _worse(judged[path], one, ())):
                reasons |= {other: f"{reason} in {shown(path)}" for other in batch if other not in reasons}
        for path, (sheet, chosen, data) in batch.items():
            if path not in reasons:
                self.before.setdefault(path, sheet.data)
                self.contents[path] = data
                self.outcome.fixed += chosen
            elif len(chosen) == len(batch) == 1:
                self.refuse(path, chosen[0], reasons[path])
            else:
                self.careful.add(path)
        # What the others are, once something is put back, nobody has judged: they stay as they were.
        kept = [path for path in (batch if reasons else again) if path not in reasons]
        judged.update({path: again[path] for path in kept})
        self.settled -= set(again)
        return bool(reasons)

    def refuse(self, path: Path, finding: Finding, reason: str) -> None:
        self.refused.add(self.key(path, finding))
        place = cast("TextPlace", finding.place)
        where = Problem(place.path, f"{finding.rule.code} is not fixed: {reason}", place.line, place.column, place.cell)
        self.outcome.notes.append(str(where))

    @staticmethod
    def key(path: Path, finding: Finding) -> tuple[Path, str, str]:
        return path, finding.rule.code, finding.fingerprint

    def company(self, judged: Mapping[Path, Judged], changed: Iterable[Path]) -> list[Path]:
        """Return the files whose findings may change with some files, in their order: those of their programs."""
        if self.kin is None:
            self.kin = _kin([path for path, one in judged.items() if one.relevant], self.read)
        paths = {other for path in changed for other in self.kin.get(path, {path})}
        return [path for path in judged if path in paths]


_IMPORT = re.compile(rb'^[ \t]*"?[ \t]*(?:from|import)\b([^\n]*(?:\([^)]*\))?)', re.MULTILINE)


def _kin(paths: Iterable[Path], read: Callable[[Path], bytes]) -> dict[Path, set[Path]]:
    """Return for each file those that imports may join with it, directly or through others; names alone decide."""
    named: dict[str, list[Path]] = {}
    for path in paths:
        named.setdefault(path.parent.name if path.stem == "__init__" else path.stem, []).append(path)
    kin = {path: {path} for group in named.values() for path in group}
    for path in list(kin):
        try:
            lines = b" ".join(_IMPORT.findall(read(path)))
        except SourceError:
            continue
        for word in set(re.findall(r"\w+", lines.decode("utf-8", "replace"))):
            for other in named.get(word, ()):
                joined = kin[path] | kin[other]
                if len(joined) > len(kin[path]):
                    kin.update(dict.fromkeys(joined, joined))
    return kin


def _sheet(judged: Judged, read: Callable[[Path], bytes]) -> _Sheet | None:
    """Parse a file that has something to correct."""
    from greenlint.python.page import Page

    if not _fixable(judged):
        return None
    try:
        data = read(judged.path)
        text = source.decode(data, judged.path.name)
        return None if text is None else _Sheet(judged, data, text, Page(text, shown(judged.path)))
    except SourceError:
        return None  # gone, or another file, since it was judged


def _fixable(judged: Judged) -> bool:
    return any(finding.status is Status.OPEN and has_fixer(finding.rule) for finding in judged.findings)


def _overlap(first: Fix, second: Fix) -> bool:
    """Tell whether two fixes touch one another; an edit that both share is no quarrel."""
    return any(one != other and _touch(one.place, other.place) for one in first.edits for other in second.edits)


def _echoes(first: Fix, second: Fix) -> bool:
    """Tell whether two fixes put the same statement in: the first may serve for both, so the second waits a round."""
    statements = {edit.text.strip(" \t\n;") for edit in first.edits if edit.text.endswith(("\n", "; "))}
    return any(edit.text.strip(" \t\n;") in statements for edit in second.edits) and not any(
        text.startswith("@") for text in statements
    )


def _touch(first: TextPlace, second: TextPlace) -> bool:
    if first.cell != second.cell:
        return False
    starts = ((first.line, first.column), (second.line, second.column))
    ends = ((first.end_line, first.end_column), (second.end_line, second.end_column))
    return starts[0] == starts[1] or (starts[0] < ends[1] and starts[1] < ends[0])


def _worse(before: Judged, after: Judged, fixed: Sequence[Finding]) -> str:
    """Say what speaks against a file as it is after a round, or return an empty string."""
    if after.unreadable and not before.unreadable:
        return f"the result {after.problems[0].message}"
    if len(after.problems) > len(before.problems):
        return "the result cannot be judged"
    told, telling = (Counter((one.rule.code, one.message) for one in _open(file)) for file in (before, after))
    for what, number in Counter((one.rule.code, one.message) for one in fixed).items():
        if telling[what] > told[what] - number:
            return "the finding would stay"
    counts, now = (Counter(finding.rule.code for finding in _open(one)) for one in (before, after))
    rules: dict[str, Rule] = {finding.rule.code: finding.rule for finding in _open(after)}
    new = next((code for code in now if now[code] > counts[code]), None)
    return f"it would bring {new} {rules[new].name}" if new else ""


def _open(judged: Judged) -> Iterator[Finding]:
    return (finding for finding in judged.findings if finding.status is Status.OPEN)
