"""Which files of a package folder travel with a job, and which links in it cannot. Looks at names and links only; reads no file."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

# What Python, editors, notebooks and file managers leave behind. No module can be called so, and hidden files are where people keep secrets.
_LEFT_BEHIND = frozenset({"__pycache__", "Thumbs.db", "desktop.ini"})


@dataclass(frozen=True, slots=True, kw_only=True)
class BadLink:
    """A symbolic link of a package that cannot travel, relative to the package's parent, and why."""

    name: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PackageFiles:
    """The files of a package in the order of their names, linked folders of the project followed, and the links that cannot be.

    `python_files` are the names of its Python files in the package.
    """

    files: tuple[Path, ...] = ()
    bad_links: tuple[BadLink, ...] = ()
    python_files: tuple[str, ...] = ()


def list_package(project_root: Path, folder: str) -> PackageFiles:
    """What travels of a package folder, which is given relative to the project's root; nothing of a folder that is not there."""
    package, root = project_root / folder, project_root.resolve()
    if package.is_symlink() and (reason := _reason_against(package, root, ())):
        return PackageFiles(bad_links=(BadLink(name=package.name, reason=reason),))
    found = list(_walk(package, root, (package.resolve(),))) if package.is_dir() else []
    files = tuple(sorted(path for path, reason in found if reason is None))
    return PackageFiles(
        files=files,
        python_files=tuple(path.relative_to(package).as_posix() for path in files if path.suffix == ".py"),
        bad_links=tuple(
            BadLink(name=path.relative_to(package.parent).as_posix(), reason=reason)
            for path, reason in found
            if reason is not None
        ),
    )


def _walk(folder: Path, root: Path, owners: tuple[Path, ...]) -> Iterator[tuple[Path, str | None]]:
    """Each file, and each link that cannot travel with the reason; `owners` are the folders above, with their links followed."""
    for name in sorted(os.listdir(folder)):
        path = folder / name
        if name in _LEFT_BEHIND or name.startswith(".") or name.endswith("~"):
            continue
        reason = _reason_against(path, root, owners) if path.is_symlink() else None
        if reason is not None:
            yield path, reason
        elif path.is_dir():
            yield from _walk(path, root, (*owners, path.resolve()))
        elif path.is_file():
            yield path, None


def _reason_against(link: Path, root: Path, owners: tuple[Path, ...]) -> str | None:
    try:
        target = link.resolve(strict=True)
    except (OSError, RuntimeError):  # RuntimeError: a link to itself
        return "leads nowhere"
    if not target.is_relative_to(root):
        return "leads out of the project"
    return "leads back to a folder that holds it" if target in owners else None
