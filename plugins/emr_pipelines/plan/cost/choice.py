"""Which instances EMR may fill a part of a cluster with, at the lowest and at the highest price. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from emr_pipelines.plan.cost.demand import Market, Offer, Share
from emr_pipelines.plan.cost.node_price import NodePrice
from emr_pipelines.plan.cost.ranges import NOTHING, Range, total_of

PriceNode = Callable[[Offer, Market], NodePrice]


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """Instances by type, and what they cost in an hour."""

    instances: tuple[tuple[str, int], ...]
    ec2: Range
    fee: Range
    ebs: Range

    @property
    def per_hour(self) -> Range:
        """Everything together."""
        return total_of((self.ec2, self.fee, self.ebs))


def choose_instances(shares: Sequence[Share], price_node: PriceNode, *, dearest: bool) -> Choice:
    """The cheapest or the dearest instances that give the units of all shares.

    EMR launches instances until the units are reached, so that a heavy last one may go beyond them. A type without a price is left out, and the
    high end is then not known.
    """
    counts: Counter[str] = Counter()
    ec2, fee, ebs = NOTHING, NOTHING, NOTHING
    for share in shares:
        nodes = [price_node(offer, share.market) for offer in share.offers]
        priced = [node for node in nodes if node.ec2.high is not None] or nodes
        is_whole = len(priced) == len(nodes)
        for node, count in _cover(share.units, priced, dearest=dearest):
            counts[node.instance_type] += count
            node_ec2 = node.ec2 if is_whole else replace(node.ec2, high=None)
            ec2, fee, ebs = (
                total.plus(one.times(count)) for total, one in ((ec2, node_ec2), (fee, node.fee), (ebs, node.ebs))
            )
    return Choice(instances=tuple(sorted(counts.items())), ec2=ec2, fee=fee, ebs=ebs)


def _cover(units: int, nodes: Sequence[NodePrice], *, dearest: bool) -> list[tuple[NodePrice, int]]:
    """How many of each node give the units. The best for n units is a last node and the best for what it leaves."""
    if not nodes:
        return []
    pick = max if dearest else min
    prices = [_known_price(node, dearest=dearest) for node in nodes]
    costs, last = [0.0], [0]
    for count in range(1, units + 1):
        options = [price + costs[max(0, count - node.weight)] for price, node in zip(prices, nodes, strict=True)]
        costs.append(pick(options))
        last.append(options.index(costs[-1]))
    chosen: Counter[int] = Counter()
    while units > 0:
        chosen[last[units]] += 1
        units -= nodes[last[units]].weight
    return [(nodes[index], count) for index, count in sorted(chosen.items())]


def _known_price(node: NodePrice, *, dearest: bool) -> float:
    parts = (node.ec2, node.fee, node.ebs)
    return sum(part.high if dearest and part.high is not None else part.low for part in parts)
