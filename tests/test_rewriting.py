from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any

import pytest

from greenlint import rewriting, source
from greenlint.errors import SourceError
from greenlint.finding import Edit, TextPlace

if TYPE_CHECKING:
    from pathlib import Path


def edit(*where: int | str, cell: int | None = None) -> Edit:
    """Make an edit from line, column, line, column and text."""
    line, column, end_line, end_column, text = where
    return Edit(TextPlace("a.py", line, column, end_line, end_column, cell), text)  # type: ignore[arg-type]


def rewritten(data: bytes, *edits: Edit, name: str = "a.py") -> bytes:
    text = source.decode(data, name)
    assert text is not None
    return rewriting.rewrite(data, name, text, edits)


def notebook(*cells: Any, **style: Any) -> bytes:
    document = {
        "cells": [
            {"cell_type": "code", "execution_count": 3, "id": "ab", "metadata": {"tags": ["é"]}, "outputs": [{"a": 1}]}
            | {"source": cell}
            for cell in cells
        ],
        "metadata": {"kernelspec": {"language": "python"}},
        "nbformat": 4,
        "nbformat_minor": 5,
    }
    return (json.dumps(document, **({"indent": 1, "ensure_ascii": False} | style)) + "\n").encode()


class TestPython:
    def test_line_ends_stay_and_new_lines_take_their_neighbours(self) -> None:
        data = b"a = 1\r\nb = 2\nc = 3\rd = 4"
        assert rewritten(data, edit(1, 1, 1, 1, "x = 0\n")) == b"x = 0\r\na = 1\r\nb = 2\nc = 3\rd = 4"
        assert rewritten(data, edit(2, 6, 2, 6, "\nx = 0")) == b"a = 1\r\nb = 2\nx = 0\nc = 3\rd = 4"
        assert rewritten(data, edit(2, 5, 2, 6, "5")) == b"a = 1\r\nb = 5\nc = 3\rd = 4"

    def test_byte_order_mark_stays(self) -> None:
        assert rewritten(b"\xef\xbb\xbfa = 1\n", edit(1, 5, 1, 6, "2")) == b"\xef\xbb\xbfa = 2\n"

    def test_encoding_stays(self) -> None:
        data = "# coding: latin-1\na = 'é'\nb = 1\n".encode("latin-1")
        assert rewritten(data, edit(3, 5, 3, 6, "2")) == data.replace(b"= 1", b"= 2")

    def test_a_character_that_the_encoding_lacks_is_refused(self) -> None:
        with pytest.raises(SourceError, match="cannot be written back in"):
            rewritten(b"# coding: latin-1\na = 1\n", edit(2, 5, 2, 6, "'\u20ac'"))

    def test_form_feeds_and_a_missing_end_stay(self) -> None:
        assert rewritten(b"a = 1\n\x0c\nb = 2", edit(3, 6, 3, 6, "\nc = 3")) == b"a = 1\n\x0c\nb = 2\nc = 3"


