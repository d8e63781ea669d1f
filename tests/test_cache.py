from __future__ import annotations

import json
import os
import random
import stat
import sys
from typing import TYPE_CHECKING

import pytest

from greenlint import cache, discovery, parsers
from greenlint.judge import Judge

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.conftest import Command, Outcome

TRAIN = """\
import torch
from model import EPOCHS, Net

def main():
    model = Net()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    for epoch in range(EPOCHS):
        for x, y in data:
            loss = model(x).sum()
            loss.backward()
            optimizer.step()

main()
"""
MODEL = """\
import torch

EPOCHS = 50

class Net(torch.nn.Module):
    def forward(self, x):
        return x
"""
ALONE = "import torch\n\ntorch.onnx.export(torch.nn.Linear(2, 2), (), 'm.onnx')\n"
PLAIN = "import json\n\n\ndef load(text):\n    return json.loads(text)\n"


@pytest.fixture
def project(folder: Path) -> Path:
    """Return a project of two programs and a file that no rule concerns."""
    (folder / "pyproject.toml").write_text("")
    for name, text in {"train": TRAIN, "model": MODEL, "alone": ALONE, "plain": PLAIN}.items():
        (folder / f"{name}.py").write_text(text)
    return folder


@pytest.fixture
def judged(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return a list that grows by the name of each file that detectors are shown."""
    names: list[str] = []
    find = Judge.find

    def watched(self: Judge, path: Path, *rest: object) -> object:
        names.append(path.name)
        return find(self, path, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(Judge, "find", watched)
    return names


def trusting(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let files that were written just now be known by their stamps."""
    monkeypatch.setattr(cache, "RACE", -1_000_000_000)


def same_as_without(greenlint: Command, *words: str) -> Outcome:
    told = greenlint("check", "--format", "json", *words)
    assert told == greenlint("check", "--format", "json", "--no-cache", *words)
    return told


class TestWhatIsJudgedAgain:
    def test_nothing_where_nothing_changed(self, greenlint: Command, project: Path, judged: list[str]) -> None:
        assert project
        first = greenlint("check")
        judged.clear()
        assert greenlint("check") == first
        assert judged == []

    def test_the_programs_of_a_changed_file(self, greenlint: Command, project: Path, judged: list[str]) -> None:
        greenlint("check")
        judged.clear()
        (project / "model.py").write_text(MODEL.replace("50", "5"))
        told = greenlint("check", "--format", "json")
        assert sorted(judged) == ["model.py", "train.py"]
        assert told == greenlint("check", "--format", "json", "--no-cache")

    def test_not_the_others(self, greenlint: Command, project: Path, judged: list[str]) -> None:
        greenlint("check")
        judged.clear()
        (project / "alone.py").write_text(ALONE + "\n")
        same_as_without(greenlint)
        assert judged[0] == "alone.py"
        assert judged.count("train.py") == 1  # by the run without a cache

    def test_a_file_that_nobody_asked_for_counts_as_well(self, greenlint: Command, project: Path) -> None:
        assert "ECO310" in greenlint("check", "train.py").out
        (project / "model.py").write_text(MODEL.replace("50", "5"))
        assert "ECO310" not in greenlint("check", "train.py").out

    def test_a_state_that_another_run_has_seen_is_no_excuse(self, greenlint: Command, project: Path) -> None:
        greenlint("check")
        (project / "model.py").write_text(MODEL.replace("50", "5"))
        greenlint("check", "alone.py", "model.py")
        assert "ECO310" not in greenlint("check", "train.py").out

    def test_a_new_importer_counts(self, greenlint: Command, project: Path) -> None:
        same_as_without(greenlint)
        (project / "other.py").write_text("import codecarbon\nimport model\n\nmodel.Net().eval()\n")
        same_as_without(greenlint)
        (project / "other.py").unlink()
        same_as_without(greenlint)

    def test_rules_and_options_count(self, greenlint: Command, project: Path) -> None:
        everything = same_as_without(greenlint)
        assert same_as_without(greenlint, "--select", "ECO310") != everything
        (project / "pyproject.toml").write_text(
            "[tool.greenlint.rules.missing-early-stopping]\nearly-stopping-min-epochs = 70\n"
        )
        assert same_as_without(greenlint) != everything
        (project / "pyproject.toml").write_text('[tool.greenlint.per-file-ignores]\n"train.py" = ["ECO310"]\n')
        assert same_as_without(greenlint) != everything

    def test_comments_that_answer_count(self, greenlint: Command, project: Path, judged: list[str]) -> None:
        (project / "train.py").write_text(TRAIN.replace("range(EPOCHS):", "range(EPOCHS):  # noqa: ECO310"))
        first = same_as_without(greenlint)
        assert '"suppressed"' in first.out
        judged.clear()
        assert greenlint("check", "--format", "json") == first
        assert judged == []
        same_as_without(greenlint, "--extend-select", "ECO001")

    def test_unsaved_text_is_judged_and_not_kept(
        self, greenlint: Command, project: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        before = greenlint("check")

        class Stdin:
            class buffer:  # noqa: N801  as sys.stdin has it
                @staticmethod
                def read() -> bytes:
                    return MODEL.replace("50", "5").encode()

        monkeypatch.setattr(sys, "stdin", Stdin)
        assert greenlint("check", "--stdin-filename", str(project / "model.py")).code in (0, 1)
        assert greenlint("check") == before


class TestStamps:
    def test_a_known_file_is_not_read_again(
        self, greenlint: Command, project: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        trusting(monkeypatch)
        (project / "train.py").unlink()
        first = greenlint("check", "--select", "ECO310")

        def refused(path: Path) -> bytes:
            raise AssertionError(path)

        monkeypatch.setattr("greenlint.source.read", refused)
        assert greenlint("check", "--select", "ECO310") == first

    def test_a_file_that_changed_just_now_is_read_again(self, greenlint: Command, project: Path) -> None:
        """Within the clock's resolution, another content of the same size has the same stamp."""
        file = project / "alone.py"
        greenlint("check")
        times = file.stat()
        file.write_text(ALONE.replace("onnx.export", "onnx_export"))
        os.utime(file, ns=(times.st_atime_ns, times.st_mtime_ns))
        same_as_without(greenlint)

    @pytest.mark.parametrize("jump", [-(10**18), 10**17])
    def test_a_clock_that_jumps_costs_a_look(
        self, greenlint: Command, project: Path, monkeypatch: pytest.MonkeyPatch, jump: int
    ) -> None:
        trusting(monkeypatch)
        greenlint("check")
        now = cache.time.time_ns()
        monkeypatch.setattr(cache.time, "time_ns", lambda: now + jump)
        (project / "model.py").write_text(MODEL.replace("50", "5"))
        assert "ECO310" not in same_as_without(greenlint).out
        (project / "model.py").write_text(MODEL)
        assert "ECO310" in same_as_without(greenlint).out


class TestTrouble:
    def index(self, project: Path) -> Path:
        (found,) = (project / cache.FOLDER).glob("*/index.json")
        return found

    @pytest.mark.parametrize(
        "content",
        [
            b"",
            b"{",
            b"[]",
            b"null",
            b'{"generation": 1, "rules": [], "files": []}',
            b'{"generation": 1, "rules": [], "files": {"train.py": [1, 2]}}',
            b'{"generation": "x", "rules": [], "files": {}}',
            b"\xff\xfe",
            b"[" * 100_000,
        ],
    )
    def test_a_broken_index_is_a_miss(self, greenlint: Command, project: Path, content: bytes) -> None:
        first = greenlint("check")
        self.index(project).write_bytes(content)
        told = greenlint("check", "-v")
        assert (told.code, told.out) == (first.code, first.out)
        assert "index.json is broken and starts afresh" in told.err
        assert "broken" not in greenlint("check", "-v").err

    def test_any_broken_value_is_a_miss(self, greenlint: Command, project: Path) -> None:
        """An index may come from a stranger: every value in turn becomes something else, and nothing crashes."""
        first = greenlint("check")
        index = self.index(project)
        whole = index.read_text()
        for number, wrong in (
            (number, wrong) for number in range(_count(json.loads(whole))) for wrong in (None, "../x", [])
        ):
            document = json.loads(whole)
            _replaced(document, number, wrong)
            index.write_text(json.dumps(document))
            told = greenlint("check", "-v")
            assert told.code in (0, 1), (number, wrong, told.err)
            assert "Traceback" not in told.err
            assert "greenlint itself" not in told.err, (number, wrong, told.err)
        index.write_text(whole)
        assert greenlint("check") == first

    def test_broken_facts_are_a_miss(self, greenlint: Command, project: Path) -> None:
        greenlint("check")
        kept = [path for path in (project / cache.FOLDER).glob("*/facts/*/*") if path.is_file()]
        assert len(kept) == 2  # train.py and model.py; the facts of the others can only be wanted with another content
        for path in kept:
            path.write_bytes(b"x")
        (project / "train.py").write_text(TRAIN + "\n")
        told = greenlint("check", "-v")
        assert "is broken and starts afresh" in told.err
        assert told.out == greenlint("check", "--no-cache").out

    @pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="nothing is read-only to this user")
    def test_a_read_only_folder_costs_nothing(self, greenlint: Command, project: Path) -> None:
        first = greenlint("check", "--no-cache")
        project.chmod(stat.S_IRUSR | stat.S_IXUSR)
        try:
            told = greenlint("check", "-v")
        finally:
            project.chmod(stat.S_IRWXU)
        assert told.out == first.out
        assert "cannot be written: permission denied" in told.err

    def test_a_full_disk_costs_nothing(
        self, greenlint: Command, project: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        first = greenlint("check", "--no-cache")

        def full(*_: object, **__: object) -> None:
            raise OSError(28, "No space left on device")

        monkeypatch.setattr(cache.os, "replace", full)
        told = greenlint("check", "-v")
        assert (told.code, told.out) == (first.code, first.out)
        assert "cannot be written: no space left on device" in told.err
        assert not list((project / cache.FOLDER).glob("**/*.new"))

    def test_a_file_that_changes_while_it_is_judged_is_not_believed(
        self, greenlint: Command, project: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        from greenlint import source

        read = source.read
        times: dict[str, int] = {}

        def changing(path: Path) -> bytes:
            times[path.name] = times.get(path.name, 0) + 1
            data = read(path)
            return data.replace(b"50", b"5") if path.name == "model.py" and times[path.name] == 1 else data

        monkeypatch.setattr(source, "read", changing)
        greenlint("check")
        monkeypatch.setattr(source, "read", read)
        same_as_without(greenlint)
        assert project

    def test_git_does_not_see_it(self, greenlint: Command, project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """Not even what a run leaves that is interrupted before it has written its index."""
        with monkeypatch.context() as patch:
            patch.setattr(cache.Cache, "save", lambda _: None)
            greenlint("check")
        assert not list((project / cache.FOLDER).glob("*/index.json"))
        assert (project / cache.FOLDER / ".gitignore").read_text() == "*\n"
        assert (
            (project / cache.FOLDER / "CACHEDIR.TAG")
            .read_text()
            .startswith("Signature: 8a477f597d28d172789f06886806bc55")
        )

    def test_two_runs_at_once_lose_nothing(self, project: Path) -> None:
        one, two = (cache.Cache(str(project), persistent=True) for _ in range(2))
        for held, rules in ((one, "a"), (two, "b")):
            held.listed(["alone.py"])
            known = held.known("alone.py", (project / "alone.py").read_bytes)
            held.keep(known, rules, cache.Result(held.generation, "p", relevant=True, findings=[], notes=[]))
        one.save()
        two.save()
        third = cache.Cache(str(project), persistent=True)
        third.listed(["alone.py"])
        known = third.known("alone.py", (project / "alone.py").read_bytes)
        assert third.result(known, "a", lambda: "p") is not None
        assert third.result(known, "b", lambda: "p") is not None
        assert third.result(known, "b", lambda: "another") is not None  # its own state is believed without a look

    def test_other_versions_are_thrown_away_but_the_latest(self, greenlint: Command, project: Path) -> None:
        for number in range(5):
            folder = project / cache.FOLDER / f"0.0.{number}-x"
            folder.mkdir(parents=True)
            (folder / "index.json").write_text("{}")
            os.utime(folder / "index.json", (number, number))
        greenlint("check")
        left = sorted(path.name for path in (project / cache.FOLDER).iterdir() if path.is_dir())
        assert left[:2] == ["0.0.3-x", "0.0.4-x"]
        assert len(left) == cache.MOST_IDENTITIES

    def test_facts_do_not_pile_up(self, greenlint: Command, project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        for number in range(12):
            (project / "train.py").write_text(TRAIN + f"\n# {number}\n" * 3)
            greenlint("check")
        kept = [path for path in (project / cache.FOLDER).glob("*/facts/*/*") if path.is_file()]
        assert len(kept) <= 2 * 4 + 1
        monkeypatch.setattr(cache, "MOST_BYTES", 10)
        (project / "train.py").write_text(TRAIN + "\n\n")
        greenlint("check")
        assert not [path for path in (project / cache.FOLDER).glob("*/facts/*/*") if path.is_file()]


class TestClean:
    def test_the_cache_is_removed(self, greenlint: Command, project: Path) -> None:
        greenlint("check")
        told = greenlint("clean")
        assert (told.code, told.out) == (0, "removed .greenlint_cache\n")
        assert not (project / cache.FOLDER).exists()
        assert greenlint("clean").out == "nothing to remove\n"

    def test_a_link_is_left_alone(self, greenlint: Command, project: Path) -> None:
        other = project / "other"
        other.mkdir()
        (other / "dear.txt").write_text("keep")
        (project / cache.FOLDER).symlink_to(other)
        assert "is a link and is left alone" in greenlint("check", "-v").err
        assert greenlint("clean").out == "nothing to remove\n"
        assert [path.name for path in other.iterdir()] == ["dear.txt"]

    def test_a_folder_that_greenlint_has_not_made_is_left_alone(self, greenlint: Command, project: Path) -> None:
        (project / cache.FOLDER).mkdir()
        (project / cache.FOLDER / "dear.txt").write_text("keep")
        assert greenlint("clean").out == "nothing to remove\n"
        assert (project / cache.FOLDER / "dear.txt").exists()


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(6))
def test_with_and_without_a_cache_and_with_many_processes_it_is_the_same(
    greenlint: Command, project: Path, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    trusting(monkeypatch)
    monkeypatch.setattr(parsers, "PORTION", 100)
    chance = random.Random(seed)  # noqa: S311  trees, not secrets
    for _ in range(8):
        _edit(project, chance)
        paths = chance.choice([[], [], ["."], chance.sample(sorted(path.name for path in project.glob("*.py")), 1)])
        cached = greenlint("check", "--format", "json", *paths)
        discovery.below.cache_clear()
        assert cached == greenlint("check", "--format", "json", "--no-cache", "--jobs", "1", *paths)
        assert cached == greenlint("check", "--format", "json", "--no-cache", "--jobs", "2", *paths)


def _edit(project: Path, chance: random.Random) -> None:
    """Change, add, remove, move or break a file."""
    names = ["train", "model", "alone", "plain", "extra", "pack/__init__", "pack/part"]
    texts: list[Callable[[], str]] = [
        lambda: TRAIN,
        lambda: MODEL.replace("50", str(chance.choice([3, 30, 300]))),
        lambda: ALONE,
        lambda: PLAIN,
        lambda: TRAIN.replace("from model import", chance.choice(["from pack.part import", "from extra import"])),
        lambda: "from model import *\nfrom pack import part\n",
        lambda: "import train\n\n\ndef evaluate(model):\n    return model.predict(1)\n",
        lambda: "import torch\nx = (\n",
        lambda: (
            "from codecarbon import EmissionsTracker\n" + TRAIN.replace("main()", "EmissionsTracker().start()\nmain()")
        ),
        lambda: TRAIN.replace("(EPOCHS):", "(EPOCHS):  # noqa: ECO310"),
    ]
    for _ in range(chance.randint(1, 3)):
        path = project / f"{chance.choice(names)}.py"
        if chance.random() < 0.2 and path.exists():
            path.unlink()
        else:
            path.parent.mkdir(exist_ok=True)
            path.write_text(chance.choice(texts)())


def _count(document: object) -> int:
    return sum(1 for _ in _places(document))


def _places(document: object) -> Iterator[tuple[object, object]]:
    if isinstance(document, dict):
        pairs: list[tuple[object, object]] = list(document.items())
    elif isinstance(document, list):
        pairs = list(enumerate(document))
    else:
        return
    for key, value in pairs:
        yield document, key
        yield from _places(value)


def _replaced(document: object, number: int, value: object) -> None:
    for place, (holder, key) in enumerate(_places(document)):
        if place == number:
            holder[key] = value  # type: ignore[index]
            return
