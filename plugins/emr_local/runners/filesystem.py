"""Hadoop configuration that makes s3:// and hdfs:// plain directories inside a step. Pure: touches no directory.

Hadoop's own ViewFileSystemOverloadScheme does it, one mount table per bucket and one for HDFS, so nothing beyond pip's pyspark is needed.
`fs.file.impl` stays as it is: with RawLocalFileSystem there, `sc.textFile` fails with a ClassCastException.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

_SCHEMES = {"s3": "s3", "s3a": "s3", "s3n": "s3", "hdfs": "hdfs"}
_VIEW_FILE_SYSTEM = "org.apache.hadoop.fs.viewfs.ViewFileSystemOverloadScheme"
# What Hadoop would open when an address has no mount. With a file system of this machine there, s3://misspelt/etc would be /etc; a class
# that does not exist stops the step, and Hadoop's message names it.
_NOWHERE = {
    "hdfs": "NoSuchNameNode.This_cluster_has_one_HDFS_and_no_other_is_reachable",
    "s3": "NoSuchBucket.The_specified_bucket_did_not_exist_when_the_step_started",
}
# Hadoop asks for s3a://'s own committer, which comes with a library that pip's pyspark lacks; a plain folder needs the plain one.
_COMMITTER = "org.apache.hadoop.mapreduce.lib.output.FileOutputCommitterFactory"
HDFS_NAME = "emr-local"
WAREHOUSE = f"hdfs://{HDFS_NAME}/user/spark/warehouse"


def mount_file_systems(
    object_root: Path, buckets: Iterable[str], hdfs_root: Path, *, for_shell: bool = False
) -> dict[str, str]:
    """Give the Hadoop properties that mount each bucket at its directory, and HDFS at the cluster's.

    Hadoop has two ways to mount a whole file system and each fails somewhere: under linkFallback `hadoop fs -ls s3://bucket/` cannot
    print what it found, under linkMergeSlash Spark's commit looks for its files in the home directory.
    """
    link = "linkMergeSlash" if for_shell else "linkFallback"
    properties = {
        "fs.defaultFS": f"hdfs://{HDFS_NAME}",
        "mapreduce.outputcommitter.factory.scheme.s3a": _COMMITTER,
    }
    for scheme, kind in _SCHEMES.items():
        properties[f"fs.{scheme}.impl"] = _VIEW_FILE_SYSTEM
        properties[f"fs.viewfs.overload.scheme.target.{scheme}.impl"] = _NOWHERE[kind]
    for bucket in buckets:
        properties[f"fs.viewfs.mounttable.{bucket}.{link}"] = (object_root / bucket).resolve().as_uri()
    properties[f"fs.viewfs.mounttable.{HDFS_NAME}.{link}"] = hdfs_root.resolve().as_uri()
    return properties


def as_spark_properties(hadoop_properties: dict[str, str]) -> dict[str, str]:
    """Spell Hadoop properties as Spark takes them."""
    return {f"spark.hadoop.{name}": value for name, value in hadoop_properties.items()}


def resolve_object(uri: str, object_root: Path) -> Path | None:
    """Give the file that an s3:// URI names; None for anything else."""
    scheme, separator, rest = uri.partition("://")
    if not separator or scheme not in ("s3", "s3a", "s3n"):
        return None
    return object_root / rest
