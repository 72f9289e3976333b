"""The clients of the command line: the only place of the package that creates boto3 clients. boto3 is imported on first use, so `validate` never loads it."""

from __future__ import annotations

import socket
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import urlsplit

from emr_pipelines.errors import EmrPipelinesError, join_sentences

if TYPE_CHECKING:
    from collections.abc import Iterator

    import boto3
    from types_boto3_s3.client import S3Client

    from emr_pipelines.emr.emr_api import EmrApi
    from emr_pipelines.pipeline_spec.models.environment import ConnectionSpec

_CONNECT_SECONDS = 5.0
_PORTS = {"http": 80, "https": 443}
# Where the price list is served: for China in China.
_PRICE_LIST_REGION = "us-east-1"
_PRICE_LIST_REGIONS = {"cn": "cn-northwest-1"}


class Reachable(Protocol):
    """As much of an environment as its clients need: one that is still to be made has no more."""

    @property
    def name(self) -> str:
        """What messages call it."""

    @property
    def region(self) -> str:
        """Where it lies."""

    @property
    def connection(self) -> ConnectionSpec:
        """How it is reached: AWS's own endpoints, or one of its own."""


def s3_client(environment: Reachable) -> S3Client:
    """An S3 client for the environment's endpoint and region, which all parts of a command share."""
    return _s3_client_in(environment.region, environment.connection.endpoint_url)


def ec2_client(environment: Reachable) -> Any:
    """An EC2 client for the environment's endpoint and region."""
    return _session(environment).client("ec2", endpoint_url=environment.connection.endpoint_url)


def service_client(environment: Reachable, service: str) -> Any:
    """A client of any other service for the environment's endpoint and region."""
    return _session(environment).client(service, endpoint_url=environment.connection.endpoint_url)  # type: ignore[call-overload]


def default_region() -> str | None:
    """The region of the shell's AWS configuration."""
    import boto3

    return boto3.Session().region_name


def require_credentials(environment: Reachable) -> None:
    """Raise EmrPipelinesError when this machine has no credentials for an environment on AWS: a run's tasks would ask again and again."""
    if environment.connection.endpoint_url is not None:
        return
    from botocore.exceptions import NoCredentialsError

    with aws_errors_as_messages(environment):
        if _session(environment).get_credentials() is None:
            raise NoCredentialsError


def spot_client(environment: Reachable, region: str) -> Any:
    """An EC2 client for a region."""
    return _session(environment).client("ec2", region_name=region)


def price_list_client(environment: Reachable, region: str) -> Any:
    """A client of the price list, which a few regions serve for all regions of their partition."""
    serving = _PRICE_LIST_REGIONS.get(region.partition("-")[0], _PRICE_LIST_REGION)
    return _session(environment).client("pricing", region_name=serving)


def emr_api(environment: Reachable) -> EmrApi:
    """The reading and the writing EMR client of the environment."""
    from botocore.config import Config

    from emr_pipelines.emr.emr_api import READ_CLIENT_CONFIG, WRITE_CLIENT_CONFIG, EmrApi

    def client(settings: dict[str, Any]) -> Any:
        endpoint_url = environment.connection.endpoint_url
        return _session(environment).client("emr", endpoint_url=endpoint_url, config=Config(**settings))

    return EmrApi(read=client(READ_CLIENT_CONFIG), write=client(WRITE_CLIENT_CONFIG))


@contextmanager
def aws_errors_as_messages(environment: Reachable) -> Iterator[None]:
    """Turn what AWS refuses, or that it does not answer, into one line that names the environment, instead of a traceback.

    That nothing listens at an endpoint of our own is told at once, not after the ten attempts that botocore makes.
    """
    from botocore.exceptions import BotoCoreError, ClientError

    from emr_pipelines.emr.emr_api import describe_error, is_about_credentials, lacks_credentials

    if environment.connection.endpoint_url is not None:
        _refuse_silent_endpoint(environment.name, environment.connection.endpoint_url)
    try:
        yield
    except (ClientError, BotoCoreError) as error:
        # What to set up is another thing in a shell than in a task.
        words = str(error) if lacks_credentials(error) else describe_error(error)
        refusal = f"The environment {environment.name} in {environment.region}: {words}"
        advice = "Check the credentials and rights of this shell" if is_about_credentials(error) else None
        raise EmrPipelinesError(join_sentences(refusal, advice)) from error


def _refuse_silent_endpoint(name: str, url: str) -> None:
    place = urlsplit(url)
    try:
        socket.create_connection((place.hostname or "", place.port or _PORTS[place.scheme]), _CONNECT_SECONDS).close()
    except OSError as error:
        raise EmrPipelinesError(
            f"Nothing answers at {url}, the endpoint of the environment {name} ({error.strerror or error}). "
            "Start it with `emr-pipelines local start`, or choose another environment with --env"
        ) from error


@cache
def _s3_client_in(region: str, endpoint_url: str | None) -> S3Client:
    return _session_in(region, at_aws=endpoint_url is None).client("s3", endpoint_url=endpoint_url)


def _session(environment: Reachable) -> boto3.Session:
    return _session_in(environment.region, at_aws=environment.connection.endpoint_url is None)


@cache
def _session_in(region: str, *, at_aws: bool) -> boto3.Session:
    """One for all clients: each session parses the endpoints of all regions anew."""
    import boto3

    if at_aws:
        return boto3.Session(region_name=region)
    from emr_pipelines.emr.loopback import LOCAL_PASSWORD
    from emr_pipelines.emr.loopback_session import plain_session

    # An endpoint of our own takes any credentials; without these boto3 would ask for the user's real ones.
    return boto3.Session(
        botocore_session=plain_session(),
        region_name=region,
        aws_access_key_id="local",
        aws_secret_access_key=LOCAL_PASSWORD,
    )
