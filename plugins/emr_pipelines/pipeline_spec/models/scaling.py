"""The models of a cluster's scaling: managed scaling by EMR, and automatic scaling of one group by rules. Shape and types only."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from emr_pipelines.pipeline_spec.models.base import MAX_COUNT, Duration, Model, Text


class ManagedScalingSpec(Model):
    """EMR managed scaling limits, in instances or vCPUs (groups) or capacity units (fleets)."""

    minimum: int = Field(ge=1, le=MAX_COUNT, description="Least capacity of core and task together.")
    maximum: int = Field(ge=1, le=MAX_COUNT, description="Greatest capacity of core and task together.")
    maximum_on_demand: int | None = Field(default=None, ge=0, description="Greatest on-demand capacity.")
    maximum_core: int | None = Field(default=None, ge=1, description="Greatest core capacity.")
    unit: Literal["instances", "vcpu"] | None = Field(
        default=None, description="Groups: what the limits count; the default is instances."
    )
    utilization_index: Literal[1, 25, 50, 75, 100] | None = Field(
        default=None, description="Advanced scaling, from saving resources (1) to speed (100)."
    )


class ScalingRuleSpec(Model):
    """A CloudWatch alarm and what it does to the group: exactly one of `change`, `change_percent` and `exact`."""

    name: Text = Field(description="Name of the rule, unique in its group.")
    description: str | None = Field(default=None, description="What the rule is for, for people.")
    metric: Text = Field(description="The CloudWatch metric, for example YARNMemoryAvailablePercentage.")
    namespace: Text | None = Field(
        default=None, description="Its namespace; the default is AWS/ElasticMapReduce, of this cluster."
    )
    dimensions: dict[str, str] | None = Field(
        default=None, description="Its dimensions; the default is the cluster itself."
    )
    comparison: Literal["greater_than", "greater_than_or_equal", "less_than", "less_than_or_equal"] = Field(
        description="How the metric is compared with the threshold."
    )
    threshold: int | float = Field(ge=0, description="The value that the metric is compared with.")
    statistic: Literal["average", "maximum", "minimum", "sum", "sample_count"] = Field(
        default="average", description="What is taken of the metric in each period."
    )
    unit: Literal["none", "percent", "count", "bytes", "seconds"] | None = Field(
        default=None, description="Unit of the metric."
    )
    period: Duration = Field(default="5m", description="Length of a period; EMR's own metrics have 5m.")
    evaluations: int = Field(
        default=1, ge=1, le=MAX_COUNT, description="Number of periods that must be so, one after the other."
    )
    change: int | None = Field(
        default=None, ge=-MAX_COUNT, le=MAX_COUNT, description="Instances to add, or (negative) to remove."
    )
    change_percent: int | None = Field(
        default=None, ge=-MAX_COUNT, le=MAX_COUNT, description="The same, as a percentage of the group."
    )
    exact: int | None = Field(default=None, ge=0, le=MAX_COUNT, description="The number of instances to have.")
    cooldown: Duration | None = Field(default=None, description="How long no other scaling of the group may begin.")


class AutoScalingSpec(Model):
    """Automatic scaling of one group by rules."""

    minimum: int = Field(ge=0, description="Least number of instances.")
    maximum: int = Field(ge=1, le=MAX_COUNT, description="Greatest number of instances.")
    rules: list[ScalingRuleSpec] = Field(min_length=1, description="When the group grows and shrinks.")
