"""Clients for the tasks, made from the Airflow connection by the provider's own hooks (sessions, roles and endpoints are theirs); and what their errors mean to Airflow."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from functools import cache, partial
from typing import TYPE_CHECKING, Any

from airflow.providers.amazon.aws.hooks.base_aws import AwsBaseHook, BaseSessionFactory
from airflow.providers.common.compat.sdk import AirflowFailException
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from botocore.loaders import Loader, create_loader

from emr_pipelines.emr.cluster_secrets import SecretStores
from emr_pipelines.emr.emr_api import (
    READ_CLIENT_CONFIG,
    WRITE_CLIENT_CONFIG,
    EmrApi,
    EndpointSilent,
    RunError,
    describe_error,
    may_succeed_later,
)
from emr_pipelines.emr.loopback import is_loopback
from emr_pipelines.emr.loopback_session import plain_session
from emr_pipelines.errors import EmrPipelinesError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import FrameType

    import boto3
    from types_boto3_s3.client import S3Client


# A connection's extra with this key as true says that its endpoint is started again by itself (a container that restarts): calls then bear with its silence as with that of AWS.
WAITS_KEY = "waits_for_endpoint"


class LocalSessionFactory(BaseSessionFactory):
    """The provider's own sessions, for an endpoint on this machine: nothing of the shell's AWS configuration counts there."""

    def _create_basic_session(self, session_kwargs: dict[str, Any]) -> boto3.Session:
        core = plain_session(bears_silence=self.extra_config.get(WAITS_KEY) is True)
        session: boto3.Session = super()._create_basic_session({**session_kwargs, "botocore_session": core})
        return session


class SharedModelsHook(AwsBaseHook):
    """The provider's own hook for any service, whose clients share a session, and whose sessions share what botocore reads of AWS's services.

    Each client of the provider has a session of its own, which parses the endpoints of all regions and the service's model anew.
    The provider shares the loader so among its asynchronous sessions (base_aws.py, `_loader`).
    """

    _session: boto3.Session | None = None

    def get_session(self, region_name: str | None = None, deferrable: bool = False) -> boto3.Session:
        """The session of the connection, in the one region that the hook is made for."""
        if self._session is None:
            if is_loopback(self._endpoint_url()):
                factory = LocalSessionFactory(conn=self.conn_config, region_name=region_name, config=self.config)
                self._session = factory.create_session()
            else:
                self._session = super().get_session(region_name=region_name, deferrable=deferrable)
            core = self._session._session  # boto3 has no other way to it
            core.register_component("data_loader", _loader_of(core.get_config_variable("data_path")))
        return self._session

    def _endpoint_url(self) -> str | None:
        """Where the clients of the session will ask; a hook without a service has the connection's word for all services."""
        if self.client_type is None:
            return self.conn_config.extra_config.get("endpoint_url")
        return self.conn_config.get_service_endpoint_url(service_name=self.client_type)

    @staticmethod
    def _find_operator_class_name(target_function_name: str) -> str | None:
        """The class of the operator that asks for a client, which stands in the user agent.

        The provider's own looks with inspect.stack(), which searches the source of each frame in all modules: a quarter of the CPU of a run with short steps.
        """
        frame: FrameType | None = sys._getframe(1)
        while frame is not None and frame.f_code.co_name != target_function_name:
            frame = frame.f_back
        return None if frame is None else type(frame.f_locals["self"]).__name__

    @staticmethod
    def _find_executor_class_name() -> str | None:
        """None: no executor makes these clients."""
        return None


@cache
def _loader_of(data_path: str | None) -> Loader:
    return create_loader(data_path)


def emr_api(aws_conn_id: str | None, region_name: str | None) -> EmrApi:
    """The reading and the writing EMR client of a connection; `renew` reads the connection anew."""
    hook = _hook("emr", aws_conn_id, region_name)
    write = hook.get_client_type(region_name=hook.region_name, config=Config(**WRITE_CLIENT_CONFIG))
    return EmrApi(read=hook.conn, write=write, renew=partial(emr_api, aws_conn_id, region_name))


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


def _connect(service: str, aws_conn_id: str | None, region_name: str | None) -> Any:
    return _hook(service, aws_conn_id, region_name).conn


def _hook(service: str, aws_conn_id: str | None, region_name: str | None) -> SharedModelsHook:
    return SharedModelsHook(
        client_type=service, aws_conn_id=aws_conn_id, region_name=region_name, config=Config(**READ_CLIENT_CONFIG)
    )


@contextmanager
def failing_fast(locate: Callable[[str], str] | None = None) -> Iterator[None]:
    """Let Airflow retry only what can succeed later: every other error of ours or of AWS fails the task at once.

    `locate` gives the place in the spec that a refusal is about, as file:line, from the message. What Airflow is told has no chain of causes: it prints the
    traceback of each, after which nobody finds the sentence that they all lead to.
    """
    try:
        yield
    except EndpointSilent as silence:
        raise AirflowFailException(str(silence)) from None  # the sentence is all that there is to tell
    except RunError as error:
        if error.retryable:
            raise error from None
        raise AirflowFailException(_with_place(str(error), locate)) from None
    except EmrPipelinesError as error:
        raise AirflowFailException(str(error)) from None
    except (ClientError, BotoCoreError) as error:
        if may_succeed_later(error):
            raise
        raise AirflowFailException(_with_place(describe_error(error), locate)) from None


def _with_place(message: str, locate: Callable[[str], str] | None) -> str:
    place = locate(message) if locate else ""
    return f"{message.rstrip('.')} ({place})" if place else message
