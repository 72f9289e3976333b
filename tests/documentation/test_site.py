"""The site as `make docs` builds it: strict, with every page in the menu, and whole without a network."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from docs_site.source_pages import linked_files, page_of, rewrite_links, site_path

from tests.documentation.command_blocks import ROOT

# Where a link may lead; what a page fetches by itself must be a part of the site.
FETCHED = re.compile(
    r'<(?:script|img|iframe)[^>]+src="(https?:[^"]+)"|<link[^>]+rel="stylesheet"[^>]+href="(https?:[^"]+)"'
)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site of a copy that has a page which mkdocs.yml does not list."""
    copy = tmp_path_factory.mktemp("site") / "project"
    left_out = shutil.ignore_patterns(".venv*", ".git", "site", "__pycache__", ".*_cache", ".emr_local", ".airflow")
    shutil.copytree(ROOT, copy, ignore=left_out)
    (copy / "docs" / "how-to" / "zebra.md").write_text("# Zebra\n\n[here](../../Makefile)\n", encoding="utf-8")
    built = build(copy)
    assert built.returncode == 0, built.stderr
    return copy / "site"


def build(project: Path, folder: str = "site") -> subprocess.CompletedProcess[str]:
    """What `make docs` does. Not with `--quiet`, with which MkDocs counts no warnings and nothing is strict."""
    settings = {**os.environ, "NO_MKDOCS_2_WARNING": "1", "PYTHONPATH": str(project)}
    command = [Path(sys.executable).parent / "mkdocs", "build", "--strict", "--site-dir", folder]
    return subprocess.run(command, cwd=project, env=settings, capture_output=True, text=True)


def test_no_page_fetches_anything_from_elsewhere(site: Path) -> None:
    found = {
        (page.relative_to(site).as_posix(), address)
        for page in site.rglob("*.html")
        for match in FETCHED.finditer(page.read_text(encoding="utf-8"))
        for address in match.groups()
        if address
    }
    assert found == set()
    styles = "".join(sheet.read_text(encoding="utf-8") for sheet in site.rglob("*.css"))
    assert re.findall(r"url\([\"']?https?:", styles) == []


def test_a_broken_link_and_a_broken_anchor_fail_the_build(site: Path) -> None:
    page = site.parent / "docs" / "how-to" / "broken.md"
    page.write_text("# Broken\n\n[a](nowhere.md) [b](../reference/spec.md#no-such-heading)\n", encoding="utf-8")
    built = build(site.parent, "broken")
    page.unlink()
    assert built.returncode != 0
    assert "nowhere.md" in built.stderr
    assert "no-such-heading" in built.stderr


def test_make_docs_is_strict() -> None:
    recipe = (ROOT / "Makefile").read_text(encoding="utf-8").partition("\ndocs:")[2].partition("\n\n")[0]
    assert "mkdocs build --strict\n" in recipe


def test_a_page_that_nobody_listed_is_in_the_menu(site: Path) -> None:
    menu = (site / "reference" / "spec.html").read_text(encoding="utf-8").partition("<nav")[2]
    assert "../how-to/zebra.html" in menu


def test_a_file_of_the_project_that_a_page_names_is_a_page(site: Path) -> None:
    assert "../project/Makefile.html" in (site / "how-to" / "zebra.html").read_text(encoding="utf-8")
    assert ".DEFAULT_GOAL" in (site / "project" / "Makefile.html").read_text(encoding="utf-8")


@pytest.fixture
def project(tmp_path: Path) -> Path:
    files = {
        "docs/how-to/a.md": "[code](../../src/b.py) [page](../c.md#x) [folder](../../src) [out](https://e.org)\n",
        "docs/c.md": "# C\n",
        "src/b.py": "x = 1\n",
        "NOTES.md": "[b](src/b.py)\n",
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path


def test_links_lead_to_pages_of_the_site(project: Path) -> None:
    text = (project / "docs/how-to/a.md").read_text()
    rewritten = "[code](../project/src/b.py.md) [page](../c.md#x) [folder] [out](https://e.org)\n"
    assert rewrite_links(text, "docs/how-to/a.md", project) == rewritten
    assert rewrite_links("```\n[x](../../src/b.py)\n```\n", "docs/how-to/a.md", project).count("project") == 0


def test_linked_files_are_those_outside_of_docs_and_what_these_name(project: Path) -> None:
    (project / "docs/c.md").write_text("[notes](../NOTES.md)\n")
    assert linked_files(["docs/c.md"], project) == ["NOTES.md", "src/b.py"]
    assert site_path("docs/c.md") == "c.md"
    assert "```python\nx = 1" in page_of("src/b.py", project)
    assert "[b](src/b.py.md)" in page_of("NOTES.md", project)
