"""The process that renders a stranger's template: JSON in, text out, one line on standard error when it fails."""

from __future__ import annotations

import contextlib
import json
import sys

LARGEST_OUTPUT = 5_000_000
LARGEST_MEMORY = 1_500_000_000
SECONDS = 10


def main() -> int:
    """Render and return 0, or say in one line why not and return 2."""
    _limit()
    task = json.load(sys.stdin)
    name = task["name"]
    import jinja2
    from jinja2.exceptions import SecurityError
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    environment = ImmutableSandboxedEnvironment(autoescape=True, undefined=jinja2.StrictUndefined)
    written: list[str] = []
    length = 0
    try:
        for piece in environment.from_string(task["template"]).generate(task["content"]):
            length += len(piece)
            if length > LARGEST_OUTPUT:
                return _fail(f"{name}: writes more than {LARGEST_OUTPUT // 1_000_000} MB")
            written.append(piece)
    except jinja2.TemplateSyntaxError as error:
        return _fail(f"{name}:{error.lineno}: {error.message}")
    except SecurityError as error:
        return _fail(f"{name}: not allowed in the sandbox: {error}")
    except (MemoryError, OverflowError) as error:
        return _fail(f"{name}: asks for too much: {str(error) or 'memory'}")
    except Exception as error:  # noqa: BLE001 - a template can fail in any way
        return _fail(f"{name}: {type(error).__name__}: {error}")
    sys.stdout.buffer.write("".join(written).encode())
    return 0


def _fail(line: str) -> int:
    sys.stderr.write(" ".join(line.split()) + "\n")
    return 2


def _limit() -> None:
    with contextlib.suppress(
        ImportError, OSError, ValueError
    ):  # Windows has no such limits; the parent's clock is there
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (LARGEST_MEMORY, LARGEST_MEMORY))
        resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))


if __name__ == "__main__":
    raise SystemExit(main())
