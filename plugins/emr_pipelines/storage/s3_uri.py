"""S3 URIs as bucket and key. Pure text work."""

from __future__ import annotations

from dataclasses import dataclass

from emr_pipelines.errors import EmrPipelinesError


@dataclass(frozen=True, slots=True)
class S3Prefix:
    """A prefix below a bucket, without slashes at its ends; an empty key is the whole bucket."""

    bucket: str
    key: str

    def __str__(self) -> str:
        """The URI `s3://bucket/key`."""
        return f"s3://{self.bucket}/{self.key}" if self.key else f"s3://{self.bucket}"

    def child(self, name: str) -> str:
        """The key of an object below the prefix."""
        return f"{self.key}/{name}" if self.key else name


def parse_s3_prefix(uri: str) -> S3Prefix:
    """Split `s3://bucket/some/prefix[/]`. Raises EmrPipelinesError for any other text."""
    scheme, separator, rest = uri.partition("://")
    bucket, _, key = rest.partition("/")
    if scheme != "s3" or not separator or not bucket:
        raise EmrPipelinesError(f"{uri!r} is no S3 prefix; the form is s3://bucket/prefix")
    return S3Prefix(bucket, key.strip("/"))
