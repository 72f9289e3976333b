"""Clients for the tasks, made from the Airflow connection by the provider's own hooks (sessions, roles and endpoints are theirs); and what their errors mean to Airflow."""

from __future__ import annotations

from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any

from airflow.providers.amazon.aws.hooks.emr import EmrHook
from airflow.providers.amazon.aws.hooks.s3 import S3Hook
from airflow.providers.amazon.aws.hooks.secrets_manager import SecretsManagerHook
from airflow.providers.amazon.aws.hooks.ssm import SsmHook
from airflow.providers.common.compat.sdk import AirflowFailException
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

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

    from airflow.providers.amazon.aws.hooks.base_aws import AwsBaseHook
    from types_boto3_s3.client import S3Client


def emr_api(aws_conn_id: str | None, region_name: str | None) -> EmrApi:
    """The reading and the writing EMR client of a connection; `renew` reads the connection anew."""
    read, write = (
        EmrHook(aws_conn_id=aws_conn_id, region_name=region_name, config=Config(**settings)).conn
        for settings in (READ_CLIENT_CONFIG, WRITE_CLIENT_CONFIG)
    )
    return EmrApi(read=read, write=write, renew=partial(emr_api, aws_conn_id, region_name))


def s3_client(aws_conn_id: str | None, region_name: str | None) -> S3Client:
    """The S3 client of a connection."""
    client: Any = S3Hook(aws_conn_id=aws_conn_id, region_name=region_name, config=Config(**READ_CLIENT_CONFIG)).conn
    return client  # type: ignore[no-any-return]  # the hook's conn is untyped


def secret_stores(aws_conn_id: str | None, region_name: str | None) -> SecretStores:
    """Secrets Manager and the SSM Parameter Store of a connection, whose clients are made when a secret is read."""
    connection = {"aws_conn_id": aws_conn_id, "region_name": region_name}
    return SecretStores(
        secrets_manager=partial(_connect, SecretsManagerHook, **connection),
        parameters=partial(_connect, SsmHook, **connection),
    )


def _connect(hook: type[AwsBaseHook], **connection: str | None) -> Any:
    return hook(config=Config(**READ_CLIENT_CONFIG), **connection).conn


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
