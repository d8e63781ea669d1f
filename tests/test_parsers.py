from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from concurrent.futures import Executor, Future
from multiprocessing import get_context
from typing import TYPE_CHECKING, Any

import pytest

from greenlint import parsers, processes, reading
from greenlint.errors import SourceError
from greenlint.parsers import Parsers
from greenlint.python import packing

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from conftest import Command

TRAINING = """\
import torch

def train_{number}(model, loader):
    optimizer = torch.optim.SGD(model.parameters())
    for epoch in range(50):
        for x, y in loader:
            model(x).backward()
            optimizer.step()
"""
LINUX = pytest.mark.skipif(sys.platform != "linux", reason="patches what a copy of this process does")


@pytest.fixture
def project(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a folder of 12 files, each of them a portion of work."""
    monkeypatch.setattr(parsers, "PORTION", 100)
    for number in range(12):
        (folder / f"m{number}.py").write_text(TRAINING.format(number=number))
    return folder


@pytest.fixture
def reader() -> Iterator[Callable[..., Parsers]]:
    """Return what makes a `Parsers` that two processes read for, or another executor."""
    made: list[Parsers] = []

    def make(executor: Callable[[int], Executor] = parsers.local) -> Parsers:
        made.append(Parsers(executor, 2))
        return made[-1]

    yield make
    for one in made:
        one.close()


def texts_of(project: Path) -> dict[Path, str]:
    return {path: path.read_text() for path in sorted(project.glob("*.py"))}


def read_all(reader: Parsers, texts: dict[Path, str], then: Callable[[], object] = lambda: None) -> list[object]:
    reader.expect(iter(texts.items()), set(texts), sum(map(len, texts.values())))
    answers: list[object] = []
    for path in texts:
        answers.append(reader.take(path))
        if len(answers) == 1:
            then()
    return [str(one) if isinstance(one, SourceError) else packing.pack(one) for one in answers]


def right(texts: dict[Path, str]) -> list[object]:
    return [packing.pack(reading.facts_of(text)) for text in texts.values()]


class TestHowMany:
    @pytest.mark.parametrize(("size", "jobs", "count"), [(10, 64, 1), (200_000, 64, 4), (10**9, 3, 3), (0, 1, 1)])
    def test_no_more_than_there_is_work_for(self, size: int, jobs: int, count: int) -> None:
        assert parsers.processes(size, jobs) == count

    def test_a_small_run_stays_in_one(self) -> None:
        assert parsers.processes(400_000) == 1

    def test_many_jobs_over_a_tiny_tree_start_none(
        self, greenlint: Command, folder: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        (folder / "a.py").write_text(TRAINING.format(number=1))
        monkeypatch.setattr(parsers, "local", None)
        assert greenlint("check", "--jobs", "64").code == 1


class TestTrouble:
    def test_a_killed_process_costs_nothing_that_can_be_read_again(
        self, project: Path, reader: Callable[..., Parsers]
    ) -> None:
        texts = texts_of(project)
        one = reader()

        def kill() -> None:
            assert isinstance(one._executor, processes.Processes)
            one._executor._started[0].kill()

        assert read_all(one, texts, kill) == right(texts)

    @LINUX
    def test_a_text_that_kills_costs_its_file(
        self, project: Path, reader: Callable[..., Parsers], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        texts = texts_of(project)
        here, real = os.getpid(), reading.facts_of

        def deadly(text: str) -> object:
            if "train_7(" in text and os.getpid() != here:
                os.kill(os.getpid(), signal.SIGKILL)
            return real(text)

        monkeypatch.setattr(reading, "facts_of", deadly)
        monkeypatch.setattr(processes, "_context", lambda: get_context("fork"))
        monkeypatch.setattr(parsers, "PORTION", 700)
        expected = right(texts)
        expected[list(texts).index(project / "m7.py")] = "cannot be read: the process that read it was killed"
        assert read_all(reader(), texts) == expected

    def test_an_executor_that_never_answers_is_given_up(
        self, project: Path, reader: Callable[..., Parsers], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        class Silent(Executor):
            def submit(self, *_: Any, **__: Any) -> Future[Any]:
                return Future()

        texts = texts_of(project)
        one = reader(lambda _: Silent())
        one.expect(iter(texts.items()), set(texts), 10_000)
        monkeypatch.setattr(parsers, "PATIENCE", 0.01)
        monkeypatch.setattr(parsers, "SLOWEST", 10**9)
        first, *others = texts
        answers = [one.take(first)]
        monkeypatch.setattr(parsers, "PATIENCE", 60)
        answers += map(one.take, others)
        assert [packing.pack(answer) for answer in answers] == right(texts)

    def test_an_executor_that_takes_nothing_more_is_given_up(
        self, project: Path, reader: Callable[..., Parsers]
    ) -> None:
        class Gone(Executor):
            def submit(self, *_: Any, **__: Any) -> Future[Any]:
                message = "the cluster has closed"
                raise OSError(message)

        texts = texts_of(project)
        assert read_all(reader(lambda _: Gone()), texts) == right(texts)

    def test_an_executor_whose_work_fails_is_not_believed(self, project: Path, reader: Callable[..., Parsers]) -> None:
        class Failing(Executor):
            def submit(self, *_: Any, **__: Any) -> Future[Any]:
                future: Future[Any] = Future()
                future.set_exception(ModuleNotFoundError("No module named 'greenlint'"))
                return future

        texts = texts_of(project)
        assert read_all(reader(lambda _: Failing()), texts) == right(texts)

    def test_a_system_without_room_for_processes_reads_here(
        self, project: Path, reader: Callable[..., Parsers], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def full(_: int) -> Executor:
            raise BlockingIOError(11, "Resource temporarily unavailable")

        texts = texts_of(project)
        monkeypatch.setattr(parsers, "local", full)
        one = reader(full)
        one.expect(iter(texts.items()), set(texts), 10_000)
        assert [one.take(path) for path in texts] == [None] * len(texts)

    def test_a_file_that_cannot_be_read_keeps_nobody_waiting(
        self, project: Path, reader: Callable[..., Parsers]
    ) -> None:
        texts = texts_of(project)
        gone, *others = texts
        one = reader()
        one.expect(((path, None if path == gone else text) for path, text in texts.items()), set(texts), 10_000)
        assert one.take(gone) is None
        assert len(one._answers) < 3
        assert [packing.pack(one.take(path)) for path in others] == right(texts)[1:]

    def test_facts_of_another_shape_are_not_believed(self, project: Path, reader: Callable[..., Parsers]) -> None:
        class Strange(Executor):
            def submit(self, *_: Any, **__: Any) -> Future[Any]:
                future: Future[Any] = Future()
                future.set_result([(b"[1,[99]]", "", 0, 0)])
                return future

        texts = texts_of(project)
        one = reader(lambda _: Strange())
        one.expect(iter(texts.items()), set(texts), 10_000)
        assert [one.take(path) for path in texts] == [None] * len(texts)

    def test_what_is_wrong_with_a_text_comes_back(self, project: Path, reader: Callable[..., Parsers]) -> None:
        texts = {**texts_of(project), project / "z.py": "import torch\nx = (\n"}
        assert str(read_all(reader(), texts)[-1]).startswith("cannot be parsed")

    def test_several_roots_follow_one_another(self, project: Path, reader: Callable[..., Parsers]) -> None:
        texts = texts_of(project)
        one = reader()
        for path, text in texts.items():
            one.expect(iter([(path, text)]), {path}, 10_000)
        assert [packing.pack(one.take(path)) for path in texts] == right(texts)


@pytest.mark.slow
def test_processes_that_start_anew_read_the_same(
    greenlint: Command, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    alone = greenlint("check", "--no-cache", "--jobs", "1")
    monkeypatch.setattr(processes, "_context", lambda: get_context("spawn"))
    assert project.is_dir()
    assert greenlint("check", "--no-cache", "--jobs", "2") == alone


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
class TestEnds:
    """What a run leaves behind when it is ended, with processes of both kinds."""

    @pytest.fixture(params=["fork", "spawn"])
    def run(self, request: pytest.FixtureRequest, folder: Path) -> Iterator[subprocess.Popen[str]]:
        """Return a run of several seconds whose processes are at work."""
        for number in range(24):
            (folder / f"m{number}.py").write_text(TRAINING.format(number=number) + f"x = {[*range(3000)]}\n")
        start = (
            "import multiprocessing, sys\n"
            "from greenlint import cli, processes\n"
            f"processes._context = lambda: multiprocessing.get_context({request.param!r})\n"
            "sys.exit(cli.main(sys.argv[1:]))"
        )
        started = subprocess.Popen(
            [sys.executable, "-c", start, "check", "--no-cache", "-q", "--jobs", "2", "--format", "concise"],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        until(lambda: any(used(pid) > 0.2 for pid in workers(started.pid)))
        yield started
        if alive(started.pid):
            os.killpg(started.pid, signal.SIGKILL)
        started.communicate()

    @pytest.mark.parametrize("everyone", [True, False], ids=["the terminal", "the process alone"])
    def test_an_interrupt_ends_it_at_once(self, run: subprocess.Popen[str], *, everyone: bool) -> None:
        if everyone:
            os.killpg(run.pid, signal.SIGINT)
        else:
            run.send_signal(signal.SIGINT)
        out, err = run.communicate(timeout=20)
        assert (err, run.returncode, out) == ("interrupted\n", 130, "")
        until(lambda: not alive(run.pid))

    def test_processes_do_not_outlive_it(self, run: subprocess.Popen[str]) -> None:
        run.kill()
        run.communicate(timeout=20)
        until(lambda: not alive(run.pid))

    def test_a_process_that_is_killed_changes_nothing(self, run: subprocess.Popen[str]) -> None:
        os.kill(max(workers(run.pid), key=used), signal.SIGKILL)
        out, err = run.communicate(timeout=120)
        assert (run.returncode, out.count("ECO310"), err) == (1, 24, "")


def until(true: Callable[[], object], seconds: float = 20) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end
        time.sleep(0.02)


def alive(group: int) -> bool:
    """Tell whether a session has a process that is not a zombie."""
    return any(fields[3] == str(group) and fields[0] != "Z" for _, fields in table())


def workers(parent: int) -> list[int]:
    return [pid for pid, fields in table() if fields[1] == str(parent) and used(pid) >= 0]


def used(pid: int) -> float:
    """Return the seconds of work that a process has done."""
    fields = dict(table()).get(pid)
    return sum(map(int, fields[11:13])) / os.sysconf("SC_CLK_TCK") if fields else -1


def table() -> list[tuple[int, list[str]]]:
    """Return each process with its state, parent, group, session, ..., as /proc tells them."""
    from pathlib import Path

    found = []
    for file in Path("/proc").glob("[0-9]*/stat"):
        try:
            found.append((int(file.parent.name), file.read_text().rpartition(")")[2].split()))
        except OSError:
            continue
    return found
