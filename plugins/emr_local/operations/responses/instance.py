"""Instance groups, fleets and instances as the API shows them: their states follow the cluster's. Pure."""

from __future__ import annotations

from typing import Any

from emr_local.operations.responses.shapes import copy_members, omit_missing
from emr_local.resources.records import ENDED_CLUSTER_STATES, ClusterRecord, ClusterState, Node, NodeCollection

_NODE_STATES = {ClusterState.STARTING: "PROVISIONING", ClusterState.BOOTSTRAPPING: "BOOTSTRAPPING"}
_COLLECTION_STATES = {
    ClusterState.STARTING: "PROVISIONING",
    ClusterState.BOOTSTRAPPING: "BOOTSTRAPPING",
    ClusterState.TERMINATING: "TERMINATING",
}
_NETWORK_SIZE = 250


def describe_node(node: Node, cluster: ClusterRecord) -> dict[str, Any]:
    """An instance as ListInstances shows it."""
    address = _format_address(node.number)
    name = address.replace(".", "-")
    collection = "InstanceFleetId" if cluster.uses_fleets else "InstanceGroupId"
    return {
        "Id": node.node_id,
        "Ec2InstanceId": node.ec2_id,
        "PublicDnsName": format_public_name(node.number, cluster.region),
        "PublicIpAddress": address,
        "PrivateDnsName": f"ip-{name}.{cluster.region}.compute.internal",
        "PrivateIpAddress": address,
        "Status": {
            "State": find_node_state(node, cluster),
            "StateChangeReason": omit_missing(Code=node.end_code, Message=node.end_message),
            "Timeline": omit_missing(
                CreationDateTime=node.created_at,
                ReadyDateTime=None if cluster.ready_at is None else max(cluster.ready_at, node.created_at),
                EndDateTime=node.ended_at,
            ),
        },
        collection: node.collection_id,
        "Market": node.market,
        "InstanceType": node.instance_type,
        "EbsVolumes": [],
    }


def find_node_state(node: Node, cluster: ClusterRecord) -> str:
    """The InstanceState of a node."""
    return "TERMINATED" if node.ended_at is not None else _NODE_STATES.get(cluster.state, "RUNNING")


def format_public_name(number: int, region: str) -> str:
    """A name in the form of EC2's, with an address of the range that is reserved for tests of networks."""
    return f"ec2-{_format_address(number).replace('.', '-')}.{region}.compute.amazonaws.com"


def describe_group(group: NodeCollection, cluster: ClusterRecord) -> dict[str, Any]:
    """An instance group as ListInstanceGroups shows it."""
    request = group.request
    running = [node for node in _nodes_of(group, cluster) if find_node_state(node, cluster) == "RUNNING"]
    ebs = request.get("EbsConfiguration", {})
    return {
        "Id": group.collection_id,
        "Name": request.get("Name", group.role.capitalize()),
        "Market": request.get("Market", "ON_DEMAND"),
        "InstanceGroupType": group.role,
        "InstanceType": request["InstanceType"],
        "RequestedInstanceCount": request["InstanceCount"],
        "RunningInstanceCount": len(running),
        "Status": _describe_collection_status(group, cluster),
        "Configurations": request.get("Configurations", []),
        "EbsBlockDevices": _describe_devices(ebs),
        "ShrinkPolicy": {},
        **copy_members(request, "BidPrice", "CustomAmiId"),
        **copy_members(ebs, "EbsOptimized"),
        **omit_missing(AutoScalingPolicy=describe_auto_scaling(group)),
    }


def describe_auto_scaling(group: NodeCollection) -> dict[str, Any] | None:
    """The automatic scaling policy of an instance group as the API shows it; nothing is scaled here."""
    policy = group.request.get("AutoScalingPolicy")
    return policy and {**policy, "Status": {"State": "ATTACHED", "StateChangeReason": {"Code": "USER_REQUEST"}}}


def describe_fleet(fleet: NodeCollection, cluster: ClusterRecord) -> dict[str, Any]:
    """An instance fleet as ListInstanceFleets shows it."""
    request = fleet.request
    weights = {each["InstanceType"]: each.get("WeightedCapacity", 1) for each in request["InstanceTypeConfigs"]}
    provisioned = {"ON_DEMAND": 0, "SPOT": 0}
    for node in _nodes_of(fleet, cluster):
        if find_node_state(node, cluster) == "RUNNING":
            provisioned[node.market] += weights[node.instance_type]
    return {
        "Id": fleet.collection_id,
        "Name": request.get("Name", fleet.role.capitalize()),
        "Status": _describe_collection_status(fleet, cluster),
        "InstanceFleetType": fleet.role,
        "TargetOnDemandCapacity": request.get("TargetOnDemandCapacity", 0),
        "TargetSpotCapacity": request.get("TargetSpotCapacity", 0),
        "ProvisionedOnDemandCapacity": provisioned["ON_DEMAND"],
        "ProvisionedSpotCapacity": provisioned["SPOT"],
        "InstanceTypeSpecifications": [_describe_type(each) for each in request["InstanceTypeConfigs"]],
        **copy_members(request, "LaunchSpecifications", "ResizeSpecifications", "Context"),
    }


def _describe_type(config: dict[str, Any]) -> dict[str, Any]:
    ebs = config.get("EbsConfiguration", {})
    return {
        "WeightedCapacity": 1,
        **copy_members(
            config,
            "InstanceType",
            "WeightedCapacity",
            "BidPrice",
            "BidPriceAsPercentageOfOnDemandPrice",
            "Configurations",
            "CustomAmiId",
            "Priority",
        ),
        "EbsBlockDevices": _describe_devices(ebs),
        **copy_members(ebs, "EbsOptimized"),
    }


def _describe_devices(ebs: dict[str, Any]) -> list[dict[str, Any]]:
    volumes = [
        config["VolumeSpecification"]
        for config in ebs.get("EbsBlockDeviceConfigs", [])
        for _ in range(config.get("VolumesPerInstance", 1))
    ]
    return [
        {"VolumeSpecification": volume, "Device": f"/dev/sd{chr(ord('b') + position)}"}
        for position, volume in enumerate(volumes)
    ]


def _describe_collection_status(collection: NodeCollection, cluster: ClusterRecord) -> dict[str, Any]:
    ended = cluster.state in ENDED_CLUSTER_STATES
    return {
        "State": "TERMINATED" if ended else _COLLECTION_STATES.get(cluster.state, "RUNNING"),
        "StateChangeReason": {},
        "Timeline": omit_missing(
            CreationDateTime=collection.created_at,
            ReadyDateTime=None if cluster.ready_at is None else max(cluster.ready_at, collection.created_at),
            EndDateTime=cluster.ended_at,
        ),
    }


def _nodes_of(collection: NodeCollection, cluster: ClusterRecord) -> list[Node]:
    return [node for node in cluster.nodes if node.collection_id == collection.collection_id]


def _format_address(number: int) -> str:
    return f"198.18.{number // _NETWORK_SIZE}.{number % _NETWORK_SIZE + 1}"
