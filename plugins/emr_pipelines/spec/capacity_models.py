"""The models of a cluster's capacity: fleets, groups, volumes, managed scaling. Shape and types only: what needs more than one field is a rule."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from emr_pipelines.spec import forms
from emr_pipelines.spec.model_base import Duration, InstanceType, Model


class WeightedInstance(Model):
    """An instance type of a fleet with its weight in capacity units and an optional price cap."""

    type: InstanceType = Field(description="An EC2 instance type such as m5.2xlarge.")
    weight: int = Field(
        default=1, ge=1, le=999, description="Capacity units that one instance of this type counts for."
    )
    max_price_percent: float | None = Field(
        default=None, gt=0, description="Highest spot price, as a percentage of the on-demand price."
    )


class EbsSpec(Model):
    """EBS volumes attached to each instance of a group or fleet."""

    size_gb: int = Field(ge=1, description="Size of one volume in GiB.")
    type: Literal["gp2", "gp3", "io1", "io2", "st1", "sc1", "standard"] = Field(
        default="gp3", description="Volume type."
    )
    iops: int | None = Field(default=None, ge=1, description="I/O operations per second, for gp3, io1 and io2.")
    throughput: int | None = Field(default=None, ge=125, description="MiB per second, for gp3.")
    volumes: int = Field(default=1, ge=1, le=25, description="Number of volumes per instance.")


class CapacitySpec(Model):
    """One part of a cluster. A fleet has `instances` with `on_demand` and `spot` capacity; a group has `instance` with `count` and `market`."""

    instances: list[InstanceType | WeightedInstance] | None = Field(
        default=None, min_length=1, max_length=30, description="Fleet: the types that EMR may choose from."
    )
    on_demand: int | None = Field(default=None, ge=0, description="Fleet: capacity units bought on demand.")
    spot: int | None = Field(default=None, ge=0, description="Fleet: capacity units bought as spot.")
    spot_timeout: Duration | None = Field(
        default=None, description="Fleet: how long EMR waits for spot capacity, 5m to 24h."
    )
    fallback: Literal["on_demand", "terminate"] | None = Field(
        default=None, description="Fleet: what EMR does when spot capacity does not come within spot_timeout."
    )
    allocation: (
        Literal[
            "capacity-optimized",
            "price-capacity-optimized",
            "lowest-price",
            "diversified",
            "capacity-optimized-prioritized",
        ]
        | None
    ) = Field(default=None, description="Fleet: how EMR chooses among the spot pools.")
    instance: InstanceType | None = Field(default=None, description="Group: the instance type.")
    count: int | None = Field(default=None, ge=1, description="Group: number of instances.")
    market: Literal["on_demand", "spot"] | None = Field(default=None, description="Group: how instances are bought.")
    bid_price: str | None = Field(
        default=None, pattern=forms.PRICE, description="Group: highest spot price in US dollars per hour."
    )
    ebs: EbsSpec | None = Field(default=None, description="EBS volumes of each instance.")


class ManagedScalingSpec(Model):
    """EMR managed scaling limits, in instances (groups) or capacity units (fleets)."""

    minimum: int = Field(ge=1, description="Least capacity of core and task together.")
    maximum: int = Field(ge=1, description="Greatest capacity of core and task together.")
    maximum_on_demand: int | None = Field(default=None, ge=0, description="Greatest on-demand capacity.")
    maximum_core: int | None = Field(default=None, ge=1, description="Greatest core capacity.")
