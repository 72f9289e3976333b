"""Reads the end of gzipped logs from S3, within bounds. Knows no layout and no pattern; the client is passed in."""

from __future__ import annotations

import logging
import zlib
from collections.abc import Iterable
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from types_boto3_s3.client import S3Client

log = logging.getLogger(__name__)

KEPT_BYTES = 1024 * 1024
# A gzip stream has no way in but its beginning, so a log beyond this is not worth the time that its end would take.
_MOST_GZIPPED_BYTES = 64 * 1024 * 1024
_CHUNK_BYTES = 256 * 1024
_LONGEST_LINE = 4000
_MOST_KEYS = 2000
_ABSENT = frozenset({"NoSuchKey", "NoSuchBucket", "404"})
_GZIP_OR_ZLIB = 47  # zlib's wbits for "find out from the header"


@dataclass(frozen=True, slots=True, kw_only=True)
class LogEnd:
    """The last KEPT_BYTES of a log, unzipped, and how many bytes it has in all."""

    kept: bytes
    total: int

    def text_after(self, position: int) -> str:
        """What comes after so many bytes of the log, as far as it was kept. Wrong bytes become U+FFFD."""
        new = max(0, self.total - position)
        return self.kept[max(0, len(self.kept) - new) :].decode("utf-8", errors="replace")


def read_log(s3: S3Client, bucket: str, key: str) -> str | None:
    """The last KEPT_BYTES of a gzipped log; None when it is not there.

    A log that is cut in the middle gives what it holds, wrong bytes become U+FFFD, and of a line that no person would read to its end only the beginning stays.
    """
    end = read_log_end(s3, bucket, key)
    return None if end is None else "".join(_clip(line) for line in end.text_after(0).splitlines(keepends=True))


def read_log_end(s3: S3Client, bucket: str, key: str) -> LogEnd | None:
    """The end of a gzipped log; None when it is not there, or larger than anybody would wait for."""
    try:
        answer = s3.get_object(Bucket=bucket, Key=key)
    except ClientError as error:
        if error.response["Error"]["Code"] in _ABSENT:
            return None
        raise
    if answer["ContentLength"] > _MOST_GZIPPED_BYTES:
        log.warning("s3://%s/%s is not read: %d bytes of gzip are too many", bucket, key, answer["ContentLength"])
        return None
    with closing(answer["Body"]) as body:
        return _unzip_end(body.iter_chunks(_CHUNK_BYTES))


def _clip(line: str) -> str:
    return line if len(line) <= _LONGEST_LINE else f"{line[:_LONGEST_LINE]}…\n"


def _unzip_end(chunks: Iterable[bytes]) -> LogEnd:
    """The end of a gzip stream of one or more members, never holding more than a little beyond KEPT_BYTES."""
    kept, total = b"", 0
    unzip = zlib.decompressobj(_GZIP_OR_ZLIB)
    for chunk in chunks:
        waiting = chunk
        while waiting:
            unzipped = unzip.decompress(waiting, _CHUNK_BYTES)
            kept, total = (kept + unzipped)[-KEPT_BYTES:], total + len(unzipped)
            waiting = unzip.unconsumed_tail
            if unzip.eof:
                waiting, unzip = unzip.unused_data, zlib.decompressobj(_GZIP_OR_ZLIB)
    return LogEnd(kept=kept, total=total)


def list_keys(s3: S3Client, bucket: str, prefix: str) -> list[str]:
    """The keys below a prefix, at most some thousand of them."""
    pages = s3.get_paginator("list_objects_v2").paginate(
        Bucket=bucket, Prefix=prefix, PaginationConfig={"MaxItems": _MOST_KEYS}
    )
    return [entry["Key"] for page in pages for entry in page.get("Contents", [])]
