from __future__ import annotations

from pathlib import PurePosixPath, PureWindowsPath
from typing import TYPE_CHECKING

import pytest

from greenlint import finding

if TYPE_CHECKING:
    from pathlib import PurePath


@pytest.mark.parametrize(
    ("path", "told"),
    [
        (PureWindowsPath(r"C:\Users\Ann\project\src\train.py"), "src/train.py"),
        (PureWindowsPath(r"c:\users\ann\Project\src\train.py"), "src/train.py"),
        (PureWindowsPath(r"D:\data\train.py"), "D:/data/train.py"),
        (PureWindowsPath(r"\\server\share\train.py"), "//server/share/train.py"),
        (PurePosixPath("/home/ann/project/src/train.py"), "src/train.py"),
        (PurePosixPath("/home/ann/other/train.py"), "/home/ann/other/train.py"),
    ],
)
def test_paths_are_told_with_forward_slashes(path: PurePath, told: str, monkeypatch: pytest.MonkeyPatch) -> None:
    class Here:
        @staticmethod
        def cwd() -> PurePath:
            windows = isinstance(path, PureWindowsPath)
            return PureWindowsPath(r"C:\Users\Ann\project") if windows else PurePosixPath("/home/ann/project")

    monkeypatch.setattr(finding, "Path", Here)
    assert finding.shown(path) == told  # type: ignore[arg-type]
