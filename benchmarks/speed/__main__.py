"""Measure greenlint beside its peers, in turns, and print a table in Markdown. Nothing is fetched.

usage: python benchmarks/speed FOLDER [--runs 5] [--growth [N ...]] [--same]
       python benchmarks/speed --inspect MODEL.onnx

The folder is copied, and only the copy is changed. A peer is measured when its executable is named or found on the
PATH. Each belongs into a virtual environment of its own, since TorchFix pins an old LibCST:

    python -m venv torchfix && torchfix/bin/python -m pip install torchfix
"""

from __future__ import annotations

import argparse
import importlib.metadata
import os
import platform
import shutil
import sys
import tempfile
from pathlib import Path

from measuring import Contender, alternate, measured, said, table
from trees import Tree, changing

COLD = "greenlint, cold"


def main() -> int:
    """Print what was asked for and return 0, 1 for results that differ, 2 when there is nothing to measure."""
    options = parsed()
    print(machine(options))
    with tempfile.TemporaryDirectory(prefix="greenlint-speed-") as room:
        if options.inspect:
            print(inspecting(options, Path(room)))
            return 0
        try:
            tree = Tree(options.folder, Path(room, "tree"))
        except ValueError as error:
            print(f"error: {error}", file=sys.stderr)
            return 2
        if options.same:
            return same(options, tree)
        print(checking(options, tree) if options.growth is None else growing(options, Path(room)))
    return 0


