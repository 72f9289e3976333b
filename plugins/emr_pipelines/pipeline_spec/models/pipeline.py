"""The models of what people write in `config/pipelines/*` and `config/environments/*`. Shape and types only: what needs more than one field is a rule in `pipeline_spec.rules`."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Annotated, Any, Literal

from pydantic import Field

from emr_pipelines.pipeline_spec.models.base import (
    Date,
    Duration,
    Identifier,
    Model,
    Name,
    ParamType,
    Scalar,
    Tag,
)
from emr_pipelines.pipeline_spec.models.cluster import ClusterSpec
from emr_pipelines.pipeline_spec.models.kinds.dist_cp import S3DistCpSpec
from emr_pipelines.pipeline_spec.models.kinds.jar import JarSpec
from emr_pipelines.pipeline_spec.models.kinds.kind_model import KindModel
from emr_pipelines.pipeline_spec.models.kinds.spark import SparkSpec
from emr_pipelines.pipeline_spec.models.kinds.streaming import StreamingSpec
from emr_pipelines.pipeline_spec.models.suppression import SuppressionSpec
from emr_pipelines.pipeline_spec.notation import forms
from emr_pipelines.pipeline_spec.notation.s3_places import TakeOver


class ParamSpec(Model):
    """A parameter of the trigger form, in the words of JSON Schema; becomes an Airflow `Param`."""

    type: ParamType | list[ParamType] = Field(
        description='The JSON type, or a list of types such as [integer, "null"].'
    )
    default: Scalar | None = Field(
        default=None, description="The value of scheduled runs and the first value of the form."
    )
    title: str | None = Field(default=None, description="Label of the form field.")
    description: str | None = Field(default=None, description="Help text of the form field.")
    enum: list[Scalar | None] | None = Field(default=None, min_length=1, description="The only values allowed.")
    minimum: int | float | None = Field(default=None, description="The least number allowed.")
    maximum: int | float | None = Field(default=None, description="The greatest number allowed.")
    pattern: str | None = Field(
        default=None,
        description="A regular expression that a string must match; the default allows letters, digits and ./:=+@_- and no leading dash.",
    )
    format: Literal["date", "date-time", "time", "multiline"] | None = Field(
        default=None, description="Which input field the form shows."
    )
    examples: list[Scalar] | None = Field(default=None, description="Values that the form suggests.")


def text_pattern(param: ParamSpec) -> str | None:
    """The pattern that a text value of the parameter must match: its own, or for free text the safe one."""
    types = [param.type] if isinstance(param.type, str) else param.type
    is_free_text = "string" in types and param.enum is None
    if param.pattern and param.pattern.endswith("$") and not param.pattern.endswith("\\$"):
        # In JSON Schema that is the end of the text; Python's `$` would let a line break follow.
        return param.pattern + forms.NO_LINE_BREAK
    return param.pattern or (forms.SAFE_TEXT if is_free_text else None)


def param_schema(param: ParamSpec, plain: Callable[[Any], Any]) -> dict[str, Any]:
    """The JSON Schema that Airflow's `Param` gets, with the pattern that really holds; `plain` puts the environment's values into texts."""
    schema: dict[str, Any] = plain(param.model_dump(exclude_none=True, exclude={"default", "pattern"}))
    pattern = text_pattern(param)
    return schema if pattern is None else schema | {"pattern": pattern}


class OutputSpec(Model):
    """What a step's output prefix will hold and how that is verified; a plain string is short for `{format: …}`."""

    format: str = Field(pattern=forms.WORD, description="A word for people and for the UI: parquet, csv, png …")
    success_marker: bool = Field(
        default=True,
        description="The prefix must hold `_SUCCESS`; where it is not written, an s3_dist_cp step has false.",
    )
    min_files: int = Field(default=1, ge=0, description="Least number of objects besides markers and hidden files.")


# The one table of kinds: a field of StepSpec each. What a run makes of them is `plan.kinds.table`.
KindSpec = SparkSpec | StreamingSpec | S3DistCpSpec | JarSpec | list[Scalar]
KINDS: Mapping[str, type[KindModel] | None] = {
    "spark": SparkSpec,
    "streaming": StreamingSpec,
    "s3_dist_cp": S3DistCpSpec,
    "jar": JarSpec,
    "command": None,
}


