"""Files and archives that a step ships to its tasks, brought to this machine. Starts nothing."""

from __future__ import annotations

import shutil
from pathlib import Path

from emr_local.runners.step_context import StepContext, StepRejectedError


def unpack(archive: Path, target: Path) -> None:
    """Unpack a .zip, .jar, .tar or .tar.gz file.

    Links to absolute paths are kept, as YARN keeps them: a packed environment links to the Python of the nodes. Nothing is written outside of the target.
    """
    kind = "zip" if archive.suffix in (".zip", ".jar") else None
    try:
        shutil.unpack_archive(archive, target, kind, filter=None if kind else "tar")
    except (shutil.ReadError, OSError, ValueError) as problem:
        raise StepRejectedError(
            f"{archive.name} cannot be unpacked ({problem}). Give a .zip, .jar, .tar or .tar.gz file."
        ) from problem


def fetch_links(context: StepContext, files: tuple[str, ...], archives: tuple[str, ...]) -> dict[str, str]:
    """Fetch what a streaming job ships; give what is to lie in a task's working directory, by its alias or its own name.

    Each file gets a directory of its own and is executable, as YARN does it. So a Python script finds no other shipped file beside itself.
    """
    links = {}
    for number, uri in enumerate(files):
        location, _, alias = uri.partition("#")
        file = context.fetch(location, context.directory / "files" / str(number))
        file.chmod(0o755)
        links[alias or file.name] = str(file)
    for number, uri in enumerate(archives):
        location, _, alias = uri.partition("#")
        archive = context.fetch(location, context.directory / "archives" / str(number))
        unpacked = archive.with_name(f"{archive.name}.unpacked")
        unpack(archive, unpacked)
        links[alias or archive.name] = str(unpacked)
    return links
