from __future__ import annotations

import sys
import threading
from pathlib import Path

import libcst as cst
import pytest

from greenlint.errors import SourceError
from greenlint.python import collect

ROOT = Path(__file__).parents[2]


def is_validating() -> bool:
    try:
        cst.Name("")
    except cst.CSTValidationError:
        return True
    return False


class TestTrust:
    def test_the_tree_is_the_one_that_libcst_builds(self) -> None:
        for path in sorted((ROOT / "greenlint").rglob("*.py")):
            text = path.read_text("utf-8")
            assert collect.parse(text).deep_equals(cst.parse_module(text)), path

    @pytest.mark.parametrize("text", ["x = 1\n", "x = (\n", "", "a" + ".b" * 3000])
    def test_nodes_are_validated_again_after_a_parse(self, text: str) -> None:
        try:
            collect.parse(text)
        except SourceError:
            assert text == "x = (\n"
        assert is_validating()

    def test_nodes_are_not_validated_by_the_parser(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(cst.Name, "_validate", pytest.fail)
        assert collect.parse("x = 1\n").code == "x = 1\n"

    def test_threads_that_parse_together_leave_validation_as_it_was(self) -> None:
        text = "\n".join(f"x{number} = f(y, z=[1, 2, {number}])" for number in range(300))
        threads = [threading.Thread(target=collect.parse, args=(text,)) for _ in range(6)]
        before = sys.getswitchinterval()
        sys.setswitchinterval(1e-5)
        try:
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
        finally:
            sys.setswitchinterval(before)
        assert is_validating()
