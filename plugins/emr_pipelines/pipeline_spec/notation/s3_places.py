"""Where in the bucket attempts lie, and how places on S3 lie to each other. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Literal

# Whom a publisher may replace besides itself: nobody, other runs of its step, or anyone.
TakeOver = Literal["nothing", "other_runs", "anyone"]

CODE = "code"
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
# An attempt of a step, in any bucket: `[output/]runs/<pipeline>/<run>/<step>/attempt=<label>`, and what lies below it.
_IN_ATTEMPT = re.compile(rf"(?:{LEGACY_RUNS}|{RUNS})/[^/]+/[^/]+/[^/]+/attempt=.*")


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


def find_publish_flaw(place: str) -> str | None:
    """Why an s3:// address, in which placeholders may stand, is not one that publishing may replace."""
    flaw = find_flaw(place)
    if flaw:
        return flaw[0]
    key = place.removeprefix("s3://").partition("/")[2]
    if not key and "${" not in place:
        return "is a whole bucket, all of which publishing would replace"
    if key.startswith("/") or "//" in key:
        return "has an empty part between two slashes"
    return "holds a wildcard, but publishing writes to one place" if re.search(r"[*?]", key) else None


def reserved_places(bucket: str, logs: str | None) -> dict[str, str]:
    """The prefixes that runs and clusters write to by themselves, each with what is there."""
    places = {
        f"{bucket}/{RUNS}": "the outputs of all attempts lie",
        f"{bucket}/{LEGACY_RUNS}": "the outputs of all attempts of legacy steps lie",
        f"{bucket}/{CODE}": "the code of all runs lies",
        f"{bucket}/{PLANS}": "the plans of all runs lie",
    }
    return places if logs is None else places | {logs: "the clusters write their logs"}


def find_reserved(place: str, reserved: Mapping[str, str]) -> str | None:
    """What publishing to a place would take from the reserved ones, if anything; the attempts of any bucket are reserved."""
    for address, what in reserved.items():
        if is_within(address, place):
            return f"publishing to {place!r} replaces {address!r}, where {what}"
        if is_within(place, address):
            return f"publishing to {place!r} reaches into {address!r}, where {what}"
    key = place.removeprefix("s3://").partition("/")[2]
    return f"publishing to {place!r} replaces an attempt's output" if _IN_ATTEMPT.fullmatch(key) else None
