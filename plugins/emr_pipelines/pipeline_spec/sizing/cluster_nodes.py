"""The nodes that a cluster may be made of, with what YARN has on each. Pure; a type that no table knows is named and left out."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from emr_pipelines.pipeline_spec.catalog.instance_types import InstanceType, find_instance_type
from emr_pipelines.pipeline_spec.models.capacity import CapacitySpec, WeightedInstance
from emr_pipelines.pipeline_spec.models.cluster import ClusterSpec
from emr_pipelines.pipeline_spec.models.configuration import ConfigurationSpec
from emr_pipelines.pipeline_spec.notation.plain_values import scalar_text
from emr_pipelines.pipeline_spec.reading.overlay import PARTS
from emr_pipelines.pipeline_spec.sizing.executor_sizes import fitting

Classifications = Mapping[str, Mapping[str, str]]
_NODE_MEMORY = "yarn.nodemanager.resource.memory-mb"
_LARGEST_CONTAINER = "yarn.scheduler.maximum-allocation-mb"
_PRIMARY = "primary"
# Raw RunJobFlow keys that say what the rest of the spec says otherwise.
_OVERRIDING = ("Configurations", "ManagedScalingPolicy", "Applications")
_OVERRIDING_INSTANCES = ("InstanceFleets", "InstanceGroups", "MasterInstanceType", "SlaveInstanceType", "InstanceCount")


@dataclass(frozen=True, slots=True, kw_only=True)
class TypeChoice:
    """An instance type that a part may be made of: its weight in capacity units and the configurations of its own."""

    name: str
    weight: int = 1
    classifications: Classifications = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """Primary, core or task: the types that EMR may choose from, and the capacity units, at launch and when it has grown."""

    name: str
    choices: tuple[TypeChoice, ...]
    units: int
    most_units: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """A node of one type: how many make up the part's capacity, and what YARN has on each and gives to one container."""

    type: InstanceType
    count: int
    most: int
    yarn_mb: int
    container_limit_mb: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PartNodes:
    """A part with one Node for each known type that it may be made of."""

    name: str
    nodes: tuple[Node, ...]
    unknown: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ClusterNodes:
    """The whole cluster. `workers` run executors: core and task, or in a cluster of one node the primary. `shares_maximum`: managed scaling limits all workers together."""

    primary: PartNodes
    workers: tuple[PartNodes, ...]
    spark_defaults: Mapping[str, str]
    shares_maximum: bool

    @property
    def unknown(self) -> tuple[str, ...]:
        """The workers' types that no table knows."""
        return tuple(name for part in self.workers for name in part.unknown)

    @property
    def smallest(self) -> Node | None:
        """The worker with the least room, by which everything that must fit everywhere is sized."""
        nodes = [node for part in self.workers for node in part.nodes]
        return min(nodes, key=lambda node: (node.container_limit_mb, node.type.vcpus), default=None)

    def executors(self, container_mb: int, *, grown: bool = False) -> int:
        """How many containers fit at least, whichever of its types each part is made of; `grown`: when it has scaled out as far as it may."""
        by_part = [
            min((node.most if grown else node.count) * fitting(node.yarn_mb, container_mb) for node in part.nodes)
            for part in self.workers
            if part.nodes
        ]
        return min(by_part, default=0) if grown and self.shares_maximum else sum(by_part)

    def taken_by(self, master_mb: int, container_mb: int) -> int:
        """How many of those places are lost to the step's driver or application master on the smallest worker: none, if it has room beside them."""
        node = self.smallest
        if node is None:
            return 0
        return fitting(node.yarn_mb, container_mb) - fitting(max(0, node.yarn_mb - master_mb), container_mb)

    def count(self) -> int:
        """The number of workers when the cluster has grown, if each part takes its smallest weights."""
        most = [max((node.most for node in part.nodes), default=0) for part in self.workers]
        return max(most, default=0) if self.shares_maximum else sum(most)


def nodes_of_spec(cluster: ClusterSpec, resolve: Callable[[str], str]) -> ClusterNodes | None:
    """The nodes of a written cluster; None for a long-running one, and for one whose `overrides` replace what is needed here."""
    if cluster.id is not None or cluster.name is not None or _is_overridden(cluster):
        return None
    scaling = cluster.managed_scaling
    parts = [_part_of(name, part, resolve) for name in PARTS if (part := getattr(cluster, name)) is not None]
    return cluster_nodes(
        parts,
        classifications_of(cluster.configurations or (), resolve),
        with_hbase="hbase" in [name.casefold() for name in cluster.applications or ()],
        managed_maximum=scaling.maximum if scaling else None,
        managed_counts_vcpus=scaling is not None and scaling.unit == "vcpu",
    )


