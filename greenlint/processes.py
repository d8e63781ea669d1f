"""Processes of this machine that read texts: quiet when they are interrupted, and gone when the run is.

Python's own `ProcessPoolExecutor` gives all its work up when one process is killed, and waits for what the others do
when it is interrupted, for ever if they were killed at a bad moment. Here each process has a pipe and a thread of its
own, and no lock is shared, so that any of them can be killed at any time.
"""

from __future__ import annotations

import multiprocessing
import signal
import sys
import threading
from concurrent.futures import BrokenExecutor, Executor, Future
from contextlib import contextmanager
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from multiprocessing.connection import Connection
    from multiprocessing.context import BaseContext
    from multiprocessing.process import BaseProcess

    Task = tuple[Future[Any], Callable[..., Any], tuple[object, ...]]


class Processes(Executor):
    """An executor of as many processes as its `width`; one that dies costs what it was doing, and is not replaced."""

    def __init__(self, count: int) -> None:
        """Start them; raises `OSError` where the system has no room."""
        from greenlint.python import collect  # noqa: F401  a process that is forked has it at once

        self.width = count
        self._tasks: SimpleQueue[Task | None] = SimpleQueue()
        self._lock = threading.Lock()
        self._alive = count
        self._started: list[BaseProcess] = []
        threads = []
        context = _context()
        try:
            for _ in range(count):
                here, there = context.Pipe()
                ours = here if context.get_start_method() == "fork" else None
                process = context.Process(target=_work, args=(there, ours), daemon=True)  # type: ignore[attr-defined]
                with _uninterrupted():
                    process.start()
                there.close()
                self._started.append(process)
                threads.append(threading.Thread(target=self._serve, args=(here,), daemon=True))
        except OSError:
            self._kill()
            raise
        for thread in threads:  # not before the last process has been copied from this one
            thread.start()

    def submit(self, work: Callable[..., Any], /, *given: object, **_: object) -> Future[Any]:
        """Hand work over; raise `BrokenExecutor` when no process is left."""
        future: Future[Any] = Future()
        with self._lock:
            if not self._alive:
                message = "no process is left"
                raise BrokenExecutor(message)
            self._tasks.put((future, work, given))
        return future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:  # noqa: FBT001, FBT002  as inherited
        """End the processes, whatever they are doing unless `wait`."""
        if cancel_futures or not wait:
            self._give_up()
        for _ in self._started:
            self._tasks.put(None)
        if not wait:
            self._kill()
        for process in self._started:
            process.join()

    def _serve(self, process: Connection) -> None:
        """Bring work to one process, as long as there are both."""
        with process:
            while task := self._tasks.get():
                future, *work = task
                if not future.set_running_or_notify_cancel():
                    continue
                try:
                    process.send(work)
                    answer, error = process.recv()
                except (EOFError, OSError):
                    future.set_exception(BrokenExecutor("the process was killed"))
                    break
                if error is None:
                    future.set_result(answer)
                else:
                    future.set_exception(error)
        with self._lock:
            self._alive -= 1
            if not self._alive:
                self._give_up()

    def _give_up(self) -> None:
        while True:
            try:
                task = self._tasks.get_nowait()
            except Empty:
                return
            if task:
                task[0].cancel()

    def _kill(self) -> None:
        for process in self._started:
            process.kill()


def _context() -> BaseContext:
    """Return how processes are started: as copies of this one where that is safe, which saves importing LibCST.

    A lock that another thread holds stays locked in a copy, and the libraries of macOS do not survive being copied.
    """
    alone = threading.active_count() == 1
    return multiprocessing.get_context("fork" if sys.platform == "linux" and alone else "spawn")


@contextmanager
def _uninterrupted() -> Iterator[None]:
    """Start processes that Ctrl-C does not reach before they can keep quiet about it."""
    if sys.platform == "win32":
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _work(tasks: Connection, ours: Connection | None) -> None:
    """Do what comes, until nobody is there any more to send it; this is what the processes run.

    A copy of a process has its end of the pipe as well, and would never see it closed.
    """
    import gc

    if ours is not None:
        ours.close()

    gc.disable()
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    if sys.platform != "win32":
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
    try:
        while True:
            work, given = tasks.recv()
            try:
                tasks.send((work(*given), None))
            except Exception as error:  # noqa: BLE001  it is told where the answer is awaited
                tasks.send((None, error))
            gc.collect()  # a thousandth of the work: what was read points at itself, and would be kept
            gc.freeze()
    except (EOFError, OSError):
        return
