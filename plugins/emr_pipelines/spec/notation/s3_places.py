"""Where in the bucket attempts lie, and how places on S3 lie to each other. Pure."""

from __future__ import annotations

import re

RUNS = "runs"
# Below the runs of a pipeline: which output of each step is the latest, for `emr-pipelines run --step`.
LATEST = "_latest"
# What each run planned, for `emr-pipelines plan --against published`.
PLANS = "plans"
# A script of the legacy contract writes to `<bucket>/output/<output_uri>` and nowhere else.
LEGACY_RUNS = f"output/{RUNS}"


_MAX_KEY_BYTES = 1024
_BUCKET = re.compile(r"[a-z0-9][a-z0-9_-]*(\.[a-z0-9_-]+)*")
_BUCKET_BEGINNING = re.compile(r"[a-z0-9][a-z0-9._-]+\$\{.*")
_NUMBERS = re.compile(r"[0-9]+(\.[0-9]+){3}")


def find_flaw(address: str) -> tuple[str, str] | None:
    """What is wrong with an s3:// address and what to do about it; a placeholder may stand for anything."""
    bucket, _, key = address.removeprefix("s3://").partition("/")
    form = _BUCKET_BEGINNING if "${" in bucket else _BUCKET
    if not form.fullmatch(bucket) or _NUMBERS.fullmatch(bucket):
        return "is not of the form s3://bucket/key", "Write the bucket after s3://, in lower case."
    if len(address.splitlines()) > 1 or "\t" in address:
        return "holds a line break or a tab", "Remove it."
    if {".", ".."} & set(key.split("/")):
        return "has a part '.' or '..', which S3 takes as a name and Hadoop as a folder", "Write the whole address."
    if len(key.encode()) > _MAX_KEY_BYTES:
        return f"has a key of {len(key.encode()):,} bytes; S3 takes {_MAX_KEY_BYTES:,}", "Write a shorter one."
    return None


def is_within(inner: str, outer: str) -> bool:
    """Whether an address is another one or lies below it; placeholders are the same only where they are the same text."""
    return f"{inner.rstrip('/')}/".startswith(f"{outer.rstrip('/')}/")
