"""Pages of AWS's console, made from what is known without a call. Pure text work; in Airflow the provider's own links have these forms (`dag/console_links.py`)."""

from __future__ import annotations

from urllib.parse import quote

_PARTITIONS = {"cn": "aws-cn", "us-gov": "aws-us-gov"}
_DOMAINS = {"aws": "aws.amazon.com", "aws-cn": "amazonaws.cn", "aws-us-gov": "amazonaws-us-gov.com"}


def partition_of(region: str) -> str:
    """AWS's partition that the region belongs to."""
    return next((name for start, name in _PARTITIONS.items() if region.startswith(f"{start}-")), "aws")


def bucket_and_prefix(address: str) -> str:
    """What stands in an s3:// (or s3n://) address after the scheme, without a slash at its end."""
    return address.split("://", 1)[1].rstrip("/")


def cluster_page(region: str, cluster_id: str) -> str:
    """The page of a cluster."""
    return f"{_start(region)}/emr/home?region={region}#/clusterDetails/{cluster_id}"


def logs_page(region: str, log_uri: str, cluster_id: str) -> str:
    """The folder of a cluster's logs."""
    return f"{_start(region)}/s3/buckets/{bucket_and_prefix(log_uri)}?region={region}&prefix={cluster_id}/"


def prefix_page(region: str, address: str) -> str:
    """What lies below a prefix on S3."""
    bucket, _, key = bucket_and_prefix(address).partition("/")
    prefix = f"&prefix={quote(key, safe='/=')}/" if key else ""
    return f"{_start(region)}/s3/buckets/{bucket}?region={region}{prefix}"


def object_page(region: str, address: str) -> str:
    """One object on S3."""
    bucket, _, key = bucket_and_prefix(address).partition("/")
    return f"{_start(region)}/s3/object/{bucket}?region={region}&prefix={quote(key, safe='/=')}"


def _start(region: str) -> str:
    return f"https://console.{_DOMAINS[partition_of(region)]}"
