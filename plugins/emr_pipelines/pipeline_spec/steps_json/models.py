"""The models of the older system's two files: steps.json, in which every value is a text, and the cluster's, whose parts are RunJobFlow's. Shape and types only."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from emr_pipelines.pipeline_spec.models.base import InstanceType, Memory, Model, Scalar, Text
from emr_pipelines.pipeline_spec.notation import forms
from emr_pipelines.pipeline_spec.reading.document import Path, value_at

Flag = Annotated[str, Field(pattern=forms.LEGACY_FLAG)]
Count = Annotated[str, Field(pattern=forms.LEGACY_COUNT)]

_ARGUMENTS = {
    "auto_generate_output": "1",
    "output_uri": "None",
    "format_output": ".parquet",
    "external_input": "0",
    "input_dependency_from_output_step": "0",
    "from_step": "None",
    "input_data": "None",
}
_STEP = {
    "name": "unnamed",
    "script_uri": "unnamed.py",
    "executor_memory": "1G",
    "executor_cores": "1",
    "script_args": _ARGUMENTS,
}
_FLEET = {"InstanceFleetType": "MASTER", "InstanceTypeConfigs": [{"InstanceType": "m5.xlarge"}]}
_CONFIGURATION = {"Classification": "unnamed"}


class LegacyScriptArgs(Model):
    """Where a step reads and writes."""

    auto_generate_output: Flag = Field(description='"1": the name of the output is made by the tool.')
    output_uri: str = Field(description='Name of the output below output/; "None" where it is made by the tool.')
    format_output: str = Field(description="Suffix of the output's name, such as .parquet.")
    external_input: Flag = Field(description='"1": input_data is an address.')
    input_dependency_from_output_step: Flag = Field(description='"1": the input is the output of from_step.')
    from_step: str = Field(description='Name of an earlier step, or "None".')
    input_data: str = Field(description="An address, or a name below input/.")
    local_input: str = Field(default="", description="A file that is uploaded to input/ under its own name.")


class LegacyStep(Model):
    """One spark-submit."""

    name: Text = Field(description="Name of the step.")
    script_uri: Text = Field(description="The Python script, a path beside steps.json.")
    executor_memory: Memory = Field(description="Memory of an executor, for example 18G.")
    executor_cores: Count = Field(description="Cores of an executor.")
    description: str = Field(default="", description="What the step does, for people.")
    guiid: str = Field(default="", description="Part of the name of an output that is made by the tool.")
    action_on_failure: str = Field(default="CONTINUE", alias="ActionOnFailure", description="Ignored by the tool.")
    script_args: LegacyScriptArgs = Field(description="Where the step reads and writes.")


class LegacySteps(Model):
    """The whole steps.json."""

    steps: list[LegacyStep] = Field(min_length=1, description="The steps in the order in which they run.")


class LegacyInstance(Model):
    """An instance type of a fleet."""

    type: InstanceType = Field(alias="InstanceType", description="An EC2 instance type such as m5.2xlarge.")
    weight: int = Field(default=1, alias="WeightedCapacity", ge=1, le=999, description="Its capacity units.")
    max_price_percent: int | float | None = Field(
        default=None, alias="BidPriceAsPercentageOfOnDemandPrice", gt=0, description="Highest spot price."
    )


class LegacySpot(Model):
    """How a fleet gets its spot capacity."""

    timeout_minutes: int = Field(alias="TimeoutDurationMinutes", ge=5, le=1440, description="How long EMR waits.")
    timeout_action: Literal["TERMINATE_CLUSTER", "SWITCH_TO_ON_DEMAND"] = Field(
        alias="TimeoutAction", description="What EMR does then."
    )
    block_minutes: int | None = Field(
        default=None, alias="BlockDurationMinutes", description="Length of a spot block, which AWS ended."
    )
    allocation: str | None = Field(default=None, alias="AllocationStrategy", description="How EMR chooses.")


class LegacyLaunch(Model):
    """How a fleet is launched."""

    spot: LegacySpot | None = Field(default=None, alias="SpotSpecification", description="Its spot capacity.")
    on_demand: dict[str, Any] = Field(default={}, alias="OnDemandSpecification", description="The other capacity.")


class LegacyFleet(Model):
    """One instance fleet."""

    role: Literal["MASTER", "CORE", "TASK"] = Field(alias="InstanceFleetType", description="MASTER, CORE or TASK.")
    name: str | None = Field(default=None, alias="Name", description="Name of the fleet.")
    on_demand: int = Field(default=0, alias="TargetOnDemandCapacity", ge=0, description="Units on demand.")
    spot: int = Field(default=0, alias="TargetSpotCapacity", ge=0, description="Units as spot.")
    instances: list[LegacyInstance] = Field(alias="InstanceTypeConfigs", min_length=1, description="Its types.")
    launch: LegacyLaunch = Field(default=LegacyLaunch(), alias="LaunchSpecifications", description="How it starts.")


class LegacyConfiguration(Model):
    """An EMR configuration classification."""

    classification: Text = Field(alias="Classification", description="For example spark-defaults.")
    properties: dict[str, Scalar] = Field(default={}, alias="Properties", description="Its properties.")
    configurations: list[LegacyConfiguration] = Field(default=[], alias="Configurations", description="Nested ones.")


class LegacyCluster(Model):
    """The whole cluster JSON."""

    fleets: list[LegacyFleet] = Field(alias="InstanceFleets", min_length=1, description="The instance fleets.")
    configurations: list[LegacyConfiguration] = Field(
        default=[], alias="Configurations", description="EMR configuration classifications."
    )
    bootstrap_action: str | None = Field(default=None, description="Ignored by the tool.")
    subnets: list[str] = Field(default=[], alias="Ec2SubnetIds", description="Subnets of the author's account.")
    keep_alive: bool = Field(default=True, alias="KeepJobFlowAliveWhenNoSteps", description="Stay without steps.")


def steps_fallback(path: Path) -> Any:
    """A harmless value for a path of steps.json that is missing or does not fit; no spec is made with it."""
    match path:
        case ("steps",):
            return [_STEP]
        case ("steps", int(), *rest):
            return value_at(_STEP, tuple(rest))
    return None


def cluster_fallback(path: Path) -> Any:
    """The same for the cluster's file."""
    match path:
        case ("InstanceFleets",):
            return [_FLEET]
        case ("InstanceFleets", int(), *rest):
            return value_at(_FLEET, tuple(rest))
        case ("Configurations", int()):
            return _CONFIGURATION
    return None