class TestNotebook:
    def test_only_the_line_changes(self) -> None:
        data = notebook(["import torch\n", "x = 'é'\n", "y = 1"], ["z = 1"])
        new = rewritten(data, edit(3, 5, 3, 6, "2", cell=0), name="a.ipynb")
        assert new == data.replace(b'"y = 1"', b'"y = 2"')

    def test_a_new_line_is_indented_like_the_others(self) -> None:
        data = notebook(["import torch\n", "y = 1"])
        new = rewritten(data, edit(2, 1, 2, 1, "x = 'ü'\n", cell=0), name="a.ipynb")
        assert new == data.replace(b'    "y = 1"', '    "x = \'ü\'\\n",\n    "y = 1"'.encode())

    def test_a_line_after_the_last_one(self) -> None:
        data = notebook(["import torch\n", "y = 1"])
        new = rewritten(data, edit(2, 6, 2, 6, "\nz = 2", cell=0), name="a.ipynb")
        assert new == data.replace(b'    "y = 1"', b'    "y = 1\\n",\n    "z = 2"')

    def test_a_line_that_goes(self) -> None:
        data = notebook(["import torch\n", "x = 1\n", "y = 1"])
        new = rewritten(data, edit(2, 1, 3, 1, "", cell=0), name="a.ipynb")
        assert new == data.replace(b'    "x = 1\\n",\n', b"")

    def test_lines_that_stay_keep_their_strings(self) -> None:
        data = notebook(["if x:\n", "\n", "    y = 1\n", "    z = 2\n", "w = 3"])
        moved = edit(1, 1, 4, 10, "with a:\n    if x:\n\n        y = 1\n        z = 2", cell=0)
        new = json.loads(rewritten(data, moved, name="a.ipynb"))["cells"][0]["source"]
        assert new == ["with a:\n", "    if x:\n", "\n", "        y = 1\n", "        z = 2\n", "w = 3"]

    def test_a_source_that_is_one_string_stays_one(self) -> None:
        data = notebook("import torch\nx = 1\ny = 1")
        new = rewritten(data, edit(2, 5, 2, 6, "2", cell=0), name="a.ipynb")
        assert new == data.replace(b"x = 1", b"x = 2")

    def test_a_source_of_one_line(self) -> None:
        data = notebook(["x = 1"])
        new = rewritten(data, edit(1, 1, 1, 1, "import torch\n", cell=0), name="a.ipynb")
        assert new == data.replace(b'    "x = 1"', b'    "import torch\\n",\n    "x = 1"')

    def test_everything_on_one_line(self) -> None:
        data = notebook(["x = 1\n", "y = 2"], indent=None)
        new = rewritten(data, edit(2, 1, 2, 1, "z = 3\n", cell=0), name="a.ipynb")
        assert new == data.replace(b'"y = 2"', b'"z = 3\\n", "y = 2"')

    def test_windows_line_ends(self) -> None:
        data = notebook(["import torch\n", "x = 1"]).replace(b"\n", b"\r\n")
        new = rewritten(data, edit(2, 1, 2, 1, "y = 2\n", cell=0), name="a.ipynb")
        assert new == data.replace(b'    "x = 1"', b'    "y = 2\\n",\r\n    "x = 1"')

    def test_escapes_stay_as_the_file_writes_them(self) -> None:
        data = notebook(["x = 'é'\n", "y = 1"], ensure_ascii=True)
        new = rewritten(data, edit(1, 8, 1, 8, " + 'ü'", cell=0), name="a.ipynb")
        assert b"\"x = '\\u00e9' + '\\u00fc'\\n\"" in new

    def test_escapes_of_colab(self) -> None:
        data = notebook(["y = 1", "\n", "x < 2"]).replace(b"x < 2", b"x \\u003c 2")
        new = rewritten(data, edit(2, 6, 2, 6, " < 4", cell=0), name="a.ipynb")
        assert b'"x \\u003c 2 \\u003c 4"' in new or b"\\u003c 4" in new

    def test_a_magic_is_left_alone(self) -> None:
        data = notebook(["%time x = 1\n", "y = 2\n", "!ls\n", "z = 3"])
        with pytest.raises(SourceError, match="magic"):
            rewritten(data, edit(1, 7, 1, 8, "w", cell=0), name="a.ipynb")
        with pytest.raises(SourceError, match="magic"):
            rewritten(data, edit(2, 1, 4, 6, "pass", cell=0), name="a.ipynb")
        between = rewritten(data, edit(3, 1, 3, 1, "w = 1\n", cell=0), name="a.ipynb")
        assert json.loads(between)["cells"][0]["source"] == ["%time x = 1\n", "y = 2\n", "w = 1\n", "!ls\n", "z = 3"]

    def test_nothing_comes_before_a_cell_magic(self) -> None:
        data = notebook(["%%time\n", "y = 2"])
        with pytest.raises(SourceError, match="magic"):
            rewritten(data, edit(1, 1, 1, 1, "import torch\n", cell=0), name="a.ipynb")

    def test_a_cell_that_is_indented_as_a_whole(self) -> None:
        data = notebook(["  x = 1\n", "  y = 2"])
        assert rewritten(data, edit(2, 7, 2, 8, "3", cell=0), name="a.ipynb") == data.replace(b"y = 2", b"y = 3")
        with pytest.raises(SourceError, match="indented"):
            rewritten(data, edit(2, 3, 2, 3, "z = 1\n", cell=0), name="a.ipynb")

    def test_a_byte_order_mark(self) -> None:
        data = b"\xef\xbb\xbf" + notebook(["x = 1"])
        new = rewritten(data, edit(1, 5, 1, 6, "2", cell=0), name="a.ipynb")
        assert new == data.replace(b"x = 1", b"x = 2")


class TestReplace:
    def test_mode_stays(self, tmp_path: Path) -> None:
        file = tmp_path / "a.py"
        file.write_bytes(b"old")
        file.chmod(0o750)
        rewriting.replace(file, b"new", b"old")
        assert file.read_bytes() == b"new"
        assert file.stat().st_mode & 0o777 == 0o750
        assert os.listdir(tmp_path) == ["a.py"]  # noqa: PTH208

    def test_a_link_stays_a_link(self, tmp_path: Path) -> None:
        (tmp_path / "real").mkdir()
        file = tmp_path / "real" / "a.py"
        file.write_bytes(b"old")
        link = tmp_path / "link.py"
        link.symlink_to(file)
        rewriting.replace(link, b"new", b"old")
        assert link.is_symlink()
        assert file.read_bytes() == b"new"

    def test_a_read_only_file_is_left_alone(self, tmp_path: Path) -> None:
        file = tmp_path / "a.py"
        file.write_bytes(b"old")
        file.chmod(0o444)
        with pytest.raises(SourceError, match="read-only"):
            rewriting.replace(file, b"new", b"old")
        assert file.read_bytes() == b"old"

    def test_a_file_that_changed_meanwhile_is_left_alone(self, tmp_path: Path) -> None:
        file = tmp_path / "a.py"
        file.write_bytes(b"newer")
        with pytest.raises(SourceError, match="changed while"):
            rewriting.replace(file, b"new", b"old")
        assert file.read_bytes() == b"newer"

    @pytest.mark.parametrize("error", [OSError(28, "No space left on device"), KeyboardInterrupt()])
    def test_what_fails_on_the_way_loses_nothing(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: BaseException
    ) -> None:
        file = tmp_path / "a.py"
        file.write_bytes(b"old")

        def fail(_: int) -> None:
            raise error

        monkeypatch.setattr(os, "fsync", fail)
        with pytest.raises((SourceError, KeyboardInterrupt)):
            rewriting.replace(file, b"new", b"old")
        assert file.read_bytes() == b"old"
        assert os.listdir(tmp_path) == ["a.py"]  # noqa: PTH208
