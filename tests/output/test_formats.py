from __future__ import annotations

import io
import json
import os
import stat
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from greenlint import catalogue, output
from greenlint.errors import ConfigError
from greenlint.finding import Finding, GraphPlace, Problem, Report, Status, TextPlace
from greenlint.output import Look, concise, text
from greenlint.output import json as json_output

if TYPE_CHECKING:
    from collections.abc import Iterable

SNAPSHOTS = Path(__file__).parent / "snapshots"

STOPPING = replace(
    catalogue.load().by_word("ECO310"),
    why="Epochs after the best one cost as much as the others and bring nothing, whatever the best checkpoint is.",
    fix="Stop when the validation metric has not improved for a few epochs.",
)
FOUND = Finding(
    rule=STOPPING,
    severity=STOPPING.severity,
    place=TextPlace("src/train.py", 42, 5, 42, 28),
    message="trains 90 epochs and nothing stops it when it no longer gets better",
    snippet="    for epoch in range(90):",
    fingerprint="f" * 32,
)


def lines(report: Report, **look: object) -> list[str]:
    return list(text.render(report, Look(**look)))


def test_formats_are_the_modules_of_the_folder() -> None:
    assert {"concise", "json", "text"} <= set(output.names())
    for name in output.names():
        assert output.by_name(name).render
        assert (output.by_name(name).__doc__ or "").strip()


def test_an_unknown_format() -> None:
    with pytest.raises(ConfigError, match='no format is called "yaml" \\(there are: '):
        output.by_name("yaml")


class TestText:
    def test_a_report_reads_like_this(self) -> None:
        again = replace(FOUND, place=TextPlace("src/train.py", 142, 1, 142, 3), snippet="\tfit(x)")
        cell = replace(FOUND, place=TextPlace("a.ipynb", 2, 1, 3, 2, cell=4), snippet="model.fit(")
        graph = replace(FOUND, place=GraphPlace("model.onnx", "graph/Relu_3"), snippet="")
        hidden = replace(FOUND, status=Status.SUPPRESSED)
        report = Report((FOUND, again, cell, graph, hidden), checked=3, skipped=2, unreadable=1)
        told = "".join(f"{line}\n" for line in lines(report))
        assert told == (SNAPSHOTS / "report.txt").read_text(encoding="utf-8")

    @pytest.mark.parametrize("width", [40, 80, 100])
    def test_no_line_is_wider_than_asked(self, width: int) -> None:
        long = replace(
            FOUND,
            snippet=f"    x = {'abc, ' * 60}",
            place=TextPlace("src/train.py", 12345, 150, 12345, 160),
            message="many words " * 20,
        )
        wide = replace(FOUND, snippet=f"漢字 = '{'漢' * 200}'", place=TextPlace("a.py", 1, 30, 1, 40))
        for line in lines(Report((FOUND, long, wide)), width=width):
            assert text._columns(line) <= width, line

    def test_the_marker_is_below_the_code(self) -> None:
        found = replace(FOUND, snippet="é漢\tx = fit(y)", place=TextPlace("a.py", 1, 8, 1, 14))
        code, mark = text._marked(found.snippet, found.place, 70)
        assert code == "é漢    x = fit(y)"
        assert mark == "           ^^^^^^"

    def test_a_place_over_several_lines_is_marked_to_the_end_of_the_first(self) -> None:
        code, mark = text._marked("fit(  ", TextPlace("a.py", 1, 1, 3, 2), 70)
        assert (code, mark) == ("fit(", "^^^^")

    def test_a_long_line_is_cut_around_the_place(self) -> None:
        snippet = f"{'a' * 100}fit(x){'b' * 100}"
        code, mark = text._marked(snippet, TextPlace("a.py", 1, 101, 1, 107), 60)
        assert code[mark.index("^") : mark.rindex("^") + 1] == "fit(x)"
        assert code.startswith("…")
        assert code.endswith("…")

    def test_control_characters_do_not_reach_the_terminal(self) -> None:
        code, _ = text._marked("x = '\x1b[31m\x0c'", TextPlace("a.py", 1, 1, 1, 2), 70)
        assert "\x1b" not in code

    def test_colours_only_where_they_are_wanted(self) -> None:
        assert not any("\x1b" in line for line in lines(Report((FOUND,))))
        assert any("\x1b[1;33m" in line for line in lines(Report((FOUND,)), colour=True))

    def test_colours_change_nothing_else(self) -> None:
        import re

        plain = [re.sub(r"\x1b\[[\d;]*m", "", line) for line in lines(Report((FOUND, FOUND)), colour=True)]
        assert plain == lines(Report((FOUND, FOUND)))

    @pytest.mark.parametrize(
        ("report", "line"),
        [
            (Report(checked=1), "No findings in 1 file."),
            (Report(checked=2, skipped=3), "No findings in 5 files."),
            (Report((FOUND,), checked=1), "1 finding (1 warning) in 1 file."),
            (Report(checked=1, unreadable=2), "No findings in 1 file, 2 files not read."),
            (Report((replace(FOUND, status=Status.KNOWN),), checked=1), "No findings in 1 file, 1 known."),
        ],
    )
    def test_the_last_line_counts(self, report: Report, line: str) -> None:
        assert lines(report) == [*lines(report)[:-1], line]


