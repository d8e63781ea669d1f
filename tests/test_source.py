from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

import pytest

from greenlint import source, syntax
from greenlint.errors import SourceError

if TYPE_CHECKING:
    from pathlib import Path


def notebook(*cells: str | tuple[str, str], **metadata: object) -> bytes:
    """Return a notebook of code cells; a pair is a cell of another type and its text."""
    made = []
    for cell in cells:
        kind, text = ("code", cell) if isinstance(cell, str) else cell
        made.append({"cell_type": kind, "metadata": {}, "source": text.splitlines(keepends=True)})
    return json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": metadata, "cells": made}).encode()


def text_of(data: bytes, name: str = "a.py") -> str:
    decoded = source.decode(data, name)
    assert decoded is not None
    return decoded.text


def refusal(data: bytes, name: str = "a.py") -> SourceError:
    with pytest.raises(SourceError) as caught:
        source.decode(data, name)
    return caught.value


class TestPython:
    def test_utf_8_is_the_default(self) -> None:
        assert text_of("é = 1\n".encode()) == "é = 1\n"

    def test_a_coding_line_is_obeyed(self) -> None:
        assert text_of("# -*- coding: latin-1 -*-\né = 1\n".encode("latin-1")).endswith("é = 1\n")

    def test_a_byte_order_mark_is_no_text(self) -> None:
        assert text_of(b"\xef\xbb\xbfx = 1\n") == "x = 1\n"

    def test_every_line_end_is_a_line_feed(self) -> None:
        assert text_of(b"a = 1\r\nb = 2\rc = 3\n") == "a = 1\nb = 2\nc = 3\n"

    def test_a_form_feed_is_no_line_end(self) -> None:
        decoded = source.decode(b"a = 1\n\x0c\nb = 2\x0b\n", "a.py")
        assert decoded
        assert decoded.lines == ["a = 1", "\x0c", "b = 2\x0b", ""]

    def test_an_empty_file_is_an_empty_text(self) -> None:
        assert text_of(b"") == ""

    def test_nul_bytes_are_refused_with_their_line(self) -> None:
        error = refusal(b"x = 1\ny = \0\n")
        assert "NUL" in str(error)
        assert error.line == 2

    def test_bytes_that_break_the_encoding_are_refused_with_their_line(self) -> None:
        error = refusal(b"x = 1\n\n# \xff\n")
        assert "0xff" in str(error)
        assert error.line == 3

    def test_an_unknown_encoding_is_refused(self) -> None:
        error = refusal(b"# coding: klingon\nx = 1\n")
        assert "klingon" in str(error)
        assert error.line == 1

    def test_a_codec_that_makes_no_text_is_refused(self) -> None:
        assert refusal(b"# coding: hex\nx = 1\n").line == 1


class TestReading:
    def test_what_may_never_end_is_not_read(self, folder: Path) -> None:
        os.mkfifo(folder / "pipe.py")
        with pytest.raises(SourceError, match="is no regular file"):
            source.read(folder / "pipe.py")

    def test_a_missing_file(self, folder: Path) -> None:
        with pytest.raises(SourceError, match="no such file"):
            source.read(folder / "gone.py")

    def test_a_model_is_for_another_command(self) -> None:
        assert "greenlint inspect" in str(refusal(b"\x08\x0a", "model.onnx"))


