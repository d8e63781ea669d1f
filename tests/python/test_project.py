from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from greenlint.python.collect import collect
from greenlint.python.project import Project

if TYPE_CHECKING:
    from pathlib import Path


def project(root: Path, files: dict[str, str]) -> Project:
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text, encoding="utf-8")
    return Project.of(root, [root / name for name in files], lambda path: collect(path.read_text(encoding="utf-8")))


def imported(root: Path, files: dict[str, str], of: str) -> list[str]:
    held = project(root, files)
    return sorted(held.imports.relative(path) for path in held.imports.targets(str(root / of)))


@pytest.mark.parametrize(
    ("line", "other"),
    [
        ("import other", "other.py"),
        ("import other as o, sys", "other.py"),
        ("from other import x", "other.py"),
        ("def f():\n    from other import x\n", "other.py"),
        ("from . import other", "other.py"),
        ("from .other import *", "other.py"),
        ("from pack.other import (\n    x,  # first\n    y,\n)", "pack/other.py"),
        ("from pack import other", "pack/other.py"),
        ("import pack.other", "src/pack/other.py"),
    ],
)
def test_an_import_leads_to_its_file(tmp_path: Path, line: str, other: str) -> None:
    assert other in imported(tmp_path, {"main.py": line, other: ""}, "main.py")


@pytest.mark.parametrize(("line", "other"), [("import torch", "torch/nn.py"), ("import torch.nn", "torch/nn.py")])
def test_a_framework_is_not_the_project_s(tmp_path: Path, line: str, other: str) -> None:
    assert not imported(tmp_path, {"main.py": line, "torch/__init__.py": "", other: ""}, "main.py")


def test_a_script_that_shadows_the_standard_library_is_imported_beside_itself_only(tmp_path: Path) -> None:
    files = {"main.py": "import queue", "queue.py": "", "deep/main.py": "import queue"}
    assert imported(tmp_path, files, "main.py") == ["queue.py"]
    assert imported(tmp_path, files, "deep/main.py") == []


def test_an_entry_is_what_nothing_else_imports(tmp_path: Path) -> None:
    files = {"a.py": "import lib", "b.py": "import lib", "tests/test_lib.py": "import lib", "lib.py": ""}
    held = project(tmp_path, files)
    entries = held.imports.entries(str(tmp_path / "lib.py"))
    assert sorted(map(held.imports.relative, entries)) == ["a.py", "b.py"]
    assert held.imports.entries(str(tmp_path / "a.py")) == (str(tmp_path / "a.py"),)


def test_files_that_import_one_another_in_a_circle_have_a_program(tmp_path: Path) -> None:
    files = {f"m{i}.py": f"from m{(i + 1) % 3} import *\nfrom m{(i + 2) % 3} import x\nx = x\n" for i in range(3)}
    held = project(tmp_path, files)
    (view,) = held.views(tmp_path / "m0.py")
    assert len(view.program.modules) == len(files)


def test_a_package_that_imports_from_itself_has_a_program(tmp_path: Path) -> None:
    files = {"p/__init__.py": "from . import a\nfrom .a import *\n", "p/a.py": "from . import *\nfrom .. import p\n"}
    held = project(tmp_path, files)
    assert list(held.views(tmp_path / "p/a.py"))


def test_more_entries_than_are_judged_are_said(tmp_path: Path) -> None:
    held = project(tmp_path, {"lib.py": "", **{f"s{i}.py": "import lib" for i in range(60)}})
    told = "some files are imported from more than 24 entries; the nearest are judged"
    assert held.limits(tmp_path / "lib.py") == [told]
    assert held.limits(tmp_path / "s1.py") == []


def test_a_comprehension_over_a_global_name_is_indexed(tmp_path: Path) -> None:
    held = project(tmp_path, {"a.py": "def f():\n    global x\n    return [x for x in y]\n"})
    assert len(list(held.views(tmp_path / "a.py"))) == 1


def test_hundreds_of_elif_are_indexed(tmp_path: Path) -> None:
    held = project(tmp_path, {"a.py": "if x:\n  y\n" + "elif x:\n  f(y)\n" * 400})
    assert len(list(held.views(tmp_path / "a.py"))) == 1
