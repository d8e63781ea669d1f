"""Break good code of public repositories by one small edit each, and see whether exactly that is found.

usage: python benchmarks/precision/twins.py CORPUS [CORPUS ...] [--rules ECO303,ECO502] [--whole]

CORPUS holds checkouts as folders named OWNER+NAME, at the commits that twins.yaml names. A twin is a hit when the edit
brings its own finding at its own line (and what else is due by definition, `also`), and nothing more.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections import Counter, defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import history
import yaml
from judging import judge

TWINS = Path(__file__).with_name("twins.yaml")
PLACE = tuple[str, str, str]
"""Path in the project, code, text of the line."""


class EditError(ValueError):
    """An edit does not fit the file: another commit, or a mistake in twins.yaml."""


@dataclass(frozen=True, slots=True)
class Twin:
    """One entry of twins.yaml: a file of a repository, what is changed in it, and what is to be found then."""

    code: str
    repo: str
    commit: str
    path: str
    edits: tuple[dict[str, Any], ...]
    finds: str
    at: str
    also: tuple[str, ...]
    ends: tuple[str, ...]

    def __str__(self) -> str:
        """Return rule, repository and path."""
        return f"{self.code} {self.repo} {self.path}"


def main() -> int:
    """Run the twins that the command line asks for, and tell hits, misses and what else was found."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("corpora", nargs="+", type=Path, metavar="CORPUS", help="folder of checkouts, OWNER+NAME each")
    parser.add_argument("--rules", help="codes, with commas between them (default: all that have twins)")
    parser.add_argument("--repo", default="", help="run the twins of repositories whose name holds this text")
    parser.add_argument("--whole", action="store_true", help="judge every file of the repositories, not only the twins")
    parser.add_argument("--record", action="store_true", help="append hits and misses to history.jsonl")
    options = parser.parse_args()
    if options.record and (options.rules or options.repo):
        parser.error("--record takes all twins: leave out --rules and --repo")
    wanted = options.rules.split(",") if options.rules else None
    hits: Counter[str] = Counter()
    counts: Counter[str] = Counter()
    repos = defaultdict(set)
    for twin in read(TWINS):
        if (wanted and twin.code not in wanted) or options.repo not in twin.repo:
            continue
        counts[twin.code] += 1
        repos[twin.code].add(twin.repo)
        try:
            wrong = run(twin, options.corpora, whole=options.whole)
        except (EditError, OSError, ValueError) as error:
            wrong = [str(error)]
        hits[twin.code] += not wrong
        for line in wrong:
            print(f"{twin}: {line}")
    for code, count in sorted(counts.items()):
        print(f"{code:6} {hits[code]:3} of {count:3}  in {len(repos[code])} repositories")
    print(f"{'all':6} {hits.total():3} of {counts.total():3}")
    if options.record:
        history.record("twins", {code: (hits[code], count - hits[code]) for code, count in sorted(counts.items())})
    return int(hits != counts)


def read(path: Path) -> list[Twin]:
    """Return the twins of a file, in its order."""
    document = yaml.safe_load(path.read_text(encoding="utf-8"))
    return [
        Twin(
            code=code,
            repo=entry["repo"],
            commit=document["commits"][entry["repo"]],
            path=entry["path"],
            edits=tuple(entry["edit"]),
            finds=entry["finds"],
            at=entry.get("at", entry["path"]),
            also=tuple(entry.get("also", ())),
            ends=tuple(entry.get("ends", ())),
        )
        for code, entries in document["twins"].items()
        for entry in entries
    ]


def run(twin: Twin, corpora: list[Path], *, whole: bool = False) -> list[str]:
    """Return what is wrong with the findings of a twin, nothing for a hit."""
    name = twin.repo.replace("/", "+")
    project = next((corpus / name for corpus in corpora if (corpus / name).is_dir()), None)
    if project is None:
        message = f"no checkout named {name}; its commit is {twin.commit}"
        raise EditError(message)
    project = project.resolve()
    edited = project / twin.path
    files = dict.fromkeys((edited, project / twin.at))
    if whole:
        files |= dict.fromkeys(sorted(project.rglob("*.py")))
    before = _places(project, list(files), {})
    after = _places(project, list(files), {edited: edit(edited, twin.edits)})
    new, gone = after - before, before - after
    wrong = []
    expected = [place for place in new if (place[0], place[1]) == (twin.at, twin.code) and twin.finds in place[2]]
    if expected:
        new[expected[0]] -= 1
    else:
        wrong.append(f"missed at `{twin.finds}`")
    for (path, code), count in _changed_lines(new, gone).items():
        for places in (new, gone):
            _drop(places, path, code, count)
    also, ends = list(twin.also), list(twin.ends)
    wrong += [f"also found: {_told(place)}" for place in new.elements() if not _take(place[1], also)]
    wrong += [f"no longer found: {_told(place)}" for place in gone.elements() if not _take(place[1], ends)]
    wrong += [f"not found beside it: {code}" for code in also]
    return wrong