class TestSyntax:
    def test_good_python_has_nothing_wrong(self) -> None:
        assert syntax.check_syntax("x = '\\d'\n") is None

    def test_what_is_wrong_has_its_place(self) -> None:
        wrong = syntax.check_syntax("x = 1\ndef f(:\n")
        assert wrong
        assert (wrong.line, wrong.column) == (2, 7)

    @pytest.mark.parametrize("text", ["[" * 5000 + "]" * 5000, "x = " + "(" * 300 + ")" * 300])
    def test_deep_brackets_are_told_without_a_parser(self, text: str) -> None:
        assert syntax.is_nested_too_deeply(text)
        assert syntax.check_syntax(text)

    @pytest.mark.parametrize(
        "text",
        [
            f"x = a{'.b' * 50_000}\n",
            f"x = a{'.b' * 3000}\n",
            f"x = a{'.b()' * 2000}\n",
            f"x = ({'a + ' * 2000}a)\n".replace("+", "+\n"),
            f"x = {'not ' * 2000}a\n",
            f"x = {'-' * 2000}a\n",
            f"def f():\n    x = ({'a' + '.b' * 3000})\n".replace(".b", "\n.b"),
            f"if a: pass\n{'elif b: pass' + chr(10)}" * 1 + "elif b: pass\n" * 3000,
        ],
        ids=["attributes", "fewer", "calls", "a sum over lines", "not", "minus", "in a function", "elif"],
    )
    def test_a_long_chain_is_told(self, text: str) -> None:
        assert "nested too deeply" in str(syntax.check_syntax(text))

    @pytest.mark.parametrize(
        "text",
        [
            f"x = [{'1, ' * 70_000}]\n",
            f"x = '{'a' * 200_000}'\n",
            f"x = [{'f(a.b),' * 3000}]\n".replace(",", ",\n"),
            "x = ('a'\n" + "'b'\n" * 3000 + ")\n",
            "if a: pass\n" + "elif b: pass\n" * 100,
        ],
        ids=["a list", "a string", "a list over lines", "strings", "elif"],
    )
    def test_what_is_only_long_is_fine(self, text: str) -> None:
        assert syntax.check_syntax(text) is None

    def test_many_brackets_side_by_side_are_not_deep(self) -> None:
        assert not syntax.is_nested_too_deeply("f(x)[0]\n" * 5000)