class TestLook:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    def test_a_terminal_has_colours(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.delenv("NO_COLOR", raising=False)
        monkeypatch.setenv("TERM", "xterm")
        assert output.look_of(self.Terminal()).colour

    @pytest.mark.parametrize(("name", "value"), [("NO_COLOR", "1"), ("TERM", "dumb")])
    def test_unless_it_wants_none(self, monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
        monkeypatch.setenv(name, value)
        assert not output.look_of(self.Terminal()).colour

    def test_a_file_is_eighty_plain_columns(self) -> None:
        assert output.look_of(io.StringIO()) == Look(colour=False, width=80)


class TestWriting:
    def test_a_file_is_replaced_and_keeps_its_mode(self, folder: Path) -> None:
        (folder / "a.txt").write_text("old")
        (folder / "a.txt").chmod(0o640)
        output.write("a.txt", iter(["new"]))
        assert (folder / "a.txt").read_text() == "new\n"
        assert (folder / "a.txt").stat().st_mode & 0o777 == 0o640
        assert [path.name for path in folder.iterdir()] == ["a.txt"]

    def test_a_link_is_followed(self, folder: Path) -> None:
        (folder / "real.txt").write_text("old")
        (folder / "link.txt").symlink_to("real.txt")
        output.write("link.txt", iter(["new"]))
        assert (folder / "link.txt").is_symlink()
        assert (folder / "real.txt").read_text() == "new\n"

    def test_what_is_no_regular_file_is_never_replaced(self, folder: Path) -> None:
        os.mkfifo(folder / "pipe")
        reader = os.open(folder / "pipe", os.O_RDONLY | os.O_NONBLOCK)
        output.write("pipe", iter(["new"]))
        assert os.read(reader, 10) == b"new\n"
        assert stat.S_ISFIFO((folder / "pipe").stat().st_mode)
        os.close(reader)

    def test_a_folder_is_no_file(self, folder: Path) -> None:
        (folder / "there").mkdir()
        with pytest.raises(ConfigError, match="there: cannot be written: is a directory"):
            output.write("there", iter(["new"]))
        with pytest.raises(ConfigError, match="/: cannot be written: "):
            output.write("/", iter(["new"]))


def test_concise() -> None:
    cell = replace(FOUND, place=TextPlace("a.ipynb", 2, 1, 3, 2, cell=4))
    told = list(concise.render(Report((FOUND, cell), checked=2), Look()))
    words = (
        "ECO310 [warning] missing-early-stopping: trains 90 epochs and nothing stops it when it no longer gets better"
    )
    assert told == [
        f"src/train.py:42:5: {words}",
        f"a.ipynb:cell 4:2:1: {words}",
        "2 findings (2 warnings) in 2 files.",
    ]


class TestJson:
    def told(self, report: Report, **look: object) -> dict[str, object]:
        rendered: Iterable[str] = json_output.render(report, Look(**look))
        document = json.loads("\n".join(rendered))
        assert isinstance(document, dict)
        return document

    def test_the_object(self) -> None:
        problem = Problem("bad.py", "cannot be parsed", 3, 4)
        document = self.told(Report((FOUND,), checked=1, skipped=2, unreadable=1, problems=(problem,)))
        assert document == {
            "schema": "greenlint-findings/1",
            "findings": [
                {
                    "code": "ECO310",
                    "name": "missing-early-stopping",
                    "family": "training",
                    "severity": "warning",
                    "confidence": "high",
                    "message": "trains 90 epochs and nothing stops it when it no longer gets better",
                    "path": "src/train.py",
                    "line": 42,
                    "column": 5,
                    "end_line": 42,
                    "end_column": 28,
                    "cell": None,
                    "node": None,
                    "status": "open",
                    "reason": "",
                    "fingerprint": "f" * 32,
                    "fix": {
                        "description": "Stop when the validation metric has not improved for a few epochs.",
                        "applicability": "unsafe",
                        "edits": None,
                    },
                },
            ],
            "files": {"checked": 1, "skipped": 2, "unreadable": 1},
            "errors": [{"path": "bad.py", "line": 3, "column": 4, "cell": None, "message": "cannot be parsed"}],
        }

    def test_suppressed_findings_are_in_it(self) -> None:
        hidden = replace(FOUND, status=Status.SUPPRESSED, reason="measured")
        (finding,) = self.told(Report((hidden,)))["findings"]
        assert (finding["status"], finding["reason"]) == ("suppressed", "measured")

    def test_a_place_in_a_graph_has_a_node(self) -> None:
        (finding,) = self.told(Report((replace(FOUND, place=GraphPlace("m.onnx", "graph/Relu")),)))["findings"]
        assert (finding["node"], finding["line"], finding["cell"]) == ("graph/Relu", None, None)

    def test_statistics_come_beside_the_findings(self) -> None:
        assert self.told(Report((FOUND, FOUND)), statistics=True)["statistics"] == [
            {"code": "ECO310", "name": "missing-early-stopping", "severity": "warning", "count": 2}
        ]
