from __future__ import annotations

from pathlib import PureWindowsPath
from typing import TYPE_CHECKING

import pytest

from greenlint import catalogue
from greenlint.config import Configuration, Overrides, Settings, fits
from greenlint.errors import ConfigError
from greenlint.rule import Severity

if TYPE_CHECKING:
    from pathlib import Path


def settings(folder: Path, text: str = "", **overrides: object) -> Settings:
    if text:
        (folder / "greenlint.toml").write_text(text)
    return Configuration(catalogue.load(), Overrides(**overrides)).settings(folder)


def refusal(folder: Path, text: str, name: str = "greenlint.toml") -> str:
    (folder / name).write_text(text)
    with pytest.raises(ConfigError) as caught:
        Configuration(catalogue.load(), Overrides()).settings(folder)
    assert "\n" not in str(caught.value)
    return str(caught.value)


class TestSelection:
    def test_stable_rules_run_and_those_off_by_default_do_not(self, folder: Path) -> None:
        enabled = settings(folder).enabled
        assert "ECO310" in enabled
        assert "ECO001" not in enabled

    def test_select_names_codes_prefixes_and_names(self, folder: Path) -> None:
        chosen = settings(folder, 'select = ["ECO310", "oversized-epochs", "ECO30"]').enabled
        assert chosen == {"ECO301", "ECO302", "ECO303", "ECO310", "ECO311"}

    def test_the_more_exact_word_wins(self, folder: Path) -> None:
        assert "ECO310" in settings(folder, 'select = ["ECO310"]\nignore = ["ECO3"]').enabled
        assert settings(folder, 'select = ["ECO310"]\nignore = ["missing-early-stopping"]').enabled == frozenset()

    def test_extend_select_adds(self, folder: Path) -> None:
        enabled = settings(folder, 'extend-select = ["unused-suppression"]').enabled
        assert {"ECO001", "ECO310"} <= enabled

    def test_all_is_everything_that_runs(self, folder: Path) -> None:
        assert "ECO001" in settings(folder, 'select = ["ALL"]').enabled

    def test_the_command_line_selects_anew_and_ignores_on_top(self, folder: Path) -> None:
        text = 'select = ["ECO5"]\nignore = ["ECO310"]'
        assert settings(folder, text, select=("ECO310",)).enabled == {"ECO310"}
        assert "ECO501" not in settings(folder, text, ignore=("ECO501",)).enabled


class TestFiles:
    def test_the_nearest_file_speaks(self, folder: Path) -> None:
        inner = folder / "a" / "b"
        inner.mkdir(parents=True)
        (folder / "greenlint.toml").write_text('select = ["ECO310"]')
        (folder / "a" / "pyproject.toml").write_text('[tool.greenlint]\nselect = ["ECO501"]')
        (inner / "pyproject.toml").write_text('[project]\nname = "says nothing about us"')
        configuration = Configuration(catalogue.load(), Overrides())
        assert configuration.settings(folder).enabled == {"ECO310"}
        assert configuration.settings(inner).enabled == {"ECO501"}
        assert configuration.settings(inner).root == folder / "a"

    def test_greenlint_toml_wins_over_pyproject(self, folder: Path) -> None:
        (folder / "pyproject.toml").write_text('[tool.greenlint]\nselect = ["ECO501"]')
        assert settings(folder, 'select = ["ECO310"]').enabled == {"ECO310"}

    def test_a_given_file_speaks_for_all(self, folder: Path) -> None:
        (folder / "mine.toml").write_text('select = ["ECO501"]')
        (folder / "greenlint.toml").write_text('select = ["ECO310"]')
        configuration = Configuration(catalogue.load(), Overrides(), folder / "mine.toml")
        assert configuration.settings(folder).enabled == {"ECO501"}


class TestValues:
    def test_options_of_a_rule_by_name_or_code(self, folder: Path) -> None:
        options = settings(folder, "[rules.oversized-epochs]\nmax-epochs = 50\n").options
        assert options["ECO311"]["max-epochs"] == 50
        assert options["ECO310"]["early-stopping-min-epochs"] == 10
        assert settings(folder, "[rules.ECO311]\nmax-epochs = 7\n").options["ECO311"]["max-epochs"] == 7

    def test_fail_on(self, folder: Path) -> None:
        assert settings(folder).fail_on is Severity.WARNING
        assert settings(folder, 'fail-on = "error"').fail_on is Severity.ERROR
        assert settings(folder, 'fail-on = "error"', fail_on=Severity.INFO).fail_on is Severity.INFO

    def test_exclude_and_per_file_ignores_are_relative_to_the_file(self, folder: Path) -> None:
        text = 'exclude = ["old/*.py"]\n[per-file-ignores]\n"examples/**" = ["ECO3"]\n"*_demo.py" = ["fp32-export"]\n'
        said = settings(folder, text)
        assert said.excludes(folder / "old" / "a.py")
        assert not said.excludes(folder / "new" / "old" / "a.py")
        assert "ECO310" in said.ignored_in(folder / "examples" / "a" / "b.py")
        assert said.ignored_in(folder / "x" / "my_demo.py") == {"ECO501"}
        assert said.ignored_in(folder / "x.py") == frozenset()

    def test_the_command_lines_exclude_adds(self, folder: Path) -> None:
        assert settings(folder, 'exclude = ["a"]', exclude=("b",)).exclude == ("a", "b")

    def test_tables_of_other_commands_are_left_to_them(self, folder: Path) -> None:
        assert settings(folder, "[score]\nanything = 1\n").enabled


