"""What a repository shows of itself: licence, documents, locks, CI, model card, history.

A file counts by what is in it: a licence by its text, a card section by having content. `git` is asked for dates and
tags only, with everything switched off that could run a program of the repository.
"""

from __future__ import annotations

import hashlib
import os
import re
import subprocess
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from greenlint.card.documents import parse_yaml, read_text
from greenlint.card.emissions import SKIPPED_FOLDERS, relative
from greenlint.card.licences import licence_of
from greenlint.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

LOCKS = ("uv.lock", "poetry.lock", "Pipfile.lock", "pdm.lock", "conda-lock.yml", "pixi.lock", "pylock.toml")

CARD_NAME = re.compile(r"(?:docs?/)?model[-_ ]?cards?\.md|readme\.md", re.IGNORECASE)
"""Where a card may lie; a README is one only when its front matter is a card's."""


@dataclass(frozen=True, slots=True)
class Section:
    """One section of a Markdown file: its heading, the line of the heading, and the text below it."""

    heading: str
    line: int
    text: str

    @property
    def has_content(self) -> bool:
        """Whether somebody wrote something there: figures in a table, or a few words that are no placeholder."""
        from greenlint.card.answers import is_placeholder

        text = re.sub(r"<!--.*?-->", "", self.text, flags=re.DOTALL)
        if re.search(r"^\s*\|.*\d", text, re.MULTILINE):
            return True
        words = re.findall(r"\w{2,}", text)
        return len(set(map(str.lower, words))) >= 5 and not is_placeholder(" ".join(text.split()))  # noqa: PLR2004


@dataclass(frozen=True, slots=True)
class Markdown:
    """A Markdown file with YAML front matter; `metadata` is empty where there is none or it cannot be read."""

    path: str
    metadata: dict[str, Any]
    sections: tuple[Section, ...]
    body: str = ""
    problem: str = ""

    def filled(self, *words: str) -> Section | None:
        """Return the first section with content whose heading has one of the words."""
        for section in self.sections:
            heading = section.heading.lower()
            if any(word in heading for word in words) and section.has_content:
                return section
        return None


@dataclass(frozen=True, slots=True)
class Repository:
    """What was seen, with paths relative to `root`."""

    root: Path
    files: tuple[str, ...] = ()
    licence: tuple[str, str] | None = None
    card: Markdown | None = None
    readme: Markdown | None = None
    pinned: str = ""
    changelog: str = ""
    tags: int = 0
    is_git: bool = False
    citation: str = ""
    contributing: str = ""
    ci_jobs: tuple[tuple[str, int], ...] = ()
    night_training: tuple[tuple[str, int], ...] = ()
    inference_files: tuple[str, ...] = ()
    head_date: str = ""
    dates: dict[str, datetime] = field(default_factory=dict)


def look(root: Path) -> Repository:
    """Look at a folder and its history; nothing in it is run."""
    files = tuple(_files(root))
    top = [name for name in files if "/" not in name]
    licence = next((found for name in top if (found := _licence(root, name))), None)
    card = _card(root, files)
    readme = next((markdown(root / name, name) for name in top if name.lower() == "readme.md"), None)
    is_git = (root / ".git").exists() or bool(_git(root, "rev-parse", "--is-inside-work-tree"))
    return Repository(
        root=root,
        files=files,
        licence=licence,
        card=card,
        readme=readme,
        pinned=next((name for name in top if name in LOCKS), "") or _pinned(root, top),
        changelog=next((n for n in top if re.match(r"(changelog|changes|history|news)(\.|$)", n, re.IGNORECASE)), ""),
        tags=len(_git(root, "tag", "--list").split()) if is_git else 0,
        is_git=is_git,
        citation=_citation(root) if "CITATION.cff" in top else "",
        contributing=next(
            (name for name in files if name.upper() in {"CONTRIBUTING.MD", ".GITHUB/CONTRIBUTING.MD"}), ""
        ),
        ci_jobs=tuple(_ci_jobs(root, files)),
        night_training=tuple(_night_training(root, files)),
        inference_files=tuple(
            name for name in files if name.endswith((".tflite", ".engine", ".mlmodel", ".mlpackage", ".gguf", ".ort"))
        ),
        head_date=_git(root, "log", "-1", "--format=%cI") if is_git else "",
    )


def commit_date(root: Path, paths: Iterable[str]) -> datetime | None:
    """Moment of the last commit that touched any of the paths, None when git does not know."""
    names = list(paths)
    text = _git(root, "log", "-1", "--format=%cI", "--", *names) if names else ""
    try:
        return datetime.fromisoformat(text.replace("Z", "+00:00"))
    except ValueError:
        return None


def uncommitted(root: Path, paths: Iterable[str]) -> str:
    """Return the first file that is not as the last commit has it, or an empty string.

    Contents are compared here: `git status` would run the filters that a repository configures.
    """
    names = list(paths)
    listing = _git(root, "ls-tree", "-z", "HEAD", "--", *names) if names else ""
    committed = {
        path: head.split()[-1] for head, _, path in (row.partition("\t") for row in listing.split("\0")) if path
    }
    for name in names:
        try:
            data = (root / name).read_bytes()
        except OSError:
            continue
        known = committed.get(name, "")
        if known not in {_blob(data, known), _blob(data.replace(b"\r\n", b"\n"), known)}:
            return name
    return ""


def _blob(data: bytes, like: str) -> str:
    """Return git's name for a content, by the hash that another name was made with."""
    digest = hashlib.new("sha256" if len(like) == 64 else "sha1", usedforsecurity=False)  # noqa: PLR2004 - hexadecimal
    digest.update(b"blob %d\0" % len(data) + data)
    return digest.hexdigest()


