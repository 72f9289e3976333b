"""Groups and fleets that become larger or smaller: surplus nodes end, the newest first, and missing ones start at once. Pure, but for the ids."""

from __future__ import annotations

from dataclasses import replace

from emr_local.operations.parameters.instance import Target, create_nodes, list_targets
from emr_local.resources.records import ClusterRecord, Json, Node, NodeCollection


def resize(cluster: ClusterRecord, collection: NodeCollection, changes: Json, now: float) -> ClusterRecord:
    """The cluster after these changes to the request of one of its groups or fleets."""
    resized = replace(collection, request={**collection.request, **changes})
    collections = tuple(resized if each is collection else each for each in cluster.collections)
    cluster = replace(cluster, collections=collections)
    for target in list_targets(resized):
        cluster = _meet_target(cluster, resized, target, now)
    return cluster


def _meet_target(cluster: ClusterRecord, collection: NodeCollection, target: Target, now: float) -> ClusterRecord:
    missing, surplus = target.capacity, set()
    for node in _list_live(cluster, collection, target.market):
        if missing <= 0:
            surplus.add(node.node_id)
        missing -= target.weights[node.instance_type]
    kept = tuple(replace(node, ended_at=now) if node.node_id in surplus else node for node in cluster.nodes)
    wanted = replace(target, capacity=max(missing, 0))
    return replace(cluster, nodes=(*kept, *create_nodes(collection, wanted, len(kept) + 1, now)))


def _list_live(cluster: ClusterRecord, collection: NodeCollection, market: str) -> list[Node]:
    return [
        node
        for node in cluster.nodes
        if node.collection_id == collection.collection_id and node.market == market and node.ended_at is None
    ]
