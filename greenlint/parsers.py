"""Other processes that read texts while this one judges: a text goes in, its facts come out, both plain data.

The work is handed to an `Executor` of `concurrent.futures`, a few portions ahead of what is being judged, so that
memory stays bounded. A process that is killed costs the file that it was reading.
"""

from __future__ import annotations

import os
import sys
from collections import deque
from concurrent.futures import BrokenExecutor
from typing import TYPE_CHECKING

from greenlint import reading
from greenlint.errors import SourceError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from concurrent.futures import Executor, Future
    from pathlib import Path

    from greenlint.python.facts import Facts

    Answer = tuple[bytes | None, str, int, int]
    """Packed facts, or the message, line and column of what is wrong; no message where this process has to look."""

PORTION = 60_000
"""Characters of text in one portion: half a second of work would keep others waiting, a millisecond is not worth it."""

WORTH_A_PROCESS = 250_000
"""Bytes of source that keep a process busy long enough to be started for them."""


def processes(size: int, jobs: int | None = None) -> int:
    """Return how many processes to read `size` bytes of source with: `jobs`, or what the machine and the work allow."""
    if jobs is not None:
        return jobs
    available = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, min(available, size // WORTH_A_PROCESS))


class Parsers:
    """Reads texts in the order in which they will be asked for, some way ahead."""

    def __init__(self, executor: Callable[[int], Executor], count: int) -> None:
        """Start nothing yet; `executor` makes one with that many processes."""
        self._make = executor
        self._count = count
        self._executor: Executor | None = None
        self._texts: Iterator[tuple[Path, str]] = iter(())
        self._portions: deque[tuple[list[tuple[Path, str]], Future[list[Answer]]]] = deque()
        self._answers: dict[Path, Answer] = {}
        self._promised: set[Path] = set()

    def expect(self, texts: Iterator[tuple[Path, str]], promised: set[Path]) -> None:
        """Read these next; `promised` are their paths."""
        self._texts = texts
        self._promised = promised

    def take(self, path: Path) -> Facts | SourceError | None:
        """Return what was read, or what is wrong with it; None for a text that was not expected."""
        from greenlint.python import packing

        if path not in self._promised:
            return None
        self._promised.discard(path)
        while path not in self._answers and self._advance():
            pass
        if path not in self._answers:
            return None
        packed, message, line, column = self._answers.pop(path)
        if packed is not None:
            return packing.unpack(packed)
        return SourceError(message, line=line, column=column) if message else None

    def close(self) -> None:
        """End the processes without waiting for what they are reading."""
        if self._executor is not None:
            self._executor.shutdown(wait=False, cancel_futures=True)
            self._executor = None

    def _advance(self) -> bool:
        """Wait for the oldest portion, with more of them on their way; False when there is none left."""
        while len(self._portions) < 2 * self._count and (portion := self._portion()):
            self._portions.append((portion, self._submit(portion)))
        if not self._portions:
            return False
        portion, future = self._portions.popleft()
        try:
            answers = future.result()
        except BrokenExecutor:
            answers = self._one_by_one(portion)
        self._answers.update(zip((path for path, _ in portion), answers, strict=True))
        return True

    def _portion(self) -> list[tuple[Path, str]]:
        portion: list[tuple[Path, str]] = []
        size = 0
        for path, text in self._texts:
            portion.append((path, text))
            size += len(text)
            if size >= PORTION:
                break
        return portion

    def _submit(self, portion: list[tuple[Path, str]]) -> Future[list[Answer]]:
        if self._executor is None:
            self._executor = self._make(self._count)
        try:
            return self._executor.submit(read, [text for _, text in portion])
        except BrokenExecutor:
            self.close()
            self._executor = self._make(self._count)
            return self._executor.submit(read, [text for _, text in portion])

    def _one_by_one(self, portion: list[tuple[Path, str]]) -> list[Answer]:
        """Read a portion again after a process was killed, so that it is known which text kills."""
        answers: list[Answer] = []
        for _, text in portion:
            alone = self._make(1)
            try:
                answers += alone.submit(read, [text]).result()
            except BrokenExecutor:
                answers.append((None, "cannot be read: the process that read it was killed", 0, 0))
            finally:
                alone.shutdown(wait=False, cancel_futures=True)
        return answers


def read(texts: list[str]) -> list[Answer]:
    """Return the packed facts of each text; this runs in the other processes."""
    return [_answer(text) for text in texts]


def _answer(text: str) -> Answer:
    from greenlint.python import packing

    try:
        return packing.pack(reading.facts_of(text)), "", 0, 0
    except SourceError as error:
        return None, str(error), error.line, error.column
    except Exception:  # noqa: BLE001  it is met again, and told, by the process that judges
        return None, "", 0, 0


def local(count: int) -> Executor:
    """Return an executor of processes on this machine, quiet when they are interrupted."""
    import multiprocessing
    from concurrent.futures import ProcessPoolExecutor

    from greenlint.python import collect  # noqa: F401  a process that is forked has it at once

    # macOS offers fork, and its own libraries do not survive it: Python's choice there is another.
    forks = "fork" in multiprocessing.get_all_start_methods() and sys.platform != "darwin"
    context = multiprocessing.get_context("fork" if forks else None)
    return ProcessPoolExecutor(count, mp_context=context, initializer=_begin)


def _begin() -> None:
    import gc
    import signal

    gc.disable()
    signal.signal(signal.SIGINT, signal.SIG_DFL)
