"""MkDocs calls these while it builds the site: new pages find their place in the menu, and links that leave `docs/` lead to pages of the site."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

from docs_site.source_pages import linked_files, page_of, rewrite_links, site_path

ROOT = Path(__file__).resolve().parents[1]


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """Add to each part of the menu the pages of its folder that mkdocs.yml does not list."""
    config.nav = [_completed(entry) for entry in config.nav or []]
    return config


def _completed(entry: Any) -> Any:
    """An entry of the menu. A part is a title with its list of pages, all from one folder."""
    ((title, pages),) = entry.items()
    if isinstance(pages, str):
        return entry
    listed = set(_pages_in(pages))
    folder = next(iter(sorted(listed))).partition("/")[0]
    there = (path.relative_to(ROOT / "docs").as_posix() for path in sorted((ROOT / "docs" / folder).glob("*.md")))
    return {title: [*pages, *(page for page in there if page not in listed)]}


def _pages_in(entries: list[Any]) -> list[str]:
    found: list[str] = []
    for entry in entries:
        value = next(iter(entry.values())) if isinstance(entry, dict) else entry
        found += [value] if isinstance(value, str) else _pages_in(value)
    return found


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add a page for each file of the project that a page names."""
    pages = [f"docs/{file.src_uri}" for file in files.documentation_pages()]
    for source in linked_files(pages, ROOT):
        files.append(File.generated(config, site_path(source), content=page_of(source, ROOT)))
    return files


def on_page_markdown(markdown: str, page: Page, **_: Any) -> str:
    """Turn the links of a page of docs/ into those of the site."""
    if page.file.generated_by:
        return markdown
    return rewrite_links(markdown, f"docs/{page.file.src_uri}", ROOT)
