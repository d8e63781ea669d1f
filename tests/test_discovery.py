from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING

import pytest

from greenlint import discovery

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


def write(folder: Path, *names: str) -> None:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text("x = 1\n")


def names(folder: Path, *paths: Path, exclude: str = "", force: bool = False) -> list[str]:
    discovery.below.cache_clear()
    listing = discovery.discover(
        paths or (folder,), lambda path: bool(exclude) and exclude in str(path), force_exclude=force
    )
    return [path.relative_to(folder).as_posix() for path in listing.files]


@pytest.fixture(params=["git", "no git"])
def repository(request: pytest.FixtureRequest, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    subprocess.run(["git", "init", "-q", str(folder)], check=True)
    if request.param == "no git":
        monkeypatch.setattr(discovery, "_git", lambda *_, **__: None)
    yield folder
    discovery.below.cache_clear()


def test_only_python_and_notebooks_are_found(repository: Path) -> None:
    write(repository, "a.py", "b.pyi", "c.ipynb", "d.txt", "e/f.py", "g.pyc", "h.pyw")
    assert names(repository) == ["a.py", "b.pyi", "c.ipynb", "e/f.py", "h.pyw"]


def test_noise_is_left_out_below_and_not_above(repository: Path) -> None:
    write(
        repository,
        "build/a.py",
        "src/dist/b.py",
        "node_modules/c.py",
        "x/.venv/d.py",
        "src/e.py",
        "x/site-packages/f.py",
    )
    assert names(repository) == ["src/e.py"]
    assert names(repository, repository / "build") == ["build/a.py"]


def test_what_git_ignores_is_left_out(repository: Path) -> None:
    write(repository, "a.py", "data/b.py", "src/data/c.py", "out/d.py", "src/out/e.py", "gen_1.py", "src/keep_gen.py")
    (repository / ".gitignore").write_text("# comment\ndata/\n/out\n*_[0-9].py\n\nkeep*\n!keep_gen.py\n")
    assert names(repository) == ["a.py", "src/keep_gen.py", "src/out/e.py"]


def test_nested_gitignore_speaks_for_its_folder(repository: Path) -> None:
    write(repository, "a.py", "sub/a.py", "sub/b.py", "sub/deep/a.py")
    (repository / "sub" / ".gitignore").write_text("a.py\n")
    assert names(repository) == ["a.py", "sub/b.py"]


def test_info_exclude_counts(repository: Path) -> None:
    write(repository, "a.py", "mine.py")
    (repository / ".git" / "info").mkdir(exist_ok=True)
    (repository / ".git" / "info" / "exclude").write_text("mine.py\n")
    assert names(repository) == ["a.py"]


def test_gitignore_above_the_folder_counts(repository: Path) -> None:
    write(repository, "src/a.py", "src/gen/b.py")
    (repository / ".gitignore").write_text("gen/\n")
    assert names(repository, repository / "src") == ["src/a.py"]


def test_what_is_named_is_read_though_git_ignores_it(repository: Path) -> None:
    write(repository, "data/a.py", "data/b.txt", "data/sub/c.py")
    (repository / ".gitignore").write_text("data/\n")
    assert names(repository, repository / "data") == ["data/a.py", "data/sub/c.py"]
    assert names(repository, repository / "data" / "b.txt") == ["data/b.txt"]


def test_an_excluded_folder_that_is_named_is_read(folder: Path) -> None:
    write(folder, "drop/a.py", "b.py")
    assert names(folder, exclude="drop") == ["b.py"]
    assert names(folder, folder / "drop", exclude="drop") == ["drop/a.py"]
    assert names(folder, folder / "drop", exclude="drop", force=True) == []


def test_force_exclude_leaves_out_what_is_named(repository: Path) -> None:
    write(repository, "data/a.py", "build/b.py", "src/c.py", "src/old/d.py")
    (repository / ".gitignore").write_text("data/\n")
    named = [repository / name for name in ("data/a.py", "build/b.py", "src/c.py", "src/old/d.py")]
    assert names(repository, *named, exclude="old") == ["build/b.py", "data/a.py", "src/c.py", "src/old/d.py"]
    assert names(repository, *named, exclude="old", force=True) == ["src/c.py"]


def test_tracked_files_are_read_though_a_pattern_fits(folder: Path) -> None:
    subprocess.run(["git", "init", "-q", str(folder)], check=True)
    write(folder, "lib/a.py", "lib/b.py")
    (folder / ".gitignore").write_text("lib/\n")
    subprocess.run(["git", "-C", str(folder), "add", "-f", "lib/a.py"], check=True)
    assert names(folder) == ["lib/a.py"]


def test_a_deleted_tracked_file_is_no_file(folder: Path) -> None:
    subprocess.run(["git", "init", "-q", str(folder)], check=True)
    write(folder, "a.py", "b.py")
    subprocess.run(["git", "-C", str(folder), "add", "."], check=True)
    (folder / "a.py").unlink()
    assert names(folder) == ["b.py"]


def test_a_repository_inside_the_repository_is_read(folder: Path) -> None:
    for name in (".", "inner", "known"):
        subprocess.run(["git", "init", "-q", str(folder / name)], check=True)
    write(folder, "a.py", "inner/b.py", "inner/skip.py", "known/c.py")
    (folder / "inner" / ".gitignore").write_text("skip.py\n")
    (folder / ".gitmodules").write_text('[submodule "known"]\n\tpath = known\n\turl = ./known\n')
    assert names(folder) == ["a.py", "inner/b.py", "known/c.py"]


def test_a_hooks_git_variables_do_not_lead_astray(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    subprocess.run(["git", "init", "-q", str(folder)], check=True)
    write(folder, "a.py", "sub/b.py")
    monkeypatch.setenv("GIT_DIR", "elsewhere")
    assert names(folder, folder / "sub") == ["sub/b.py"]


def test_without_a_repository_the_folder_is_walked(folder: Path) -> None:
    write(folder, "a.py", "env/lib/b.py", "c/d.py")
    (folder / "env" / "pyvenv.cfg").write_text("")
    assert names(folder) == ["a.py", "c/d.py"]


def test_each_file_comes_once_and_in_order(folder: Path) -> None:
    write(folder, "b.py", "a.py")
    assert names(folder, folder, folder / "b.py", folder / "." / "a.py") == ["a.py", "b.py"]


def test_a_link_to_a_folder_is_not_followed(folder: Path) -> None:
    write(folder, "real/a.py")
    (folder / "real" / "loop").symlink_to(folder)
    assert names(folder) == ["real/a.py"]


def test_a_folder_without_permission_is_a_problem(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(folder, "a.py", "shut/b.py")
    scandir = os.scandir

    def refusing(path: Path) -> object:
        if str(path).endswith("shut"):
            raise PermissionError(13, "Permission denied", str(path))
        return scandir(path)

    monkeypatch.setattr(discovery.os, "scandir", refusing)
    listing = discovery.discover((folder,), lambda _: False)
    assert [path.name for path in listing.files] == ["a.py"]
    assert [str(problem) for problem in listing.problems] == ["shut: cannot be read: permission denied"]


def test_git_says_which_folder_it_may_not_open(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / ".git").mkdir()
    write(folder, "a.py")
    told = subprocess.CompletedProcess(
        [], 0, "a.py\0", "warning: could not open directory 'shut/': Permission denied\n"
    )
    monkeypatch.setattr(discovery, "_git", lambda *_, **__: told)
    discovery.below.cache_clear()
    assert [str(problem) for problem in discovery.below(folder).problems] == ["shut: cannot be read: permission denied"]


def test_a_folder_of_no_project_is_searched_within_bounds(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(folder, *(f"{number}.py" for number in range(20)))
    monkeypatch.setattr(discovery, "MOST_ENTRIES", 10)
    discovery.below.cache_clear()
    assert "more than 10 files" in str(discovery.below(folder).problems[0])


@pytest.mark.parametrize("mark", [".git", "pyproject.toml"])
def test_the_root_of_a_file_is_the_nearest_marked_folder(folder: Path, mark: str) -> None:
    write(folder, "one/two/a.py", f"one/{mark}/x" if mark == ".git" else f"one/{mark}")
    assert discovery.project_root(folder / "one" / "two" / "a.py") == folder / "one"


def test_the_root_of_a_file_of_no_project_is_the_folder_given(folder: Path) -> None:
    write(folder, "one/two/a.py")
    file = folder / "one" / "two" / "a.py"
    assert discovery.project_root(file, folder) == folder
    assert discovery.project_root(file) == file.parent


@pytest.fixture
def folding(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a folder of a system to which names that differ in case alone are one file."""
    lexists = os.path.lexists

    def found(path: Path) -> bool:
        return lexists(path) or path.name.lower() in {name.lower() for name in os.listdir(path.parent)}  # noqa: PTH208

    monkeypatch.setattr(discovery, "FOLDS_CASE", True)
    monkeypatch.setattr(discovery.os.path, "lexists", found)
    discovery._spellings.cache_clear()
    (folder / "src").mkdir()
    (folder / "src" / "Train.py").write_text("x = 1\n")
    return folder


def test_a_file_has_the_name_that_its_folder_has(folding: Path) -> None:
    assert discovery.absolute("SRC/train.PY") == folding / "src" / "Train.py"
    listing = discovery.discover([folding / "SRC" / "train.py", folding / "src"], lambda _: False)
    assert listing.files == (folding / "src" / "Train.py",)


def test_a_name_that_is_there_as_it_is_stays(folding: Path) -> None:
    (folding / "src" / "train.py").write_text("x = 2\n")
    assert discovery.absolute("src/train.py") == folding / "src" / "train.py"
    assert discovery.absolute("src/TRAIN.py") == folding / "src" / "TRAIN.py"  # two may be meant


def test_a_name_that_is_not_there_stays(folding: Path) -> None:
    assert discovery.absolute("SRC/other.py") == folding / "src" / "other.py"


def test_names_are_taken_as_they_are_where_case_matters(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(discovery, "FOLDS_CASE", False)
    (folder / "src").mkdir()
    assert discovery.absolute("SRC/train.py") == folder / "SRC" / "train.py"
