"""`infra up` and `down` against moto's CloudFormation: everything is made, nothing is made twice, everything goes, and a failure leaves nothing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from emr_pipelines.emr.clusters import terminate_clusters
from emr_pipelines.errors import EmrPipelinesError
from emr_pipelines.infra.deployment import Aws, bring_up, find_deployed, refuse_while_used, take_down
from emr_pipelines.infra.environment_file import ownership
from emr_pipelines.infra.network import tag_network, untag_network
from emr_pipelines.infra.stack import Change, deployed_options
from emr_pipelines.pipeline_spec.loader import load_environment, load_pipeline
from emr_pipelines.pipeline_spec.project_files.project import pipeline_file
from emr_pipelines.plan.build import build_plan
from tests.emr.conftest import cluster_request
from tests.infra.inventory import inventory

ClientFor = Callable[..., Any]
OWN = {"network": "new"}
# moto skips what it does not know (tests/infra/test_template.py looks at these): bucket and topic policies, alarms, key pairs.
pytestmark = pytest.mark.filterwarnings("ignore:Tried to parse")


def silent(_: object) -> None:
    """Nobody watches the events."""


def yes(_: object) -> bool:
    return True


def up(aws: Aws, environment: str, file: Path, given: dict[str, Any] | None = None, **more: Any) -> Any:
    return bring_up(aws, environment, given or {}, file, silent, more.pop("approve", yes), **more)


def test_up_makes_everything_once_and_down_removes_it(
    aws: Aws, client_for: ClientFor, environment: str, file: Path
) -> None:
    stack = f"emr-pipelines-{environment}"
    events: list[str] = []
    done = bring_up(aws, environment, OWN, file, lambda event: events.append(event.status), yes)
    assert (done.outcome, events) == ("created", ["CREATE_IN_PROGRESS", "CREATE_COMPLETE"])
    made = {line.split(" " + stack)[0] for line in inventory(client_for, stack)}
    assert made == {"role", "profile", "bucket", "security configuration", "group", "vpc", "subnet"}

    loaded = load_environment(file)
    assert loaded.bucket == f"s3://{done.stack.outputs['Bucket']}"
    chosen = loaded.cluster.security_groups
    assert chosen is not None
    ids = [chosen.primary, chosen.core, chosen.service_access]
    groups = aws.ec2.describe_security_groups(GroupIds=ids)["SecurityGroups"]
    assert len(groups) == 3
    [profile] = [
        one
        for one in client_for("iam").list_instance_profiles()["InstanceProfiles"]
        if one["InstanceProfileName"] == loaded.cluster.instance_profile
    ]
    assert profile["Roles"][0]["RoleName"] == profile["InstanceProfileName"]

    before = inventory(client_for, stack)
    again = up(aws, environment, file)
    assert (again.outcome, again.file_is_kept, inventory(client_for, stack)) == ("unchanged", False, before)

    bucket = done.stack.outputs["Bucket"]
    s3 = aws.s3
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    for _ in range(2):
        s3.put_object(Bucket=bucket, Key="runs/part", Body=b"x")
    s3.delete_object(Bucket=bucket, Key="runs/part")
    s3.create_multipart_upload(Bucket=bucket, Key="runs/unfinished")
    assert take_down(aws, find_deployed(aws, environment, silent), file, silent) is True
    assert not file.exists()
    assert inventory(client_for, stack) == set()
    of_the_vpc = [{"Name": "vpc-id", "Values": [done.stack.outputs["VpcId"]]}]
    assert aws.ec2.describe_vpc_endpoints(Filters=of_the_vpc)["VpcEndpoints"] == []
    with pytest.raises(EmrPipelinesError, match=f"There is no stack {stack} in us-east-1; `infra up --env"):
        find_deployed(aws, environment, silent)


def test_changed_options_are_shown_and_then_changed(
    aws: Aws, environment: str, file: Path, client_for: ClientFor
) -> None:
    up(aws, environment, file, OWN)
    shown: list[Change] = []

    def refuse(changes: Any) -> bool:
        shown.extend(changes)
        return False

    with pytest.raises(EmrPipelinesError, match="Nothing was changed"):
        up(aws, environment, file, {"notify": "ops@example.com"}, approve=refuse)
    assert {(change.action, change.resource) for change in shown} >= {("Add", "StepFailed"), ("Add", "Topic")}
    assert not [line for line in inventory(client_for, environment) if line.startswith("topic")]

    assert up(aws, environment, file, {"notify": "ops@example.com"}).outcome == "changed"
    assert [line for line in inventory(client_for, environment) if line.startswith("topic")]
    kept = deployed_options(aws.cloudformation, find_deployed(aws, environment, silent))
    assert (kept.notify, kept.network) == ("ops@example.com", "10.42.0.0/16")
    assert up(aws, environment, file).outcome == "unchanged", "what is not given stays as it is"


def test_a_fault_in_the_middle_leaves_nothing(aws: Aws, client_for: ClientFor, environment: str, file: Path) -> None:
    s3 = aws.s3
    s3.create_bucket(Bucket=f"taken-{environment}")
    with pytest.raises(EmrPipelinesError, match=r"could not be created: BucketAlready.*was removed again"):
        up(aws, environment, file, {**OWN, "bucket": f"taken-{environment}"})
    assert inventory(client_for, f"emr-pipelines-{environment}") == set()
    assert not file.exists()
    s3.head_bucket(Bucket=f"taken-{environment}")
    assert up(aws, environment, file, OWN).outcome == "created", "the way is free for another try"


def test_a_fault_after_the_stack_leaves_nothing(aws: Aws, client_for: ClientFor, environment: str, file: Path) -> None:
    ec2 = client_for("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.7.0.0/16")["Vpc"]["VpcId"]
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.7.1.0/24")["Subnet"]["SubnetId"]
    file.parent.parent.mkdir(parents=True)
    file.parent.write_text("a file where the folder should be")
    with pytest.raises(OSError, match="exists"):
        up(aws, environment, file, {"subnets": (subnet,)})
    assert inventory(client_for, f"emr-pipelines-{environment}") == set()
    assert tags_of(ec2, subnet) == {}


def tags_of(ec2: Any, resource: str) -> dict[str, str]:
    found = ec2.describe_tags(Filters=[{"Name": "resource-id", "Values": [resource]}])["Tags"]
    return {tag["Key"]: tag["Value"] for tag in found}


def test_subnets_that_exist_are_tagged_and_untagged(
    aws: Aws, environment: str, file: Path, client_for: ClientFor
) -> None:
    ec2 = client_for("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.8.0.0/16")["Vpc"]["VpcId"]
    theirs, ours = (
        ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.8.{number}.0/24")["Subnet"]["SubnetId"] for number in (1, 2)
    )
    managed = {"for-use-with-amazon-emr-managed-policies": "true"}
    ec2.create_tags(Resources=[theirs], Tags=[{"Key": key, "Value": value} for key, value in managed.items()])

    done = up(aws, environment, file, {"subnets": (theirs, ours)})
    assert load_environment(file).cluster.subnets == [theirs, ours]
    assert any("has no route to S3" in doubt for doubt in done.doubts)
    assert tags_of(ec2, theirs) == managed, "what an administrator has tagged is not marked as ours"
    assert tags_of(ec2, ours) == {**managed, f"emr-pipelines:tagged-for:emr-pipelines-{environment}": "true"}
    assert tags_of(ec2, vpc).keys() >= managed.keys()

    up(aws, environment, file, {"subnets": (theirs,)})
    assert tags_of(ec2, ours) == {}, "a subnet that is no longer used"
    take_down(aws, find_deployed(aws, environment, silent), file, silent)
    assert (tags_of(ec2, theirs), tags_of(ec2, vpc)) == (managed, {})


def test_a_subnet_that_two_stacks_use_stays_tagged_for_the_other(client_for: ClientFor) -> None:
    ec2 = client_for("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.9.0.0/16")["Vpc"]["VpcId"]
    tag_network(ec2, "one", [vpc])
    tag_network(ec2, "two", [vpc])
    untag_network(ec2, "one")
    assert tags_of(ec2, vpc).keys() == {"for-use-with-amazon-emr-managed-policies", "emr-pipelines:tagged-for:two"}
    untag_network(ec2, "two")
    assert tags_of(ec2, vpc) == {}


def test_down_refuses_while_a_cluster_lives(aws: Aws, environment: str, file: Path) -> None:
    stack = up(aws, environment, file, OWN).stack
    bucket = stack.outputs["Bucket"]
    request = cluster_request("infra", LogUri=f"s3://{bucket}/logs/", ServiceRole=stack.outputs["ServiceRole"])
    cluster = aws.emr.write.run_job_flow(**request)["JobFlowId"]
    try:
        with pytest.raises(EmrPipelinesError, match=rf"{cluster} .* uses the bucket {bucket}, the service role"):
            refuse_while_used(aws, stack)
        with pytest.raises(EmrPipelinesError, match="is in use"):
            take_down(aws, stack, file, silent)
        aws.s3.head_bucket(Bucket=bucket)
    finally:
        terminate_clusters(aws.emr, [cluster])


def test_a_file_of_somebody_else_is_not_written_over(
    aws: Aws, environment: str, file: Path, client_for: ClientFor
) -> None:
    file.parent.mkdir(parents=True)
    file.write_text("name: mine\n")
    with pytest.raises(EmrPipelinesError, match=r"was not written by `infra up`.*--force"):
        up(aws, environment, file, OWN)
    assert inventory(client_for, f"emr-pipelines-{environment}") == set(), "told before anything is made"
    up(aws, environment, file, OWN, force=True)
    assert ownership(file) == "untouched"

    file.write_text(file.read_text().replace('idle_timeout: "15m"', "idle_timeout: 30m"))
    assert ownership(file) == "edited"
    assert up(aws, environment, file).file_is_kept is True
    assert yaml.safe_load(file.read_text())["cluster"]["idle_timeout"] == "30m"
    assert take_down(aws, find_deployed(aws, environment, silent), file, silent) is False
    assert file.exists()


def test_another_bucket_or_unknown_subnets_are_refused_before_anything_changes(
    aws: Aws, environment: str, file: Path
) -> None:
    with pytest.raises(EmrPipelinesError, match="subnet-0123456789abcdef0"):
        up(aws, environment, file, {"subnets": ("subnet-0123456789abcdef0",)})
    up(aws, environment, file, OWN)
    with pytest.raises(EmrPipelinesError, match="cannot be renamed; run `infra down` first"):
        up(aws, environment, file, {"bucket": "another-bucket"})


def test_the_file_names_the_place_that_it_was_made_for(aws: Aws, environment: str, file: Path) -> None:
    place = replace(aws.place, connection="prod_aws", endpoint_url=None)
    up(replace(aws, place=place), environment, file, {**OWN, "data": ("s3://raw-data/reviews",)})
    loaded = load_environment(file)
    assert (loaded.connection.id, loaded.connection.endpoint_url) == ("prod_aws", None)
    assert loaded.data == "s3://raw-data/reviews"


def test_a_pipeline_runs_in_the_environment_that_was_written(aws: Aws, environment: str, project: Path) -> None:
    file = project / "config" / "environments" / f"{environment}.yaml"
    outputs = up(aws, environment, file, {**OWN, "kms_key": "new"}).stack.outputs
    try:
        spec = load_pipeline(pipeline_file(project, "word_clouds"), environment=environment, project_root=project)
    finally:
        file.unlink()
    request = build_plan(spec).cluster.request
    assert request is not None
    assert request["SecurityConfiguration"] == outputs["SecurityConfiguration"]
    assert request["Instances"]["ServiceAccessSecurityGroup"] == outputs["ServiceAccessSecurityGroup"]
    assert (request["ServiceRole"], request["JobFlowRole"]) == (outputs["ServiceRole"], outputs["InstanceProfile"])
