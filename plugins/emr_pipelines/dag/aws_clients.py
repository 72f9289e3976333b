"""Clients for the tasks, made from the Airflow connection by the provider's own hooks (sessions, roles and endpoints are theirs)."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from airflow.providers.amazon.aws.hooks.emr import EmrHook
from airflow.providers.amazon.aws.hooks.s3 import S3Hook
from airflow.sdk.exceptions import AirflowFailException
from botocore.config import Config

from emr_pipelines.emr.emr_api import READ_CLIENT_CONFIG, WRITE_CLIENT_CONFIG, EmrApi, RunError
from emr_pipelines.errors import EmrPipelinesError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from types_boto3_s3.client import S3Client


def emr_api(aws_conn_id: str | None, region_name: str | None) -> EmrApi:
    """The reading and the writing EMR client of a connection."""
    read, write = (
        EmrHook(aws_conn_id=aws_conn_id, region_name=region_name, config=Config(**settings)).conn
        for settings in (READ_CLIENT_CONFIG, WRITE_CLIENT_CONFIG)
    )
    return EmrApi(read=read, write=write)


def s3_client(aws_conn_id: str | None, region_name: str | None) -> S3Client:
    """The S3 client of a connection."""
    client: Any = S3Hook(aws_conn_id=aws_conn_id, region_name=region_name, config=Config(**READ_CLIENT_CONFIG)).conn
    return client  # type: ignore[no-any-return]  # the hook's conn is untyped


@contextmanager
def failing_fast() -> Iterator[None]:
    """Let Airflow retry only what can succeed later: every other error of ours fails the task at once."""
    try:
        yield
    except RunError as error:
        if error.retryable:
            raise
        raise AirflowFailException(str(error)) from error
    except EmrPipelinesError as error:
        raise AirflowFailException(str(error)) from error
