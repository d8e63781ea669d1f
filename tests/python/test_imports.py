from __future__ import annotations

import json
import ntpath
from types import SimpleNamespace

import pytest

from greenlint.python import imports
from greenlint.python.imports import Imports, import_lines

ROOT = r"C:\Users\Ann\project"
FILES = {
    rf"{ROOT}\main.py": b"from package.engine import train\nimport tools.data\n",
    rf"{ROOT}\package\__init__.py": b"",
    rf"{ROOT}\package\engine.py": b"from . import layers\nfrom .inner.deep import thing\n",
    rf"{ROOT}\package\layers.py": b"",
    rf"{ROOT}\package\inner\__init__.py": b"",
    rf"{ROOT}\package\inner\deep.py": b"from ..layers import x\n",
    rf"{ROOT}\tools\data.py": b"import json\n",
    rf"{ROOT}\src\other.py": b"",
}


def test_imports_are_followed_along_the_paths_of_windows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(imports, "os", SimpleNamespace(path=ntpath, sep="\\"))
    found = Imports(ROOT, FILES, lambda path: tuple(import_lines(FILES[path])), lambda _: False)

    def named(path: str) -> set[str]:
        return {found.relative(target) for target in found.closure(path)}

    assert named(rf"{ROOT}\main.py") == {
        "main.py",
        "package/__init__.py",
        "package/engine.py",
        "package/layers.py",
        "package/inner/__init__.py",
        "package/inner/deep.py",
        "tools/data.py",
    }
    assert [found.relative(entry) for entry in found.entries(rf"{ROOT}\package\layers.py")] == ["main.py"]
    assert found.entries(rf"{ROOT}\src\other.py") == (rf"{ROOT}\src\other.py",)
    assert found.relative(r"D:\elsewhere\a.py") == "D:/elsewhere/a.py"


@pytest.mark.parametrize("indent", [None, 0, 1, 4])
@pytest.mark.parametrize("whole", [True, False])
def test_the_imports_of_a_notebook_however_it_is_written(indent: int | None, whole: bool) -> None:  # noqa: FBT001
    text = "import utils, other as o\nfrom .net import (\n    Net,\n    Loss,\n)\nprint('from a import b')\n"
    cell = {"cell_type": "code", "source": text if whole else text.splitlines(keepends=True)}
    content = json.dumps({"nbformat": 4, "cells": [cell]}, indent=indent).encode()
    assert list(import_lines(content)) == [
        (None, 0, ["utils"]),
        (None, 0, ["other"]),
        ("net", 1, ["Net", "Loss"]),
    ]