class TestNotebook:
    def test_code_cells_are_one_text_and_lines_lead_back(self) -> None:
        decoded = source.decode(notebook(("markdown", "# title"), "import torch\nx = 1", "", "y = 2\nz = 3"), "a.ipynb")
        assert decoded
        assert decoded.text == "import torch\nx = 1\ny = 2\nz = 3\n"
        assert [decoded.locate(line) for line in (1, 2, 3, 4)] == [(1, 1), (1, 2), (3, 1), (3, 2)]
        assert [decoded.number(line, cell) for cell, line in ((1, 1), (1, 2), (3, 1), (3, 2))] == [1, 2, 3, 4]

    def test_a_source_may_be_one_string(self) -> None:
        data = json.dumps({"nbformat": 4, "metadata": {}, "cells": [{"cell_type": "code", "source": "a = 1\nb = 2"}]})
        assert text_of(data.encode(), "a.ipynb") == "a = 1\nb = 2\n"

    @pytest.mark.parametrize(
        ("cell", "python"),
        [
            ("%matplotlib inline\nx = 1", "pass\nx = 1"),
            ("!pip install torch\nx = 1", "pass\nx = 1"),
            ("if x:\n    !ls\n    %cd ..", "if x:\n    pass\n    pass"),
            ("files = !ls\nx, y = %sql select", "files = get_ipython()\nx, y = get_ipython()"),
            ("%time model.fit(x)", "0    ;model.fit(x)"),
            ("h = %time model.fit(x)", "h =       model.fit(x)"),
            ("%timeit -n 3 model.fit(x)", "pass"),
            ("%time for x in y: pass", "pass"),
            ("%time f(a,", "pass"),
            ("%%time\nmodel.fit(x)", "\nmodel.fit(x)"),
            ("\n%%capture out\nmodel.fit(x)", "\n\nmodel.fit(x)"),
            ("%%bash\nls -l\n<<< no python", "\n\n"),
            ("%%writefile a.py\nmodel.fit()", "\n"),
            ("model.fit?\n?model\nmodel??", "pass\npass\npass"),
            ("!ls \\\n  -l\nx = 1", "pass\n\nx = 1"),
            ("# first\npip install -q torch\n", "# first\npass\n"),
            ("pip = 1\n", "pip = 1\n"),
            ("x = (a\n% b)\ny = 1", "x = (a\n% b)\ny = 1"),
            ("x = '''\n!not a shell line\n'''\n!ls", "x = '''\n!not a shell line\n'''\npass"),
            ("x = a \\\n% b", "x = a \\\n% b"),
            ("x = '(' # (\n%ls", "x = '(' # (\npass"),
            ("x = a != b\ny = 5 % 3", "x = a != b\ny = 5 % 3"),
        ],
    )
    def test_what_only_ipython_reads_becomes_harmless(self, cell: str, python: str) -> None:
        text = text_of(notebook(cell), "a.ipynb")
        assert text == f"{python}\n"
        assert text.count("\n") == cell.count("\n") + 1

    def test_another_language_is_left_alone(self) -> None:
        assert source.decode(notebook("library(torch)", language_info={"name": "R"}), "a.ipynb") is None
        assert source.decode(notebook("using Flux", kernelspec={"language": "julia"}), "a.ipynb") is None
        assert source.decode(notebook("x = 1", kernelspec={"language": "python"}), "a.ipynb")
        assert source.decode(notebook("x = 1", language_info={"name": ""}), "a.ipynb")

    def test_an_old_format_is_refused_with_the_way_out(self) -> None:
        error = refusal(b'{"nbformat": 3, "worksheets": []}', "a.ipynb")
        assert "format 3" in str(error)
        assert "nbconvert" in str(error)

    @pytest.mark.parametrize(
        ("data", "word"),
        [
            (b"", "invalid JSON"),
            (b"{\n  nonsense", "invalid JSON"),
            (b"[]", "no nbformat"),
            (b'{"nbformat": 4}', "no list of cells"),
            (b"\xff\xfe", "not UTF-8"),
            (b"[" * 100_000, "nested too deeply"),
        ],
    )
    def test_what_is_no_notebook_is_refused(self, data: bytes, word: str) -> None:
        assert word in str(refusal(data, "a.ipynb"))

    def test_cells_that_are_no_cells_are_passed_over(self) -> None:
        data = {"nbformat": 4, "metadata": None, "cells": [None, 3, {"cell_type": "code"}, {"source": "x"}]}
        assert text_of(json.dumps(data).encode(), "a.ipynb") == ""

    def test_lines_are_kept_as_they_are_written(self) -> None:
        decoded = source.decode(notebook("%time model.fit(x)\n!ls", "y = 1"), "a.ipynb")
        assert decoded is not None
        assert decoded.text == "0    ;model.fit(x)\npass\ny = 1\n"
        assert [decoded.line_as_written(number) for number in (1, 2, 3)] == ["%time model.fit(x)", "!ls", "y = 1"]
        script = source.decode(b"x = 1\ny = 2\n", "a.py")
        assert script is not None
        assert (script.line_as_written(2), script.indent(2)) == ("y = 2", 0)

    def test_an_indented_cell_has_its_columns(self) -> None:
        decoded = source.decode(notebook("a = 1", "    b = 2\nc = 3"), "a.ipynb")
        assert decoded is not None
        assert decoded.text == "a = 1\nb = 2\nc = 3\n"
        assert [decoded.indent(line) for line in (0, 1, 2, 3)] == [0, 0, 4, 0]
        assert decoded.line_as_written(2) == "    b = 2"

    def test_a_cell_in_another_language_is_left_alone(self) -> None:
        cells = [
            {"cell_type": "code", "metadata": {"vscode": {"languageId": "shellscript"}}, "source": "ls -l *.py"},
            {"cell_type": "code", "metadata": {"vscode": {"languageId": "python"}}, "source": "x = 1"},
        ]
        decoded = source.decode(json.dumps({"nbformat": 4, "metadata": {}, "cells": cells}).encode(), "a.ipynb")
        assert decoded is not None
        assert decoded.text == "x = 1\n"
        assert decoded.locate(1) == (1, 1)

    @pytest.mark.parametrize(
        "metadata",
        [
            {"kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"}},
            {"language_info": {"name": "python", "version": "3.12.1"}, "orig_nbformat": 4},
            {"kernelspec": {"display_name": "Python 3", "name": "python3"}, "colab": {"provenance": []}},
            {"colab": {"name": "a.ipynb"}, "accelerator": "GPU", "kernelspec": {"name": "python3"}},
            {},
        ],
        ids=["Jupyter", "Visual Studio Code", "Colab", "older Colab", "none"],
    )
    def test_notebooks_of_every_editor_are_read(self, metadata: dict[str, object]) -> None:
        assert text_of(notebook("x = 1", **metadata), "a.ipynb") == "x = 1\n"
