"""Which files are tests."""

from __future__ import annotations

import re

_TEST = re.compile(
    r"(?:^|/)(?:tests?|testing|test_cases|unittests?)/|(?:^|/)(?:test_[^/]*|[^/]*_tests?|conftest)\.(?:py|ipynb)$"
)


def is_test(path: str) -> bool:
    """Tell whether a path, relative to its project and with forward slashes, is a test's."""
    return _TEST.search(path) is not None
