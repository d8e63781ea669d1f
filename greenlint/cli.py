"""Words of the command line in, an exit code out: 0 clean, 1 findings, 2 failure, 130 interrupted.

A command is a module of `greenlint/commands` with `configure(parser)` and `run(options) -> int`; its docstring is its
help. Only the module of the command that is asked for is imported.
"""

from __future__ import annotations

import codecs
import gc
import io
import os
import sys

from greenlint import __version__
from greenlint.commands import _glance
from greenlint.errors import ConfigError, GreenlintError, did_you_mean

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import ModuleType

INTERRUPTED = 130
BROKEN_PIPE = 141


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code; nothing but a bug leaves a traceback.

    The garbage collector rests: in so short a life it would only walk the growing facts again and again.
    """
    _escape_what_cannot_be_said()
    was_collecting = gc.isenabled()
    gc.disable()
    try:
        return _guarded(list(sys.argv[1:] if arguments is None else arguments))
    finally:
        if was_collecting:
            gc.freeze()
            gc.enable()


def _escape_what_cannot_be_said() -> None:
    r"""Let the standard streams write `\u65e5` for what their encoding lacks; that is how JSON writes it as well.

    Windows gives pipes an encoding of the past, and code may hold any character.
    """
    codecs.register_error("greenlint", _escaped)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="greenlint")


def _escaped(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    units = error.object[error.start : error.end].encode("utf-16-be", "surrogatepass").hex()
    return "".join(f"\\u{units[place : place + 4]}" for place in range(0, len(units), 4)), error.end


def _guarded(arguments: list[str]) -> int:
    try:
        code = _run(arguments)
        sys.stdout.flush()
        return code  # noqa: TRY300 - a flush that fails is told below
    except GreenlintError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    except BrokenPipeError:
        # The reader has seen enough; what is still buffered must not raise again when the process ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return BROKEN_PIPE
    except OSError as error:
        # A full disk behind standard output, or a file that vanished under our hands.
        where = f"{error.filename}: " if error.filename else ""
        print(f"error: {where}{error.strerror or error}", file=sys.stderr)
        if not error.filename:
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 2
    except (KeyboardInterrupt, RuntimeError) as error:
        # Up to Python 3.11 an interrupt while a class is being made comes as the cause of a RuntimeError.
        if not isinstance(error.__cause__ or error, KeyboardInterrupt):
            raise
        print("interrupted", file=sys.stderr)
        return INTERRUPTED


def commands() -> list[str]:
    """Return the names of the commands: those of the modules in `greenlint/commands`."""
    names = os.listdir(os.path.join(os.path.dirname(__file__), "commands"))
    return sorted(name[:-3].replace("_", "-") for name in names if name.endswith(".py") and not name.startswith("_"))


def _run(arguments: list[str]) -> int:
    word = arguments[0] if arguments else "--help"
    if word in ("-V", "--version"):
        print(f"greenlint {__version__}")
        return 0
    if word in ("-h", "--help", "help"):
        print(_help())
        return 0 if arguments else 2
    if word not in commands():
        if word.startswith("-"):
            message = f"{word}: options come after a command, as in `greenlint check {word}`"
        else:
            near = did_you_mean(word, commands())
            there = f", did you mean `greenlint check {word}`?" if not near and os.path.exists(word) else ""
            known = f" (there are: {', '.join(commands())})"
            message = f'no command is called "{word}"{near or there or known}'
        raise ConfigError(message)
    if word == "check" and (code := _glance.at(arguments[1:])) is not None:
        return code
    from greenlint.commands._parser import Parser

    module = _module(word)
    parser = Parser(prog=f"greenlint {word}", description=(module.__doc__ or "").strip())
    module.configure(parser)
    return int(module.run(parser.parse_args(arguments[1:])))


def _module(command: str) -> ModuleType:
    import importlib

    return importlib.import_module(f"greenlint.commands.{command.replace('-', '_')}")


def _help() -> str:
    names = commands()
    width = max(map(len, names), default=0)
    told = [f"  {name.ljust(width)}  {(_module(name).__doc__ or '').strip().splitlines()[0]}" for name in names]
    return "\n".join(
        (
            "usage: greenlint COMMAND [OPTIONS]",
            "",
            "A linter for the eco-design of AI.",
            "",
            "commands:",
            *told,
            "",
            "`greenlint COMMAND --help` tells the options of a command.",
            "Exit codes: 0 clean, 1 findings, 2 something could not be done.",
        ),
    )
