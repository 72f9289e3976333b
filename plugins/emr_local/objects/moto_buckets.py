"""moto's S3 inside this process: its buckets and objects without HTTP. Knows no directory layout and no requests."""

from __future__ import annotations

import datetime as dt
import hashlib
import io
import shutil
from pathlib import Path
from typing import IO, Any

from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.s3.models import FakeBucket, FakeDeleteMarker, FakeKey, S3Backend, s3_backends

_REGION = "us-east-1"
_CHUNK = 1 << 20


class FileContent:
    """Stands in for the buffer in which moto keeps an object's bytes: reads the object's file instead, opening it only while reading."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._open: IO[bytes] = io.BytesIO()

    def seek(self, offset: int) -> None:
        """Start a read at an offset."""
        self.close()
        self._open = self._path.open("rb")
        self._open.seek(offset)

    def read(self, size: int = -1) -> bytes:
        """Read as a file does; at its end the file is closed."""
        content = self._open.read(size)
        if size < 0 or not content:
            self.close()
        return content

    def close(self) -> None:
        """Let go of the file; a later seek opens it again."""
        self._open.close()
        self._open = io.BytesIO()


def list_buckets() -> dict[str, FakeBucket]:
    """Give all general-purpose buckets of all accounts by name."""
    found = {}
    for name, (partition, account) in list(s3_backends.bucket_accounts.items()):
        bucket = s3_backends[account][partition].buckets.get(name)
        if bucket is not None:
            found[name] = bucket
    return found


def create_bucket(name: str) -> FakeBucket:
    """Make a bucket in the default account."""
    backend: S3Backend = s3_backends[DEFAULT_ACCOUNT_ID]["aws"]
    return backend.create_bucket(name, _REGION)


def current_object(bucket: FakeBucket, key: str) -> FakeKey | None:
    """Give the newest version of an object; None if there is none or it is deleted."""
    newest = bucket.keys.get(key)
    return None if newest is None or isinstance(newest, FakeDeleteMarker) else newest


def put_file(bucket: FakeBucket, key: str, path: Path) -> FakeKey:
    """Make the file's content the newest version of an object."""
    with path.open("rb") as file:
        etag = hashlib.file_digest(file, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()
    stored = _put(bucket, key, path.read_bytes() if bucket.is_versioned else b"", etag)
    keep_in_file(bucket, stored, path)
    # A file that an earlier server has left is no younger than it is. moto's times are in UTC, without a zone.
    stored.last_modified = dt.datetime.fromtimestamp(path.stat().st_mtime, dt.UTC).replace(tzinfo=None)
    return stored


def put_marker(bucket: FakeBucket, key: str) -> FakeKey:
    """Make the empty object that stands for a directory."""
    return _put(bucket, key, b"")


def _put(bucket: FakeBucket, key: str, content: bytes, etag: str | None = None) -> FakeKey:
    backend: S3Backend = s3_backends[bucket.account_id][bucket.partition]
    return backend.put_object(bucket.name, key, content, etag=etag, disable_notification=True)


def drop_object(bucket: FakeBucket, key: str, expected: FakeKey) -> None:
    """Delete an object unless a client has replaced it meanwhile."""
    if bucket.keys.get(key) is expected:
        s3_backends[bucket.account_id][bucket.partition].delete_object(bucket.name, key)


def take_back(bucket: FakeBucket, key: str, refused: FakeKey, former: FakeKey | None) -> None:
    """Make an object what it was before its newest version, which could not be kept; `former` is the one that it replaced."""
    versions = [version for version in bucket.keys.getlist(key) if version is not refused]
    if former is not None and not any(version is former for version in versions):
        versions.append(former)
    if versions:
        bucket.keys.setlist(key, versions)
    else:
        bucket.keys.pop(key)


def keep_in_file(bucket: FakeBucket, stored: FakeKey, path: Path) -> None:
    """Serve an object's bytes from its file from now on, so that they are not held in memory too."""
    if bucket.is_versioned:
        return  # the file will hold the next version's bytes
    _ = stored.etag  # computed here at the latest: moto does it without a lock
    content: Any = FileContent(path)
    with stored.lock:
        stored._value_buffer.close()
        stored._value_buffer = content
        stored.contentsize = path.stat().st_size


def copy_content(stored: FakeKey, target: IO[bytes]) -> None:
    """Write an object's bytes to a file without holding them all in memory."""
    with stored.lock:
        stored._value_buffer.seek(0)
        shutil.copyfileobj(stored._value_buffer, target, _CHUNK)
