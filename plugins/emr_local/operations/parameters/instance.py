"""From RunJobFlow's Instances to the groups or fleets and the nodes that a cluster pretends to have, with AWS's checks. Draws ids; no clock, no state."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from emr_local.operations.parameters.fleet import check_fleet
from emr_local.operations.parameters.instance_checks import check_bid_price, check_instance_type, check_volumes
from emr_local.operations.parameters.network import check_network
from emr_local.resources.identifiers import create_ec2_identifier, create_identifier
from emr_local.resources.records import Json, Node, NodeCollection
from emr_local.wire.api_errors import validation_failure

_HIGH_AVAILABILITY_PRIMARIES = 3
_SIMPLE_KEYS = frozenset({"MasterInstanceType", "SlaveInstanceType", "InstanceCount"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Hardware:
    """The groups or fleets of a cluster and their nodes."""

    uses_fleets: bool
    collections: tuple[NodeCollection, ...]
    nodes: tuple[Node, ...]

    @property
    def is_highly_available(self) -> bool:
        """Whether the cluster has several primary nodes; EMR then keeps it alive and protects it."""
        primary = next(each.collection_id for each in self.collections if each.role == "MASTER")
        return sum(node.collection_id == primary for node in self.nodes) > 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """How much a group or fleet wants of one market: the capacity, and what a node of each instance type counts for it."""

    market: str
    capacity: int
    weights: Mapping[str, int]


def build_hardware(instances: Json, release_label: str, now: float) -> Hardware:
    """The hardware that this request asks for; raises AWS's ValidationException when it cannot be had."""
    ways = [
        bool(instances.get("InstanceGroups")),
        bool(instances.get("InstanceFleets")),
        bool(_SIMPLE_KEYS & instances.keys()),
    ]
    if sum(ways) != 1:
        raise validation_failure(
            "Please configure instances using one and only one of the following: instance groups; instance fleets; "
            "instance count, master and slave instance type."
        )
    check_network(instances)
    if instances.get("InstanceFleets"):
        return _build_fleets(instances["InstanceFleets"], release_label, now)
    return _build_groups(instances.get("InstanceGroups") or _simple_groups(instances), release_label, now)


def create_group(request: Json, release_label: str, now: float) -> NodeCollection:
    """A checked instance group without nodes."""
    check_instance_type(release_label, request["InstanceType"])
    if request["InstanceCount"] < 1 and request["InstanceRole"] != "TASK":
        raise validation_failure("An instance group must have at least one instance")
    if request.get("BidPrice") and request.get("Market") != "SPOT":
        raise validation_failure("Attempted to set bid price for on demand instance group.")
    if "BidPrice" in request:
        check_bid_price(request["BidPrice"])
    check_volumes(request.get("EbsConfiguration"))
    return NodeCollection(
        collection_id=create_identifier("ig"), role=request["InstanceRole"], request=request, created_at=now
    )


def create_fleet(request: Json, release_label: str, now: float) -> NodeCollection:
    """A checked instance fleet without nodes."""
    check_fleet(request, release_label)
    return NodeCollection(
        collection_id=create_identifier("if"), role=request["InstanceFleetType"], request=request, created_at=now
    )


def list_targets(collection: NodeCollection) -> list[Target]:
    """What a group or fleet wants to have."""
    request = collection.request
    if "InstanceTypeConfigs" not in request:
        weights = {request["InstanceType"]: 1}
        return [Target(market=request.get("Market", "ON_DEMAND"), capacity=request["InstanceCount"], weights=weights)]
    weights = {each["InstanceType"]: each.get("WeightedCapacity", 1) for each in request["InstanceTypeConfigs"]}
    keys = (("ON_DEMAND", "TargetOnDemandCapacity"), ("SPOT", "TargetSpotCapacity"))
    return [Target(market=market, capacity=request.get(key, 0), weights=weights) for market, key in keys]


def create_nodes(collection: NodeCollection, target: Target, first_number: int, now: float) -> Iterator[Node]:
    """New nodes that meet a target."""
    # EMR chooses by price and capacity; here the first type always has both.
    instance_type, weight = next(iter(target.weights.items()))
    for number in range(first_number, first_number + math.ceil(target.capacity / weight)):
        yield _create_node(collection, number, target.market, instance_type, now)


def create_all_nodes(collection: NodeCollection, first_number: int, now: float) -> list[Node]:
    """The nodes that a new group or fleet starts with."""
    nodes: list[Node] = []
    for target in list_targets(collection):
        nodes.extend(create_nodes(collection, target, first_number + len(nodes), now))
    return nodes


def _simple_groups(instances: Json) -> Sequence[Json]:
    if "MasterInstanceType" not in instances:
        raise validation_failure("The master instance type must be specified: set MasterInstanceType.")
    primary = instances["MasterInstanceType"]
    others = instances.get("InstanceCount", 1) - 1
    groups = [{"Name": "Master Instance Group", "InstanceRole": "MASTER", "InstanceType": primary, "InstanceCount": 1}]
    if others > 0:
        core = instances.get("SlaveInstanceType", primary)
        groups.append(
            {"Name": "Core Instance Group", "InstanceRole": "CORE", "InstanceType": core, "InstanceCount": others}
        )
    return groups


def _build_groups(requests: Sequence[Json], release_label: str, now: float) -> Hardware:
    roles = Counter(request["InstanceRole"] for request in requests)
    _check_roles(roles, "instance groups", single=("MASTER", "CORE"))
    if roles["TASK"] and not roles["CORE"]:
        raise validation_failure("Clusters with task nodes must also define core nodes.")
    groups = [create_group(request, release_label, now) for request in requests]
    nodes: list[Node] = []
    for group in groups:
        count = group.request["InstanceCount"]
        if group.role == "MASTER" and count not in (1, _HIGH_AVAILABILITY_PRIMARIES):
            raise validation_failure("Master instance group must have exactly 3 instances for HA clusters.")
        nodes.extend(create_all_nodes(group, len(nodes) + 1, now))
    return Hardware(uses_fleets=False, collections=tuple(groups), nodes=tuple(nodes))


def _build_fleets(requests: Sequence[Json], release_label: str, now: float) -> Hardware:
    roles = Counter(request["InstanceFleetType"] for request in requests)
    _check_roles(roles, "instance fleets", single=("MASTER", "CORE", "TASK"))
    if roles["TASK"] and not roles["CORE"]:
        raise validation_failure("Clusters with task instance fleets must also define core instance fleets.")
    fleets = []
    nodes: list[Node] = []
    for request in requests:
        fleet = create_fleet(request, release_label, now)
        fleets.append(fleet)
        nodes.extend(create_all_nodes(fleet, len(nodes) + 1, now))
    return Hardware(uses_fleets=True, collections=tuple(fleets), nodes=tuple(nodes))


def _create_node(collection: NodeCollection, number: int, market: str, instance_type: str, now: float) -> Node:
    return Node(
        node_id=create_identifier("ci"),
        ec2_id=create_ec2_identifier(),
        number=number,
        collection_id=collection.collection_id,
        market=market,
        instance_type=instance_type,
        created_at=now,
    )


def _check_roles(roles: Counter[str], noun: str, *, single: tuple[str, ...]) -> None:
    if not roles["MASTER"]:
        raise validation_failure(
            f"Zero master {noun} supplied, you must specify exactly one master {noun.removesuffix('s')}"
        )
    for role in single:
        if roles[role] > 1:
            name = role.lower()
            raise validation_failure(
                f"Multiple {name} {noun} supplied, you must specify exactly one {name} {noun.removesuffix('s')}"
            )
