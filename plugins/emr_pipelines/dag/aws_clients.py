"""Clients for the tasks, made from the Airflow connection by the provider's own hooks (sessions, roles and endpoints are theirs); and what their errors mean to Airflow."""

from __future__ import annotations

from contextlib import contextmanager
from functools import cache, partial
from typing import TYPE_CHECKING, Any

from airflow.providers.amazon.aws.hooks.base_aws import AwsBaseHook
from airflow.providers.common.compat.sdk import AirflowFailException
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from botocore.loaders import Loader, create_loader

from emr_pipelines.emr.cluster_secrets import SecretStores
from emr_pipelines.emr.emr_api import (
    READ_CLIENT_CONFIG,
    WRITE_CLIENT_CONFIG,
    EmrApi,
    RunError,
    describe_error,
    may_succeed_later,
)
from emr_pipelines.errors import EmrPipelinesError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import boto3
    from types_boto3_s3.client import S3Client


class SharedModelsHook(AwsBaseHook):
    """The provider's own hook for any service, whose sessions share what botocore reads of AWS's services.

    Each client of the provider has a session of its own, which parses the endpoints of all regions and the service's model anew.
    The provider shares the loader so among its asynchronous sessions (base_aws.py, `_loader`).
    """

    def get_session(self, region_name: str | None = None, deferrable: bool = False) -> boto3.Session:
        """The session of the connection, before its first client."""
        session = super().get_session(region_name=region_name, deferrable=deferrable)
        core = session._session  # boto3 has no other way to it
        core.register_component("data_loader", _loader_of(core.get_config_variable("data_path")))
        return session


@cache
def _loader_of(data_path: str | None) -> Loader:
    return create_loader(data_path)


def emr_api(aws_conn_id: str | None, region_name: str | None) -> EmrApi:
    """The reading and the writing EMR client of a connection; `renew` reads the connection anew."""
    read, write = (
        _connect("emr", aws_conn_id, region_name, settings) for settings in (READ_CLIENT_CONFIG, WRITE_CLIENT_CONFIG)
    )
    return EmrApi(read=read, write=write, renew=partial(emr_api, aws_conn_id, region_name))


def s3_client(aws_conn_id: str | None, region_name: str | None) -> S3Client:
    """The S3 client of a connection."""
    client: S3Client = _connect("s3", aws_conn_id, region_name)
    return client


def secret_stores(aws_conn_id: str | None, region_name: str | None) -> SecretStores:
    """Secrets Manager and the SSM Parameter Store of a connection, whose clients are made when a secret is read."""
    return SecretStores(
        secrets_manager=partial(_connect, "secretsmanager", aws_conn_id, region_name),
        parameters=partial(_connect, "ssm", aws_conn_id, region_name),
    )


def _connect(
    service: str, aws_conn_id: str | None, region_name: str | None, settings: dict[str, Any] = READ_CLIENT_CONFIG
) -> Any:
    hook = SharedModelsHook(
        client_type=service, aws_conn_id=aws_conn_id, region_name=region_name, config=Config(**settings)
    )
    return hook.conn


@contextmanager
def failing_fast(locate: Callable[[str], str] | None = None) -> Iterator[None]:
    """Let Airflow retry only what can succeed later: every other error of ours or of AWS fails the task at once.

    `locate` gives the place in the spec that a refusal is about, as file:line, from the message.
    """
    try:
        yield
    except RunError as error:
        if error.retryable:
            raise
        raise AirflowFailException(_with_place(str(error), locate)) from error
    except EmrPipelinesError as error:
        raise AirflowFailException(str(error)) from error
    except (ClientError, BotoCoreError) as error:
        if may_succeed_later(error):
            raise
        raise AirflowFailException(_with_place(describe_error(error), locate)) from error


def _with_place(message: str, locate: Callable[[str], str] | None) -> str:
    place = locate(message) if locate else ""
    return f"{message} ({place})" if place else message