def markdown(path: Path, shown: str) -> Markdown:
    """Read a Markdown file; raises `ConfigError` when it is no text."""
    return parse_markdown(read_text(path), shown)


def parse_markdown(text: str, shown: str) -> Markdown:
    """Cut Markdown into front matter and sections; a front matter that cannot be read is a problem and no metadata."""
    text = text.replace("\r\n", "\n")
    metadata: dict[str, Any] = {}
    problem = ""
    body, first = text, 1
    match = re.match(r"---[ \t]*\n(.*?)\n---[ \t]*(?:\n|\Z)", text, re.DOTALL)
    if match:
        body, first = text[match.end() :], text.count("\n", 0, match.end()) + 1
        try:
            # The line of dashes above is a line too.
            metadata = parse_yaml("\n" + match[1], shown)
        except ConfigError as error:
            problem = str(error)
    return Markdown(shown, metadata, tuple(_sections(body, first)), body, problem)


def _sections(body: str, first: int) -> Iterator[Section]:
    heading, line, fenced = "", first, False
    content: list[str] = []
    for number, text in enumerate(body.split("\n"), first):
        if text.lstrip().startswith(("```", "~~~")):
            fenced = not fenced
        match = None if fenced else re.match(r"(#{1,6})\s+(.+?)\s*#*$", text)
        if match:
            if heading or content:
                yield Section(heading, line, "\n".join(content).strip())
            heading, line, content = match[2], number, []
        else:
            content.append(text)
    yield Section(heading, line, "\n".join(content).strip())


def _card(root: Path, files: Iterable[str]) -> Markdown | None:
    names = [name for name in files if CARD_NAME.fullmatch(name)]
    for name in sorted(names, key=lambda name: (name.lower().endswith("readme.md"), name.count("/"), name)):
        try:
            card = markdown(root / name, name)
        except ConfigError:
            continue
        is_readme = name.lower().endswith("readme.md")
        keys = {"pipeline_tag", "model-index", "library_name", "co2_eq_emissions"}
        if not is_readme or keys & set(card.metadata):
            return card
    return None


def _licence(root: Path, name: str) -> tuple[str, str] | None:
    if not re.match(r"(licen[cs]e|copying|unlicense)(\.(md|txt|rst))?$", name, re.IGNORECASE):
        return None
    try:
        spdx = licence_of(read_text(root / name))
    except ConfigError:
        return None
    return (spdx, name) if spdx else None


def _pinned(root: Path, top: Sequence[str]) -> str:
    for name in top:
        if not re.fullmatch(r"requirements[\w.-]*\.txt", name):
            continue
        try:
            lines = [line.split("#")[0].strip() for line in read_text(root / name).splitlines()]
        except ConfigError:
            continue
        needs = [line for line in lines if line and not line.startswith("-")]
        if needs and all("==" in line for line in needs):
            return name
    return ""


def _citation(root: Path) -> str:
    try:
        data = parse_yaml(read_text(root / "CITATION.cff"), "CITATION.cff")
    except ConfigError:
        return ""
    return "CITATION.cff" if {"cff-version", "title", "authors", "message"} <= set(data) else ""


def _ci_jobs(root: Path, files: Iterable[str]) -> Iterator[tuple[str, int]]:
    for name in files:
        if re.fullmatch(r"\.github/workflows/[^/]+\.ya?ml|\.gitlab-ci\.yml|azure-pipelines\.yml", name):
            for line, text in _numbered(root / name):
                code = text.split("#")[0]
                if re.search(r"\bgreenlint (?:check|score|inspect)\b", code) and not re.search(
                    r"\|\|\s*true|--exit-zero|continue-on-error",
                    code,
                ):
                    yield name, line


def _night_training(root: Path, files: Iterable[str]) -> Iterator[tuple[str, int]]:
    for name in files:
        if not re.fullmatch(r"\.github/workflows/[^/]+\.ya?ml", name):
            continue
        lines = list(_numbered(root / name))
        runs = any(re.search(r"\bpython\S*\s+\S*train\S*\.py", text.split("#")[0]) for _, text in lines)
        for line, text in lines:
            cron = re.match(r"\s*-?\s*cron:\s*['\"]?\S+\s+(\d+)\s", text)
            if cron and runs and int(cron[1]) < 6:  # noqa: PLR2004 - before six in the morning
                yield name, line


def _numbered(path: Path) -> list[tuple[int, str]]:
    try:
        return list(enumerate(read_text(path).splitlines(), 1))
    except ConfigError:
        return []


def _files(root: Path) -> Iterator[str]:
    for parent, folders, names in os.walk(root):
        folders[:] = sorted(name for name in folders if name not in SKIPPED_FOLDERS)
        for name in sorted(names):
            yield relative(Path(parent, name), root) if Path(parent) != root else name


def _git(root: Path, *words: str) -> str:
    """Ask git, with hooks, monitors, pagers, signatures and lazy fetching off; empty when it cannot answer."""
    command = [
        "git", "--no-pager", "-c", "core.fsmonitor=false", "-c", "core.hooksPath=/dev/null", "-c", "core.pager=cat",
        "-c", "log.showSignature=false", "-c", "protocol.allow=never", "-c", "diff.external=", *words,
    ]  # fmt: skip
    environment = {**os.environ, "GIT_NO_LAZY_FETCH": "1", "GIT_OPTIONAL_LOCKS": "0", "GIT_TERMINAL_PROMPT": "0"}
    try:
        done = subprocess.run(  # noqa: S603 - a fixed program and fixed words
            command, cwd=root, env=environment, capture_output=True, timeout=20, check=False
        )
    except (OSError, subprocess.SubprocessError):
        return ""
    return done.stdout.decode("utf-8", "replace").strip() if done.returncode == 0 else ""
