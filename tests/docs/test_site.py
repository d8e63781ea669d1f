from __future__ import annotations

import importlib.util
import json
import re
import runpy
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from greenlint.catalogue import load

ROOT = Path(__file__).resolve().parents[2]
SITE = runpy.run_path(str(ROOT / "docs" / "site.py"))
CATALOGUE = load(ROOT / "rules")


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with the pages and their configuration."""
    folder = tmp_path_factory.mktemp("docs")
    assert SITE["main"](["--pages", "--out", str(folder)]) == 0
    return folder


@pytest.mark.parametrize("rule", CATALOGUE.rules, ids=lambda rule: rule.code)
def test_the_page_of_a_rule_says_what_its_file_says(out: Path, rule: object) -> None:
    code, name = rule.code, rule.name  # type: ignore[attr-defined]
    page = (out / "pages" / "rules" / f"{code}-{name}.md").read_text(encoding="utf-8")
    assert page.startswith(f"# {code} {name}\n")
    for title in ("Why it matters", "Example", "How to mend it", "What it cannot see"):
        assert f"\n## {title}\n" in page
    for text in (rule.bad.rstrip(), rule.good.rstrip()):  # type: ignore[attr-defined]
        assert f"\n{text}\n```" in page
    for source in rule.evidence:  # type: ignore[attr-defined]
        assert source.url in page
    for option in rule.options.values():  # type: ignore[attr-defined]
        assert f"\n{option.name} = " in page


def test_the_index_has_every_rule_once_in_its_family(out: Path) -> None:
    text = (out / "pages" / "rules" / "index.md").read_text(encoding="utf-8")
    codes = re.findall(r"^- \[(ECO\d+) ", text, re.MULTILINE)
    assert sorted(codes) == [rule.code for rule in CATALOGUE.rules]
    assert {rule.family for rule in CATALOGUE.rules} <= set(SITE["FAMILIES"])


def test_every_page_is_in_the_navigation(out: Path) -> None:
    configuration = yaml.safe_load((out / "mkdocs.yml").read_text(encoding="utf-8"))
    named = re.findall(r"[\w./-]+\.md", str(configuration["nav"]))
    pages = [page.relative_to(out / "pages").as_posix() for page in (out / "pages").rglob("*.md")]
    assert sorted(named) == sorted(pages)


def test_links_lead_to_pages_and_stay_in_code() -> None:
    homes = {"README.md": "index.md", "docs/ci.md": "ci.md", "rules/a.yaml": "rules/a.md"}
    text = "[one](docs/ci.md#json) [two](rules/a.yaml) [three](pyproject.toml) [web](https://x.org) [here](#top)\n"
    assert SITE["relinked"](text, "README.md", homes) == (
        "[one](ci.md#json) [two](rules/a.md) three [web](https://x.org) [here](#top)\n"
    )
    assert SITE["relinked"]("[a](../rules/a.yaml)", "docs/ci.md", homes) == "[a](rules/a.md)"
    assert SITE["relinked"]("[a](../docs/ci.md)", "rules/a.yaml", homes) == "[a](../ci.md)"
    code = "```md\n[one](docs/ci.md)\n```\n"
    assert SITE["relinked"](code, "README.md", homes) == code


def test_words_are_no_markup() -> None:
    assert SITE["_line"]("a <b> *c*\n  `x < y * z`") == r"a \<b> \*c\* `x < y * z`"


def build(folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "zensical", "build", "--clean", "--strict", "-f", "mkdocs.yml"],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.skipif(
    importlib.util.find_spec("zensical") is None, reason="the site is built where Zensical is installed"
)
def test_the_site_is_built_without_a_warning_and_a_broken_link_is_one(out: Path) -> None:
    done = build(out)
    assert done.returncode == 0, done.stdout + done.stderr
    site = out / "site"
    assert (site / "rules" / "ECO310-missing-early-stopping" / "index.html").is_file()
    found = json.loads((site / "search.json").read_text(encoding="utf-8"))["items"]
    assert any("EarlyStopping" in item["text"] for item in found)
    for page in site.rglob("*.html"):
        loaded = re.findall(r'(?:src|href)="(https?://[^"]+\.(?:js|css|woff2?))"', page.read_text(encoding="utf-8"))
        assert not loaded, f"{page.name} loads {loaded} from elsewhere"
    (out / "pages" / "broken.md").write_text("# Broken\n\n[nowhere](nowhere.md)\n")
    assert build(out).returncode != 0
    (out / "pages" / "broken.md").unlink()
