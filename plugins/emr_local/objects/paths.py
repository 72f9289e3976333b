"""Which file holds which S3 object, and which names no file can hold. Looks at names and directories; changes nothing."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_BUCKET_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{1,61}[a-z0-9]")
_LONGEST_SEGMENT = 255  # bytes; what ext4, xfs and APFS allow
_LONGEST_KEY = 1024  # bytes; S3's own limit


class UnstorableKeyError(ValueError):
    """An object cannot be kept as a file; the message tells an S3 client why and what to do."""


@dataclass(frozen=True, slots=True)
class FoundFile:
    """An object as it lies in a bucket's directory; a key that ends in "/" is a directory."""

    key: str
    size: int
    mtime_ns: int
    empty_directory: bool = False


def is_bucket_name(name: str) -> bool:
    """Tell whether a directory of this name can be a bucket."""
    return _BUCKET_NAME.fullmatch(name) is not None and ".." not in name


def locate_object(bucket_directory: Path, key: str) -> Path:
    """Give the file (for a key ending in "/": the directory) of a key; raise UnstorableKeyError for a key that none can hold."""
    segments = key.removesuffix("/").split("/")
    if "" in segments:
        raise UnstorableKeyError(
            f"The key {key!r} starts with a slash or has two in a row; objects are kept as files here, so it cannot be stored. Use single slashes."
        )
    if "." in segments or ".." in segments or "\0" in key:
        raise UnstorableKeyError(
            f"The key {key!r} has a '.' or '..' segment or a NUL; objects are kept as files here, so it cannot be stored. Choose another key."
        )
    if len(key.encode("utf-8", "surrogatepass")) > _LONGEST_KEY or any(
        len(s.encode("utf-8", "surrogatepass")) > _LONGEST_SEGMENT for s in segments
    ):
        raise UnstorableKeyError(
            f"The key {key[:40]!r}… has a segment longer than {_LONGEST_SEGMENT} bytes or is longer than {_LONGEST_KEY}; objects are kept as files here. Choose a shorter key."
        )
    _refuse_prefix_clash(bucket_directory, key, segments)
    return bucket_directory.joinpath(*segments)


def _refuse_prefix_clash(bucket_directory: Path, key: str, segments: list[str]) -> None:
    """A file system cannot hold `a` and `a/b` at once, S3 can."""
    parent = bucket_directory
    for segment in segments[:-1]:
        parent = parent / segment
        if parent.is_file() or parent.is_symlink():
            clash = parent.relative_to(bucket_directory).as_posix()
            raise UnstorableKeyError(
                f"The key {key!r} lies under the object {clash!r}; objects are kept as files here, so delete {clash!r} first or choose another key."
            )
    target = parent / segments[-1]
    if key.endswith("/") and target.is_file():
        raise UnstorableKeyError(
            f"The key {key!r} names a directory, but {target.name!r} is an object; objects are kept as files here, so delete that object first."
        )
    if not key.endswith("/") and target.is_dir() and any(target.iterdir()):
        raise UnstorableKeyError(
            f"The key {key!r} is also the prefix of other objects ({key}/…); objects are kept as files here, so choose another key."
        )


def is_working_file(key: str) -> bool:
    """Tell whether Hadoop or Spark made this file only for itself: checksums, uncommitted output, unfinished copies."""
    *directories, name = key.rstrip("/").split("/")
    if any(d == "_temporary" or d.startswith((".spark-staging", ".hive-staging")) for d in [*directories, name]):
        return True
    return (name.startswith(".") and name.endswith(".crc")) or name.endswith("._COPYING_")


def checksum_file(path: Path) -> Path:
    """Name the file in which Hadoop's local file system keeps the checksum of another."""
    return path.with_name(f".{path.name}.crc")


def scan_bucket(bucket_directory: Path) -> Iterator[FoundFile]:
    """List what lies in a bucket's directory, symbolic links and names that are not UTF-8 left out."""
    pending = [("", str(bucket_directory))]
    while pending:
        prefix, directory = pending.pop()
        entries = _list_directory(directory)
        if prefix and entries is not None:
            yield FoundFile(prefix, 0, 0, empty_directory=not entries)
        for entry in entries or ():
            if entry.is_dir(follow_symlinks=False):
                pending.append((f"{prefix}{entry.name}/", entry.path))
            elif entry.is_file(follow_symlinks=False) and (found := _stat_entry(prefix, entry)):
                yield found


def stat_object(bucket_directory: Path, key: str) -> FoundFile:
    """Look at one object, which must be there."""
    status = (bucket_directory / key).stat()
    return FoundFile(key, status.st_size, status.st_mtime_ns)


def _list_directory(directory: str) -> list[os.DirEntry[str]] | None:
    try:
        with os.scandir(directory) as entries:
            return [entry for entry in entries if entry.name.isprintable() or _is_utf8(entry.name)]
    except (FileNotFoundError, NotADirectoryError):
        return None  # a running step removed it meanwhile


def _stat_entry(prefix: str, entry: os.DirEntry[str]) -> FoundFile | None:
    try:
        status = entry.stat(follow_symlinks=False)
    except FileNotFoundError:
        return None
    return FoundFile(prefix + entry.name, status.st_size, status.st_mtime_ns)


def _is_utf8(name: str) -> bool:
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True
