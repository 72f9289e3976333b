"""Which capacity a RunJobFlow body asks for: how many units of which types, in which market, at least and at most. Pure; knows no prices."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

Market = Literal["on_demand", "spot"]
_PARTS = {"MASTER": "primary", "CORE": "core", "TASK": "task"}
_PRIMARY = "primary"
# What a gp3 volume has without paying for more; gp2, st1, sc1 and standard take neither.
_BASE_IOPS = 3000
_BASE_THROUGHPUT = 125
# From emr-6.10; releases before have 10 GB.
_ROOT_GB = 15
_ROOT = "root"


@dataclass(frozen=True, slots=True, kw_only=True)
class Volume:
    """EBS volumes of one kind that each instance gets. `is_faster`: it has more I/O operations or throughput than its size pays for."""

    volume_type: str
    size_gb: int
    count: int = 1
    is_faster: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """An instance type that EMR may choose, and how many units it counts for.

    `volumes` is None where EMR adds its default ones. A spot instance costs at most `highest_bid`, or `highest_share` of the on-demand price.
    """

    instance_type: str
    weight: int = 1
    volumes: tuple[Volume, ...] | None = None
    highest_bid: float | None = None
    highest_share: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """Capacity units in one market, and what they may be made of."""

    market: Market
    units: int
    offers: tuple[Offer, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Demand:
    """A part of a cluster: at least `low`, at most `high`. `falls_back`: what does not come as spot capacity is bought on demand."""

    part: str
    low: tuple[Share, ...]
    high: tuple[Share, ...]
    falls_back: bool = False

    @property
    def markets(self) -> tuple[Market, ...]:
        """The markets in which the part may be bought."""
        return tuple(sorted({share.market for share in (*self.low, *self.high)}))


def demands_of(request: Mapping[str, Any]) -> tuple[Demand, ...]:
    """What a RunJobFlow body asks for, part by part. Managed scaling makes one of core and task."""
    instances = request.get("Instances", {})
    demands = [demand for fleet in instances.get("InstanceFleets", []) for demand in _fleet_demands(fleet)]
    demands += [_group_demand(group) for group in instances.get("InstanceGroups", [])]
    limits = request.get("ManagedScalingPolicy", {}).get("ComputeLimits")
    if limits is not None and not counts_vcpus(request):
        primary = [demand for demand in demands if demand.part == _PRIMARY]
        demands = [*primary, _scaled(limits, [demand for demand in demands if demand.part != _PRIMARY])]
    return tuple(demand for demand in demands if any(share.units for share in (*demand.low, *demand.high)))


def counts_vcpus(request: Mapping[str, Any]) -> bool:
    """Whether managed scaling has limits that instances and units do not tell."""
    return bool(request.get("ManagedScalingPolicy", {}).get("ComputeLimits", {}).get("UnitType") == "VCPU")


def root_volume(request: Mapping[str, Any]) -> Volume:
    """The volume of the system that each instance has, of EMR's choice of type."""
    wanted = {name: request.get(f"EbsRootVolume{name}") for name in ("Iops", "Throughput")}
    return Volume(
        volume_type=_ROOT, size_gb=request.get("EbsRootVolumeSize") or _ROOT_GB, is_faster=_pays_for_speed(wanted)
    )


def _fleet_demands(fleet: Mapping[str, Any]) -> Iterator[Demand]:
    spot = fleet.get("LaunchSpecifications", {}).get("SpotSpecification")
    offers = tuple(_offer(config) for config in fleet.get("InstanceTypeConfigs", []))
    part = _PARTS.get(str(fleet.get("InstanceFleetType")), "other")
    shares = [Share(market="on_demand", units=fleet.get("TargetOnDemandCapacity") or 0, offers=offers)]
    if fleet.get("TargetSpotCapacity") or spot:
        shares.append(Share(market="spot", units=fleet.get("TargetSpotCapacity") or 0, offers=offers))
    falls_back = (spot or {}).get("TimeoutAction") == "SWITCH_TO_ON_DEMAND"
    for share in shares:
        yield Demand(part=part, low=(share,), high=(share,), falls_back=falls_back and share.market == "spot")


def _group_demand(group: Mapping[str, Any]) -> Demand:
    count = group.get("InstanceCount") or 0
    limits = group.get("AutoScalingPolicy", {}).get("Constraints", {})
    least, most = min(count, limits.get("MinCapacity", count)), max(count, limits.get("MaxCapacity", count))
    share = Share(market="spot" if group.get("Market") == "SPOT" else "on_demand", units=least, offers=(_offer(group),))
    return Demand(
        part=_PARTS.get(str(group.get("InstanceRole")), "other"), low=(share,), high=(replace(share, units=most),)
    )


def _offer(config: Mapping[str, Any]) -> Offer:
    bid = config.get("BidPrice")
    ebs = config.get("EbsConfiguration", {}).get("EbsBlockDeviceConfigs")
    return Offer(
        instance_type=str(config.get("InstanceType")),
        weight=config.get("WeightedCapacity") or 1,
        volumes=None if ebs is None else tuple(_volume(device) for device in ebs),
        highest_bid=None if bid is None else float(bid),
        highest_share=config.get("BidPriceAsPercentageOfOnDemandPrice", 100.0) / 100,
    )


def _volume(device: Mapping[str, Any]) -> Volume:
    wanted = device.get("VolumeSpecification", {})
    kind = str(wanted.get("VolumeType"))
    return Volume(
        volume_type=kind,
        size_gb=wanted.get("SizeInGB") or 0,
        count=device.get("VolumesPerInstance") or 1,
        is_faster=kind.startswith("io") or _pays_for_speed(wanted),
    )


def _pays_for_speed(wanted: Mapping[str, Any]) -> bool:
    return (wanted.get("Iops") or 0) > _BASE_IOPS or (wanted.get("Throughput") or 0) > _BASE_THROUGHPUT


def _scaled(limits: Mapping[str, Any], demands: Sequence[Demand]) -> Demand:
    """Core and task within the limits of managed scaling: at least as spot where the spec allows spot, at most on demand up to the limit for that."""
    least, most = limits["MinimumCapacityUnits"], limits["MaximumCapacityUnits"]
    on_demand, spot = _offers_of(demands, "on_demand"), _offers_of(demands, "spot")
    on_demand_most = min(most, limits.get("MaximumOnDemandCapacityUnits", most)) if on_demand else 0
    cheapest = Share(market="spot" if spot else "on_demand", units=least, offers=spot or on_demand)
    dearest = [Share(market="on_demand", units=on_demand_most, offers=on_demand)] if on_demand_most else []
    if spot and most > on_demand_most:
        dearest.append(Share(market="spot", units=most - on_demand_most, offers=spot))
    return Demand(
        part="core and task, scaled",
        low=(cheapest,),
        high=tuple(dearest),
        falls_back=any(demand.falls_back for demand in demands),
    )


def _offers_of(demands: Iterable[Demand], market: Market) -> tuple[Offer, ...]:
    shares = (share for demand in demands for share in demand.high if share.market == market)
    return tuple(dict.fromkeys(offer for share in shares for offer in share.offers))