def parsed() -> argparse.Namespace:
    """Return the options; ends the program where they are wrong."""
    parser = argparse.ArgumentParser(prog="benchmarks/speed", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("folder", nargs="?", type=Path)
    parser.add_argument("--runs", type=int, default=5, help="how often each command runs (default: 5)")
    parser.add_argument(
        "--growth", nargs="*", type=int, metavar="N", help="cold runs over N copies of the folder (default: 1 10 100)"
    )
    parser.add_argument(
        "--same", action="store_true", help="compare results with cache, without, with one job and many"
    )
    parser.add_argument("--inspect", type=Path, metavar="MODEL", help="measure `greenlint inspect` instead")
    beside = Path(sys.executable).parent / "greenlint"
    parser.add_argument("--greenlint", default=str(beside) if beside.exists() else shutil.which("greenlint"))
    for name in ("torchfix", "flake8", "fixit", "ruff", "onnxslim", "onnxsim"):
        parser.add_argument(f"--{name}", default=shutil.which(name), metavar="PATH", help="(default: on the PATH)")
    parser.add_argument("--onnx-python", default=sys.executable, metavar="PATH", help="a Python with ONNX Runtime")
    options = parser.parse_args()
    if options.flake8 and "TorchFix" not in said([options.flake8, "--version"]):
        options.flake8 = None
    if not options.greenlint:
        parser.error("greenlint is not installed")
    if not (options.folder or options.inspect) or (options.folder and not options.folder.is_dir()):
        parser.error("a FOLDER, or --inspect MODEL")
    return options


def machine(options: argparse.Namespace) -> str:
    """Return what was measured where, and with which versions."""
    model = platform.processor() or platform.machine()
    told = Path("/proc/cpuinfo")
    if told.exists():
        names = [line.partition(":")[2].strip() for line in told.read_text().splitlines() if "model name" in line]
        model = names[0] if names else model
    versions = [f"LibCST {importlib.metadata.version('libcst')}"]
    tools = ("onnxslim", "onnxsim") if options.inspect else ("torchfix", "flake8", "fixit", "ruff")
    for name in ("greenlint", *tools):
        if getattr(options, name):
            line = " ".join(said([getattr(options, name), "--version"]).split())[:110]
            versions.append(line if name in line.lower() else f"{name} {line}")
    cores, load = os.cpu_count(), os.getloadavg()[0]
    return (
        f"{model}, {cores} cores, load {load:.1f}; {platform.system()}, Python {platform.python_version()}; "
        f"{'; '.join(versions)}. Medians of {options.runs} runs in turns.\n"
    )


def checking(options: argparse.Namespace, tree: Tree) -> str:
    """Return the table of `check` and its peers."""
    check = [options.greenlint, "check", "--quiet"]
    where = str(tree.folder)
    contenders = [
        Contender(COLD, [*check, "--no-cache", "--jobs", "1", where]),
        Contender("greenlint, cold, processes as it likes", [*check, "--no-cache", where]),
        Contender("greenlint, cold, writing its cache", [*check, "--jobs", "1", where], tree.clear),
        Contender("greenlint, warm", [*check, where]),
    ]
    for concerned, words in ((True, "rules concern"), (False, "no rule concerns")):
        file = tree.one(concerned=concerned)
        if file:
            change = changing(file)
            contenders += [
                Contender(f"greenlint, a file changed that {words}", [*check, where], change),
                Contender(f"greenlint, hook on a file that {words}", [*check, "--force-exclude", str(file)], change),
            ]
    ruff = ["check", "--isolated", "--select", "ALL", "--preview", "--quiet"]
    peers = {
        "torchfix --select=ALL, one job": [options.torchfix, "--select=ALL", "--jobs=1", where],
        "flake8 + TorchFix, one job": [options.flake8, "--isolated", "--jobs", "1", "--select", "TOR", where],
        "fixit lint": [options.fixit, "lint", where],
        "ruff --select ALL, cold": [options.ruff, *ruff, "--no-cache", where],
        "ruff --select ALL, warm": [options.ruff, *ruff, where],
        "ruff, rules as they come, warm": [options.ruff, "check", "--isolated", "--quiet", where],
    }
    contenders += [Contender(name, command) for name, command in peers.items() if command[0]]
    slow = {"torchfix --select=ALL, one job", "flake8 + TorchFix, one job", "fixit lint"}
    contenders += [
        Contender("greenlint --version", [options.greenlint, "--version"]),
        Contender("python -c 'import libcst'", [sys.executable, "-c", "import libcst"]),
        Contender("python with argparse", [sys.executable, "-c", "import argparse; argparse.ArgumentParser()"]),
        Contender("python -c pass", [sys.executable, "-c", "pass"]),
    ]
    for one in contenders:
        if one.name not in slow:  # a first run does what others need not; of these that is a small part
            one.prepare()
            measured(one.command)
    alternate(contenders, options.runs)
    concerned = sum(one is True for one in tree.concern.values())
    about = f"{tree.lines} lines in {len(tree.files)} Python files; {concerned} of them import what rules concern."
    return f"{about}\n\n{table(contenders, contenders[0])}"


def growing(options: argparse.Namespace, room: Path) -> str:
    """Return the table of cold runs over ever larger trees, a process each."""
    lines = [
        "| copies | files | lines | CPU | CPU per line | peak memory | more memory for each more file |",
        "|---:|---:|---:|---:|---:|---:|---:|",
    ]
    before: tuple[int, float] | None = None
    for times in options.growth or (1, 10, 100):
        tree = Tree(options.folder, room / str(times), times)
        command = [options.greenlint, "check", "--quiet", "--no-cache", "--jobs", "1", str(tree.folder)]
        one = Contender(f"{times} copies", command)
        alternate([one], max(1, options.runs // times))
        cpu, memory, files = one.median("cpu"), one.median("memory"), len(tree.files)
        more = f"{(memory - before[1]) * 1024 / (files - before[0]):.0f} KiB" if before else ""
        before = files, memory
        lines.append(
            f"| {times} | {files} | {tree.lines} | {cpu:.2f} s | {cpu / tree.lines * 1e6:.0f} µs | "
            f"{memory:.0f} MiB | {more} |"
        )
    return "\n".join(lines)


def same(options: argparse.Namespace, tree: Tree) -> int:
    """Compare what runs of each kind say, byte for byte, and return 0 or 1."""
    check = [options.greenlint, "check", "--format", "json"]
    ways = {
        "without a cache, one job": ["--no-cache", "--jobs", "1"],
        "without a cache, four jobs": ["--no-cache", "--jobs", "4"],
        "writing the cache": ["--jobs", "1"],
        "from the cache": [],
        "from the cache, four jobs": ["--jobs", "4"],
    }
    said_by = {name: said([*check, *words, str(tree.folder)]) for name, words in ways.items()}
    expected, *others = said_by
    different = [name for name in others if said_by[name] != said_by[expected]]
    for name, document in said_by.items():
        print(f"{name}: {len(document)} bytes{', which differ' if name in different else ''}")
    return 1 if different or not said_by[expected] else 0


def inspecting(options: argparse.Namespace, room: Path) -> str:
    """Return the table of `inspect` and its peers over one model."""
    model = str(options.inspect)

    def python(code: str) -> list[str]:
        return [options.onnx_python, "-c", code, model]

    contenders = [
        Contender("greenlint inspect", [options.greenlint, "inspect", "--quiet", model]),
        Contender("onnx.load", python("import onnx, sys; onnx.load(sys.argv[1])")),
        Contender("onnxslim", [options.onnxslim, model, str(room / "slim.onnx")]),
        Contender("onnxsim", [options.onnxsim, model, str(room / "sim.onnx")]),
        Contender("ONNX Runtime session", python("import onnxruntime, sys; onnxruntime.InferenceSession(sys.argv[1])")),
        Contender("import onnx", python("import onnx")),
    ]
    contenders = [one for one in contenders if one.command[0]]
    for one in contenders:
        measured(one.command)
    alternate(contenders, options.runs)
    return (
        f"{options.inspect.name}, {options.inspect.stat().st_size / 1e6:.1f} MB.\n\n{table(contenders, contenders[0])}"
    )


if __name__ == "__main__":
    raise SystemExit(main())
