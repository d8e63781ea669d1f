"""A glance at the few files of a hook: where it is plain that no rule concerns any of them, nothing else is imported.

It says what a whole run would say, and leaves to one whatever is not plain at once. It imports what Python itself has
imported when it starts, and little more: no `re`, no `typing`, no `pathlib`, each of which costs more than the glance.
How, and what was measured: docs/decisions/0013-a-glance.md.
"""

from __future__ import annotations

import os

from greenlint import relevance
from greenlint.names import NOISE, SETTINGS
from greenlint.syntax import check_syntax

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

MOST_FILES = 32
"""A commit's worth: among more of them there is one that has to be judged, and the glance was for nothing."""

_PLAIN = frozenset({"-q", "--quiet", "--no-cache", "--exit-zero", "--force-exclude"})
_SUFFIXES = (".py", ".pyi", ".pyw")


def at(words: Sequence[str]) -> int | None:
    """Check the files that a command line names, and return 0; None, and nothing said, where a run is needed."""
    options = {word for word in words if word.startswith("-")}
    named = [word for word in words if not word.startswith("-")]
    if not named or len(named) > MOST_FILES or not options <= _PLAIN:
        return None
    try:
        files = {os.path.abspath(name) for name in named}
        if not _are_plain(files, kept="--force-exclude" in options):
            return None
    except (OSError, ValueError):
        return None  # what cannot be read, or is no UTF-8, is for the run to tell
    if not {"-q", "--quiet"} & options:
        print(f"No findings in {len(files)} file{'s' * (len(files) > 1)}.")
    return 0


def _are_plain(files: set[str], *, kept: bool) -> bool:
    """Tell whether no file may hold a finding or a problem, and no settings are there to ask."""
    folders = {above for file in files for above in _above(file)}
    if (
        len({file.casefold() for file in files}) < len(files)
        or not all(file.endswith(_SUFFIXES) and os.path.isfile(file) for file in files)
        or any(_may_have_settings(folder) for folder in folders)
        or (kept and not all(map(_is_kept, files)))
    ):
        return False
    texts = []
    for file in files:
        text = _text(file)
        if text is None:
            return False
        texts.append(text)
    return not any(map(check_syntax, texts))


def _above(file: str) -> list[str]:
    """Return the folders above a file, innermost first."""
    folders = [os.path.dirname(file)]
    while (above := os.path.dirname(folders[-1])) != folders[-1]:
        folders.append(above)
    return folders


def _may_have_settings(folder: str) -> bool:
    for name in SETTINGS:
        file = os.path.join(folder, name)
        if os.path.isfile(file) and (name != "pyproject.toml" or b"greenlint" in _bytes(file)):
            return True
    return False


def _is_kept(file: str) -> bool:
    """Tell whether --force-exclude surely keeps a file: git knows it, and no folder above it is noise.

    An entry of git's index is its flags, which are the length of its name where nothing is odd, and its name.
    """
    repository = next((above for above in _above(file) if os.path.exists(os.path.join(above, ".git"))), "")
    name = os.path.relpath(file, repository).replace(os.sep, "/") if repository else ""
    if not name or not NOISE.isdisjoint(name.split("/")):
        return False
    entry = os.fsencode(name)
    return len(entry).to_bytes(2, "big") + entry + b"\0" in _bytes(os.path.join(repository, ".git", "index"))


def _text(file: str) -> str | None:
    """Return the text of a file in which no rule can be interested; raise `OSError` or `UnicodeDecodeError`."""
    data = _bytes(file).replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    if b"\0" in data or b"coding" in data[:400] or data.startswith(b"\xef\xbb\xbf"):
        return None
    if not relevance.names_nothing(data) and (relevance.names_a_framework(data) or relevance.says_a_word(data)):
        return None
    return data.decode()


def _bytes(file: str) -> bytes:
    with open(file, "rb") as stream:
        return stream.read()
