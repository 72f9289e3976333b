"""The policy that `infra iam` prints: complete for every call in the source, no wider than the plans, readable, and within IAM's limits."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import botocore.session
import pytest
from botocore import xform_name

from emr_local.iam.policies import Access, read_policy
from emr_pipelines.errors import EmrPipelinesError
from emr_pipelines.infra.airflow_role.airflow_calls import AWS_CALLS, Scope
from emr_pipelines.infra.airflow_role.airflow_policy import LONGEST_POLICY, airflow_policy, policy_size, split_policy
from emr_pipelines.pipeline_spec.loader import load_environment, load_pipeline
from emr_pipelines.pipeline_spec.project_files.project import environment_file, pipeline_file, pipeline_names
from emr_pipelines.plan.build import build_plan
from tests.cli.command_line import run_tool

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "plugins" / "emr_pipelines"
ACCOUNT = "123456789012"
# What the Airflow role runs. `emr/connect` and the other verbs are for people with rights of their own.
ROOMS = {name: PACKAGE / name for name in ("emr", "storage", "inline", "dag", "cli")}
# What people do with their own credentials.
FOR_PEOPLE = (PACKAGE / "emr" / "connect", PACKAGE / "storage" / "transfers")
CLI = PACKAGE / "cli"
VERBS_OF_THE_ROLE = (
    CLI / "run",
    CLI / "local" / "sample_data.py",
    CLI / "aws" / "reap.py",
    CLI / "aws" / "gc_command.py",
)
SERVICES = ("emr", "s3", "secretsmanager", "ssm", "kms", "sts", "iam")
# boto3 adds these to the S3 client.
TRANSFERS = {"copy", "upload_file", "upload_fileobj", "download_file", "download_fileobj"}
ENVIRONMENT = """
name: lake
connection: {id: aws_default}
region: eu-central-1
bucket: s3://code
data: s3://data/raw
logs: s3://logs/emr
cluster:
  release: emr-7.13.0
  applications: [Spark]
  idle_timeout: 15m
  service_role: Service
  instance_profile: Nodes
  primary: {instances: [m5.xlarge]}
