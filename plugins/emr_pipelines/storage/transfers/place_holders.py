"""Whose the places are that a person wants to write to: published ones, by their manifests. An S3 client is passed in."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from emr_pipelines.storage.owners import Owner, owner_in
from emr_pipelines.storage.publication import MANIFEST
from emr_pipelines.storage.records import read_record

if TYPE_CHECKING:
    from types_boto3_s3.client import S3Client


def find_holders(s3: S3Client, bucket: str, keys: Iterable[str]) -> Mapping[str, Owner | None]:
    """The published places that hold these keys, each with its owner; None for one whose manifest names nobody."""
    folders = sorted({folder for key in keys for folder in _folders_of(key)})
    held = {}
    for folder in folders:
        manifest = read_record(s3, bucket, f"{folder}/{MANIFEST}").value
        if manifest is not None:
            held[f"s3://{bucket}/{folder}"] = owner_in(manifest)
    return held


def _folders_of(key: str) -> Iterator[str]:
    """The folders that a key lies in, but for the bucket itself, which nobody can publish to."""
    yield from (folder.as_posix() for folder in PurePosixPath(key).parents if folder != PurePosixPath("."))
