"""Writes new files, all of them or none: nothing that is there is ever changed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path

from emr_pipelines.errors import EmrPipelinesError

_MOST_NAMED = 10
_PROGRAM, _FILE = 0o755, 0o644
# By the path from the project's root, with slashes.
NewFiles = Mapping[str, bytes]


def refuse_existing(root: Path, paths: Iterable[str]) -> None:
    """Raise EmrPipelinesError, which names them, when some of these files are there."""
    there = [path for path in paths if _is_there(root / path)]
    if there:
        more = f" and {len(there) - _MOST_NAMED} more" if len(there) > _MOST_NAMED else ""
        verb = "exist" if len(there) > 1 else "exists"
        raise EmrPipelinesError(
            f"Nothing was written: {', '.join(there[:_MOST_NAMED])}{more} {verb}. Choose another name, or move what is there away"
        )


def write_new(root: Path, files: NewFiles) -> None:
    """Write the files; when one cannot be written, those before it are removed. Raises EmrPipelinesError when one is there, and OSError."""
    refuse_existing(root, files)
    written = list[str]()
    try:
        for path, content in files.items():
            target = root / path
            target.parent.mkdir(parents=True, exist_ok=True)
            with target.open("xb") as stream:
                written.append(path)
                stream.write(content)
            target.chmod(_PROGRAM if content.startswith(b"#!") else _FILE)
    except BaseException:
        remove(root, written)
        raise


def remove(root: Path, paths: Iterable[str]) -> None:
    """Remove files that were just written, and the folders that are empty without them."""
    for path in paths:
        (root / path).unlink(missing_ok=True)
        for folder in (root / path).parents:
            if folder == root:
                break
            with suppress(OSError):  # it holds something else
                folder.rmdir()


def _is_there(path: Path) -> bool:
    return path.exists() or path.is_symlink()
