"""What lies below a prefix, by name. Reads listings only, no object."""

from __future__ import annotations

from typing import TYPE_CHECKING

from emr_pipelines.storage.s3_uri import S3Prefix

if TYPE_CHECKING:
    from types_boto3_s3.client import S3Client

SUCCESS_MARKER = "_SUCCESS"


def object_names(s3: S3Client, prefix: S3Prefix) -> list[str]:
    """Keys below the prefix, relative to it; folder markers (a key that ends in a slash) are left out."""
    return list(object_sizes(s3, prefix))


def object_sizes(s3: S3Client, prefix: S3Prefix) -> dict[str, int]:
    """The same names, each with its bytes."""
    start = prefix.child("")
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=prefix.bucket, Prefix=start)
    items = (item for page in pages for item in page.get("Contents", []))
    return {item["Key"].removeprefix(start): item["Size"] for item in items if not item["Key"].endswith("/")}


def is_hidden(name: str) -> bool:
    """Whether Hadoop takes the object for no data: some part of its name starts with `_` or `.`."""
    return any(part.startswith(("_", ".")) for part in name.split("/"))
