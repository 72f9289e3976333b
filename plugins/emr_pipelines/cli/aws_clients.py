"""The clients of the command line: the only place of the package that creates boto3 clients. boto3 is imported on first use, so `validate` never loads it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from emr_pipelines.spec.models import EnvironmentSpec

if TYPE_CHECKING:
    import boto3
    from types_boto3_s3.client import S3Client


def s3_client(environment: EnvironmentSpec) -> S3Client:
    """An S3 client for the environment's endpoint and region."""
    return _session(environment).client("s3", endpoint_url=environment.connection.endpoint_url)


def _session(environment: EnvironmentSpec) -> boto3.Session:
    import boto3

    if environment.connection.endpoint_url is None:
        return boto3.Session(region_name=environment.region)
    # An endpoint of our own takes any credentials; without these boto3 would ask for the user's real ones.
    return boto3.Session(region_name=environment.region, aws_access_key_id="local", aws_secret_access_key="local")  # noqa: S106 - no secret
