"""Links that leave `docs/`: each file of the project that a page names becomes a page of the site, so that the site is whole without a network. Pure, but for reading files."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable
from pathlib import Path, PurePosixPath

LINK = re.compile(r"(?P<before>\]\()(?P<path>[^)\s#]+)(?P<anchor>#[^)\s]*)?(?P<after>\))")
FENCE = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)
ADDRESS = re.compile(r"[a-z]+:")
FOLDER = "project"
LANGUAGES = {".py": "python", ".sh": "bash", ".yaml": "yaml", ".json": "json", ".toml": "toml"}
HIDDEN = "---\nsearch:\n  exclude: true\n---\n\n"


def site_path(target: str) -> str:
    """Where the site has a file of the project, both seen from their roots: pages of docs/ as they lie there, all others below `project/`."""
    if target.startswith("docs/"):
        return target.removeprefix("docs/")
    return f"{FOLDER}/{target}" if target.endswith(".md") else f"{FOLDER}/{target}.md"


def rewrite_links(text: str, page: str, root: Path) -> str:
    """The text of the page `page` (its path in the project) with links as the site has them. A folder has no page: its link becomes plain text."""
    return outside_fences(text, lambda part: LINK.sub(lambda match: _rewritten(match, page, root), part))


def outside_fences(text: str, change: Callable[[str], str]) -> str:
    """The text changed everywhere but in its fenced blocks."""
    done, end = [], 0
    for fence in FENCE.finditer(text):
        done += [change(text[end : fence.start()]), fence[0]]
        end = fence.end()
    return "".join([*done, change(text[end:])])


def _rewritten(match: re.Match[str], page: str, root: Path) -> str:
    target = target_of(match["path"], page)
    if target is None or not (root / target).exists():
        return match[0]  # another site; or a broken link, which MkDocs names
    here = str(PurePosixPath(site_path(page)).parent)
    there = site_path(f"{target}/README.md" if (root / target).is_dir() else target)
    if (root / target).is_dir() and not (root / target / "README.md").exists():
        return "]" + match["after"].replace(")", "")
    return f"{match['before']}{os.path.relpath(there, here)}{match['anchor'] or ''}{match['after']}"


def target_of(path: str, page: str) -> str | None:
    """The file of the project that a link of a page names, or None for another site and a heading of the same page."""
    if ADDRESS.match(path):
        return None
    return os.path.normpath(PurePosixPath(page).parent / path)


def linked_files(pages: Iterable[str], root: Path) -> list[str]:
    """Every file outside of docs/ that these pages name, and those that such files name in their turn."""
    found: set[str] = set()
    ahead = list(pages)
    while ahead:
        page = ahead.pop()
        text = FENCE.sub("", (root / page).read_text(encoding="utf-8"))
        for match in LINK.finditer(text):
            target = target_of(match["path"], page)
            if target is None or target.startswith("docs/") or target in found:
                continue
            if (root / target).is_dir() and (root / target / "README.md").exists():
                target = f"{target}/README.md"
            if (root / target).is_file():
                found.add(target)
                ahead += [target] if target.endswith(".md") else []
    return sorted(found)


def page_of(file: str, root: Path) -> str:
    """The page that shows a file of the project: a text as it is, code in a block."""
    text = (root / file).read_text(encoding="utf-8")
    if file.endswith(".md"):
        return HIDDEN + rewrite_links(text, file, root)
    language = LANGUAGES.get(Path(file).suffix, "text")
    return f"{HIDDEN}# {file}\n\n````{language}\n{text.rstrip()}\n````\n"
