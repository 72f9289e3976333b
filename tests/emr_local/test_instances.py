"""Instance groups, fleets and instances over HTTP."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from emr_local.clusters.states import Delays
from tests.emr_local.conftest import Emr
from tests.emr_local.emr_requests import CORE_GROUP, PRIMARY_GROUP, cluster_request, wait_until

PRIMARY_FLEET = {
    "InstanceFleetType": "MASTER",
    "TargetOnDemandCapacity": 1,
    "InstanceTypeConfigs": [{"InstanceType": "m5.xlarge"}],
}
CORE_FLEET = {
    "Name": "core",
    "InstanceFleetType": "CORE",
    "TargetOnDemandCapacity": 1,
    "TargetSpotCapacity": 5,
    "InstanceTypeConfigs": [
        {"InstanceType": "m5.2xlarge", "WeightedCapacity": 2, "BidPriceAsPercentageOfOnDemandPrice": 90.0},
        {"InstanceType": "m5a.2xlarge", "WeightedCapacity": 2},
    ],
    "LaunchSpecifications": {
        "SpotSpecification": {"TimeoutDurationMinutes": 15, "TimeoutAction": "SWITCH_TO_ON_DEMAND"}
    },
}
TASK_GROUP = {"InstanceRole": "TASK", "InstanceType": "m5.xlarge", "InstanceCount": 1}


@pytest.fixture(scope="module")
def groups(emr: Emr) -> str:
    cluster_id = emr.run(instances={"InstanceGroups": [PRIMARY_GROUP, CORE_GROUP]})
    emr.wait(cluster_id, "WAITING")
    return cluster_id


@pytest.fixture(scope="module")
def fleets(emr: Emr) -> str:
    cluster_id = emr.run(
        instances={"InstanceFleets": [PRIMARY_FLEET, CORE_FLEET], "Ec2SubnetIds": ["subnet-1", "subnet-2"]}
    )
    emr.wait(cluster_id, "WAITING")
    return cluster_id


def test_instance_groups_are_listed_with_their_instances(emr: Emr, groups: str):
    primary, core = emr.client.list_instance_groups(ClusterId=groups)["InstanceGroups"]
    assert (primary["InstanceGroupType"], primary["Market"], primary["RunningInstanceCount"]) == (
        "MASTER",
        "ON_DEMAND",
        1,
    )
    assert (core["InstanceGroupType"], core["Market"], core["InstanceType"]) == ("CORE", "SPOT", "m5.2xlarge")
    assert (core["RequestedInstanceCount"], core["RunningInstanceCount"], core["Status"]["State"]) == (2, 2, "RUNNING")

    everyone = emr.client.list_instances(ClusterId=groups)["Instances"]
    of_core = emr.client.list_instances(ClusterId=groups, InstanceGroupId=core["Id"])["Instances"]

    assert len(everyone) == 3
    assert of_core == emr.client.list_instances(ClusterId=groups, InstanceGroupTypes=["CORE"])["Instances"]
    assert {each["InstanceGroupId"] for each in of_core} == {core["Id"]}
    assert all(each["Ec2InstanceId"].startswith("i-") and each["Status"]["State"] == "RUNNING" for each in everyone)
    assert len({each["PrivateIpAddress"] for each in everyone}) == 3
    assert everyone[0]["PublicDnsName"] == emr.cluster(groups)["MasterPublicDnsName"]


def test_instance_fleets_are_listed_with_their_capacity(emr: Emr, fleets: str):
    assert emr.cluster(fleets)["InstanceCollectionType"] == "INSTANCE_FLEET"
    assert emr.cluster(fleets)["Ec2InstanceAttributes"]["RequestedEc2SubnetIds"] == ["subnet-1", "subnet-2"]
    _, core = emr.client.list_instance_fleets(ClusterId=fleets)["InstanceFleets"]
    assert (core["Name"], core["TargetOnDemandCapacity"], core["TargetSpotCapacity"]) == ("core", 1, 5)
    assert (core["ProvisionedOnDemandCapacity"], core["ProvisionedSpotCapacity"]) == (2, 6)
    assert core["LaunchSpecifications"] == CORE_FLEET["LaunchSpecifications"]
    assert core["InstanceTypeSpecifications"][0]["BidPriceAsPercentageOfOnDemandPrice"] == 90.0
    instances = emr.client.list_instances(ClusterId=fleets, InstanceFleetType="CORE")["Instances"]
    assert sorted(each["Market"] for each in instances) == ["ON_DEMAND", "SPOT", "SPOT", "SPOT"]


def test_groups_and_fleets_exclude_each_other(emr: Emr, groups: str, fleets: str):
    code, message = emr.error("list_instance_groups", ClusterId=fleets)
    assert code == "InvalidRequestException"
    assert message.startswith("Instance fleets and instance groups are mutually exclusive.")
    assert emr.error("list_instance_fleets", ClusterId=groups)[0] == "InvalidRequestException"
    assert emr.error("list_instances", ClusterId=fleets, InstanceGroupTypes=["CORE"])[0] == "InvalidRequestException"
    assert (
        emr.error("add_instance_groups", JobFlowId=fleets, InstanceGroups=[TASK_GROUP])[0] == "InvalidRequestException"
    )


def test_instances_follow_the_state_of_their_cluster(create_emr: Callable[..., Emr], tmp_path: Path):
    emr = create_emr(tmp_path, Delays(starting=1000, bootstrapping=1000, terminating=0))
    cluster_id = emr.run()

    def instance_state() -> str:
        return emr.client.list_instances(ClusterId=cluster_id)["Instances"][0]["Status"]["State"]

    assert instance_state() == "PROVISIONING"
    assert "MasterPublicDnsName" not in emr.cluster(cluster_id)
    emr.clock.ahead += 1001
    emr.server.wake()
    wait_until(lambda: instance_state() == "BOOTSTRAPPING", "bootstrapping")
    emr.clock.ahead += 1001
    emr.server.wake()
    wait_until(lambda: instance_state() == "RUNNING", "running")
    emr.client.terminate_job_flows(JobFlowIds=[cluster_id])
    emr.wait(cluster_id, "TERMINATED")
    assert instance_state() == "TERMINATED"
    assert emr.client.list_instances(ClusterId=cluster_id, InstanceStates=["RUNNING"])["Instances"] == []


def test_task_groups_are_added_and_groups_resized(emr: Emr):
    cluster_id = emr.run(instances={"InstanceGroups": [PRIMARY_GROUP, CORE_GROUP]})
    emr.wait(cluster_id, "WAITING")
    answer = emr.client.add_instance_groups(JobFlowId=cluster_id, InstanceGroups=[TASK_GROUP])
    [group_id] = answer["InstanceGroupIds"]
    core = emr.client.list_instance_groups(ClusterId=cluster_id)["InstanceGroups"][1]["Id"]

    changes = [{"InstanceGroupId": group_id, "InstanceCount": 4}, {"InstanceGroupId": core, "InstanceCount": 1}]
    emr.client.modify_instance_groups(ClusterId=cluster_id, InstanceGroups=changes)

    listed = emr.client.list_instance_groups(ClusterId=cluster_id)["InstanceGroups"]
    assert [(each["RequestedInstanceCount"], each["RunningInstanceCount"]) for each in listed] == [
        (1, 1),
        (1, 1),
        (4, 4),
    ]
    ended = emr.client.list_instances(ClusterId=cluster_id, InstanceStates=["TERMINATED"])["Instances"]
    assert [each["InstanceGroupId"] for each in ended] == [core]
    assert (
        emr.error("modify_instance_groups", InstanceGroups=[{"InstanceGroupId": "ig-NONE"}])[0]
        == "InvalidRequestException"
    )
    assert (
        emr.error("add_instance_groups", JobFlowId=cluster_id, InstanceGroups=[CORE_GROUP])[0] == "ValidationException"
    )


def test_the_short_form_makes_a_primary_and_a_core_group(emr: Emr):
    cluster_id = emr.run(
        instances={"MasterInstanceType": "m5.xlarge", "SlaveInstanceType": "m5.2xlarge", "InstanceCount": 3}
    )
    listed = emr.client.list_instance_groups(ClusterId=cluster_id)["InstanceGroups"]
    assert [(each["InstanceGroupType"], each["InstanceType"], each["RequestedInstanceCount"]) for each in listed] == [
        ("MASTER", "m5.xlarge", 1),
        ("CORE", "m5.2xlarge", 2),
    ]


def test_three_primary_nodes_force_protection_and_keep_the_cluster_alive(emr: Emr):
    cluster_id = emr.run(keep_alive=False, instances={"InstanceGroups": [{**PRIMARY_GROUP, "InstanceCount": 3}]})
    cluster = emr.wait(cluster_id, "WAITING")
    assert (cluster["AutoTerminate"], cluster["TerminationProtected"]) == (False, True)


@pytest.mark.parametrize(
    ("instances", "words"),
    [
        ({"InstanceGroups": [PRIMARY_GROUP], "InstanceFleets": [PRIMARY_FLEET]}, "one and only one of the following"),
        ({"Ec2KeyName": "no hardware"}, "one and only one of the following"),
        ({"InstanceGroups": [CORE_GROUP]}, "Zero master instance groups supplied"),
        ({"InstanceGroups": [PRIMARY_GROUP, PRIMARY_GROUP]}, "Multiple master instance groups supplied"),
        ({"InstanceGroups": [PRIMARY_GROUP, TASK_GROUP]}, "Clusters with task nodes must also define core nodes."),
        ({"InstanceGroups": [{**PRIMARY_GROUP, "InstanceCount": 2}]}, "exactly 3 instances"),
        (
            {"InstanceGroups": [{**PRIMARY_GROUP, "InstanceType": "m9.huge"}]},
            "Instance type 'm9.huge' is not supported.",
        ),
        ({"InstanceGroups": [PRIMARY_GROUP, {**CORE_GROUP, "InstanceCount": 0}]}, "at least one instance"),
        ({"InstanceGroups": [{**PRIMARY_GROUP, "BidPrice": "0.1"}]}, "bid price for on demand"),
        ({"InstanceGroups": [PRIMARY_GROUP], "Ec2SubnetIds": ["a", "b"]}, "Only one subnet"),
        ({"InstanceGroups": [PRIMARY_GROUP], "Ec2SubnetIds": ["a"], "Ec2SubnetId": "b"}, "not both"),
        ({"SlaveInstanceType": "m5.xlarge"}, "MasterInstanceType"),
        ({"InstanceFleets": [CORE_FLEET]}, "Zero master instance fleets supplied"),
        (
            {"InstanceFleets": [PRIMARY_FLEET, {**CORE_FLEET, "InstanceFleetType": "TASK"}]},
            "must also define core instance fleets",
        ),
        ({"InstanceFleets": [{**PRIMARY_FLEET, "TargetOnDemandCapacity": 2}]}, "can only have a target capacity of 1"),
        (
            {"InstanceFleets": [PRIMARY_FLEET, {**CORE_FLEET, "TargetOnDemandCapacity": 0, "TargetSpotCapacity": 0}]},
            "one or greater",
        ),
        ({"InstanceFleets": [{**PRIMARY_FLEET, "InstanceTypeConfigs": []}]}, "at least one instance type"),
        (
            {"InstanceFleets": [{**PRIMARY_FLEET, "InstanceTypeConfigs": [{"InstanceType": "m5.xlarge"}] * 2}]},
            "duplicate",
        ),
        (
            {"InstanceFleets": [{**PRIMARY_FLEET, "InstanceTypeConfigs": [{"InstanceType": "x"}]}]},
            "Instance type 'x' is not supported.",
        ),
        (
            {
                "InstanceFleets": [
                    {**PRIMARY_FLEET, "InstanceTypeConfigs": [{"InstanceType": "m5.xlarge", "WeightedCapacity": 0}]}
                ]
            },
            "Weighted capacity cannot be zero",
        ),
    ],
)
def test_hardware_that_emr_cannot_give_is_refused(emr: Emr, instances: dict[str, Any], words: str):
    code, message = emr.error("run_job_flow", **cluster_request(instances=instances))
    assert code == "ValidationException"
    assert words in message