def cluster_nodes(
    parts: Sequence[Part],
    classifications: Classifications,
    *,
    with_hbase: bool,
    managed_maximum: int | None,
    managed_counts_vcpus: bool = False,
) -> ClusterNodes:
    """The nodes of a cluster of these parts; with managed scaling each worker may grow to the common maximum."""
    yarn = classifications.get("yarn-site", {})

    def expand(part: Part) -> PartNodes:
        known = [(choice, found) for choice in part.choices if (found := find_instance_type(choice.name))]
        limits = (managed_maximum, managed_counts_vcpus) if managed_maximum and part.name != _PRIMARY else None
        return PartNodes(
            name=part.name,
            nodes=tuple(_node(part, choice, found, yarn, with_hbase, limits) for choice, found in known),
            unknown=tuple(choice.name for choice in part.choices if not find_instance_type(choice.name)),
        )

    expanded = [expand(part) for part in parts]
    primary = next((part for part in expanded if part.name == _PRIMARY), PartNodes(name=_PRIMARY, nodes=()))
    return ClusterNodes(
        primary=primary,
        workers=tuple(part for part in expanded if part.name != _PRIMARY) or (primary,),
        spark_defaults=classifications.get("spark-defaults", {}),
        shares_maximum=managed_maximum is not None,
    )


def _node(
    part: Part,
    choice: TypeChoice,
    found: InstanceType,
    yarn: Mapping[str, str],
    with_hbase: bool,
    managed: tuple[int, bool] | None,
) -> Node:
    own = {**yarn, **choice.classifications.get("yarn-site", {})}
    usual = found.yarn_mb_beside_hbase if with_hbase else found.yarn_mb
    room = _number(own.get(_NODE_MEMORY)) or usual
    most_units, counts_vcpus = managed or (part.most_units, False)
    return Node(
        type=found,
        count=math.ceil(part.units / choice.weight),
        most=math.ceil(most_units / (found.vcpus if counts_vcpus else choice.weight)),
        yarn_mb=room,
        container_limit_mb=min(room, _number(own.get(_LARGEST_CONTAINER)) or room),
    )


def _part_of(name: str, part: CapacitySpec, resolve: Callable[[str], str]) -> Part:
    own = classifications_of(part.configurations or (), resolve)
    units = (part.on_demand or 0) + (part.spot or 0) if part.instances else part.count or 1
    units = max(1, units) if name == _PRIMARY else units
    types = part.instances or ([part.instance] if part.instance else [])
    return Part(
        name=name,
        choices=tuple(_choice(instance, own, resolve) for instance in types),
        units=units,
        most_units=max(units, part.autoscaling.maximum) if part.autoscaling else units,
    )


def _choice(instance: str | WeightedInstance, inherited: Classifications, resolve: Callable[[str], str]) -> TypeChoice:
    if isinstance(instance, str):
        return TypeChoice(name=instance, classifications=inherited)
    own = classifications_of(instance.configurations or (), resolve)
    return TypeChoice(name=instance.type, weight=instance.weight, classifications={**inherited, **own})


def classifications_of(
    configurations: Iterable[ConfigurationSpec], resolve: Callable[[str], str]
) -> dict[str, dict[str, str]]:
    """The properties of each classification as text, with the environment's values put in."""
    found: dict[str, dict[str, str]] = {}
    for one in configurations:
        properties = {name: resolve(scalar_text(value)) for name, value in one.properties.items()}
        found[one.classification] = found.get(one.classification, {}) | properties
    return found


def _number(text: str | None) -> int | None:
    return int(text) if text is not None and text.strip().isdecimal() else None


def _is_overridden(cluster: ClusterSpec) -> bool:
    overrides = cluster.overrides or {}
    instances = overrides.get("Instances")
    inner = instances if isinstance(instances, dict) else {}
    return any(key in overrides for key in _OVERRIDING) or any(key in inner for key in _OVERRIDING_INSTANCES)
