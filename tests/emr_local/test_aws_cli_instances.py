"""`aws emr`'s commands on instances, groups, fleets and policies, each as a user types it, against a real emr_local."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.emr_local.aws_cli import AwsCli
from tests.emr_local.emr_requests import cluster_request

GROUPS = (
    "InstanceGroupType=MASTER,InstanceCount=1,InstanceType=m5.xlarge",
    "Name=workers,InstanceGroupType=CORE,InstanceCount=2,InstanceType=m5.2xlarge,BidPrice=0.2,"
    "EbsConfiguration={EbsOptimized=true,EbsBlockDeviceConfigs=[{VolumeSpecification={VolumeType=gp3,SizeInGB=64},VolumesPerInstance=2}]}",
)
FLEETS = (
    "InstanceFleetType=MASTER,TargetOnDemandCapacity=1,InstanceTypeConfigs=[{InstanceType=m5.xlarge}]",
    "InstanceFleetType=CORE,TargetOnDemandCapacity=2,TargetSpotCapacity=4,"
    "InstanceTypeConfigs=[{InstanceType=m5.2xlarge,WeightedCapacity=2,BidPriceAsPercentageOfOnDemandPrice=60},{InstanceType=m5a.2xlarge,WeightedCapacity=2}],"
    "LaunchSpecifications={SpotSpecification={TimeoutDurationMinutes=15,TimeoutAction=SWITCH_TO_ON_DEMAND}}",
)
TASK_FLEET = "InstanceFleetType=TASK,TargetSpotCapacity=3,InstanceTypeConfigs=[{InstanceType=m5.xlarge}]"
RULE = {
    "Name": "out",
    "Action": {"SimpleScalingPolicyConfiguration": {"ScalingAdjustment": 1, "CoolDown": 300}},
    "Trigger": {
        "CloudWatchAlarmDefinition": {
            "ComparisonOperator": "LESS_THAN",
            "MetricName": "YARNMemoryAvailablePercentage",
            "Period": 300,
            "Threshold": 15,
        }
    },
}
SCALING = {"Constraints": {"MinCapacity": 1, "MaxCapacity": 5}, "Rules": [RULE]}


@pytest.fixture(scope="module")
def aws(emr_url: str, tmp_path_factory: pytest.TempPathFactory) -> AwsCli:
    return AwsCli(emr_url, tmp_path_factory.mktemp("home"))


@pytest.fixture(scope="module")
def api(client_for: Callable[..., Any]) -> Any:
    return client_for("emr")


@pytest.fixture(scope="module")
def groups(aws: AwsCli) -> str:
    return aws.create_cluster("--instance-groups", *GROUPS, "--auto-scaling-role", "EMR_AutoScaling_DefaultRole")


@pytest.fixture(scope="module")
def fleets(aws: AwsCli) -> str:
    return aws.create_cluster("--instance-fleets", *FLEETS, "--ec2-attributes", "SubnetIds=[subnet-1,subnet-2]")


def count_live(api: Any, cluster_id: str, collection_id: str) -> Counter[str]:
    """How many nodes of each market live in a group or fleet."""
    listed = api.list_instances(ClusterId=cluster_id)["Instances"]
    own = (each for each in listed if collection_id in (each.get("InstanceGroupId"), each.get("InstanceFleetId")))
    return Counter(each["Market"] for each in own if each["Status"]["State"] != "TERMINATED")


def find_groups(api: Any, cluster_id: str) -> dict[str, dict[str, Any]]:
    """The instance groups of a cluster by their role."""
    return {
        each["InstanceGroupType"]: each for each in api.list_instance_groups(ClusterId=cluster_id)["InstanceGroups"]
    }


def find_fleets(api: Any, cluster_id: str) -> dict[str, dict[str, Any]]:
    """The instance fleets of a cluster by their role."""
    return {
        each["InstanceFleetType"]: each for each in api.list_instance_fleets(ClusterId=cluster_id)["InstanceFleets"]
    }


def refuse(operation: Callable[..., Any], **parameters: Any) -> str:
    """What EMR says to a call that it refuses."""
    with pytest.raises(ClientError) as caught:
        operation(**parameters)
    return str(caught.value)


def test_instance_groups_in_shorthand(aws: AwsCli, api: Any, groups: str) -> None:
    shown = find_groups(api, groups)
    core = shown["CORE"]
    assert shown["MASTER"]["RequestedInstanceCount"] == 1
    assert (core["Name"], core["Market"], core["BidPrice"], core["EbsOptimized"]) == ("workers", "SPOT", "0.2", True)
    assert [each["VolumeSpecification"]["SizeInGB"] for each in core["EbsBlockDevices"]] == [64, 64]
    listed = aws.emr("list-instances", "--cluster-id", groups, "--instance-group-types", "CORE")["Instances"]
    assert [(each["Market"], each["InstanceType"]) for each in listed] == [("SPOT", "m5.2xlarge")] * 2


def test_instance_groups_and_fleets_from_a_file(aws: AwsCli, api: Any, tmp_path: Path) -> None:
    (tmp_path / "groups.json").write_text(
        json.dumps([{"InstanceGroupType": "MASTER", "InstanceType": "m5.xlarge", "InstanceCount": 1}])
    )
    types = [{"InstanceType": "m5.xlarge"}, {"InstanceType": "m5a.xlarge"}]
    fleet = {"InstanceFleetType": "MASTER", "TargetOnDemandCapacity": 1, "InstanceTypeConfigs": types}
    (tmp_path / "fleets.json").write_text(json.dumps([fleet]))
    grouped = aws.create_cluster("--instance-groups", f"file://{tmp_path}/groups.json")
    fleeted = aws.create_cluster("--instance-fleets", f"file://{tmp_path}/fleets.json")
    assert list(find_groups(api, grouped)) == ["MASTER"]
    shown = find_fleets(api, fleeted)["MASTER"]["InstanceTypeSpecifications"]
    assert [each["InstanceType"] for each in shown] == ["m5.xlarge", "m5a.xlarge"]


def test_instance_groups_are_added_and_resized(aws: AwsCli, api: Any, groups: str) -> None:
    group = "Name=helpers,InstanceGroupType=task,InstanceCount=1,InstanceType=m5.xlarge"
    added = aws.emr("add-instance-groups", "--cluster-id", groups, "--instance-groups", group)
    (group_id,) = added["InstanceGroupIds"]
    aws.emr("modify-instance-groups", "--instance-groups", f"InstanceGroupId={group_id},InstanceCount=3")
    assert count_live(api, groups, group_id) == {"ON_DEMAND": 3}
    aws.emr("modify-instance-groups", "--instance-groups", f"InstanceGroupId={group_id},InstanceCount=0")
    assert count_live(api, groups, group_id) == {}


def test_an_automatic_scaling_policy_comes_and_goes(aws: AwsCli, api: Any, groups: str) -> None:
    core = ("--cluster-id", groups, "--instance-group-id", find_groups(api, groups)["CORE"]["Id"])
    answer = aws.emr("put-auto-scaling-policy", *core, "--auto-scaling-policy", json.dumps(SCALING))
    assert answer["AutoScalingPolicy"]["Status"]["State"] == "ATTACHED"
    shown = find_groups(api, groups)["CORE"]["AutoScalingPolicy"]
    assert {name: shown[name] for name in SCALING} == SCALING
    aws.emr("remove-auto-scaling-policy", *core)
    assert "AutoScalingPolicy" not in find_groups(api, groups)["CORE"]


def test_an_automatic_scaling_policy_that_emr_refuses(aws: AwsCli, api: Any, groups: str, fleets: str) -> None:
    ids = {role: each["Id"] for role, each in find_groups(api, groups).items()}

    def put(cluster_id: str, group_id: str, **changes: Any) -> str:
        chosen = {"ClusterId": cluster_id, "InstanceGroupId": group_id}
        return refuse(api.put_auto_scaling_policy, **chosen, AutoScalingPolicy={**SCALING, **changes})

    assert "master instance group" in put(groups, ids["MASTER"])
    assert "MaxCapacity" in put(groups, ids["CORE"], Constraints={"MinCapacity": 6, "MaxCapacity": 5})
    assert "must be unique: out" in put(groups, ids["CORE"], Rules=[RULE, RULE])
    assert "'ig-NONE' is not valid" in put(groups, "ig-NONE")
    assert "mutually exclusive" in put(fleets, "ig-NONE")
    master = {"InstanceRole": "MASTER", "InstanceType": "m5.xlarge", "InstanceCount": 1}
    core = {**master, "InstanceRole": "CORE", "AutoScalingPolicy": SCALING}
    request = cluster_request(instances={"InstanceGroups": [master, core]})
    assert "needs an AutoScalingRole" in refuse(api.run_job_flow, **request)


def test_instance_fleets_in_shorthand(api: Any, fleets: str) -> None:
    network = api.describe_cluster(ClusterId=fleets)["Cluster"]["Ec2InstanceAttributes"]
    assert network["RequestedEc2SubnetIds"] == ["subnet-1", "subnet-2"]
    core = find_fleets(api, fleets)["CORE"]
    assert core["LaunchSpecifications"]["SpotSpecification"]["TimeoutAction"] == "SWITCH_TO_ON_DEMAND"
    assert count_live(api, fleets, core["Id"]) == {"ON_DEMAND": 1, "SPOT": 2}


def test_a_task_fleet_is_added_once(aws: AwsCli, api: Any, fleets: str) -> None:
    added = aws.emr("add-instance-fleet", "--cluster-id", fleets, "--instance-fleet", TASK_FLEET)
    assert count_live(api, fleets, added["InstanceFleetId"]) == {"SPOT": 3}
    fleet = {
        "InstanceFleetType": "TASK",
        "TargetSpotCapacity": 1,
        "InstanceTypeConfigs": [{"InstanceType": "m5.xlarge"}],
    }
    again = refuse(api.add_instance_fleet, ClusterId=fleets, InstanceFleet=fleet)
    assert "exactly one task instance fleet" in again
    other = refuse(api.add_instance_fleet, ClusterId=fleets, InstanceFleet={**fleet, "InstanceFleetType": "CORE"})
    assert "Only a task instance fleet" in other


def test_fleets_are_resized(aws: AwsCli, api: Any) -> None:
    cluster_id = aws.create_cluster("--instance-fleets", *FLEETS)
    ids = {role: each["Id"] for role, each in find_fleets(api, cluster_id).items()}
    change = f"InstanceFleetId={ids['CORE']},TargetOnDemandCapacity=6,TargetSpotCapacity=0"
    aws.emr("modify-instance-fleet", "--cluster-id", cluster_id, "--instance-fleet", change)
    assert count_live(api, cluster_id, ids["CORE"]) == {"ON_DEMAND": 3}
    core = find_fleets(api, cluster_id)["CORE"]
    assert (core["TargetOnDemandCapacity"], core["TargetSpotCapacity"]) == (6, 0)

    def modify(fleet_id: str, **changes: Any) -> str:
        changes = {"InstanceFleetId": fleet_id, **changes}
        return refuse(api.modify_instance_fleet, ClusterId=cluster_id, InstanceFleet=changes)

    assert "master instance fleet cannot" in modify(ids["MASTER"], TargetOnDemandCapacity=2)
    assert "'if-NONE' is not valid" in modify("if-NONE", TargetSpotCapacity=1)
    assert "one or greater" in modify(ids["CORE"], TargetOnDemandCapacity=0)
    huge = [{"InstanceType": "m9.huge"}]
    assert "'m9.huge' is not supported" in modify(ids["CORE"], InstanceTypeConfigs=huge)


def test_a_fleet_with_another_instance_type_keeps_those_it_has(aws: AwsCli, api: Any) -> None:
    cluster_id = aws.create_cluster("--instance-fleets", *FLEETS)
    core = find_fleets(api, cluster_id)["CORE"]
    change = {"InstanceFleetId": core["Id"], "InstanceTypeConfigs": [{"InstanceType": "m6i.xlarge"}]}
    api.modify_instance_fleet(ClusterId=cluster_id, InstanceFleet=change)
    after = find_fleets(api, cluster_id)["CORE"]
    assert [(each["InstanceType"], each["WeightedCapacity"]) for each in after["InstanceTypeSpecifications"]] == [
        ("m5.2xlarge", 2),
        ("m5a.2xlarge", 2),
        ("m6i.xlarge", 1),
    ]
    assert count_live(api, cluster_id, core["Id"]) == {"ON_DEMAND": 1, "SPOT": 2}


def test_groups_and_fleets_are_told_apart(aws: AwsCli, api: Any, groups: str, fleets: str) -> None:
    group = {"InstanceRole": "TASK", "InstanceCount": 1, "InstanceType": "m5.xlarge"}
    error = refuse(api.add_instance_groups, JobFlowId=fleets, InstanceGroups=[group])
    assert "mutually exclusive" in error
    assert "Use the AddInstanceFleet request instead" in error
    error = aws.fail("emr", "add-instance-fleet", "--cluster-id", groups, "--instance-fleet", TASK_FLEET)
    assert "Use the AddInstanceGroups request instead" in error


def test_an_auto_termination_policy_comes_and_goes(aws: AwsCli, groups: str) -> None:
    chosen = ("--cluster-id", groups)
    aws.emr("put-auto-termination-policy", *chosen, "--auto-termination-policy", "IdleTimeout=1800")
    assert aws.emr("get-auto-termination-policy", *chosen) == {"AutoTerminationPolicy": {"IdleTimeout": 1800}}
    aws.emr("remove-auto-termination-policy", *chosen)
    assert aws.emr("get-auto-termination-policy", *chosen) in ({}, "")


def test_a_managed_scaling_policy_comes_and_goes(aws: AwsCli, groups: str) -> None:
    chosen, limits = ("--cluster-id", groups), "MinimumCapacityUnits=2,MaximumCapacityUnits=6,UnitType=Instances"
    aws.emr("put-managed-scaling-policy", *chosen, "--managed-scaling-policy", f"ComputeLimits={{{limits}}}")
    policy = aws.emr("get-managed-scaling-policy", *chosen)["ManagedScalingPolicy"]
    assert policy["ComputeLimits"] == {"UnitType": "Instances", "MinimumCapacityUnits": 2, "MaximumCapacityUnits": 6}
    aws.emr("remove-managed-scaling-policy", *chosen)
    assert aws.emr("get-managed-scaling-policy", *chosen) in ({}, "")