def _changed_lines(new: Counter[PLACE], gone: Counter[PLACE]) -> Counter[tuple[str, str]]:
    """Count the findings that are the same as before, at a line whose text the edit changed."""
    return Counter(place[:2] for place in new.elements()) & Counter(place[:2] for place in gone.elements())


def _drop(places: Counter[PLACE], path: str, code: str, count: int) -> None:
    for place in [place for place in places.elements() if place[:2] == (path, code)][:count]:
        places[place] -= 1


def _take(code: str, due: list[str]) -> bool:
    if code in due:
        due.remove(code)
        return True
    return False


def _places(project: Path, files: list[Path], contents: dict[Path, bytes]) -> Counter[PLACE]:
    """Count findings by path, code and text of the line: line numbers move under an edit."""
    return Counter(
        (path.relative_to(project).as_posix(), finding.rule.code, finding.snippet.strip())
        for path, finding in judge(project, files, contents)
    )


def _told(place: PLACE) -> str:
    return f"{place[1]} {place[0]}: {place[2]}"


def edit(path: Path, edits: tuple[dict[str, Any], ...]) -> bytes:
    """Return a file's bytes with the edits made; a notebook's in the one code cell that holds the line."""
    text = path.read_text(encoding="utf-8")
    if path.suffix != ".ipynb":
        lines = text.split("\n")
        for one in edits:
            lines = _changed([lines], one)[0]
        return "\n".join(lines).encode()
    notebook = json.loads(text)
    cells = [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]
    sources = ["".join(cell["source"]).split("\n") for cell in cells]
    for one in edits:
        sources = _changed(sources, one)
    for cell, lines in zip(cells, sources, strict=True):
        cell["source"] = "\n".join(lines)
    return json.dumps(notebook).encode()


def _changed(sources: list[list[str]], edit: dict[str, Any]) -> list[list[str]]:
    """Make one edit: a verb with the text of a line, which must name one line unless `nth` (from 1) picks it."""
    verb = next((verb for verb in VERBS if verb in edit), None)
    if verb is None:
        message = f"an edit needs one of {', '.join(VERBS)}, and has {', '.join(edit)}"
        raise EditError(message)
    wanted = edit[verb]
    part = verb == "replace"
    found = [
        (number, index)
        for number, lines in enumerate(sources)
        for index, line in enumerate(lines)
        if (wanted in line if part else wanted == line.strip())
    ]
    if not found or (len(found) > 1 and "nth" not in edit):
        message = f"{len(found)} lines fit `{wanted}`"
        raise EditError(message)
    number, index = found[edit.get("nth", 1) - 1]
    return [VERBS[verb](lines, index, edit) if position == number else lines for position, lines in enumerate(sources)]


def _replace(lines: list[str], index: int, edit: dict[str, Any]) -> list[str]:
    return [*lines[:index], lines[index].replace(edit["replace"], edit["with"], 1), *lines[index + 1 :]]


def _delete(lines: list[str], index: int, edit: dict[str, Any]) -> list[str]:
    """Take out `lines` lines (1 unless said)."""
    return [*lines[:index], *lines[index + edit.get("lines", 1) :]]


def _delete_block(lines: list[str], index: int, _: dict[str, Any]) -> list[str]:
    return [*lines[:index], *lines[_end(lines, index) :]]


def _unwrap(lines: list[str], index: int, _: dict[str, Any]) -> list[str]:
    end = _end(lines, index)
    body = lines[index + 1 : end]
    shift = min(_indent(line) for line in body if line.strip()) - _indent(lines[index])
    return [*lines[:index], *(line[shift:] if line.strip() else line for line in body), *lines[end:]]


def _after(lines: list[str], index: int, edit: dict[str, Any]) -> list[str]:
    """Insert `insert` below, as deep as the line that stood there."""
    following = next((line for line in lines[index + 1 :] if line.strip()), "")
    margin = " " * max(_indent(following), _indent(lines[index]))
    inserted = [f"{margin}{line}" for line in edit["insert"].rstrip("\n").split("\n")]
    return [*lines[: index + 1], *inserted, *lines[index + 1 :]]


VERBS = {
    "replace": _replace,
    "delete": _delete,
    "delete-block": _delete_block,
    "unwrap": _unwrap,
    "after": _after,
}


def _indent(line: str) -> int:
    return len(re.match(r"[ \t]*", line)[0])


def _end(lines: list[str], index: int) -> int:
    """Return the index after the block that a line opens."""
    end = index + 1
    for position in range(index + 1, len(lines)):
        if lines[position].strip():
            if _indent(lines[position]) <= _indent(lines[index]):
                break
            end = position + 1
    return end


if __name__ == "__main__":
    try:
        sys.exit(main())
    except BrokenPipeError:
        sys.exit(1)
