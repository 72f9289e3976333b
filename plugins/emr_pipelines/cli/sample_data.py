"""`emr-pipelines sample-data`: the inputs that an environment can make by itself. Each prefix of its `sample_data` that holds nothing is filled by its command."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import typer
from botocore.exceptions import ClientError

from emr_pipelines.cli.aws_clients import s3_client
from emr_pipelines.cli.project_options import EnvironmentOption, load_project
from emr_pipelines.errors import EmrPipelinesError
from emr_pipelines.spec.models.environment import EnvironmentSpec, SampleDataSpec
from emr_pipelines.storage.s3_uri import parse_s3_prefix

if TYPE_CHECKING:
    from types_boto3_s3.client import S3Client


def sample_data_command(env: EnvironmentOption = None) -> None:
    """Make the environment's buckets and fill its empty sample prefixes, at an endpoint that is running."""
    project = load_project(env)
    if not project.environment.sample_data:
        raise EmrPipelinesError(
            f"The environment {project.environment.name} has no sample_data; its inputs come from elsewhere"
        )
    provide_sample_data(s3_client(project.environment), project.environment, project.root, typer.echo)


def provide_sample_data(
    s3: S3Client, environment: EnvironmentSpec, project_root: Path, tell: Callable[[str], None]
) -> None:
    """Make the environment's buckets and fill its empty sample prefixes. An environment without `sample_data` is left as it is.

    Raises EmrPipelinesError with the command's own words when it fails; the prefix then stays empty.
    """
    for sample in environment.sample_data:
        for uri in (environment.bucket, sample.prefix):
            _make_bucket(s3, parse_s3_prefix(uri).bucket)
        if _is_empty(s3, sample.prefix):
            tell(f"Making sample data in {sample.prefix} …")
            _fill(s3, sample, project_root)


def _make_bucket(s3: S3Client, bucket: str) -> None:
    try:
        s3.head_bucket(Bucket=bucket)
    except ClientError as error:
        if error.response["ResponseMetadata"]["HTTPStatusCode"] != 404:
            raise
        s3.create_bucket(Bucket=bucket)


def _is_empty(s3: S3Client, uri: str) -> bool:
    prefix = parse_s3_prefix(uri)
    return s3.list_objects_v2(Bucket=prefix.bucket, Prefix=prefix.child(""), MaxKeys=1)["KeyCount"] == 0


def _fill(s3: S3Client, sample: SampleDataSpec, project_root: Path) -> None:
    prefix = parse_s3_prefix(sample.prefix)
    with tempfile.TemporaryDirectory(prefix="emr-pipelines-") as scratch:
        command = [sys.executable, *(argument.replace("{folder}", scratch) for argument in sample.command)]
        made = subprocess.run(command, cwd=project_root, capture_output=True, text=True, check=False)  # noqa: S603 - the project's own command
        if made.returncode != 0:
            raise EmrPipelinesError(
                f"The sample data of {sample.prefix} could not be made: {' '.join(command)} ended with {made.returncode}:\n{made.stderr.strip()}"
            )
        for path in sorted(path for path in Path(scratch).rglob("*") if path.is_file()):
            s3.upload_file(str(path), prefix.bucket, prefix.child(path.relative_to(scratch).as_posix()))
