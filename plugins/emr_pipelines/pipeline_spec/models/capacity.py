"""The models of a cluster's capacity: fleets, groups, volumes. Shape and types only: what needs more than one field is a rule."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from emr_pipelines.pipeline_spec.models.base import MAX_COUNT, MAX_NAME, Duration, InstanceType, Model
from emr_pipelines.pipeline_spec.models.configuration import ConfigurationSpec
from emr_pipelines.pipeline_spec.models.scaling import AutoScalingSpec
from emr_pipelines.pipeline_spec.notation import forms

SpotAllocation = Literal[
    "capacity-optimized", "price-capacity-optimized", "lowest-price", "diversified", "capacity-optimized-prioritized"
]
OnDemandAllocation = Literal["lowest-price", "prioritized"]


class EbsSpec(Model):
    """EBS volumes attached to each instance of a group or fleet."""

    size_gb: int = Field(ge=1, le=65_536, description="Size of one volume in GiB.")
    type: Literal["gp2", "gp3", "io1", "st1", "sc1", "standard"] = Field(default="gp3", description="Volume type.")
    iops: int | None = Field(default=None, ge=1, description="I/O operations per second, for gp3 and io1.")
    throughput: int | None = Field(default=None, ge=125, le=1000, description="MiB per second, for gp3.")
    volumes: int = Field(default=1, ge=1, le=25, description="Number of volumes per instance.")


class WeightedInstance(Model):
    """An instance type of a fleet with its weight, price cap and priority, and with what differs from the rest of the fleet."""

    type: InstanceType = Field(description="An EC2 instance type such as m5.2xlarge.")
    weight: int = Field(
        default=1, ge=1, le=999, description="Capacity units that one instance of this type counts for."
    )
    max_price_percent: float | None = Field(
        default=None, gt=0, description="Highest spot price, as a percentage of the on-demand price."
    )
    max_price: str | None = Field(
        default=None, pattern=forms.PRICE, max_length=MAX_NAME, description="Highest spot price in US dollars per hour."
    )
    priority: int | float | None = Field(
        default=None, ge=0, description="Order of preference, 0 first, for the prioritized allocation strategies."
    )
    custom_ami: str | None = Field(default=None, pattern=forms.AMI, description="An AMI of your own for this type.")
    ebs: EbsSpec | list[EbsSpec] | None = Field(default=None, description="Volumes of this type.")
    configurations: list[ConfigurationSpec] | None = Field(
        default=None, description="Configurations of the nodes of this type."
    )


class CapacityReservationSpec(Model):
    """How a fleet uses the account's on-demand capacity reservations."""

    use_first: bool = Field(
        default=False, description="Fill the fleet from unused reservations before the allocation strategy counts."
    )
    preference: Literal["open", "none"] | None = Field(
        default=None, description="Run in any open reservation that fits, or in none."
    )
    resource_group: str | None = Field(
        default=None, pattern=forms.ARN, description="ARN of the resource group of targeted reservations."
    )


class ResizeSpec(Model):
    """How a fleet gets more capacity after it has started, by managed scaling or by hand."""

    spot_timeout: Duration | None = Field(default=None, description="How long EMR looks for spot capacity, 5m to 7d.")
    on_demand_timeout: Duration | None = Field(
        default=None, description="How long EMR looks for on-demand capacity, 5m to 7d."
    )
    allocation: SpotAllocation | None = Field(default=None, description="How EMR chooses among the spot pools.")
    on_demand_allocation: OnDemandAllocation | None = Field(
        default=None, description="How EMR chooses among the types on demand."
    )
    capacity_reservation: CapacityReservationSpec | None = Field(
        default=None, description="Capacity reservations that the fleet may use."
    )


class CapacitySpec(Model):
    """One part of a cluster. A fleet has `instances` with `on_demand` and `spot` capacity; a group has `instance` with `count` and `market`."""

    instances: list[InstanceType | WeightedInstance] | None = Field(
        default=None, min_length=1, max_length=30, description="Fleet: the types that EMR may choose from."
    )
    on_demand: int | None = Field(
        default=None, ge=0, le=MAX_COUNT, description="Fleet: capacity units bought on demand."
    )
    spot: int | None = Field(default=None, ge=0, le=MAX_COUNT, description="Fleet: capacity units bought as spot.")
    spot_timeout: Duration | None = Field(
        default=None, description="Fleet: how long EMR waits for spot capacity, 5m to 24h."
    )
    fallback: Literal["on_demand", "terminate"] | None = Field(
        default=None, description="Fleet: what EMR does when spot capacity does not come within spot_timeout."
    )
    allocation: SpotAllocation | None = Field(default=None, description="Fleet: how EMR chooses among the spot pools.")
    on_demand_allocation: OnDemandAllocation | None = Field(
        default=None, description="Fleet: how EMR chooses among the types on demand; the default is lowest-price."
    )
    capacity_reservation: CapacityReservationSpec | None = Field(
        default=None, description="Fleet: capacity reservations that it may use."
    )
    resize: ResizeSpec | None = Field(default=None, description="Fleet: how it grows after it has started.")
    instance: InstanceType | None = Field(default=None, description="Group: the instance type.")
    count: int | None = Field(default=None, ge=1, le=MAX_COUNT, description="Group: number of instances.")
    market: Literal["on_demand", "spot"] | None = Field(default=None, description="Group: how instances are bought.")
    bid_price: str | None = Field(
        default=None,
        pattern=forms.PRICE,
        max_length=MAX_NAME,
        description="Group: highest spot price in US dollars per hour.",
    )
    autoscaling: AutoScalingSpec | None = Field(default=None, description="Group: scaling by rules of its own.")
    spot_loss: Literal["accept"] | None = Field(
        default=None, description="Accepts that primary or core may be lost because they are bought as spot."
    )
    ebs: EbsSpec | list[EbsSpec] | None = Field(default=None, description="EBS volumes of each instance.")
    ebs_optimized: bool | None = Field(default=None, description="Whether instances are EBS-optimized.")
    custom_ami: str | None = Field(default=None, pattern=forms.AMI, description="An AMI of your own for these nodes.")
    configurations: list[ConfigurationSpec] | None = Field(
        default=None, description="Configurations of these nodes, over those of the cluster."
    )