"""
ONE_STEP = "name: %s\nsteps: [{name: one, command: [echo, hi]%s}]\ncluster: %s\n"


@cache
def methods_of_aws() -> frozenset[str]:
    session = botocore.session.get_session()
    names = (name for service in SERVICES for name in session.get_service_model(service).operation_names)
    return frozenset(map(xform_name, names))


def calls_in(path: Path) -> Iterator[str]:
    """The methods of AWS clients that a module calls, also those of paginators and waiters."""
    for node in ast.walk(ast.parse(path.read_text())):
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
            continue
        method, receiver = node.func.attr, ast.unparse(node.func.value)
        if receiver in (
            "super()",
            "factory",
        ):  # a session factory of the provider's makes sessions, and a service of AWS has a method of that name
            continue
        if method in ("get_paginator", "get_waiter"):
            argument = node.args[0]
            assert isinstance(argument, ast.Constant), f"{path}:{node.lineno}: write the operation's name"
            yield str(argument.value)
        elif (method in TRANSFERS and receiver.endswith("s3")) or method in methods_of_aws():
            yield method


def modules_of(room: str) -> Iterator[Path]:
    for path in sorted(ROOMS[room].rglob("*.py")):
        if not any(map(path.is_relative_to, FOR_PEOPLE)) and (
            room != "cli" or any(map(path.is_relative_to, VERBS_OF_THE_ROLE))
        ):
            yield path


def test_every_aws_call_in_the_source_is_in_the_table_and_the_other_way_round() -> None:
    called = {(room, method) for room in ROOMS for path in modules_of(room) for method in calls_in(path)}

    assert {("emr", "run_job_flow"), ("storage", "copy"), ("emr", "list_steps")} <= called
    assert called == {(call.room, call.method) for call in AWS_CALLS}


def test_the_tasks_of_airflow_use_nothing_that_is_for_people() -> None:
    imported = [
        f"{path.name}: {node.module}"
        for room in ROOMS
        for path in modules_of(room)
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.ImportFrom)
        and (node.module or "").startswith(("emr_pipelines.emr.connect", "emr_pipelines.storage.transfers"))
    ]
    assert imported == []


def test_every_call_says_why_and_needs_a_right() -> None:
    assert all(call.why and call.rights for call in AWS_CALLS)
    assert {right.scope for call in AWS_CALLS for right in call.rights} == set(Scope)
    assert all(re.fullmatch(r"[a-z0-9]+:[A-Z]\w+", right.action) for call in AWS_CALLS for right in call.rights)


@pytest.mark.parametrize("environment", ["aws", "local"])
def test_the_policy_of_this_project_fits_iam(environment: str) -> None:
    policy = policy_of(ROOT, environment)

    sids = [statement["Sid"] for statement in policy["Statement"]]
    assert len(set(sids)) == len(sids)
    assert all(re.fullmatch(r"[A-Za-z0-9]+", sid) for sid in sids)
    assert policy_size(policy) <= LONGEST_POLICY
    assert split_policy(policy) == [policy]
    assert len(read_policy(policy).statements) == len(sids), "emr_local understands every operator in it"


def policy_of(root: Path, environment: str) -> dict[str, Any]:
    plans = [
        build_plan(load_pipeline(pipeline_file(root, name), environment=environment, project_root=root))
        for name in pipeline_names(root)
    ]
    return airflow_policy(load_environment(environment_file(root, environment)), plans, ACCOUNT)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    for folder, name, text in (
        ("environments", "lake", ENVIRONMENT),
        ("pipelines", "plain", ONE_STEP % ("plain", "", "{}")),
    ):
        (tmp_path / "config" / folder).mkdir(parents=True)
        (tmp_path / "config" / folder / f"{name}.yaml").write_text(text)
    return tmp_path


def add(project: Path, name: str, more: str = "", cluster: str = "{}") -> None:
    spec = ONE_STEP % (name, f", {more}" if more else "", cluster)
    (project / "config" / "pipelines" / f"{name}.yaml").write_text(spec)


def statements(project: Path) -> dict[str, dict[str, Any]]:
    return {one["Sid"]: one for one in policy_of(project, "lake")["Statement"]}


def allowed(project: Path, action: str, resource: str, **context: str) -> bool:
    keys = {name.replace("__", ":").replace("_KEY", "/emr-pipelines:key"): (value,) for name, value in context.items()}
    return read_policy(policy_of(project, "lake")).judge(Access(action=action, resource=resource, context=keys)).allowed


def cluster(cluster_id: str, region: str = "eu-central-1") -> str:
    return f"arn:aws:elasticmapreduce:{region}:{ACCOUNT}:cluster/{cluster_id}"


def test_clusters_are_launched_only_with_our_tag_and_in_the_environments_region(project: Path) -> None:
    launch = ("elasticmapreduce:RunJobFlow", cluster("*"))
    tag = {"elasticmapreduce__RequestTag_KEY": "0123456789ab/main"}

    assert allowed(project, *launch, aws__RequestedRegion="eu-central-1", **tag)
    assert not allowed(project, *launch, aws__RequestedRegion="us-east-1", **tag)
    assert not allowed(project, *launch, aws__RequestedRegion="eu-central-1")


def test_only_our_clusters_are_ended_and_given_steps(project: Path) -> None:
    for action in ("TerminateJobFlows", "SetTerminationProtection", "AddJobFlowSteps", "CancelSteps", "ListSteps"):
        right = (f"elasticmapreduce:{action}", cluster("j-1"))
        assert allowed(project, *right, elasticmapreduce__ResourceTag_KEY="0123456789ab/main"), action
        assert not allowed(project, *right), action
    assert allowed(project, "elasticmapreduce:DescribeCluster", cluster("j-1")), "which alone tells the tags"


def test_roles_are_passed_each_to_its_service(project: Path) -> None:
    def passes(role: str, service: str) -> bool:
        return allowed(project, "iam:PassRole", f"arn:aws:iam::{ACCOUNT}:role/{role}", iam__PassedToService=service)

    assert passes("Service", "elasticmapreduce.amazonaws.com")
    assert passes("Nodes", "ec2.amazonaws.com")
    assert not passes("Service", "ec2.amazonaws.com")
    assert not passes("Admin", "elasticmapreduce.amazonaws.com")
    assert "PassAutoScalingRole" not in statements(project)


def test_a_role_may_be_given_by_its_arn_and_a_profile_stands_for_its_role(project: Path) -> None:
    profile = "arn:aws:iam::210987654321:instance-profile/team/Nodes"
    add(project, "other", cluster=f'{{instance_profile: "{profile}"}}')

    assert "arn:aws:iam::210987654321:role/team/Nodes" in statements(project)["PassInstanceProfileRole"]["Resource"]


def test_a_step_has_a_role_that_a_spec_names_or_none(project: Path) -> None:
    submit = ("elasticmapreduce:AddJobFlowSteps", cluster("j-1"))
    ours = {"elasticmapreduce__ResourceTag_KEY": "0123456789ab/main"}
    role = f"arn:aws:iam::{ACCOUNT}:role/Analyst"

    assert not allowed(project, *submit, elasticmapreduce__ExecutionRoleArn=role, **ours)
    add(project, "roled", f'execution_role: "{role}"', "{security_configuration: {runtime_roles: true}}")
    assert allowed(project, *submit, elasticmapreduce__ExecutionRoleArn=role, **ours)
    assert allowed(project, *submit, **ours)
    assert not allowed(project, *submit, elasticmapreduce__ExecutionRoleArn=f"{role}s", **ours)


def test_a_long_running_cluster_is_named_by_its_id(project: Path) -> None:
    add(project, "shared", cluster="{id: j-SHARED1}")

    assert allowed(project, "elasticmapreduce:AddJobFlowSteps", cluster("j-SHARED1"))
    assert not allowed(project, "elasticmapreduce:AddJobFlowSteps", cluster("j-OTHER1"))
    assert not allowed(project, "elasticmapreduce:TerminateJobFlows", cluster("j-SHARED1"))


def test_a_long_running_cluster_with_a_name_may_be_any_but_never_ended(project: Path) -> None:
    add(project, "shared", cluster="{name: warehouse}")

    assert allowed(project, "elasticmapreduce:CancelSteps", cluster("j-OTHER1"))
    assert not allowed(project, "elasticmapreduce:TerminateJobFlows", cluster("j-OTHER1"))
    assert "Null" in statements(project)["SubmitStepsToLongRunningClusters"]["Condition"]


def test_places_are_the_prefixes_of_the_plans(project: Path) -> None:
    add(project, "report", 'output: text, publish: "s3://out/report/year=${run.year}"')

    assert allowed(project, "s3:PutObject", "arn:aws:s3:::out/report/year=2024/part-0")
    assert not allowed(project, "s3:PutObject", "arn:aws:s3:::out/reports")
    assert allowed(project, "s3:ListBucket", "arn:aws:s3:::out"), "else a missing manifest is no 404"
    assert allowed(project, "s3:PutObject", "arn:aws:s3:::code/runs/report/_latest/one/0f.json")
    assert allowed(project, "s3:PutObject", "arn:aws:s3:::code/runs/report/r/one/_owner")
    assert not allowed(project, "s3:PutObject", "arn:aws:s3:::code/runs/report/r/one/attempt=1/part-0"), "EMR's matter"
    assert not allowed(project, "s3:DeleteObject", "arn:aws:s3:::code/code/0123/job.py")
    assert not allowed(project, "s3:PutObject", "arn:aws:s3:::logs/emr/j-1/x"), "EMR's matter"
    assert allowed(project, "s3:GetObject", "arn:aws:s3:::logs/emr/j-1/steps/s-1/stderr.gz")


@pytest.mark.parametrize(
    ("uri", "listed", "refused"),
    [
        ("s3://data/raw/books", "raw/books", "raw/bookshelves/"),
        ("s3://data/raw/books", "raw/books/", "raw/"),
        ("s3://data/raw/year=${run.year}/x", "raw/year=2024/x/", "raw/"),
        ("s3://data/raw/{a,b}/*", "raw/", "raw/a/"),
        ("s3://data/raw/20[01]?/x", "raw/20", "raw/"),
    ],
)
def test_inputs_are_listed_and_never_read(project: Path, uri: str, listed: str, refused: str) -> None:
    add(project, "reader", f'inputs: {{books: "{uri}"}}')

    assert allowed(project, "s3:ListBucket", "arn:aws:s3:::data", s3__prefix=listed)
    assert not allowed(project, "s3:ListBucket", "arn:aws:s3:::data", s3__prefix=refused)
    assert not allowed(project, "s3:ListBucket", "arn:aws:s3:::data")
    assert not allowed(project, "s3:GetObject", "arn:aws:s3:::data/raw/books")


def test_each_bucket_of_inputs_has_its_own_prefixes(project: Path) -> None:
    add(project, "reader", "inputs: {a: s3://data/a, b: s3://more/b}")

    assert allowed(project, "s3:ListBucket", "arn:aws:s3:::more", s3__prefix="b/")
    assert not allowed(project, "s3:ListBucket", "arn:aws:s3:::more", s3__prefix="a/")


def test_a_bucket_that_only_a_run_knows_is_refused(project: Path) -> None:
    add(project, "open", 'output: text, publish: "s3://team-${params.team}/x"')
    file = project / "config" / "pipelines" / "open.yaml"
    file.write_text(file.read_text() + "params: {team: {type: string, default: b}}\n")

    with pytest.raises(
        EmrPipelinesError, match=r"open, step one \(.*open\.yaml:2\): the bucket of s3://team-\$\{params"
    ):
        statements(project)


def test_named_keys_may_be_used_and_aliases_by_condition(project: Path) -> None:
    key = "arn:aws:kms:eu-central-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab"
    assert "UseNamedKeys" not in statements(project)
    add(project, "secret", cluster=f'{{log_key: "{key}"}}')
    add(project, "alias", cluster='{log_key: "arn:aws:kms:eu-central-1:123456789012:alias/logs"}')

    assert allowed(project, "kms:Decrypt", key)
    assert not allowed(project, "kms:Decrypt", f"{key[:-1]}c")
    assert allowed(project, "kms:Decrypt", f"{key[:-1]}c", kms__ResourceAliases="alias/logs")


def test_security_configurations_and_secrets_only_where_a_spec_has_them(project: Path) -> None:
    make = ("elasticmapreduce:CreateSecurityConfiguration", "*")
    secret = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:kdc-AbCdEf"
    assert not allowed(project, *make, aws__RequestedRegion="eu-central-1")
    kerberos = (
        "security_configuration: {kerberos: {}}, kerberos: {realm: EC2.INTERNAL, kdc_admin_secret: secretsmanager:kdc}"
    )
    add(project, "kerberized", cluster=f"{{{kerberos}}}")

    assert allowed(project, *make, aws__RequestedRegion="eu-central-1")
    assert allowed(project, "secretsmanager:GetSecretValue", secret)
    assert not allowed(project, "secretsmanager:GetSecretValue", secret.replace("kdc", "other"))
    add(project, "parameters", cluster=f"{{{kerberos.replace('secretsmanager:kdc', 'ssm:/emr/kdc')}}}")
    assert allowed(project, "ssm:GetParameter", "arn:aws:ssm:eu-central-1:123456789012:parameter/emr/kdc")


def test_a_policy_that_is_too_long_is_split_at_its_statements(project: Path) -> None:
    for number in range(60):
        add(
            project,
            f"report_{number:02}",
            f'output: text, publish: "s3://out/reports_of_department_{number:02}/{"x" * 30}"',
        )
    policy = policy_of(project, "lake")
    assert policy_size(policy) > LONGEST_POLICY

    parts = split_policy(policy)
    assert [statement for part in parts for statement in part["Statement"]] == policy["Statement"]
    assert all(policy_size(part) <= LONGEST_POLICY for part in parts)
    with pytest.raises(EmrPipelinesError, match="PublishOutputs alone has"):
        split_policy(policy, longest=3000)


def test_without_an_account_arns_stand_for_any_and_a_partition_is_taken(project: Path) -> None:
    environment = load_environment(environment_file(project, "lake"))
    plans = [build_plan(load_pipeline(pipeline_file(project, "plain"), environment="lake", project_root=project))]

    policy = airflow_policy(environment, plans, partition="aws-cn")

    resources = {one["Sid"]: one["Resource"] for one in policy["Statement"]}
    assert resources["PassServiceRole"] == "arn:aws-cn:iam::*:role/Service"
    assert resources["DescribeClusters"] == "arn:aws-cn:elasticmapreduce:eu-central-1:*:cluster/*"
    assert resources["PublishCode"] == "arn:aws-cn:s3:::code/code/*"


def test_infra_iam_prints_the_policy(project: Path) -> None:
    printed = run_tool(project, "infra", "iam", "--env", "lake", "--account", ACCOUNT)

    assert printed.returncode == 0, printed.stderr
    assert json.loads(printed.stdout) == policy_of(project, "lake")