class StepSpec(Model):
    """One EMR step: exactly one kind key, its inputs, and its output."""

    name: Name = Field(description="Name of the step: lower-case letters, digits and underscores.")
    description: str | None = Field(default=None, description="What the step does, for people.")
    spark: SparkSpec | None = Field(default=None, description="Kind: a spark-submit.")
    streaming: StreamingSpec | None = Field(default=None, description="Kind: a Hadoop Streaming job.")
    s3_dist_cp: S3DistCpSpec | None = Field(default=None, description="Kind: a copy between S3 and HDFS.")
    jar: JarSpec | None = Field(default=None, description="Kind: a jar that Hadoop runs.")
    command: list[Scalar] | None = Field(
        default=None, min_length=1, description="Kind: an argument list for command-runner.jar, never a shell string."
    )
    inputs: dict[Identifier, str] = Field(
        default={},
        description="Named inputs: an s3:// or hdfs:// address, a path in the project, or ${steps.<name>.output}.",
    )
    from_step: Name | None = Field(default=None, description="Short for the single input ${steps.<name>.output}.")
    after: list[Name] = Field(
        default=[], description="Steps that must have succeeded before, besides those whose output is used."
    )
    args: list[Scalar] = Field(
        default=[], description="Further arguments, appended last; numbers and booleans become text."
    )
    output: Annotated[str, Field(pattern=forms.WORD)] | OutputSpec | None = Field(
        default=None, description="What the output prefix will hold, and how it is verified."
    )
    publish: str | None = Field(
        default=None, min_length=1, description="Stable s3:// address to which the verified output is copied."
    )
    take_over: TakeOver = Field(
        default="nothing",
        description="Whose output publish may replace: besides this run's own none, that of other_runs of this step, or that of anyone.",
    )
    timeout: Duration | None = Field(default=None, description="The step is cancelled after this time.")
    queue_timeout: Duration | None = Field(
        default=None, description="Longest time that the step may wait on the cluster before it runs."
    )
    retries: int = Field(
        default=0,
        ge=0,
        le=10,
        description="How often a job that failed is submitted again; failures of the infrastructure are retried anyway.",
    )
    on_empty: Literal["fail", "skip"] = Field(
        default="fail",
        description="What becomes of the run when an s3:// input of this step holds nothing, which is looked at before a cluster is created.",
    )
    on_failure: Literal["continue", "cancel_and_wait", "terminate_cluster"] = Field(
        default="continue", description="What EMR does with the cluster when the step fails."
    )
    execution_role: str | None = Field(default=None, pattern=forms.ROLE, description="Runtime role of the step.")

    @property
    def kind_spec(self) -> KindSpec:
        """What stands under the step's one kind key. Raises StopIteration for a step without one, which a rule refuses."""
        found: KindSpec = next(value for kind in KINDS if (value := getattr(self, kind)) is not None)
        return found

    def kind_models(self) -> Iterator[tuple[str, KindModel]]:
        """The models below its kind key: none for a command, which is a plain list; several where a rule has yet to refuse that."""
        for kind in KINDS:
            model = getattr(self, kind)
            if isinstance(model, KindModel):
                yield kind, model


class PipelineSpec(Model):
    """One pipeline: a cluster, its steps, and when it runs."""

    name: Name = Field(description="Name of the pipeline and of its DAG; the file has the same name.")
    description: str = Field(default="", description="What the pipeline does, for people.")
    owner: str = Field(default="airflow", min_length=1, description="Owner shown by Airflow.")
    tags: list[Tag] = Field(default=[], description="Tags of the DAG.")
    schedule: str | None = Field(
        default=None, description='A cron expression or a preset such as "@yearly"; null means manual runs only.'
    )
    start_date: Date | None = Field(default=None, description="First day of the schedule.")
    end_date: Date | None = Field(default=None, description="Last day of the schedule.")
    catchup: bool = Field(default=False, description="Run the intervals between start_date and now as well.")
    max_active_runs: int = Field(default=1, ge=1, description="Runs, and so clusters, at once.")
    expected_duration: Duration | None = Field(
        default=None, description="How long the cluster of a run usually lives; what a run costs is estimated from it."
    )
    deferrable: bool = Field(
        default=False, description="Airflow's triggerer waits for the steps, so that no worker slot is held."
    )
    params: dict[Identifier, ParamSpec] = Field(
        default={}, description="Parameters of the trigger form, for ${params.<name>}."
    )
    cluster: ClusterSpec = Field(description="The cluster of each run; deep-merged over the environment's cluster.")
    steps: list[StepSpec] = Field(min_length=1, description="The steps, each after those whose output it uses.")
    suppress: list[SuppressionSpec] = Field(
        default=[], description="Security findings of this pipeline that are accepted, each with its reason."
    )
