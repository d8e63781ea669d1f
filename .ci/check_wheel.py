"""Try a wheel as a user would: in an environment of its own, outside the checkout, with the commands of the README.

usage: python .ci/check_wheel.py FOLDER

FOLDER holds one wheel, and perhaps the source distribution beside it, which must hold what the wheel is made from.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def main(folder: Path) -> None:
    """Raise `SystemExit` with what is wrong."""
    (wheel,) = folder.glob("*.whl")
    version = wheel.name.split("-")[1]
    names = zipfile.ZipFile(wheel).namelist()
    expect("greenlint/rules/ECO310-missing-early-stopping.yaml" in names, "the wheel holds no catalogue")
    expect(not [name for name in names if name.startswith(("tests", "docs", "rules/"))], "the wheel holds too much")
    for source in folder.glob("*.tar.gz"):
        with tarfile.open(source) as archive:
            there = {name.partition("/")[2] for name in archive.getnames()}
        expect(
            {"pyproject.toml", "README.md", ".pre-commit-hooks.yaml", ".ci/run", "tests/test_readme.py"} <= there,
            f"{source.name} is not whole",
        )
    with tempfile.TemporaryDirectory() as work:
        try_out(wheel, version, Path(work))
    print(f"{wheel.name} works")


def try_out(wheel: Path, version: str, work: Path) -> None:
    """Install the wheel and run what a newcomer is told to run, without the checkout in sight."""
    run([sys.executable, "-m", "venv", str(work / "venv")], work)
    scripts = work / "venv" / ("Scripts" if sys.platform == "win32" else "bin")
    python = str(scripts / "python")
    run([python, "-m", "pip", "install", "--quiet", str(wheel)], work)
    greenlint = str(scripts / "greenlint")
    expect(run([greenlint, "--version"], work) == f"greenlint {version}\n", "--version tells another version")
    shutil.copytree(ROOT / "examples", work / "examples")
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    first = re.search(r"^python -m pip install \. && greenlint (.*)$", readme, re.MULTILINE)
    if first is None:
        expect(met=False, complaint="the README's first command is not what it was")
    else:
        expect("ECO310" in run([greenlint, *first[1].split()], work), "the README's first command finds nothing")
    expect("What it cannot see" in run([greenlint, "rule", "ECO310"], work), "the catalogue cannot be read")
    run([python, "-m", "pip", "install", "--quiet", f"{wheel}[all]"], work)
    expect("greenlint" in run([python, "-m", "flake8", "--version"], work), "flake8 does not find the plugin")
    told = run([greenlint, "inspect", "examples/release/digits.onnx", "--exit-zero"], work)
    expect("digits.onnx" in told, "models cannot be inspected")
    run([python, "-m", "pip", "check"], work)


def run(command: list[str], folder: Path) -> str:
    """Return what a command prints; end with what it complains of when it fails."""
    done = subprocess.run(command, cwd=folder, capture_output=True, encoding="utf-8", errors="replace", check=False)
    expect(done.returncode == 0, f"{' '.join(command)}: exit code {done.returncode}\n{done.stdout}{done.stderr}")
    return done.stdout


def expect(met: object, complaint: str) -> None:
    """End with a complaint unless a condition is met."""
    if not met:
        sys.exit(f"error: {complaint}")


if __name__ == "__main__":
    if not sys.argv[1:] or sys.argv[1].startswith("-"):
        sys.exit((__doc__ or "").strip())
    main(Path(sys.argv[1]))