class TestComplaints:
    @pytest.mark.parametrize(
        ("text", "complaint"),
        [
            ("selct = []", 'greenlint.toml: selct: unknown setting, did you mean "select"?'),
            ('select = "ECO310"', 'greenlint.toml: select: must be a list of texts, not "ECO310"'),
            ("ignore = [3]", "greenlint.toml: ignore: must be a list of texts, not [3]"),
            ('ignore = ["ECO999"]', 'greenlint.toml: ignore: no rule is called "ECO999"'),
            ('select = ["oversized-epoch"]', 'no rule is called "oversized-epoch", did you mean "oversized-epochs"?'),
            ("preview = 1", "greenlint.toml: preview: must be true or false, not 1"),
            ('fail-on = "warn"', 'fail-on: must be one of info, warning, error, not "warn", did you mean "warning"?'),
            ("exclude = {}", "greenlint.toml: exclude: must be a list of texts, not a table"),
            ("rules = 3", "greenlint.toml: rules: must be a table, not 3"),
            ("[rules.oversized-epoch]", 'rules.oversized-epoch: no rule is called "oversized-epoch", did you mean'),
            (
                "[rules.oversized-epochs]\nmax-epoch = 3",
                'rules.oversized-epochs.max-epoch: unknown option of ECO311, did you mean "max-epochs"?',
            ),
            (
                '[rules.oversized-epochs]\nmax-epochs = "3"',
                'rules.oversized-epochs.max-epochs: must be a whole number, not "3"',
            ),
            ("[rules.oversized-epochs]\nmax-epochs = true", "must be a whole number, not true"),
            ('[per-file-ignores]\n"*.py" = "ECO3"', "per-file-ignores.*.py: must be a list of texts"),
            ("select = [", "greenlint.toml: is not TOML: "),
        ],
    )
    def test_a_mistake_is_one_line_with_file_key_and_nearest_word(
        self, folder: Path, text: str, complaint: str
    ) -> None:
        assert complaint in refusal(folder, text)

    def test_in_pyproject_the_key_is_told_in_full(self, folder: Path) -> None:
        told = refusal(folder, "[tool.greenlint]\nprevew = true\n", "pyproject.toml")
        assert told == 'pyproject.toml: tool.greenlint.prevew: unknown setting, did you mean "preview"?'

    def test_a_table_that_is_none(self, folder: Path) -> None:
        assert (
            refusal(folder, "[tool]\ngreenlint = 3\n", "pyproject.toml")
            == "pyproject.toml: tool.greenlint: must be a table"
        )


@pytest.mark.parametrize(
    ("pattern", "path", "answer"),
    [
        ("*.py", "a.py", True),
        ("*.py", "x/y/a.py", True),
        ("old", "old/a.py", True),
        ("old", "x/old/y/a.py", True),
        ("old", "older/a.py", False),
        ("/old", "x/old/a.py", False),
        ("./old", "old/a.py", True),
        ("x/*.py", "x/a.py", True),
        ("x/*.py", "x/y/a.py", False),
        ("x/**", "x/y/a.py", True),
        ("x/**/a.py", "x/a.py", True),
        ("x/**/a.py", "x/y/z/a.py", True),
        ("**/gen", "a/b/gen/c.py", True),
        ("a?.py", "ab.py", True),
        ("a?.py", "a/.py", False),
        ("a[0-9].py", "a7.py", True),
        ("a[!0-9].py", "a7.py", False),
        ("a+b.py", "a+b.py", True),
    ],
)
def test_globs(folder: Path, pattern: str, path: str, answer: bool) -> None:  # noqa: FBT001
    assert fits(pattern, folder / path, folder) is answer


def test_a_glob_fits_nothing_outside_its_folder(folder: Path) -> None:
    assert not fits("*", folder.parent / "a.py", folder)


@pytest.mark.parametrize(
    ("pattern", "path", "answer"),
    [
        ("notebooks/drafts", r"Notebooks\Drafts\a.ipynb", True),
        (r"notebooks\drafts", r"notebooks\drafts\a.ipynb", True),
        ("*_old.py", r"src\deep\Train_OLD.py", True),
        ("src/*.py", r"src\deep\train.py", False),
        ("drafts", r"src\draft\train.py", False),
    ],
)
def test_globs_fit_paths_of_windows(pattern: str, path: str, answer: bool) -> None:  # noqa: FBT001
    root = PureWindowsPath(r"C:\Users\Ann\project")
    assert fits(pattern, root / path, root) is answer
    assert fits(pattern, PureWindowsPath(r"c:\users\ann\PROJECT") / path, root) is answer
    assert not fits(pattern, PureWindowsPath(r"D:\project") / path, root)
