"""S3 objects as plain files: a directory and moto's S3 kept the same, object by object, both ways. Serves no requests itself.

An object of bucket b with key k is the file `<root>/b/k`. Its metadata and content type live in moto only and are lost when the server stops.
"""

from __future__ import annotations

import os
import shutil
import tempfile
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO
from wsgiref.types import WSGIApplication

from moto.s3.models import FakeBucket, FakeKey

from emr_local.objects.mirroring import MirroringApp
from emr_local.objects.moto_buckets import (
    copy_content,
    create_bucket,
    current_object,
    drop_object,
    keep_in_file,
    list_buckets,
    put_file,
    put_marker,
    take_back,
)
from emr_local.objects.paths import (
    FoundFile,
    UnstorableKeyError,
    checksum_file,
    is_bucket_name,
    is_working_file,
    locate_object,
    scan_bucket,
    stat_object,
)

_ABSORB_EVERY_S = 1.0


@dataclass(frozen=True, slots=True)
class _Synced:
    """What moto and the directory agreed on when they last met."""

    stored: FakeKey
    size: int
    mtime_ns: int


class ObjectStore:
    """All buckets of one server."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._incoming = root.with_name(
            root.name + ".incoming"
        )  # outside the tree, on the same file system: files appear whole
        self._known: dict[str, dict[str, _Synced]] = {}
        self._lock = threading.RLock()
        self._running_steps = 0
        self._absorbed_at = 0.0

    def load(self) -> None:
        """Bring the buckets and objects that an earlier server left on disk into moto."""
        shutil.rmtree(self._incoming, ignore_errors=True)
        self.root.mkdir(parents=True, exist_ok=True)
        self._incoming.mkdir(parents=True, exist_ok=True)
        self.absorb()

    def wrap(self, app: WSGIApplication) -> WSGIApplication:
        """Give moto's WSGI application with every S3 write also done on disk before its reply is sent."""
        return MirroringApp(app, self)

    def exclusive(self) -> AbstractContextManager[object]:
        """While inside, nobody else changes an object or its file, except steps, which write files as they like."""
        return self._lock

    @contextmanager
    def step_running(self) -> Iterator[None]:
        """While inside, S3 requests see what steps write, at most a second late."""
        with self._lock:
            self._running_steps += 1
        try:
            yield
        finally:
            with self._lock:
                self._running_steps -= 1

    def bucket_names(self) -> list[str]:
        """Name the buckets that exist now."""
        return sorted(list_buckets())

    def put(self, bucket_name: str, key: str, content: bytes) -> bool:
        """Store an object as an S3 client would; False if there is no such bucket."""
        with self._lock:
            bucket = list_buckets().get(bucket_name)
            if bucket is None:
                return False
            with self._new_file(locate_object(self.root / bucket_name, key)) as file:
                file.write(content)
            self._absorb_bucket(bucket_name, [key])
            return True

    def absorb(self, buckets: Iterable[str] | None = None) -> None:
        """Bring what steps wrote and deleted on disk into moto."""
        with self._lock:
            names = (
                [entry.name for entry in self.root.iterdir() if entry.is_dir()] if buckets is None else list(buckets)
            )
            for name in filter(is_bucket_name, names):
                self._absorb_bucket(name)
            self._absorbed_at = time.monotonic()

    def find_file(self, bucket_name: str, key: str) -> Path | None:
        """The file of an object; None where there is none, as for a key that no file can have."""
        try:
            file = locate_object(self.root.absolute() / bucket_name, key)
        except UnstorableKeyError:
            return None
        return file if file.is_file() else None

    def absorb_while_running(self) -> None:
        """Absorb if a step is running and the last time is more than a second ago."""
        with self._lock:
            if self._running_steps and time.monotonic() - self._absorbed_at > _ABSORB_EVERY_S:
                self.absorb()

    def mirror(self, bucket_name: str | None = None, key: str | None = None) -> None:
        """Bring what a client changed in moto to disk: one object, or all of a bucket when the key is not known; and the list of buckets.

        What cannot be kept did not happen: it is taken out of moto again. Raises UnstorableKeyError for a key that no file can hold, OSError when the disk fails.
        """
        with self._lock:
            buckets = list_buckets()
            self._mirror_bucket_list(buckets)
            if bucket_name not in self._known or bucket_name not in buckets:
                return
            bucket, known = buckets[bucket_name], self._known[bucket_name]
            if key is not None and (key in bucket.keys or key in known):
                self._mirror_object(bucket, key)
            else:
                for changed in _differing_keys(bucket, known):
                    self._mirror_object(bucket, changed)

    def _mirror_bucket_list(self, buckets: dict[str, FakeBucket]) -> None:
        for name in buckets.keys() - self._known.keys():
            if is_bucket_name(name):
                (self.root / name).mkdir(parents=True, exist_ok=True)
                self._known[name] = {}
                self.mirror(name)
        for name in self._known.keys() - buckets.keys():
            del self._known[name]
            shutil.rmtree(self.root / name, ignore_errors=True)

    def _mirror_object(self, bucket: FakeBucket, key: str) -> None:
        known = self._known[bucket.name]
        stored, synced = current_object(bucket, key), known.get(key)
        if stored is None:
            if known.pop(key, None):
                self._delete_file(bucket.name, key)
        elif synced is None or stored is not synced.stored:
            try:
                known[key] = self._write_file(bucket, key, stored)
            except (UnstorableKeyError, OSError):
                take_back(bucket, key, stored, synced.stored if synced else None)
                raise

    def _write_file(self, bucket: FakeBucket, key: str, stored: FakeKey) -> _Synced:
        path = locate_object(self.root / bucket.name, key)
        if key.endswith("/"):
            if stored.size:
                raise UnstorableKeyError(
                    f"The key {key!r} ends in '/', which is a directory here and holds no bytes. Store it without the slash."
                )
            path.mkdir(parents=True, exist_ok=True)
            return _Synced(stored, 0, 0)
        with self._new_file(path) as file:
            copy_content(stored, file)
        keep_in_file(bucket, stored, path)
        status = path.stat()
        return _Synced(stored, status.st_size, status.st_mtime_ns)

    @contextmanager
    def _new_file(self, path: Path) -> Iterator[IO[bytes]]:
        with ExitStack() as failing, tempfile.NamedTemporaryFile(dir=self._incoming, delete=False) as file:
            failing.callback(Path(file.name).unlink)
            yield file
            file.flush()
            path.parent.mkdir(parents=True, exist_ok=True)
            if path.is_dir():
                path.rmdir()  # an empty directory that no object needs any more
            os.chmod(file.name, 0o644)
            checksum_file(path).unlink(missing_ok=True)  # Hadoop would check the new bytes against the old checksum
            os.replace(file.name, path)
            failing.pop_all()

    def _delete_file(self, bucket_name: str, key: str) -> None:
        bucket_directory = self.root / bucket_name
        path = bucket_directory / key
        if not key.endswith("/"):
            path.unlink(missing_ok=True)
            checksum_file(path).unlink(missing_ok=True)
            path = path.parent
        known = self._known[bucket_name]
        while path != bucket_directory and f"{path.relative_to(bucket_directory).as_posix()}/" not in known:
            try:
                path.rmdir()
            except OSError:
                return  # something else lives there
            path = path.parent

    def _absorb_bucket(self, name: str, only: list[str] | None = None) -> None:
        bucket = list_buckets().get(name) or create_bucket(name)
        known = self._known.setdefault(name, {})
        found = (
            {file.key: file for file in scan_bucket(self.root / name)}
            if only is None
            else {key: stat_object(self.root / name, key) for key in only}
        )
        for key, file in found.items():
            if _is_news(file, known.get(key)):
                self._absorb_file(bucket, file)
        for key in (known.keys() if only is None else only) - found.keys():
            drop_object(bucket, key, known.pop(key).stored)

    def _absorb_file(self, bucket: FakeBucket, file: FoundFile) -> None:
        path = self.root / bucket.name / file.key
        try:
            stored = put_marker(bucket, file.key) if file.key.endswith("/") else put_file(bucket, file.key, path)
        except FileNotFoundError:
            return  # a running step removed it meanwhile; the next absorb sees that
        self._known[bucket.name][file.key] = _Synced(stored, file.size, file.mtime_ns)


def _is_news(file: FoundFile, synced: _Synced | None) -> bool:
    if synced is not None:
        return (file.size, file.mtime_ns) != (synced.size, synced.mtime_ns)
    return not is_working_file(file.key) and (file.empty_directory or not file.key.endswith("/"))


def _differing_keys(bucket: FakeBucket, known: dict[str, _Synced]) -> list[str]:
    changed = [key for key, newest in bucket.keys.items() if key not in known or known[key].stored is not newest]
    return changed + [key for key in known if key not in bucket.keys]
