"""emr_local takes every RunJobFlow body of the plan's goldens and gives back what was asked for; what EMR refuses, it refuses."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from emr_local.clusters.states import Delays
from tests.emr_local.conftest import Emr
from tests.emr_local.emr_requests import CORE_GROUP, PRIMARY_GROUP, cluster_request, step
from tests.goldens import PLANS

SUFFIX = ".requests.json"
ROLE = "arn:aws:iam::123456789012:role/job"
RUNTIME_ROLES = {"AuthorizationConfiguration": {"IAMConfiguration": {"EnableApplicationScopedIAMRole": True}}}
KERBEROS = {"AuthenticationConfiguration": {"KerberosConfiguration": {"Provider": "ClusterDedicatedKdc"}}}
CONFIGURATIONS = {"plain": {}, "roles": RUNTIME_ROLES, "kerberos": KERBEROS}
ATTRIBUTES = {"Realm": "EC2.INTERNAL", "KdcAdminPassword": "secretsmanager:kdc"}
# What another operation shows, or what DescribeCluster shows under another name or in another form.
SHOWN_ELSEWHERE = {
    "Applications", "AutoTerminationPolicy", "BootstrapActions", "Instances", "JobFlowRole", "KerberosAttributes", "LogUri",
    "ManagedScalingPolicy", "PlacementGroupConfigs", "Tags",
}  # fmt: skip
NETWORK = (
    "Ec2KeyName", "EmrManagedMasterSecurityGroup", "EmrManagedSlaveSecurityGroup", "ServiceAccessSecurityGroup",
    "AdditionalMasterSecurityGroups", "AdditionalSlaveSecurityGroups",
)  # fmt: skip


def planned_clusters() -> Iterator[str]:
    for file in sorted(PLANS.folder.glob(f"*{SUFFIX}")):
        if json.loads(file.read_text())["run_job_flow"] is not None:
            yield file.name.removesuffix(SUFFIX)


@pytest.fixture(scope="module")
def waiting_emr(create_emr: Callable[..., Emr], tmp_path_factory: pytest.TempPathFactory) -> Emr:
    """A server whose clusters never come up, so that their steps stay pending."""
    emr = create_emr(tmp_path_factory.mktemp("planned"), Delays(starting=600))
    for name, content in CONFIGURATIONS.items():
        emr.client.create_security_configuration(Name=name, SecurityConfiguration=json.dumps(content))
    return emr


def create_named_configuration(emr: Emr, name: str, golden: str, *, with_roles: bool) -> None:
    """What create_cluster does for a configuration of the spec, and a user for one that the spec only names."""
    plan = json.loads((PLANS.folder / f"{golden}.plan.json").read_text())
    inline = plan["cluster"].get("security_configuration")
    content = inline["configuration"] if inline else RUNTIME_ROLES if with_roles else {}
    if name in {each["Name"] for each in emr.client.list_security_configurations()["SecurityConfigurations"]}:
        emr.client.delete_security_configuration(Name=name)
    emr.client.create_security_configuration(Name=name, SecurityConfiguration=json.dumps(content))


@pytest.mark.parametrize("golden", list(planned_clusters()))
def test_a_planned_cluster_is_accepted_and_shown_as_it_was_asked_for(waiting_emr: Emr, golden: str):
    emr = waiting_emr
    bound = json.loads((PLANS.folder / f"{golden}{SUFFIX}").read_text())
    body = bound["run_job_flow"]
    if "SecurityConfiguration" in body:
        with_roles = any("ExecutionRoleArn" in request for request in bound["add_job_flow_steps"])
        create_named_configuration(emr, body["SecurityConfiguration"], golden, with_roles=with_roles)

    cluster_id = emr.client.run_job_flow(**body)["JobFlowId"]

    assert_shown(emr, cluster_id, body)
    for request in bound["add_job_flow_steps"]:
        emr.client.add_job_flow_steps(**{**request, "JobFlowId": cluster_id})


def assert_shown(emr: Emr, cluster_id: str, body: dict[str, Any]) -> None:
    cluster = emr.cluster(cluster_id)
    same = {key: value for key, value in body.items() if key not in SHOWN_ELSEWHERE}
    assert {key: cluster[key] for key in same} == same
    assert [each["Name"] for each in cluster["Applications"]] == [each["Name"] for each in body["Applications"]]
    assert cluster["Tags"] == sorted(body["Tags"], key=lambda tag: tag["Key"])
    assert cluster["LogUri"] == body["LogUri"].rstrip("/") + "/"
    assert cluster["PlacementGroups"] == body.get("PlacementGroupConfigs", [])
    assert_kerberos_without_passwords(cluster.get("KerberosAttributes", {}), body.get("KerberosAttributes", {}))
    assert_policies(emr, cluster_id, body)
    assert_network(cluster, body)
    if cluster["InstanceCollectionType"] == "INSTANCE_FLEET":
        assert_fleets(emr.client.list_instance_fleets(ClusterId=cluster_id)["InstanceFleets"], body["Instances"])
    else:
        assert_groups(emr.client.list_instance_groups(ClusterId=cluster_id)["InstanceGroups"], body["Instances"])


def assert_kerberos_without_passwords(shown: dict[str, Any], asked: dict[str, Any]) -> None:
    assert shown == {key: "******" if key.endswith("Password") else value for key, value in asked.items()}


def assert_policies(emr: Emr, cluster_id: str, body: dict[str, Any]) -> None:
    actions = emr.client.list_bootstrap_actions(ClusterId=cluster_id)["BootstrapActions"]
    assert actions == [
        {"Name": each["Name"], "ScriptPath": script["Path"], "Args": script.get("Args", [])}
        for each in body.get("BootstrapActions", [])
        for script in [each["ScriptBootstrapAction"]]
    ]
    idle = emr.client.get_auto_termination_policy(ClusterId=cluster_id)
    scaling = emr.client.get_managed_scaling_policy(ClusterId=cluster_id)
    assert idle.get("AutoTerminationPolicy") == body.get("AutoTerminationPolicy")
    assert scaling.get("ManagedScalingPolicy") == body.get("ManagedScalingPolicy")


def assert_network(cluster: dict[str, Any], body: dict[str, Any]) -> None:
    asked, shown = body["Instances"], cluster["Ec2InstanceAttributes"]
    placement = asked.get("Placement", {})
    assert shown["IamInstanceProfile"] == body["JobFlowRole"]
    assert {key: shown.get(key) for key in NETWORK} == {key: asked.get(key) for key in NETWORK}
    subnets = asked.get("Ec2SubnetIds") or [each for each in [asked.get("Ec2SubnetId")] if each]
    zones = placement.get("AvailabilityZones") or [each for each in [placement.get("AvailabilityZone")] if each]
    assert (shown["RequestedEc2SubnetIds"], shown["RequestedEc2AvailabilityZones"]) == (subnets, zones)
    assert cluster["UnhealthyNodeReplacement"] == asked.get("UnhealthyNodeReplacement", False)
    assert cluster["AutoTerminate"] != asked["KeepJobFlowAliveWhenNoSteps"]


def volumes_of(config: dict[str, Any]) -> list[dict[str, Any]]:
    devices = config.get("EbsConfiguration", {}).get("EbsBlockDeviceConfigs", [])
    return [each["VolumeSpecification"] for each in devices for _ in range(each.get("VolumesPerInstance", 1))]


def assert_fleets(shown: list[dict[str, Any]], instances: dict[str, Any]) -> None:
    for fleet, asked in zip(shown, instances["InstanceFleets"], strict=True):
        same = {key: value for key, value in asked.items() if key != "InstanceTypeConfigs"}
        assert {key: fleet[key] for key in same} == same
        for kind, config in zip(fleet["InstanceTypeSpecifications"], asked["InstanceTypeConfigs"], strict=True):
            same = {key: value for key, value in config.items() if key != "EbsConfiguration"}
            assert {key: kind[key] for key in same} == same
            assert [each["VolumeSpecification"] for each in kind["EbsBlockDevices"]] == volumes_of(config)


def assert_groups(shown: list[dict[str, Any]], instances: dict[str, Any]) -> None:
    names = {"InstanceRole": "InstanceGroupType", "InstanceCount": "RequestedInstanceCount"}
    for group, asked in zip(shown, instances["InstanceGroups"], strict=True):
        same = {key: value for key, value in asked.items() if key not in ("EbsConfiguration", "AutoScalingPolicy")}
        assert {key: group[names.get(key, key)] for key in same} == same
        assert [each["VolumeSpecification"] for each in group["EbsBlockDevices"]] == volumes_of(asked)
        policy = {key: value for key, value in group.get("AutoScalingPolicy", {}).items() if key != "Status"}
        assert policy == asked.get("AutoScalingPolicy", {})


def groups(**core: Any) -> dict[str, Any]:
    return {"instances": {"InstanceGroups": [PRIMARY_GROUP, {**CORE_GROUP, **core}]}}


def fleets(launch: dict[str, Any] | None = None, types: Any = None, **core: Any) -> dict[str, Any]:
    primary = {"InstanceFleetType": "MASTER", "TargetOnDemandCapacity": 1, "InstanceTypeConfigs": [M5]}
    fleet = {"InstanceFleetType": "CORE", "Name": "core", "TargetSpotCapacity": 2, "InstanceTypeConfigs": types or [M5]}
    if launch:
        fleet["LaunchSpecifications"] = launch
    return {"instances": {"InstanceFleets": [primary, {**fleet, **core}]}}


def volume(count: int = 1, **specification: Any) -> dict[str, Any]:
    device = {
        "VolumeSpecification": {"VolumeType": "gp3", "SizeInGB": 64, **specification},
        "VolumesPerInstance": count,
    }
    return groups(EbsConfiguration={"EbsBlockDeviceConfigs": [device]})


def network(**keys: Any) -> dict[str, Any]:
    return {"instances": {"InstanceGroups": [PRIMARY_GROUP], **keys}}


def managed(strategy: dict[str, Any] | None = None, **limits: Any) -> dict[str, Any]:
    units = {"UnitType": "Instances", "MinimumCapacityUnits": 1, "MaximumCapacityUnits": 4, **limits}
    return {"ManagedScalingPolicy": {"ComputeLimits": units, **(strategy or {})}}


M5 = {"InstanceType": "m5.xlarge"}
SIX_TYPES = [{"InstanceType": f"{family}.xlarge"} for family in ("m5", "m5a", "m4", "r5", "c5", "r4")]
SPOT = {"TimeoutDurationMinutes": 20, "TimeoutAction": "SWITCH_TO_ON_DEMAND"}
RULE = {
    "Name": "out",
    "Action": {"SimpleScalingPolicyConfiguration": {"ScalingAdjustment": 1}},
    "Trigger": {
        "CloudWatchAlarmDefinition": {
            "ComparisonOperator": "LESS_THAN", "MetricName": "YARNMemoryAvailablePercentage", "Period": 300, "Threshold": 15.0,
        }
    },
}  # fmt: skip
SCALED = groups(AutoScalingPolicy={"Constraints": {"MinCapacity": 1, "MaxCapacity": 3}, "Rules": [RULE]})

REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "groups-and-fleets": (
        {"instances": {**groups()["instances"], **fleets()["instances"]}},
        "Please configure instances using one and only one of the following",
    ),
    "two-ways-of-subnets": (
        network(Ec2SubnetId="subnet-1", Ec2SubnetIds=["subnet-1"]),
        "Specify either Ec2SubnetId or Ec2SubnetIds, not both.",
    ),
    "groups-in-two-subnets": (network(Ec2SubnetIds=["subnet-1", "subnet-2"]), "Only one subnet may be specified"),
    "groups-in-two-zones": (
        network(Placement={"AvailabilityZones": ["us-east-1a", "us-east-1b"]}),
        "AvailabilityZones is for instance fleets",
    ),
    "half-of-the-security-groups": (
        network(EmrManagedMasterSecurityGroup="sg-1"),
        "If you specify EmrManagedMasterSecurityGroup, you must also specify EmrManagedSlaveSecurityGroup.",
    ),
    "five-more-security-groups": (
        network(AdditionalMasterSecurityGroups=["sg-1"] * 5),
        "Maximum number(4) of security groups exceeded for AdditionalMasterSecurityGroups.",
    ),
    "price-of-nothing": (groups(Market="SPOT", BidPrice="0"), "The bid price is negative or zero."),
    "price-in-words": (groups(BidPrice="cheap"), "The bid price supplied for an instance group is invalid"),
    "price-too-exact": (groups(BidPrice="0.1234"), "No more than 3 digits are allowed after decimal place in bid price"),
    "price-on-demand": (
        groups(Market="ON_DEMAND", BidPrice="0.1"),
        "Attempted to set bid price for on demand instance group.",
    ),
    "iops-of-gp2": (volume(VolumeType="gp2", Iops=3000), "Iops is valid only for volumes of type gp3 and io1, not for gp2."),
    "io1-without-iops": (volume(VolumeType="io1"), "Iops must be specified for volumes of type io1."),
    "iops-too-low": (volume(Iops=100), "Iops is 100; for a volume of type gp3 it must be from 3000 to 16000."),
    "throughput-of-io1": (
        volume(VolumeType="io1", Iops=3000, Throughput=125),
        "Throughput is valid only for gp3 volumes, not for io1.",
    ),
    "throughput-too-high": (volume(Throughput=1001), "Throughput is 1001; it must be from 125 to 1000 MiB/s."),
    "volume-of-no-type": (volume(VolumeType="io2", Iops=3000), "The volume type 'io2' is not supported."),
    "volumes-too-many": (volume(count=26), "VolumesPerInstance is 26; it must be from 1 to 25."),
    "volume-of-a-fleet": (
        fleets(types=[{**M5, "EbsConfiguration": volume(VolumeType="io1")["instances"]["InstanceGroups"][1]["EbsConfiguration"]}]),
        "Iops must be specified for volumes of type io1.",
    ),
    "two-prices": (
        fleets(types=[{**M5, "BidPrice": "0.1", "BidPriceAsPercentageOfOnDemandPrice": 50.0}]),
        "Specify at most one of bidPrice or bidPriceAsPercentageOfOnDemandPrice value",
    ),
    "six-types": (fleets(types=SIX_TYPES), "The instance fleet: core has 6 instance types; it may have 5."),
    "31-types": (
        fleets({"SpotSpecification": {**SPOT, "AllocationStrategy": "lowest-price"}}, types=SIX_TYPES[:1] + SIX_TYPES * 5),
        "contains duplicate instance types",
    ),
    "spot-timeout": (
        fleets({"SpotSpecification": {**SPOT, "TimeoutDurationMinutes": 4}}),
        "The Spot provisioning timeout of the instance fleet core is 4 minutes; it must be from 5 to 1440.",
    ),
    "resize-timeout": (
        fleets(ResizeSpecifications={"OnDemandResizeSpecification": {"TimeoutDurationMinutes": 10081}}),
        "The On-Demand resize timeout of the instance fleet core is 10081 minutes; it must be from 5 to 10080.",
    ),
    "no-priority": (
        fleets({"OnDemandSpecification": {"AllocationStrategy": "prioritized"}}, TargetOnDemandCapacity=1),
        "none of its instance types has a Priority",
    ),
    "two-ways-of-amis": (
        {**groups(CustomAmiId="ami-2"), "CustomAmiId": "ami-1"},
        "Specify a custom AMI either for the cluster or for its instance groups or instance types, not both.",
    ),
    "one-ami-for-two-architectures": (
        {**groups(InstanceType="m6g.xlarge"), "CustomAmiId": "ami-1"},
        "cannot serve instance types of two processor architectures",
    ),
    "one-ami-of-a-fleet-for-two-architectures": (
        fleets(types=[{**M5, "CustomAmiId": "ami-1"}, {"InstanceType": "m6g.xlarge", "CustomAmiId": "ami-1"}]),
        "cannot serve instance types of two processor architectures",
    ),
    "updates-of-no-ami": ({"RepoUpgradeOnBoot": "NONE"}, "RepoUpgradeOnBoot applies only when a custom AMI is used."),
    "small-root": ({"EbsRootVolumeSize": 10}, "EbsRootVolumeSize is 10 GiB; it must be from 15 to 100."),
    "root-speed-of-an-old-release": (
        {"ReleaseLabel": "emr-6.14.0", "EbsRootVolumeIops": 3000},
        "EbsRootVolumeIops and EbsRootVolumeThroughput need emr-6.15.0 or newer.",
    ),
    "root-iops-per-gib": (
        {"EbsRootVolumeSize": 20, "EbsRootVolumeIops": 12000},
        "EbsRootVolumeIops is 12000; a volume of 20 GiB has at most 10000.",
    ),
    "root-throughput-per-iops": (
        {"EbsRootVolumeIops": 3000, "EbsRootVolumeThroughput": 751},
        "EbsRootVolumeThroughput is 751; it is at most a quarter of EbsRootVolumeIops, 3000.",
    ),
    "log-key-without-logs": ({"LogEncryptionKmsKeyId": "alias/logs"}, "LogEncryptionKmsKeyId needs a LogUri."),
    "log-key-of-6-0-0": (
        {"ReleaseLabel": "emr-6.0.0", "LogUri": "s3://logs/", "LogEncryptionKmsKeyId": "alias/logs"},
        "LogEncryptionKmsKeyId needs emr-5.30.0 or newer, and not emr-6.0.0.",
    ),
    "unknown-log-type": (
        {"MonitoringConfiguration": {"CloudWatchLogConfiguration": {"Enabled": True, "LogTypes": {"HIVE": ["STDOUT"]}}}},
        "Log type HIVE: STDOUT is not valid.",
    ),
    "placement-of-core-nodes": (
        {"PlacementGroupConfigs": [{"InstanceRole": "CORE"}]},
        "Placement groups are supported for the instance role MASTER only.",
    ),
    "placement-in-a-cluster": (
        {"PlacementGroupConfigs": [{"InstanceRole": "MASTER", "PlacementStrategy": "CLUSTER"}]},
        "The only supported placement strategy for the instance role MASTER is SPREAD.",
    ),
    "units-of-fleets": (
        {**groups(), **managed(UnitType="InstanceFleetUnits")},
        "UnitType is InstanceFleetUnits; for a cluster of instance groups it must be Instances or VCPU.",
    ),
    "units-of-groups": ({**fleets(), **managed()}, "for a cluster of instance fleets it must be InstanceFleetUnits."),
    "least-above-most": (
        {**groups(), **managed(MinimumCapacityUnits=5)},
        "MinimumCapacityUnits must be less than or equal to MaximumCapacityUnits.",
    ),
    "core-above-on-demand": (
        {**groups(Market="ON_DEMAND"), **managed(MaximumOnDemandCapacityUnits=2, MaximumCoreCapacityUnits=3)},
        "Invalid configuration for managed scaling. If you select On-Demand market type for core nodes",
    ),
    "index-without-strategy": (
        {**groups(), **managed({"UtilizationPerformanceIndex": 50})},
        "UtilizationPerformanceIndex can be set only with the ScalingStrategy ADVANCED.",
    ),
    "index-between": (
        {**groups(), **managed({"UtilizationPerformanceIndex": 60, "ScalingStrategy": "ADVANCED"})},
        "UtilizationPerformanceIndex is 60; possible values are 1, 25, 50, 75, 100.",
    ),
    "managed-scaling-of-an-old-release": (
        {**groups(), **managed(), "ReleaseLabel": "emr-5.29.0"},
        "A managed scaling policy needs emr-5.30.0, emr-6.1.0 or newer.",
    ),
    "auto-scaling-without-role": (SCALED, "An automatic scaling policy needs an AutoScalingRole"),
    "both-ways-of-scaling": (
        {**SCALED, **managed(), "AutoScalingRole": "EMR_AutoScaling_DefaultRole"},
        "A cluster has either a managed scaling policy or automatic scaling policies, not both.",
    ),
    "idle-timeout-of-an-old-release": (
        {"ReleaseLabel": "emr-6.0.0", "AutoTerminationPolicy": {"IdleTimeout": 3600}},
        "An auto-termination policy needs emr-5.30.0, emr-6.1.0 or newer.",
    ),
    "security-configuration-of-nobody": (
        {"SecurityConfiguration": "nobody"},
        "Security configuration with name 'nobody' does not exist.",
    ),
    "kerberos-without-configuration": (
        {"KerberosAttributes": ATTRIBUTES, "SecurityConfiguration": "plain"},
        "KerberosAttributes need a SecurityConfiguration that has a KerberosConfiguration.",
    ),
    "kerberos-without-attributes": ({"SecurityConfiguration": "kerberos"}, "KerberosAttributes are required."),
    "role-without-configuration": ({"StepExecutionRoleArn": ROLE}, "Runtime roles are not supported on this cluster."),
    "role-of-an-old-release": (
        {"StepExecutionRoleArn": ROLE, "SecurityConfiguration": "roles", "ReleaseLabel": "emr-6.6.0"},
        "Runtime roles are not supported on this cluster.",
    ),
    "steps-without-role": (
        {"SecurityConfiguration": "roles", "Steps": [step("succeed")]},
        "Runtime roles are required for this cluster. Please specify the role using the ExecutionRoleArn parameter.",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_what_emr_refuses_is_refused(waiting_emr: Emr, case: str):
    change, message = REFUSED[case]
    code, text = waiting_emr.error("run_job_flow", **cluster_request(**change))
    assert code == "ValidationException"
    assert message in text


def test_a_fleet_may_have_thirty_types_with_an_allocation_strategy(waiting_emr: Emr):
    spot = {"SpotSpecification": {**SPOT, "AllocationStrategy": "price-capacity-optimized"}}
    families, sizes = ("r5", "r5a", "r5d", "m5d", "m5a"), (1, 2, 4, 8, 12, 16, 24)
    many = [{"InstanceType": f"{family}.{size}xlarge".replace(".1xl", ".xl")} for family in families for size in sizes]
    waiting_emr.run(**fleets(spot, types=many[:30]))
    code, text = waiting_emr.error("run_job_flow", **cluster_request(**fleets(spot, types=many[:31])))
    assert (code, "has 31 instance types; it may have 30." in text) == ("ValidationException", True)


def test_runtime_roles_are_checked_of_each_addition_of_steps(waiting_emr: Emr):
    plain, with_roles = waiting_emr.run(), waiting_emr.run(SecurityConfiguration="roles")
    steps = {"Steps": [step("succeed")]}
    assert waiting_emr.error("add_job_flow_steps", JobFlowId=plain, ExecutionRoleArn=ROLE, **steps)[1].startswith(
        "Runtime roles are not supported on this cluster."
    )
    assert waiting_emr.error("add_job_flow_steps", JobFlowId=with_roles, **steps)[1].startswith(
        "Runtime roles are required for this cluster."
    )
    (step_id,) = waiting_emr.client.add_job_flow_steps(JobFlowId=with_roles, ExecutionRoleArn=ROLE, **steps)["StepIds"]
    assert waiting_emr.step(with_roles, step_id)["ExecutionRoleArn"] == ROLE


def test_a_cluster_outlives_its_security_configuration(waiting_emr: Emr):
    waiting_emr.client.create_security_configuration(Name="short", SecurityConfiguration=json.dumps(RUNTIME_ROLES))
    cluster_id = waiting_emr.run(SecurityConfiguration="short")
    waiting_emr.client.delete_security_configuration(Name="short")
    assert waiting_emr.add(cluster_id, step("succeed"))


@pytest.mark.parametrize(
    "content",
    [
        "[]",
        '{"EncryptionConfiguration": {}}',
        '{"EncryptionConfiguration": {"EnableAtRestEncryption": true, "EnableInTransitEncryption": false}}',
    ],
)
def test_a_security_configuration_has_the_form_of_one(waiting_emr: Emr, content: str):
    code, _ = waiting_emr.error("create_security_configuration", Name="formless", SecurityConfiguration=content)
    assert code == "InvalidRequestException"
