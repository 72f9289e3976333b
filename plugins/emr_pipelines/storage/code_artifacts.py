"""The project's code on S3, under a digest of its content. An S3 client is passed in; reads the project's files and writes nothing but S3.

Same content, same prefix: a running run keeps the code that it started with, and publishing twice uploads nothing.
"""

from __future__ import annotations

import hashlib
import io
import logging
import zipfile
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from emr_pipelines.errors import EmrPipelinesError
from emr_pipelines.plan.model import Artifact
from emr_pipelines.storage.s3_uri import S3Prefix, parse_s3_prefix

if TYPE_CHECKING:
    from types_boto3_s3.client import S3Client

log = logging.getLogger(__name__)

# Zip entries carry a time; a fixed one keeps the archive's bytes a function of its content. 1980 is the earliest that zip can say.
_ZIP_TIME = (1980, 1, 1, 0, 0, 0)
_MARKER = "_PUBLISHED"


def publish_code(s3: S3Client, artifacts: Iterable[Artifact], *, project_root: Path, bucket: str) -> str:
    """Upload the artifacts to `<bucket>/code/<digest>/` and return that prefix as an s3:// URI, without a trailing slash.

    Raises EmrPipelinesError naming the path when a file of the plan is missing.
    """
    contents = {artifact.target: _content_of(artifact, project_root) for artifact in artifacts}
    prefix = S3Prefix(parse_s3_prefix(bucket).bucket, f"code/{_digest(contents)}")
    if _exists(s3, prefix.bucket, prefix.child(_MARKER)):
        log.info("The code is already published at %s", prefix)
        return str(prefix)
    for target, content in sorted(contents.items()):
        s3.put_object(Bucket=prefix.bucket, Key=prefix.child(target), Body=content)
        log.info("Uploaded %s (%d bytes)", target, len(content))
    # The marker goes last: a prefix without it is an upload that was cut off and is done again.
    s3.put_object(Bucket=prefix.bucket, Key=prefix.child(_MARKER), Body=b"")
    return str(prefix)


def _content_of(artifact: Artifact, project_root: Path) -> bytes:
    source = project_root / artifact.source
    try:
        return _zip_package(source) if artifact.kind == "package" else source.read_bytes()
    except OSError as error:
        raise EmrPipelinesError(
            f"{artifact.source} cannot be published: {error.strerror or error} (looked in {project_root})"
        ) from error


def _zip_package(folder: Path) -> bytes:
    """A zip with the folder's name at its root, as --py-files needs it; the same files give the same bytes."""
    files = sorted(path for path in folder.rglob("*") if path.is_file() and "__pycache__" not in path.parts)
    if not files:
        raise FileNotFoundError(2, "the package folder is missing or empty")
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for path in files:
            entry = zipfile.ZipInfo(path.relative_to(folder.parent).as_posix(), date_time=_ZIP_TIME)
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, path.read_bytes(), compress_type=zipfile.ZIP_DEFLATED)
    return buffer.getvalue()


def _digest(contents: dict[str, bytes]) -> str:
    digest = hashlib.sha256()
    for target, content in sorted(contents.items()):
        digest.update(f"{target}\0{len(content)}\0".encode())
        digest.update(content)
    return digest.hexdigest()[:16]


def _exists(s3: S3Client, bucket: str, key: str) -> bool:
    try:
        s3.head_object(Bucket=bucket, Key=key)
    except ClientError as error:
        if error.response["ResponseMetadata"]["HTTPStatusCode"] == 404:
            return False
        raise
    return True
