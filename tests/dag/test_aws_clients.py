"""The clients of the tasks: made by the provider's hook from the connection, without parsing AWS's service descriptions once per client."""

from __future__ import annotations

import json
import traceback
from pathlib import Path
from typing import Any

import pytest
from airflow.providers.common.compat.sdk import AirflowFailException
from botocore.exceptions import ClientError, CredentialRetrievalError, NoCredentialsError

from emr_pipelines.dag.aws_clients import SharedModelsHook, emr_api, failing_fast, s3_client
from emr_pipelines.emr.emr_api import RunError
from emr_pipelines.errors import EmrPipelinesError


@pytest.fixture(autouse=True)
def connection(monkeypatch: pytest.MonkeyPatch) -> None:
    extra = {"region_name": "eu-west-1", "endpoint_url": "http://127.0.0.1:9"}
    connection = {"conn_type": "aws", "login": "key", "password": "secret", "extra": extra}
    monkeypatch.setenv("AIRFLOW_CONN_IN_EUROPE", json.dumps(connection))


def test_clients_come_from_the_connection_and_retry_as_they_should() -> None:
    api = emr_api("in_europe", None)
    clients: list[Any] = [api.read, api.write, s3_client("in_europe", None)]
    assert {(one.meta.endpoint_url, one.meta.region_name) for one in clients} == {("http://127.0.0.1:9", "eu-west-1")}
    assert [one.meta.config.retries["total_max_attempts"] for one in clients] == [10, 1, 10]


class Asking:
    """Stands for an operator."""

    def execute(self) -> str:
        client: Any = s3_client("in_europe", None)
        return str(client.meta.config.user_agent_extra)


def test_the_user_agent_names_the_operator_as_with_the_providers_own_clients() -> None:
    assert " Caller/Asking " in Asking().execute()
    nobody: Any = s3_client("in_europe", None)
    assert " Caller/Unknown " in str(nobody.meta.config.user_agent_extra)


def test_sessions_share_what_botocore_has_read() -> None:
    loaders = [
        SharedModelsHook(aws_conn_id="in_europe").get_session()._session.get_component("data_loader") for _ in "12"
    ]
    assert loaders[0] is loaders[1]
    assert loaders[0].load_service_model("emr", "service-2") is loaders[1].load_service_model("emr", "service-2")


def test_a_data_path_of_the_users_own_is_still_searched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    model = tmp_path / "inhouse" / "2026-01-01" / "service-2.json"
    model.parent.mkdir(parents=True)
    model.write_text(json.dumps({"metadata": {"serviceId": "Inhouse"}, "operations": {}}))
    monkeypatch.setenv("AWS_DATA_PATH", str(tmp_path))
    session = SharedModelsHook(aws_conn_id="in_europe").get_session()
    assert session._session.get_service_model("inhouse").metadata == {"serviceId": "Inhouse"}


def deepest_first(error: Exception) -> None:
    """Fail as a task does whose step has failed: each explains the one before."""
    try:
        raise ClientError({"Error": {"Code": "NoSuchBucket", "Message": "No bucket."}, "ResponseMetadata": {}}, "Put")
    except ClientError as first:
        raise error from first


@pytest.mark.parametrize(
    "error",
    [
        RunError("the job failed", retryable=False),
        RunError("the job failed", retryable=True),
        EmrPipelinesError("the job failed"),
    ],
    ids=["final", "retryable", "of ours"],
)
def test_airflow_prints_one_traceback_and_no_chain_of_causes(error: Exception) -> None:
    with pytest.raises(Exception, match="the job failed") as raised, failing_fast():
        deepest_first(error)
    printed = "".join(traceback.format_exception(raised.value))
    assert printed.count("Traceback (most recent call last)") == 1
    assert "NoSuchBucket" not in printed
    assert isinstance(raised.value, AirflowFailException) != getattr(error, "retryable", False)


def test_the_place_in_the_spec_follows_the_sentence_without_its_full_stop() -> None:
    refusal = RunError("EMR refused m5.xlarg.", retryable=False)
    with pytest.raises(AirflowFailException) as raised, failing_fast(lambda _: "a.yaml:3"):
        raise refusal
    assert str(raised.value) == "EMR refused m5.xlarg (a.yaml:3)"


SSO = """[profile sso]
sso_start_url = https://nowhere.invalid/start
sso_region = eu-west-1
sso_account_id = 123456789012
sso_role_name = any
"""


@pytest.mark.parametrize(
    ("shell", "words"),
    [
        ({"AWS_ACCESS_KEY_ID": "alone"}, "Partial credentials found in env"),
        ({"AWS_PROFILE": "of-nobody"}, r"The config profile \(of-nobody\) could not be found"),
        ({"AWS_PROFILE": "sso"}, "SSO"),
    ],
    ids=["half", "no profile", "no login"],
)
def test_credentials_that_only_a_person_can_set_up_fail_a_task_at_once(
    shell: dict[str, str], words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    (tmp_path / "config").write_text(SSO)
    files = {"AWS_CONFIG_FILE": str(tmp_path / "config"), "AWS_SHARED_CREDENTIALS_FILE": str(tmp_path / "none")}
    for name, value in {**files, "AWS_EC2_METADATA_DISABLED": "true", "HOME": str(tmp_path), **shell}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("AIRFLOW_CONN_AT_AWS", json.dumps({"conn_type": "aws"}))
    with pytest.raises(AirflowFailException, match=words) as raised, failing_fast():
        emr_api("at_aws", "eu-west-1").read.list_clusters()
    assert "aws configure" in str(raised.value)
    assert "the Airflow connection" in str(raised.value)


@pytest.mark.parametrize(
    "error",
    [CredentialRetrievalError(provider="container-role", error_msg="timed out"), NoCredentialsError()],
    ids=type,
)
def test_credentials_that_a_service_hands_out_may_come_with_the_next_try(error: Exception) -> None:
    """The metadata of an instance, or a process, that did not answer this time."""
    with pytest.raises(type(error)), failing_fast():
        raise error
