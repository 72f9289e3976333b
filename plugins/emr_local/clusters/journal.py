"""The append-only file that remembers records over a restart. Knows lines of JSON and the lock of the directory, not what the records mean."""

from __future__ import annotations

import fcntl
import io
import json
import os
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from emr_local.host.explained_errors import StartupError
from emr_local.host.ownership import describe_holder

Entry = Mapping[str, Any]


class DirectoryLock:
    """Holds a state directory for one server, until it is released or the process dies."""

    def __init__(self, directory: Path) -> None:
        try:
            directory.mkdir(parents=True, exist_ok=True)
            self._file = (directory / "lock").open("w")
        except OSError as error:
            raise StartupError(
                f"The state directory {directory} cannot be written: {error.strerror}.",
                "Choose another one with --state-dir.",
            ) from error
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            self._file.close()
            raise StartupError(
                f"The state directory {directory} is in use by another emr_local server{describe_holder(directory)}.",
                "Stop that server, or choose another directory with --state-dir.",
            ) from error

    def release(self) -> None:
        """Let another server have the directory."""
        self._file.close()


class Journal:
    """One file of JSON lines. What `append` returned from is on the disk; of what it raised for, nothing is."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: io.FileIO | None = None

    def read(self) -> list[Entry]:
        """All entries in order; a last line that a kill cut short is left out."""
        if not self._path.exists():
            return []
        lines = self._path.read_text(encoding="utf-8").split("\n")[:-1]
        entries = []
        for number, line in enumerate(lines, start=1):
            try:
                entries.append(json.loads(line))
            except ValueError as error:
                raise StartupError(
                    f"{self._path}:{number}: this line of the journal is not JSON.",
                    "Remove the line to lose only what it holds, or start with an empty --state-dir.",
                ) from error
        return entries

    def rewrite(self, entries: Iterable[Entry]) -> None:
        """Put these entries in the place of all others, and go on from there."""
        fresh = self._path.with_suffix(".new")
        try:
            self._file = fresh.open("wb", buffering=0)
            self.append(entries)
            fresh.replace(self._path)
        except OSError as error:
            raise StartupError(
                f"The journal {self._path} cannot be written: {error.strerror}.",
                "Make the directory writable and see that the disk has room, or choose another --state-dir.",
            ) from error

    def append(self, entries: Iterable[Entry]) -> None:
        """Write entries to the disk, all or none; `rewrite` comes first."""
        if self._file is None:
            raise ValueError(f"The journal {self._path} is not open: call rewrite first.")
        lines = "".join(json.dumps(entry, separators=(",", ":")) + "\n" for entry in entries).encode()
        before = self._file.tell()
        try:
            # Without a buffer, which would keep what the disk has no room for and write it with what comes later.
            while lines:
                lines = lines[self._file.write(lines) :]
            os.fsync(self._file.fileno())
        except OSError:
            with suppress(OSError):  # the first error is the one to tell
                self._file.truncate(self._file.seek(before))
            raise

    def close(self) -> None:
        """Close the file; a second call does nothing."""
        if self._file is not None:
            self._file.close()
