"""Files of this machine to S3 and back: what would be copied, and the copies, each of which is whole or not there. An S3 client is passed in."""

from __future__ import annotations

import hashlib
import os
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from emr_pipelines.errors import EmrPipelinesError
from emr_pipelines.storage.listing import object_sizes
from emr_pipelines.storage.s3_uri import S3Prefix

if TYPE_CHECKING:
    from concurrent.futures import Future

    from types_boto3_s3.client import S3Client

_COPIERS = 8
# An endpoint that refuses this many files refuses all of them.
_MOST_FAILURES = 5
_NOT_FOUND = 404
_CHUNK_BYTES = 1_048_576
# boto3 sends what is larger in parts.
_LARGEST_IN_ONE_PART = 8 * 1024 * 1024
_LEFT_BEHIND = (".DS_Store", "Thumbs.db", "desktop.ini")
_PART = ".part"
# Bytes that were copied since the last call.
Advance = Callable[[int], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Transfer:
    """A file, an object, and the bytes of whichever of them is there."""

    file: Path
    bucket: str
    key: str
    size: int

    @property
    def uri(self) -> str:
        """The object's address."""
        return f"s3://{self.bucket}/{self.key}"


@dataclass(frozen=True, slots=True, kw_only=True)
class TransferResult:
    """What was copied, and what was not with the reason of each; `stopped`: so many failed that the rest was not tried."""

    copied: tuple[Transfer, ...]
    failures: tuple[tuple[Transfer, str], ...]
    stopped: bool = False


def plan_upload(s3: S3Client, local: Path, target: S3Prefix, *, is_folder: bool) -> list[Transfer]:
    """What of a file or folder goes where. A file goes into `target` when that `is_folder` or holds objects, else it becomes that object.

    Hidden files, and what file managers leave behind, stay. Raises EmrPipelinesError when there is nothing to copy, or for a name that no object can have.
    """
    if local.name and not _can_be_stored(local.name):
        raise _unstorable(local)
    if local.is_dir():
        files = [(file, file.relative_to(local).as_posix()) for file in _files_in(local)]
        if not files:
            raise EmrPipelinesError(f"{local} holds no file to copy; name a file, or a folder with files")
        for file, name in files:
            if not _can_be_stored(name):
                raise _unstorable(file)
        return [_transfer(file, target.bucket, target.child(name)) for file, name in files]
    if not local.is_file():
        raise EmrPipelinesError(f"{local}: there is no such file or folder; check the path")
    if is_folder or not target.key or object_sizes(s3, target):
        return [_transfer(local, target.bucket, target.child(local.name))]
    return [_transfer(local, target.bucket, target.key)]


def plan_download(s3: S3Client, source: S3Prefix, local: Path, *, is_folder: bool = False) -> list[Transfer]:
    """What of an object or prefix goes where. An object goes into `local` when that `is_folder` or is one, else it becomes that file; a prefix becomes a folder.

    Raises EmrPipelinesError when nothing is there, and for names that lead out of the folder.
    """
    size = _size_of(s3, source)
    if size is not None:
        name = PurePosixPath(source.key).name
        file = local / name if is_folder or local.is_dir() else local
        return [Transfer(file=file, bucket=source.bucket, key=source.key, size=size)]
    sizes = object_sizes(s3, source)
    if not sizes:
        raise EmrPipelinesError(f"{source} holds nothing; what there is: emr-pipelines data ls s3://{source.bucket}")
    for name in sizes:
        if ".." in PurePosixPath(name).parts or name.startswith("/"):
            raise EmrPipelinesError(
                f"s3://{source.bucket}/{source.child(name)} has a name that leads out of {local}; copy others by name"
            )
    return [
        Transfer(
            file=local.joinpath(*PurePosixPath(name).parts), bucket=source.bucket, key=source.child(name), size=size
        )
        for name, size in sizes.items()
    ]


def without_same(s3: S3Client, transfers: Iterable[Transfer]) -> tuple[list[Transfer], list[Transfer]]:
    """Of transfers whose file and object are both there: those that differ, and those that are the same already."""
    differing, same = list[Transfer](), list[Transfer]()
    for transfer in transfers:
        (same if _is_same(s3, transfer) else differing).append(transfer)
    return differing, same


def existing_objects(s3: S3Client, transfers: Sequence[Transfer]) -> list[Transfer]:
    """The transfers whose object is there: one is looked for by its name, several by a listing of the folder that they share."""
    if len(transfers) == 1:
        (one,) = transfers
        return [one] if _size_of(s3, S3Prefix(one.bucket, one.key)) is not None else []
    shared = os.path.commonpath([f"/{one.key}" for one in transfers]).lstrip("/")
    folder = S3Prefix(transfers[0].bucket, shared)
    there = {folder.child(name) for name in object_sizes(s3, folder)}
    return [one for one in transfers if one.key in there]


def upload(s3: S3Client, transfers: Sequence[Transfer], advance: Advance, *, replace: bool) -> TransferResult:
    """Copy files to their objects, several at once. Unless they `replace`, one that somebody else makes meanwhile stays, but for files of more than 8 MiB.

    boto3's upload of a file in parts takes no condition.
    """

    def copy(one: Transfer, tell: Advance) -> None:
        with one.file.open("rb") as stream:
            if replace or one.size > _LARGEST_IN_ONE_PART:
                s3.upload_fileobj(stream, one.bucket, one.key, Callback=tell)
            else:
                s3.put_object(Bucket=one.bucket, Key=one.key, Body=stream, IfNoneMatch="*")
                tell(one.size)

    return _copy_all(transfers, copy, advance)


def download(s3: S3Client, transfers: Sequence[Transfer], advance: Advance) -> TransferResult:
    """Copy objects to their files, several at once; a file is there only when it is whole."""

    def copy(one: Transfer, tell: Advance) -> None:
        one.file.parent.mkdir(parents=True, exist_ok=True)
        with _whole(one.file) as part, part.open("wb") as stream:
            # Not by boto3's own download: a copy of that which is to end early waits for ever.
            for chunk in s3.get_object(Bucket=one.bucket, Key=one.key)["Body"].iter_chunks(_CHUNK_BYTES):
                stream.write(chunk)
                tell(len(chunk))

    return _copy_all(transfers, copy, advance)


@contextmanager
def _whole(file: Path) -> Iterator[Path]:
    part = file.with_name(f".{file.name}.{os.getpid()}{_PART}")
    try:
        yield part
        part.replace(file)
    finally:
        part.unlink(missing_ok=True)


def _copy_all(
    transfers: Sequence[Transfer], copy: Callable[[Transfer, Advance], None], advance: Advance
) -> TransferResult:
    copied, failures, interrupted = list[Transfer](), list[tuple[Transfer, str]](), threading.Event()

    def tell(size: int) -> None:
        if interrupted.is_set():
            raise _Interrupted  # the only way to end a copy that is under way
        advance(size)

    copiers = ThreadPoolExecutor(_COPIERS)
    try:
        running: dict[Future[None], Transfer] = {}
        waiting = iter(transfers)
        while True:
            while len(running) < _COPIERS and len(failures) < _MOST_FAILURES and (one := next(waiting, None)):
                running[copiers.submit(copy, one, tell)] = one
            if not running:
                break
            for done in wait(running, return_when=FIRST_COMPLETED).done:
                problem, one = _problem_of(done), running.pop(done)
                if problem is None:
                    copied.append(one)
                else:
                    failures.append((one, problem))
    finally:
        interrupted.set()
        copiers.shutdown(wait=False, cancel_futures=True)
    left = len(transfers) - len(copied) - len(failures)
    in_order = sorted(copied, key=lambda one: one.key)
    return TransferResult(copied=tuple(in_order), failures=tuple(failures), stopped=left > 0)


class _Interrupted(Exception):
    """Ends the copies that are under way when the command ends."""


def _problem_of(done: Future[None]) -> str | None:
    try:
        done.result()
    except (ClientError, BotoCoreError, OSError) as error:
        code = error.response["Error"]["Code"] if isinstance(error, ClientError) else ""
        if code in ("PreconditionFailed", "ConditionalRequestConflict"):
            return "somebody else put it there meanwhile; to replace it: --overwrite"
        return " ".join(str(error).split())
    return None


def left_out(folder: Path) -> list[str]:
    """What of a folder is not copied: hidden files, what file managers leave behind, links that lead nowhere, and what is no file."""
    copied = set(_files_in(folder))
    return [
        str(path.relative_to(folder)) for path in sorted(folder.rglob("*")) if path not in copied and not path.is_dir()
    ]


def _files_in(folder: Path) -> list[Path]:
    found = (file for file in sorted(folder.rglob("*")) if file.is_file())
    return [
        file
        for file in found
        if file.name not in _LEFT_BEHIND and not any(part.startswith(".") for part in file.relative_to(folder).parts)
    ]


def _can_be_stored(name: str) -> bool:
    """Whether a name is text without control characters; a byte that is no text is a lone surrogate in Python."""
    return name.isprintable() and not any(0xD800 <= ord(character) <= 0xDFFF for character in name)


def _unstorable(file: Path) -> EmrPipelinesError:
    return EmrPipelinesError(
        f"Nothing was copied: {str(file)!r} has a line break, another control character or a byte that is no text in its name. Rename it"
    )


def _transfer(file: Path, bucket: str, key: str) -> Transfer:
    return Transfer(file=file, bucket=bucket, key=key, size=file.stat().st_size)


def _size_of(s3: S3Client, place: S3Prefix) -> int | None:
    """The bytes of the object at a key; None when there is none."""
    if not place.key:
        return None
    try:
        return s3.head_object(Bucket=place.bucket, Key=place.key)["ContentLength"]
    except ClientError as error:
        if error.response["ResponseMetadata"]["HTTPStatusCode"] != _NOT_FOUND:
            raise
        return None


def _is_same(s3: S3Client, transfer: Transfer) -> bool:
    """Whether file and object hold the same, as far as the object's tag tells it: that of a multipart upload does not."""
    answer = s3.head_object(Bucket=transfer.bucket, Key=transfer.key)
    if answer["ContentLength"] != transfer.file.stat().st_size:
        return False
    with transfer.file.open("rb") as stream:
        digest = hashlib.file_digest(stream, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()
    return answer["ETag"].strip('"') == digest
