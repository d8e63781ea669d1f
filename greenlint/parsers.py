"""Texts that others read while this process judges: a text goes in, its facts come out, both plain data.

The work is handed to an `Executor` of `concurrent.futures`, processes of this machine or of others, a few portions
ahead of what is being judged, so that memory stays bounded. Whatever happens to an executor costs time only: what it
did not read is read again by a process of its own, and a text that kills that one too costs its file.
"""

from __future__ import annotations

import os
from collections import deque
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

PATIENCE = 60.0
SLOWEST = 2_000
"""Seconds, and characters in a second, a hundredth of the usual: an executor that takes longer has been lost."""

_LOOK: Answer = (None, "", 0, 0)
_KILLED: Answer = (None, "cannot be read: the process that read it was killed", 0, 0)


def processes(size: int, jobs: int | None = None) -> int:
    """Return how many processes to read `size` bytes of source with: what they allow, and `jobs` or the machine."""
    if jobs is not None:
        return min(jobs, max(1, -(-size // PORTION)))
    available = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, min(available, size // WORTH_A_PROCESS))


def local(count: int) -> Executor:
    """Return an executor of processes on this machine."""
    from greenlint.processes import Processes

    return Processes(count)


class Parsers:
    """Reads texts in the order in which they will be asked for, some way ahead."""

    def __init__(self, executor: Callable[[int], Executor] | None = None, jobs: int | None = None) -> None:
        """Start nothing yet. `executor` makes one with so many processes, here by default if `jobs` and work allow."""
        self._make = executor or local
        self._always = executor is not None
        self._jobs = jobs
        self._count = 1
        self._executor: Executor | None = None
        self._alone: Executor | None = None
        self._texts: deque[Iterator[tuple[Path, str | None]]] = deque()
        self._portions: deque[tuple[list[tuple[Path, str]], Future[list[Answer]] | None]] = deque()
        self._answers: dict[Path, Answer] = {}
        self._promised: set[Path] = set()

    @property
    def width(self) -> int:
        """How many texts are read at once; 1 while that is done by the process that judges."""
        return getattr(self._executor, "width", self._count) if self._executor else 1

    def expect(self, texts: Iterator[tuple[Path, str | None]], promised: set[Path], size: int) -> None:
        """Read these later, if it is worth it; `promised` are their paths, `size` their bytes. None cannot be read.

        Raises `ConfigError` where an executor that was asked for cannot be had.
        """
        count = processes(size, self._jobs)
        if not promised or (count == 1 and not self._always and self._executor is None):
            return
        if self._executor is None or (count > self._count and not self._always and not self._portions):
            self._end(self._executor)
            self._count = count
            self._executor = self._made(count)
        if self._executor is None:
            return
        self._texts.append(texts)
        self._promised |= promised

    def take(self, path: Path) -> Facts | SourceError | None:
        """Return what was read, or what is wrong with it; None for a text that was not expected."""
        from greenlint.python import packing

        while path in self._promised and path not in self._answers and self._advance():
            pass
        if path not in self._promised or path not in self._answers:
            return None
        self._promised.discard(path)
        packed, message, line, column = self._answers.pop(path)
        if packed is not None:
            try:
                return packing.unpack(packed)
            except (ValueError, TypeError, IndexError, RecursionError):
                return None  # not what this greenlint packs: it is read here
        return SourceError(message, line=line, column=column) if message else None

    def close(self) -> None:
        """End the processes without waiting for what they are reading."""
        self._end(self._executor)
        self._end(self._alone)
        self._executor = self._alone = None

    def _advance(self) -> bool:
        """Wait for the oldest portion, with more of them on their way; False when there is none left."""
        while len(self._portions) < 2 * self.width and (portion := self._portion()):
            future = self._submit([text for _, text in portion])
            self._portions.append((portion, future))
        if not self._portions:
            return False
        portion, answer = self._portions.popleft()
        answers = self._answered([text for _, text in portion], answer)
        self._answers.update(zip((path for path, _ in portion), answers, strict=True))
        return True

    def _portion(self) -> list[tuple[Path, str]]:
        portion: list[tuple[Path, str]] = []
        size = 0
        while self._texts and size < PORTION:
            path, text = next(self._texts[0], (None, None))
            if path is None:
                self._texts.popleft()
            elif text is None:
                self._promised.discard(path)
            else:
                portion.append((path, text))
                size += len(text)
        return portion

    def _submit(self, texts: list[str]) -> Future[list[Answer]] | None:
        try:
            return self._executor.submit(read, texts) if self._executor else None
        except Exception:  # noqa: BLE001  every kind of executor has its own words for being gone
            self._lose()
            return self._executor.submit(read, texts) if self._executor else None

    def _lose(self) -> None:
        """Give an executor up that has broken or been lost, with all that it was to read."""
        self._end(self._executor)
        self._portions = deque((portion, None) for portion, _ in self._portions)
        self._always = False
        self._make = local
        self._executor = self._made(self._count)

    def _made(self, count: int) -> Executor | None:
        """Return an executor, None where the system has no room for another process."""
        try:
            return self._make(count)
        except OSError:
            return None

    def _answered(self, texts: list[str], future: Future[list[Answer]] | None) -> list[Answer]:
        from concurrent.futures import TimeoutError as OutOfTime

        if future is not None:
            try:
                return future.result(PATIENCE + sum(map(len, texts)) / SLOWEST)
            except OutOfTime:
                self._lose()
            except Exception:  # noqa: BLE001, S110  likewise; `read` itself raises nothing
                pass
        return self._again(texts)

    def _again(self, texts: list[str]) -> list[Answer]:
        """Read texts in a process of their own, by halves if that is killed too, until it is known which text kills."""
        from concurrent.futures import BrokenExecutor

        try:
            self._alone = self._alone or local(1)
            return list(self._alone.submit(read, texts).result())
        except OSError:
            return [_LOOK] * len(texts)
        except BrokenExecutor:
            self._end(self._alone)
            self._alone = None
        if len(texts) == 1:
            return [_KILLED]
        half = len(texts) // 2
        return [*self._again(texts[:half]), *self._again(texts[half:])]

    @staticmethod
    def _end(executor: Executor | None) -> None:
        if executor is not None:
            executor.shutdown(wait=False, cancel_futures=True)


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
        return _LOOK
