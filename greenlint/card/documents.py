"""Small documents that a stranger may have written, read without surprises.

YAML is read without tags, aliases (the way to a billion laughs), repeated keys or deep nesting; everything has a size
limit that is checked before a byte is parsed.
"""

from __future__ import annotations

import hashlib
import re
import stat
from typing import TYPE_CHECKING, Any

from greenlint.card.language import size
from greenlint.errors import ConfigError

if TYPE_CHECKING:
    from pathlib import Path

MEGABYTE = 1_000_000
LARGEST_DOCUMENT = 2 * MEGABYTE
DEEPEST = 40

_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")


def read_bytes(path: Path, *, limit: int = LARGEST_DOCUMENT) -> bytes:
    """Content of a regular file of at most `limit` bytes; raises `ConfigError` with one line otherwise."""
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):
            message = f"{path}: not a regular file"
            raise ConfigError(message)
        if status.st_size > limit:
            message = f"{path}: {size(status.st_size)} is more than the {size(limit)} that such a file may have"
            raise ConfigError(message)
        return path.read_bytes()
    except OSError as error:
        message = f"{path}: {error.strerror or error}"
        raise ConfigError(message) from None


def read_text(path: Path, *, limit: int = LARGEST_DOCUMENT) -> str:
    """Text of a UTF-8 file, with or without a byte-order mark; raises `ConfigError` when it is not UTF-8."""
    try:
        return read_bytes(path, limit=limit).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        message = f"{path}: not UTF-8 at byte {error.start}"
        raise ConfigError(message) from None


def read_yaml(path: Path) -> dict[str, Any]:
    """Return mapping at the top of a YAML file; raises `ConfigError` with file and line otherwise."""
    return parse_yaml(read_text(path), str(path))


def parse_yaml(text: str, where: str) -> dict[str, Any]:
    """Parse YAML that has to be a mapping; `where` starts the error line."""
    import yaml

    try:
        data = yaml.load(text, Loader=_loader())  # noqa: S506 - a SafeLoader with less
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = f":{mark.line + 1}" if mark else ""
        message = f"{where}{line}: {error.problem or error.context}"
        raise ConfigError(message) from None
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        message = f"{where}: not YAML that can be read ({_one_line(error)})"
        raise ConfigError(message) from None
    if data is None:
        return {}
    if not isinstance(data, dict):
        message = f"{where}: a mapping is expected at the top, not a {type(data).__name__}"
        raise ConfigError(message)
    return data


def printable(text: str) -> str:
    """Return a text without control characters, which could speak to a terminal; line ends and tabs stay."""
    return _CONTROL.sub("", text)


def sha256(path: Path) -> str:
    """Hexadecimal SHA-256 of a file, read in pieces; raises `ConfigError` when it cannot be read."""
    digest = hashlib.sha256()
    try:
        with path.open("rb") as file:
            while piece := file.read(1 << 20):
                digest.update(piece)
    except OSError as error:
        message = f"{path}: {error.strerror or error}"
        raise ConfigError(message) from None
    return digest.hexdigest()


def _one_line(error: BaseException) -> str:
    return " ".join(str(error).split())[:120] or type(error).__name__


def _loader() -> Any:  # noqa: ANN401 - yaml's loaders are built at run time, because yaml is imported late
    import yaml

    class Loader(yaml.SafeLoader):
        """The pure Python loader: its recursion ends in an exception, the C one's in a crash."""

        depth = 0

        def compose_node(self, parent: Any, index: Any) -> Any:  # noqa: ANN401
            if self.check_event(yaml.AliasEvent):
                mark = self.peek_event().start_mark  # type: ignore[no-untyped-call]
                raise yaml.MarkedYAMLError(problem="YAML aliases (*name) are not read", problem_mark=mark)
            if self.depth > DEEPEST:
                mark = self.peek_event().start_mark  # type: ignore[no-untyped-call]
                raise yaml.MarkedYAMLError(problem=f"nested deeper than {DEEPEST} levels", problem_mark=mark)
            self.depth += 1
            try:
                return super().compose_node(parent, index)
            finally:
                self.depth -= 1

        def construct_mapping(self, node: Any, deep: bool = False) -> Any:  # noqa: ANN401, FBT001, FBT002
            seen: set[object] = set()
            for key, _ in node.value:
                if key.value in seen and not isinstance(key.value, list):
                    raise yaml.MarkedYAMLError(problem=f'"{key.value}" is given twice', problem_mark=key.start_mark)
                if not isinstance(key.value, list):
                    seen.add(key.value)
            return super().construct_mapping(node, deep)

    return Loader
