"""`aws emr`'s commands on clusters, roles and security configurations, each as a user types it, against a real emr_local."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.emr_local.aws_cli import AwsCli
from tests.emr_local.emr_requests import cluster_request, wait_until

AWS_ENDPOINT = "https://elasticmapreduce.us-east-1.amazonaws.com"
SECURITY = {"EncryptionConfiguration": {"EnableInTransitEncryption": False, "EnableAtRestEncryption": False}}


@pytest.fixture(scope="module")
def aws(emr_url: str, tmp_path_factory: pytest.TempPathFactory) -> AwsCli:
    return AwsCli(emr_url, tmp_path_factory.mktemp("home"))


@pytest.fixture(scope="module")
def emr(client_for: Callable[..., Any]) -> Any:
    return client_for("emr")


def describe(emr: Any, cluster_id: str) -> dict[str, Any]:
    return emr.describe_cluster(ClusterId=cluster_id)["Cluster"]


def wait_for_state(emr: Any, cluster_id: str, *states: str) -> None:
    wait_until(lambda: describe(emr, cluster_id)["Status"]["State"] in states, f"{cluster_id} in {states}", 60)


def test_create_default_roles_makes_the_roles_here(
    emr_url: str, tmp_path: Path, client_for: Callable[..., Any]
) -> None:
    aws = AwsCli(emr_url, tmp_path)
    options = ("--endpoint-url", AWS_ENDPOINT, "--iam-endpoint", emr_url)
    created = aws.emr("create-default-roles", *options)
    names = {"EMR_DefaultRole", "EMR_EC2_DefaultRole", "EMR_AutoScaling_DefaultRole"}
    assert {each["Role"]["RoleName"] for each in created} == names
    iam = client_for("iam")
    assert names <= {each["RoleName"] for each in iam.list_roles()["Roles"]}
    assert iam.get_instance_profile(InstanceProfileName="EMR_EC2_DefaultRole")
    assert aws.emr("create-default-roles") == []
    assert "service_role = EMR_DefaultRole" in aws.config_file.read_text()


def test_create_cluster_takes_what_users_give_and_describe_cluster_shows_it(
    aws: AwsCli, s3: Any, tmp_path: Path
) -> None:
    s3.create_bucket(Bucket="cli-options")
    s3.put_object(Bucket="cli-options", Key="install.sh", Body=b"#!/bin/bash\npip install x\n")
    configurations = tmp_path / "configurations.json"
    configurations.write_text(
        json.dumps([{"Classification": "spark-defaults", "Properties": {"spark.ui.enabled": "no"}}])
    )
    cluster_id = aws.create_cluster(
        *("--name", "all options", "--instance-type", "m5.xlarge", "--instance-count", "3"),
        *("--applications", "Name=Spark", "Name=Hadoop", "--log-uri", "s3://cli-options/logs/"),
        *("--bootstrap-actions", "Path=s3://cli-options/install.sh,Args=[numpy,pandas],Name=packages"),
        *("--ec2-attributes", "KeyName=key,SubnetId=subnet-1,AdditionalMasterSecurityGroups=[sg-1]"),
        *("--tags", "team=data", "cost=7", "--configurations", f"file://{configurations}"),
        *("--auto-termination-policy", "IdleTimeout=3600", "--step-concurrency-level", "4"),
        *("--ebs-root-volume-size", "40", "--no-auto-terminate", "--termination-protected"),
        *("--scale-down-behavior", "TERMINATE_AT_TASK_COMPLETION", "--no-visible-to-all-users"),
        *(
            "--managed-scaling-policy",
            "ComputeLimits={MinimumCapacityUnits=2,MaximumCapacityUnits=5,UnitType=Instances}",
        ),
    )
    shown = aws.emr("describe-cluster", "--cluster-id", cluster_id)["Cluster"]
    assert (shown["Name"], shown["ReleaseLabel"], shown["LogUri"]) == (
        "all options",
        "emr-7.13.0",
        "s3://cli-options/logs/",
    )
    assert {each["Name"] for each in shown["Applications"]} == {"Spark", "Hadoop"}
    assert {each["Key"]: each["Value"] for each in shown["Tags"]} == {"team": "data", "cost": "7"}
    assert (shown["AutoTerminate"], shown["TerminationProtected"], shown["VisibleToAllUsers"]) == (False, True, False)
    assert (shown["StepConcurrencyLevel"], shown["EbsRootVolumeSize"]) == (4, 40)
    assert shown["ServiceRole"] == "EMR_DefaultRole"
    network = shown["Ec2InstanceAttributes"]
    assert (network["Ec2KeyName"], network["Ec2SubnetId"]) == ("key", "subnet-1")
    assert (network["IamInstanceProfile"], network["AdditionalMasterSecurityGroups"]) == (
        "EMR_EC2_DefaultRole",
        ["sg-1"],
    )
    assert shown["Configurations"] == [{"Classification": "spark-defaults", "Properties": {"spark.ui.enabled": "no"}}]
    assert [(each["InstanceGroupType"], each["RequestedInstanceCount"]) for each in shown["InstanceGroups"]] == [
        ("MASTER", 1),
        ("CORE", 2),
    ]
    assert shown["BootstrapActions"] == [
        {"Name": "packages", "ScriptPath": "s3://cli-options/install.sh", "Args": ["numpy", "pandas"]}
    ]


def test_create_cluster_with_roles_of_ones_own(aws: AwsCli, emr: Any) -> None:
    options = (
        "--service-role",
        "MyService",
        "--ec2-attributes",
        "InstanceProfile=MyProfile",
        *("--instance-type", "m5.xlarge"),
    )
    created = aws.emr("create-cluster", "--release-label", "emr-7.13.0", "--instance-count", "1", *options)
    shown = describe(emr, created["ClusterId"])
    assert (shown["ServiceRole"], shown["Ec2InstanceAttributes"]["IamInstanceProfile"]) == ("MyService", "MyProfile")


def test_create_cluster_without_roles_is_told_which_one_is_missing(aws: AwsCli) -> None:
    error = aws.fail("emr", "create-cluster", "--release-label", "emr-7.13.0", "--instance-type", "m5.xlarge")
    assert "ServiceRole is required for creating cluster." in error or "use-default-roles" in error


def test_a_cluster_that_terminates_itself_runs_its_steps_and_goes(aws: AwsCli, emr: Any) -> None:
    step = "Type=CUSTOM_JAR,Name=say,ActionOnFailure=CONTINUE,Jar=command-runner.jar,Args=[echo,hello]"
    cluster_id = aws.create_cluster("--auto-terminate", "--steps", step)
    wait_for_state(emr, cluster_id, "TERMINATED")
    ended = describe(emr, cluster_id)["Status"]
    assert ended["StateChangeReason"] == {"Code": "ALL_STEPS_COMPLETED", "Message": "Steps completed"}


def test_list_clusters_by_state_and_time(aws: AwsCli, emr: Any) -> None:
    going, staying = (emr.run_job_flow(**cluster_request(keep_alive=True))["JobFlowId"] for _ in range(2))
    aws.emr("terminate-clusters", "--cluster-ids", going)
    wait_for_state(emr, going, "TERMINATED")

    def list_ids(*options: str) -> list[str]:
        return [each["Id"] for each in aws.emr("list-clusters", *options)["Clusters"]]

    active, ended = list_ids("--active"), list_ids("--cluster-states", "TERMINATED")
    assert (staying in active, going in active) == (True, False)
    assert (staying in ended, going in ended) == (False, True)
    hour = timedelta(hours=1)
    assert {going, staying} <= set(list_ids("--created-after", (datetime.now(UTC) - hour).isoformat()))
    assert list_ids("--created-after", (datetime.now(UTC) + hour).isoformat()) == []


def test_clusters_are_changed_while_they_live(aws: AwsCli, emr: Any) -> None:
    cluster_id = aws.create_cluster("--termination-protected", "--no-visible-to-all-users")
    chosen = ("--cluster-id", cluster_id)
    assert aws.emr("modify-cluster", *chosen, "--step-concurrency-level", "10") == {"StepConcurrencyLevel": 10}
    error = aws.fail("emr", "terminate-clusters", "--cluster-ids", cluster_id)
    assert "termination protected" in error
    flags = ("--no-termination-protected", "--visible-to-all-users", "--unhealthy-node-replacement")
    for flag in flags:
        aws.emr("modify-cluster-attributes", *chosen, flag)
    shown = describe(emr, cluster_id)
    assert (shown["TerminationProtected"], shown["VisibleToAllUsers"]) == (False, True)
    assert (shown["UnhealthyNodeReplacement"], shown["StepConcurrencyLevel"]) == (True, 10)
    aws.emr("modify-cluster-attributes", *chosen, "--auto-terminate")
    aws.emr("wait", "cluster-terminated", *chosen)


def test_tags_come_and_go(aws: AwsCli, emr: Any) -> None:
    cluster_id = aws.create_cluster("--tags", "old=1")
    aws.emr("add-tags", "--resource-id", cluster_id, "--tags", "team=data", "name=two words", "empty")
    aws.emr("remove-tags", "--resource-id", cluster_id, "--tag-keys", "old")
    tags = {each["Key"]: each["Value"] for each in describe(emr, cluster_id)["Tags"]}
    assert tags == {"team": "data", "name": "two words", "empty": ""}


def test_waiters_return_on_a_state_that_is_reached(aws: AwsCli, emr: Any) -> None:
    step = "Type=CUSTOM_JAR,Name=say,ActionOnFailure=CONTINUE,Jar=command-runner.jar,Args=[true]"
    cluster_id = aws.create_cluster("--steps", step)
    chosen = ("--cluster-id", cluster_id)
    wait_for_state(emr, cluster_id, "WAITING")
    (step_id,) = [each["Id"] for each in emr.list_steps(ClusterId=cluster_id)["Steps"]]
    aws.emr("wait", "cluster-running", *chosen)
    aws.emr("wait", "step-complete", *chosen, "--step-id", step_id)
    aws.emr("terminate-clusters", "--cluster-ids", cluster_id)
    wait_for_state(emr, cluster_id, "TERMINATED")
    aws.emr("wait", "cluster-terminated", *chosen)
    assert "terminal failure state" in aws.fail("emr", "wait", "cluster-running", *chosen)


def test_security_configurations_are_made_used_and_deleted(aws: AwsCli, emr: Any) -> None:
    named, text = ("--name", "cli-security"), json.dumps(SECURITY)
    aws.emr("create-security-configuration", *named, "--security-configuration", text)
    listed = aws.emr("list-security-configurations")["SecurityConfigurations"]
    assert "cli-security" in [each["Name"] for each in listed]
    shown = aws.emr("describe-security-configuration", *named)
    assert json.loads(shown["SecurityConfiguration"]) == SECURITY
    cluster_id = aws.create_cluster("--security-configuration", "cli-security")
    assert describe(emr, cluster_id)["SecurityConfiguration"] == "cli-security"
    aws.emr("delete-security-configuration", *named)
    assert "does not exist" in aws.fail("emr", "describe-security-configuration", *named)


def test_a_security_configuration_of_a_stack_is_found(aws: AwsCli, emr: Any, client_for: Callable[..., Any]) -> None:
    properties = {"Name": "stack-security", "SecurityConfiguration": SECURITY}
    resource = {"Type": "AWS::EMR::SecurityConfiguration", "Properties": properties}
    stacks, name = client_for("cloudformation"), "stack-security"
    stacks.create_stack(StackName="security", TemplateBody=json.dumps({"Resources": {"Security": resource}}))
    cluster_id = aws.create_cluster("--security-configuration", name)
    assert describe(emr, cluster_id)["SecurityConfiguration"] == name
    assert json.loads(emr.describe_security_configuration(Name=name)["SecurityConfiguration"]) == SECURITY
    listed = emr.list_security_configurations()["SecurityConfigurations"]
    assert name in [each["Name"] for each in listed]
    with pytest.raises(ClientError, match="already exists"):
        emr.create_security_configuration(Name=name, SecurityConfiguration="{}")
    with pytest.raises(ClientError, match="delete the stack"):
        emr.delete_security_configuration(Name=name)
    stacks.delete_stack(StackName="security")
    with pytest.raises(ClientError, match="does not exist"):
        emr.describe_security_configuration(Name=name)


@pytest.fixture(scope="module")
def waiting(aws: AwsCli) -> str:
    return aws.create_cluster()


@pytest.mark.parametrize("command", ["ssh", "socks", "put", "get"])
def test_what_needs_a_host_fails_and_names_the_one_that_is_missing(
    aws: AwsCli, emr: Any, waiting: str, tmp_path: Path, command: str
) -> None:
    wait_for_state(emr, waiting, "WAITING")
    key, extra = tmp_path / "key.pem", {"put": ("--src", "a"), "get": ("--src", "a"), "ssh": ("--command", "true")}
    key.write_text("no key")
    key.chmod(0o600)
    error = aws.fail("emr", command, "--cluster-id", waiting, "--key-pair-file", str(key), *extra.get(command, ()))
    assert describe(emr, waiting)["MasterPublicDnsName"] in error
