"""Which file of this machine stands behind an s3://, hdfs:// or file:// address. Looks at names only; imports nothing of the project, since jobs use it too."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

_S3_SCHEMES = ("s3", "s3a", "s3n")


class UnknownPlaceError(ValueError):
    """No directory stands behind an address; the message says why and what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """The directories that are S3 and the cluster's HDFS to a step."""

    s3_root: Path
    hdfs_root: Path
    hdfs_name: str

    @classmethod
    def from_json(cls, fields: Mapping[str, str]) -> Places:
        """Read what `as_json` gave."""
        return cls(s3_root=Path(fields["s3_root"]), hdfs_root=Path(fields["hdfs_root"]), hdfs_name=fields["hdfs_name"])

    def as_json(self) -> dict[str, str]:
        """Give plain data for a process of its own."""
        return {"s3_root": str(self.s3_root), "hdfs_root": str(self.hdfs_root), "hdfs_name": self.hdfs_name}

    def locate(self, uri: str) -> Path:
        """Give the file or directory behind an address; a path without a scheme lies in HDFS, as on a cluster."""
        scheme, authority, path = _split(uri)
        if scheme == "file":
            return Path(f"/{path}")
        if ".." in path.split("/"):
            raise UnknownPlaceError(f"{uri} has a '..' segment. Write the path without it.")
        if scheme in _S3_SCHEMES:
            return self._bucket(uri, authority) / path
        if scheme in ("hdfs", "") and authority in ("", self.hdfs_name):
            return self.hdfs_root / path
        raise UnknownPlaceError(
            f'No FileSystem for scheme "{scheme}": {uri}. Use s3://, hdfs:/// (the cluster has one HDFS) or file:///.'
        )

    def _bucket(self, uri: str, name: str) -> Path:
        directory = self.s3_root / name
        if not name or name.startswith(".") or not directory.is_dir():
            raise UnknownPlaceError(
                f"NoSuchBucket: The specified bucket does not exist: {uri}. Create the bucket, or correct the address."
            )
        return directory


def _split(uri: str) -> tuple[str, str, str]:
    """Give scheme, authority and the path without its first slash."""
    scheme, separator, rest = uri.partition(":/")
    if not separator or "/" in scheme:
        return "", "", uri.lstrip("/")
    if not rest.startswith("/"):
        return scheme, "", rest.lstrip("/")  # Hadoop writes file:/x for file:///x
    authority, _, path = rest[1:].partition("/")
    return scheme, authority, path.lstrip("/")
