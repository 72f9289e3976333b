"""The S3 of an environment, on AWS or on this machine: where its emr_local does not run, one is started for the command, which is said."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError
from rich.console import Console

from emr_pipelines.cli.local.endpoint import find_own_url
from emr_pipelines.cli.local.sample_data import provide_sample_data
from emr_pipelines.cli.local.server import joined_server
from emr_pipelines.cli.local.state_folder import state_folder_of
from emr_pipelines.cli.project.aws_clients import aws_errors_as_messages, s3_client
from emr_pipelines.cli.project.options import Project
from emr_pipelines.cli.terminal.waiting import show_waiting
from emr_pipelines.emr.loopback import is_loopback
from emr_pipelines.errors import EmrPipelinesError
from emr_pipelines.pipeline_spec.models.environment import EnvironmentSpec
from emr_pipelines.storage.s3_uri import S3Prefix, parse_s3_prefix

if TYPE_CHECKING:
    from types_boto3_s3.client import S3Client

_NO_BUCKET = ("NoSuchBucket", "404")


@dataclass(frozen=True, slots=True, kw_only=True)
class DataStore:
    """A client, and the environment whose S3 it speaks to."""

    s3: S3Client
    environment: EnvironmentSpec

    def require_bucket(self, place: S3Prefix) -> None:
        """Raise EmrPipelinesError when the address names a bucket that is not there."""
        try:
            self.s3.head_bucket(Bucket=place.bucket)
        except ClientError as error:
            if error.response["Error"]["Code"] not in _NO_BUCKET:
                raise
            raise EmrPipelinesError(
                f"{place}: the environment {self.environment.name} has no bucket {place.bucket!r}; its own is {self.environment.bucket}"
            ) from error


@contextmanager
def data_store(project: Project, purpose: str, console: Console) -> Iterator[DataStore]:
    """The S3 of a project's environment, for the length of the block; on this machine its bucket is made if it is not there."""
    with ExitStack() as stack:
        url = project.environment.connection.endpoint_url
        if url is not None and is_loopback(url):
            if find_own_url(state_folder_of(project.root), url) is None:
                console.print("No emr_local runs: one is started for this command alone", soft_wrap=True)
            server = stack.enter_context(
                joined_server(project, purpose, partial(console.print, soft_wrap=True), warm_jvms=0)
            )
            with show_waiting("starting emr_local", console):
                server.wait_until_ready()
            project = server.project
        environment = project.environment
        with aws_errors_as_messages(environment):
            s3 = s3_client(environment)
            provide_sample_data(s3, environment, (), project.root, console)
            yield DataStore(s3=s3, environment=environment)


def parse_place(text: str) -> tuple[S3Prefix, bool]:
    """An address of the command line, and whether it ends as a folder does. Raises EmrPipelinesError for any other text."""
    return parse_s3_prefix(text), text.endswith("/")
