"""Which files are tests."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

_FOLDER = re.compile(r"(?:^|/)(?:tests?|testing|test_cases|unittests?)/|(?:^|/)conftest\.py$")
_NAME = re.compile(r"(?:^|/)(?:test_[^/]*|[^/]*_tests?)\.(?:py|ipynb)$")
# What pytest or unittest would collect; `evaluate_test.py` may as well evaluate on the test set.
_CONTENT = re.compile(
    rb"^[ \t]*(?:async[ \t]+)?def[ \t]+test|^class[ \t]+\w*Test|\b(?:pytest|unittest|absltest|test_util)\b",
    re.MULTILINE,
)


def is_test(path: str, content: Callable[[], bytes] | None = None) -> bool:
    """Tell whether a file is a test, by its path relative to the project (forward slashes) and what is in it.

    Where the content is not given, a test's name is enough; it is read for such names alone.
    """
    if _FOLDER.search(path) is not None:
        return True
    return _NAME.search(path) is not None and (content is None or _CONTENT.search(content()) is not None)
