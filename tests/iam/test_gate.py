"""emr_local with a policy, over HTTP: what is denied has no effect and AWS's words, what is allowed goes through, and every decision can be read."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from emr_local.clusters.store import Store
from emr_local.host.explained_errors import StartupError
from emr_local.iam.flags import read_policy_flag
from emr_local.iam.policies import read_policy
from emr_local.resources.identifiers import ADMINISTRATOR_KEY, INSTANCE_PROFILE_KEY
from emr_local.serving.composition import create_moto_application
from emr_local.serving.server import LocalServer
from emr_local.wire.listening import Listener
from tests.aws_clients import client_asking_once
from tests.emr_local.conftest import FAST
from tests.emr_local.control import Control
from tests.emr_local.emr_requests import cluster_request
from tests.emr_local.fakes import FakeExecutor

USER = "User: arn:aws:sts::123456789012:assumed-role/emr-local/session is not authorized to perform: "
CLUSTERS = "arn:aws:elasticmapreduce:us-east-1:123456789012:cluster/"
OURS = [{"Key": "team", "Value": "books"}]
POLICY = {
    "Version": "2012-10-17",
    "Statement": [
        {"Sid": "Launch", "Effect": "Allow", "Action": "elasticmapreduce:RunJobFlow", "Resource": "*",
         "Condition": {"StringLike": {"elasticmapreduce:RequestTag/team": "?*"}}},
        {"Sid": "Tag", "Effect": "Allow", "Action": "elasticmapreduce:AddTags", "Resource": "*"},
        {"Sid": "Pass", "Effect": "Allow", "Action": "iam:PassRole", "Resource": "arn:aws:iam::*:role/EMR_*",
         "Condition": {"StringEquals": {"iam:PassedToService": ["elasticmapreduce.amazonaws.com", "ec2.amazonaws.com"]}}},
        {"Sid": "See", "Effect": "Allow", "Action": "elasticmapreduce:DescribeCluster", "Resource": "*"},
        {"Sid": "End", "Effect": "Allow", "Action": "elasticmapreduce:TerminateJobFlows", "Resource": f"{CLUSTERS}*",
         "Condition": {"StringEquals": {"elasticmapreduce:ResourceTag/team": "books"}}},
        {"Sid": "Runs", "Effect": "Allow", "Action": "s3:*", "Resource": "arn:aws:s3:::work/runs/*"},
        {"Sid": "List", "Effect": "Allow", "Action": "s3:ListBucket", "Resource": "arn:aws:s3:::work",
         "Condition": {"StringLike": {"s3:prefix": "runs/*"}}},
        {"Sid": "ListOpen", "Effect": "Allow", "Action": ["s3:ListBucket", "s3:GetObject"], "Resource": "arn:aws:s3:::open*"},
        {"Sid": "Never", "Effect": "Deny", "Action": "s3:*", "Resource": "arn:aws:s3:::work/runs/secret*"},
    ],
}  # fmt: skip


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    server = LocalServer(
        Listener("127.0.0.1", 0),
        store=Store(tmp_path_factory.mktemp("state")),
        executor=FakeExecutor(),
        others=create_moto_application(),
        put_object=lambda *_: True,
        delays=FAST,
        policy=read_policy(POLICY),
    )
    for bucket in ("work", "open"):
        client_asking_once(server.url, "s3", key_id=ADMINISTRATOR_KEY).create_bucket(Bucket=bucket)
    yield server.url
    server.close()


@pytest.fixture
def s3(url: str) -> Any:
    return client_asking_once(url, "s3")


@pytest.fixture
def emr(url: str) -> Any:
    return client_asking_once(url, "emr")


@pytest.fixture
def admin(url: str) -> Any:
    return client_asking_once(url, "s3", key_id=ADMINISTRATOR_KEY)


def refusal(call: Any, **parameters: Any) -> tuple[int, str, str]:
    with pytest.raises(ClientError) as refused:
        call(**parameters)
    response = refused.value.response
    return response["ResponseMetadata"]["HTTPStatusCode"], response["Error"]["Code"], response["Error"]["Message"]


def test_a_launch_without_the_tag_is_denied_in_awss_words_and_makes_no_cluster(url: str, emr: Any) -> None:
    reason = "because no identity-based policy allows the elasticmapreduce:RunJobFlow action"
    expected = f"{USER}elasticmapreduce:RunJobFlow on resource: {CLUSTERS}* {reason}"

    assert refusal(emr.run_job_flow, **cluster_request()) == (400, "AccessDeniedException", expected)
    assert client_asking_once(url, "emr", key_id=ADMINISTRATOR_KEY).list_clusters()["Clusters"] == []


def test_a_launch_needs_every_role_that_it_passes(emr: Any) -> None:
    _, _, message = refusal(emr.run_job_flow, **cluster_request(Tags=OURS, ServiceRole="Admin"))
    assert message.startswith(f"{USER}iam:PassRole on resource: arn:aws:iam::123456789012:role/Admin because")
    _, _, message = refusal(emr.run_job_flow, **cluster_request(Tags=OURS, AutoScalingRole="EMR_AutoScaling"))
    assert message.startswith(f"{USER}iam:PassRole on resource: arn:aws:iam::123456789012:role/EMR_AutoScaling")


def test_tags_of_a_cluster_decide_who_ends_it(url: str, emr: Any) -> None:
    ours = emr.run_job_flow(**cluster_request(Tags=OURS, keep_alive=True))["JobFlowId"]
    others = client_asking_once(url, "emr", key_id=ADMINISTRATOR_KEY).run_job_flow(**cluster_request(keep_alive=True))[
        "JobFlowId"
    ]

    _, _, message = refusal(emr.terminate_job_flows, JobFlowIds=[ours, others])
    assert f"elasticmapreduce:TerminateJobFlows on resource: {CLUSTERS}{others} because" in message
    assert not emr.describe_cluster(ClusterId=ours)["Cluster"]["Status"]["State"].startswith("TERMINAT")
    emr.terminate_job_flows(JobFlowIds=[ours])
    assert emr.describe_cluster(ClusterId=ours)["Cluster"]["Status"]["State"].startswith("TERMINAT")


def test_a_wrong_request_is_told_what_is_wrong_with_it(url: str) -> None:
    session_client = client_asking_once(url, "emr", parameter_validation=False)
    assert refusal(session_client.describe_cluster, ClusterId=7)[1] == "ValidationException"


def test_objects_are_judged_by_their_key(s3: Any, admin: Any) -> None:
    s3.put_object(Bucket="work", Key="runs/a", Body=b"x")
    assert s3.get_object(Bucket="work", Key="runs/a")["Body"].read() == b"x"

    status, code, message = refusal(s3.put_object, Bucket="work", Key="code/a", Body=b"x")
    assert (status, code) == (403, "AccessDenied")
    assert message.startswith(f"{USER}s3:PutObject on resource: arn:aws:s3:::work/code/a because no identity-based")
    assert admin.list_objects_v2(Bucket="work", Prefix="code/")["KeyCount"] == 0


def test_an_explicit_deny_beats_the_allow_and_says_so(s3: Any) -> None:
    _, _, message = refusal(s3.put_object, Bucket="work", Key="runs/secret/a", Body=b"x")
    assert message.endswith("arn:aws:s3:::work/runs/secret/a with an explicit deny in an identity-based policy")


def test_listings_are_judged_by_their_prefix(s3: Any) -> None:
    s3.list_objects_v2(Bucket="work", Prefix="runs/p/")
    assert refusal(s3.list_objects_v2, Bucket="work", Prefix="code/")[1] == "AccessDenied"
    assert refusal(s3.list_objects_v2, Bucket="work")[1] == "AccessDenied"
    assert refusal(s3.head_bucket, Bucket="work")[0] == 403


def test_a_copy_needs_its_source(s3: Any, admin: Any) -> None:
    for bucket, key in (("open", "x"), ("work", "code/x")):
        admin.put_object(Bucket=bucket, Key=key, Body=b"x")

    s3.copy_object(Bucket="work", Key="runs/x", CopySource={"Bucket": "open", "Key": "x"})
    _, _, message = refusal(s3.copy_object, Bucket="work", Key="runs/y", CopySource={"Bucket": "work", "Key": "code/x"})
    assert "s3:GetObject on resource: arn:aws:s3:::work/code/x" in message


def test_uploads_in_parts_need_the_right_to_put(s3: Any) -> None:
    upload = s3.create_multipart_upload(Bucket="work", Key="runs/big")["UploadId"]
    s3.upload_part(Bucket="work", Key="runs/big", PartNumber=1, UploadId=upload, Body=b"x")
    s3.abort_multipart_upload(Bucket="work", Key="runs/big", UploadId=upload)
    assert refusal(s3.create_multipart_upload, Bucket="work", Key="code/big")[1] == "AccessDenied"


def test_that_an_object_is_missing_is_told_only_to_those_who_may_list(s3: Any) -> None:
    assert refusal(s3.get_object, Bucket="work", Key="runs/none")[0] == 403
    assert refusal(s3.head_object, Bucket="work", Key="runs/none")[0] == 403
    assert refusal(s3.get_object, Bucket="open", Key="none")[:2] == (404, "NoSuchKey")


def test_of_many_objects_those_are_deleted_that_may_be(s3: Any, admin: Any) -> None:
    keys = ("runs/1", "code/2", "runs/3")
    for key in keys:
        admin.put_object(Bucket="work", Key=key, Body=b"x")

    answer = s3.delete_objects(Bucket="work", Delete={"Objects": [{"Key": key} for key in keys]})

    assert [(error["Key"], error["Code"]) for error in answer["Errors"]] == [("code/2", "AccessDenied")]
    assert "s3:DeleteObject on resource: arn:aws:s3:::work/code/2" in answer["Errors"][0]["Message"]
    assert sorted(one["Key"] for one in answer["Deleted"]) == ["runs/1", "runs/3"]
    left = [item["Key"] for item in admin.list_objects_v2(Bucket="work").get("Contents", [])]
    assert "code/2" in left
    assert not {"runs/1", "runs/3"} & set(left)
    only = s3.delete_objects(Bucket="work", Delete={"Objects": [{"Key": "code/2"}]})
    assert [error["Key"] for error in only["Errors"]] == ["code/2"]


def test_other_services_are_judged_by_service_and_action(url: str) -> None:
    client_asking_once(url, "sts").get_caller_identity()
    _, code, message = refusal(client_asking_once(url, "kms").list_keys)
    assert code == "AccessDeniedException"
    assert f"{USER}kms:ListKeys on resource: *" in message
    status, code, message = refusal(client_asking_once(url, "ec2").describe_subnets)
    assert (status, code) == (403, "UnauthorizedOperation")
    assert "ec2:DescribeSubnets" in message
    assert refusal(client_asking_once(url, "iam").list_roles)[1] == "AccessDenied"
    secret = "secretsmanager:GetSecretValue on resource: arn:aws:secretsmanager:us-east-1:123456789012:secret:kdc-"
    assert secret in refusal(client_asking_once(url, "secretsmanager").get_secret_value, SecretId="kdc")[2]


def test_steps_and_the_administrator_are_not_judged(url: str) -> None:
    for key_id in (INSTANCE_PROFILE_KEY, ADMINISTRATOR_KEY):
        client_asking_once(url, "s3", key_id=key_id).put_object(Bucket="work", Key=f"code/{key_id}", Body=b"x")


def test_decisions_can_be_read_and_forgotten(url: str, s3: Any) -> None:
    control = Control(url)
    control.delete("authorizations")
    s3.list_objects_v2(Bucket="work", Prefix="runs/")
    refusal(s3.put_object, Bucket="work", Key="code/a", Body=b"x")

    allowed, denied = control.get("authorizations")["authorizations"]
    assert allowed == {
        "action": "s3:ListBucket",
        "resource": "arn:aws:s3:::work",
        "context": {"s3:prefix": ["runs/"]},
        "allowed": True,
        "sid": "List",
    }
    assert (denied["action"], denied["allowed"], denied["sid"]) == ("s3:PutObject", False, None)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{", "is not JSON"),
        ('{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*", "Condition": {"NumericLessThan": {"s3:max-keys": "9"}}}]}',
         "statement 1: the operator 'NumericLessThan' is not known here"),
    ],
)  # fmt: skip
def test_a_policy_that_cannot_be_applied_keeps_the_server_from_starting(tmp_path: Path, text: str, words: str) -> None:
    file = tmp_path / "policy.json"
    file.write_text(text)
    with pytest.raises(StartupError) as refused:
        read_policy_flag(file)
    assert words in refused.value.cause
    with pytest.raises(StartupError, match="cannot be read"):
        read_policy_flag(tmp_path / "none.json")
