"""A Dask cluster that reads texts, as an executor: https://distributed.dask.org/en/stable/client.html."""

from __future__ import annotations

import logging
import warnings
from concurrent.futures import Executor
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from greenlint import __version__
from greenlint.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import Future

PATIENCE = 10.0
"""Seconds for a scheduler to answer, and for its workers to be there."""


class Cluster(Executor):
    """The workers of a scheduler, each with this greenlint; `width` is how many texts they read at once."""

    def __init__(self, place: str) -> None:
        """Connect to HOST:PORT; raise `ConfigError` where nothing answers, or nothing that can read."""
        from distributed import Client

        # Its log is for those who run the cluster. What matters to a run is told by the run.
        logging.getLogger("distributed").setLevel(logging.CRITICAL)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of versions that differ: what matters is asked below
            try:
                self._client = Client(f"tcp://{place}", timeout=PATIENCE, set_as_default=False)
            except Exception as error:  # something else that answers makes Dask fail in many ways
                raise _unusable(place, "no Dask scheduler answers there") from error
        try:
            self.width = self._meet(place)
        except BaseException:
            self._close()
            raise
        self._executor = self._client.get_executor(pure=False)

    def _meet(self, place: str) -> int:
        """Return how many threads the workers have; raise `ConfigError` unless each has this greenlint."""
        with suppress(OSError, TimeoutError):
            self._client.wait_for_workers(1, timeout=PATIENCE)
        answers = self._client.run(version, on_error="return")
        if not answers:
            raise _unusable(place, "the scheduler has no workers")
        for worker, answer in sorted(answers.items()):
            if isinstance(answer, ImportError):
                raise _unusable(place, f"greenlint is not installed on the worker {worker}")
            if answer != __version__:
                raise _unusable(place, f"the worker {worker} has greenlint {answer}, and this one is {__version__}")
        threads: int = sum(self._client.nthreads().values())
        return max(1, threads)

    def submit(self, work: Callable[..., Any], /, *given: object, **named: object) -> Future[Any]:
        """Hand work over; raise `OSError` once the scheduler is gone."""
        if self._client.status != "running":
            message = f"the scheduler is {self._client.status}"
            raise OSError(message)
        future: Future[Any] = self._executor.submit(work, *given, **named)
        return future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:  # noqa: FBT001, FBT002  as inherited
        """Leave the cluster, and with `cancel_futures` what it has not begun."""
        with suppress(Exception):
            self._executor.shutdown(wait=wait and not cancel_futures)
        self._close()

    def _close(self) -> None:
        with suppress(Exception):
            self._client.close(timeout=1)


def version() -> str:
    """Return the version of greenlint; this runs on the workers."""
    return __version__


def _unusable(place: str, why: str) -> ConfigError:
    return ConfigError(f"--jobs: dask://{place}: {why}")
