"""A real cluster of two workers on this machine."""

from __future__ import annotations

import json
import logging
import os
import signal
import socket
import threading
from typing import TYPE_CHECKING, Any

import pytest

from greenlint import cluster, parsers

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from conftest import Command, Outcome

TRAINING = """\
import torch

def train_{number}(model, loader):
    optimizer = torch.optim.SGD(model.parameters())
    for epoch in range(50):
        for x, y in loader:
            model(x).backward()
            optimizer.step()
"""

# Dask leaves sockets to the garbage collector, and warns of ports that others use.
pytestmark = [
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
    pytest.mark.filterwarnings("ignore:::distributed"),
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
]


class TestWords:
    @pytest.mark.parametrize(
        "jobs", ["dask:", "dask://", "dask://host", "dask://host:port", "dask://a b:1", "dask:h:1"]
    )
    def test_what_is_no_place_is_told(self, greenlint: Command, jobs: str) -> None:
        done = greenlint("check", "--jobs", jobs)
        assert (done.code, done.out) == (2, "")
        assert done.err == f'error: --jobs: must be dask://HOST:PORT of a scheduler, not "{jobs}"\n'

    def test_a_missing_extra_is_told(self, greenlint: Command, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
        done = greenlint("check", "--jobs", "dask://localhost:8786")
        assert done.code == 2
        assert done.err == "error: --jobs: a Dask cluster needs an extra: python -m pip install 'greenlint[dask]'\n"


@pytest.fixture
def projects(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a folder of three projects, their files each a portion of work."""
    pytest.importorskip("distributed", reason="needs Dask")
    monkeypatch.setattr(parsers, "PORTION", 100)
    for name in ("a", "b", "c"):
        (folder / name).mkdir()
        (folder / name / "pyproject.toml").touch()
        for number in range(5):
            (folder / name / f"m{number}.py").write_text(TRAINING.format(number=number))
    (folder / "c" / "broken.py").write_text("import torch\nx = (\n")
    return folder


@pytest.fixture(scope="module")
def two_workers() -> Iterator[Any]:
    """Return a cluster of two processes, a thread each."""
    distributed = pytest.importorskip("distributed", reason="needs Dask")
    logging.getLogger("distributed").setLevel(logging.CRITICAL)
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, processes=True, host="127.0.0.1", dashboard_address=None
    ) as running:
        yield running


def place(running: Any) -> str:
    return running.scheduler_address.replace("tcp://", "dask://")


def by_one(greenlint: Command, *words: str) -> Outcome:
    return greenlint("check", "--no-cache", "--format", "json", "--jobs", "1", *words)


def by_cluster(greenlint: Command, running: Any, *words: str) -> Outcome:
    return greenlint("check", "--no-cache", "--format", "json", "--jobs", place(running), *words)


@pytest.mark.slow
@pytest.mark.usefixtures("projects")
class TestWorkers:
    def test_many_projects_come_to_one_report_as_with_one_process(self, greenlint: Command, two_workers: Any) -> None:
        told = by_cluster(greenlint, two_workers, "a", "b", "c")
        assert told == by_one(greenlint, "a", "b", "c")
        assert {one["path"][0] for one in json.loads(told.out)["findings"]} == {"a", "b", "c"}
        assert told.err.startswith("error: c/broken.py:2:")

    def test_the_workers_do_the_reading(
        self, greenlint: Command, two_workers: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("greenlint.reading.facts_of", None)
        assert by_cluster(greenlint, two_workers, "a").code == 1

    def test_a_worker_that_is_killed_midway_changes_nothing(
        self, greenlint: Command, two_workers: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        expected = by_one(greenlint, "a", "b", "c")
        taken = []
        take = parsers.Parsers.take

        def killing(reader: parsers.Parsers, path: Path) -> object:
            taken.append(path)
            if len(taken) == 3:
                os.kill(next(iter(two_workers.workers.values())).pid, signal.SIGKILL)
            return take(reader, path)

        monkeypatch.setattr(parsers.Parsers, "take", killing)
        assert by_cluster(greenlint, two_workers, "a", "b", "c") == expected
        assert len(taken) > 3

    def test_a_scheduler_that_goes_midway_costs_time_only(
        self, greenlint: Command, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        from distributed import LocalCluster

        expected = by_one(greenlint, "a", "b", "c")
        monkeypatch.setattr(parsers, "PATIENCE", 2)
        take = parsers.Parsers.take
        with LocalCluster(n_workers=1, threads_per_worker=1, host="127.0.0.1", dashboard_address=None) as running:

            def closing(reader: parsers.Parsers, path: Path) -> object:
                running.close()
                return take(reader, path)

            monkeypatch.setattr(parsers.Parsers, "take", closing)
            assert by_cluster(greenlint, running, "a", "b", "c") == expected

    def test_another_version_on_a_worker_is_told(
        self, greenlint: Command, two_workers: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(cluster, "__version__", "99.0")
        done = by_cluster(greenlint, two_workers, "a")
        assert (done.code, done.out) == (2, "")
        assert "and this one is 99.0" in done.err
        assert done.err.count("\n") == 1

    def test_a_cluster_without_workers_is_told(self, greenlint: Command, monkeypatch: pytest.MonkeyPatch) -> None:
        from distributed import LocalCluster

        monkeypatch.setattr(cluster, "PATIENCE", 1)
        with LocalCluster(n_workers=0, host="127.0.0.1", dashboard_address=None) as running:
            done = by_cluster(greenlint, running, "a")
        assert (done.code, done.out) == (2, "")
        assert done.err == f"error: --jobs: {place(running)}: the scheduler has no workers\n"

    @pytest.mark.parametrize(
        "answer", [None, b"HTTP/1.1 400 Bad Request\r\n\r\n" * 9], ids=["nobody", "another service"]
    )
    def test_a_place_without_a_scheduler_is_told(
        self, greenlint: Command, monkeypatch: pytest.MonkeyPatch, answer: bytes | None
    ) -> None:
        monkeypatch.setattr(cluster, "PATIENCE", 1)
        with socket.create_server(("127.0.0.1", 0)) as server:
            words = ("check", "--jobs", f"dask://127.0.0.1:{server.getsockname()[1]}", "a")
            if answer is None:
                server.close()
            else:
                threading.Thread(target=_serve, args=(server, answer), daemon=True).start()
            done = greenlint(*words)
        assert (done.code, done.out) == (2, "")
        assert done.err == f"error: --jobs: {words[2]}: no Dask scheduler answers there\n"


def _serve(server: socket.socket, answer: bytes) -> None:
    while True:
        try:
            connection, _ = server.accept()
        except OSError:
            return
        with connection:
            connection.sendall(answer)
            connection.recv(1 << 16)
