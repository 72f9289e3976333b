"""`emr-pipelines sample-data`: the inputs that an environment can make by itself. Each prefix of its `sample_data` that holds nothing is filled by its command."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError
from rich.console import Console

from emr_pipelines.cli.local.endpoint import at_own_server
from emr_pipelines.cli.local.packages import INSTALL, missing_module
from emr_pipelines.cli.project.aws_clients import s3_client
from emr_pipelines.cli.project.options import EnvironmentOption, load_project
from emr_pipelines.cli.terminal.console import plain_console
from emr_pipelines.cli.terminal.waiting import show_waiting
from emr_pipelines.emr.loopback import is_loopback
from emr_pipelines.errors import EmrPipelinesError
from emr_pipelines.pipeline_spec.models.environment import EnvironmentSpec, SampleDataSpec
from emr_pipelines.pipeline_spec.notation.plain_values import texts_in
from emr_pipelines.plan.model import Plan
from emr_pipelines.storage.s3_uri import parse_s3_prefix

if TYPE_CHECKING:
    from types_boto3_s3.client import S3Client


def sample_data_command(env: EnvironmentOption = None) -> None:
    """Make the environment's buckets and fill its empty sample prefixes, at an endpoint that is running.

    Example: emr-pipelines sample-data --env local
    """
    project = load_project(env)
    if not project.environment.sample_data:
        raise EmrPipelinesError(
            f"The environment {project.environment.name} has no sample_data; its inputs come from elsewhere"
        )
    environment = at_own_server(project).environment
    provide_sample_data(s3_client(environment), environment, environment.sample_data, project.root, plain_console())


def samples_of(plan: Plan, environment: EnvironmentSpec) -> tuple[SampleDataSpec, ...]:
    """The sample data that a pipeline's steps read: those whose prefix stands in a request, or may be what a placeholder of it stands for."""
    texts = texts_in([[step.request, list(step.external_inputs)] for step in plan.steps])
    places = {_known_folder(text) for _, text in texts if text.startswith("s3://")}
    return tuple(
        sample
        for sample in environment.sample_data
        if any(_lies_in(place, sample.prefix) or _lies_in(sample.prefix, place) for place in places)
    )


def _known_folder(uri: str) -> str:
    """As much of an address as is the same in every run."""
    known, placeholder, _ = uri.partition("${")
    return known.rpartition("/")[0] if placeholder else known


def _lies_in(uri: str, prefix: str) -> bool:
    return f"{uri}/".startswith(f"{prefix.rstrip('/')}/")


def provide_sample_data(
    s3: S3Client,
    environment: EnvironmentSpec,
    samples: Iterable[SampleDataSpec],
    project_root: Path,
    console: Console,
) -> None:
    """Make the environment's buckets and fill those of its sample prefixes that are empty. An environment without `sample_data` gets its bucket on this machine only.

    Raises EmrPipelinesError with the command's own words when it fails; the prefix then stays empty.
    """
    if environment.sample_data or is_loopback(environment.connection.endpoint_url):
        _make_bucket(s3, parse_s3_prefix(environment.bucket).bucket)
    for sample in samples:
        _make_bucket(s3, parse_s3_prefix(sample.prefix).bucket)
        if _is_empty(s3, sample.prefix):
            console.print(f"Making sample data in {sample.prefix} …", soft_wrap=True)
            with show_waiting(f"sample data in {sample.prefix}", console):
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
        if made.returncode != 0 and (module := missing_module(made.stderr)) is not None:
            raise EmrPipelinesError(
                f"The sample data of {sample.prefix} needs the module {module}, which this environment lacks; in the project's folder: {INSTALL}"
            )
        if made.returncode != 0:
            raise EmrPipelinesError(
                f"The sample data of {sample.prefix} could not be made: {' '.join(command)} ended with {made.returncode}:\n{made.stderr.strip()}"
            )
        for path in sorted(path for path in Path(scratch).rglob("*") if path.is_file()):
            s3.upload_file(str(path), prefix.bucket, prefix.child(path.relative_to(scratch).as_posix()))
