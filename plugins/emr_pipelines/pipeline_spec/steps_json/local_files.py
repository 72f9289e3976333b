"""Finds the files that the older system took from one machine, and gives each a place in the project. Asks the file system only whether files exist."""

from __future__ import annotations

from pathlib import Path, PurePosixPath


class LocalFiles:
    """The files beside a steps.json. What lies below include/ is named where it is; anything else gets a copy below include/legacy/<pipeline>/."""

    def __init__(self, folder: Path, project_root: Path, pipeline: str) -> None:
        self.folder = folder.resolve()
        self._root = project_root.resolve()
        self._target = PurePosixPath("include") / "legacy" / pipeline
        self.copies: dict[str, Path] = {}

    def find(self, text: str) -> Path | None:
        """The file that a text names, as seen from the folder of steps.json; what lies neither there nor in the project is none of the system's."""
        file = (self.folder / text).resolve()
        is_inside = file.is_relative_to(self.folder) or file.is_relative_to(self._root)
        return file if text and is_inside and file.is_file() else None

    def place(self, file: Path) -> str:
        """The file's path in the project; the same for the same file, and different for files of the same name."""
        if file.is_relative_to(self._root / "include"):
            return file.relative_to(self._root).as_posix()
        number, target = 1, (self._target / file.name).as_posix()
        while self.copies.get(target, file) != file:
            number += 1
            target = (self._target / f"{file.stem}_{number}{file.suffix}").as_posix()
        self.copies[target] = file
        return target
