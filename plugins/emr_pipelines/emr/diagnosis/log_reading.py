"""Reads the end of gzipped logs from S3, within bounds. Knows no layout and no pattern; the client is passed in."""

from __future__ import annotations

import logging
import zlib
from collections.abc import Iterable
from contextlib import closing
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


def read_log(s3: S3Client, bucket: str, key: str) -> str | None:
    """The last KEPT_BYTES of a gzipped log; None when it is not there.

    A log that is cut in the middle gives what it holds, wrong bytes become U+FFFD, and of a line that no person would read to its end only the beginning stays.
    """
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
        text = _unzip_end(body.iter_chunks(_CHUNK_BYTES)).decode("utf-8", errors="replace")
    return "".join(_clip(line) for line in text.splitlines(keepends=True))


def _clip(line: str) -> str:
    return line if len(line) <= _LONGEST_LINE else f"{line[:_LONGEST_LINE]}…\n"


def _unzip_end(chunks: Iterable[bytes]) -> bytes:
    """The end of a gzip stream of one or more members, never holding more than a little beyond KEPT_BYTES."""
    kept = b""
    unzip = zlib.decompressobj(_GZIP_OR_ZLIB)
    for chunk in chunks:
        waiting = chunk
        while waiting:
            kept = (kept + unzip.decompress(waiting, _CHUNK_BYTES))[-KEPT_BYTES:]
            waiting = unzip.unconsumed_tail
            if unzip.eof:
                waiting, unzip = unzip.unused_data, zlib.decompressobj(_GZIP_OR_ZLIB)
    return kept


def list_keys(s3: S3Client, bucket: str, prefix: str) -> list[str]:
    """The keys below a prefix, at most some thousand of them."""
    pages = s3.get_paginator("list_objects_v2").paginate(
        Bucket=bucket, Prefix=prefix, PaginationConfig={"MaxItems": _MOST_KEYS}
    )
    return [entry["Key"] for page in pages for entry in page.get("Contents", [])]
