"""The models of what people write in `config/pipelines/*` and `config/environments/*`. Shape and types only: what needs more than one field is a rule in `spec.rules`."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from emr_pipelines.spec import forms
from emr_pipelines.spec.model_base import (
    Date,
    Duration,
    Identifier,
    InstanceType,
    Memory,
    Model,
    Name,
    ParamType,
    Scalar,
)
from emr_pipelines.spec.step_models import JarSpec, S3DistCpSpec, StreamingSpec


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
    return param.pattern or (forms.SAFE_TEXT if is_free_text else None)


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


class ConfigurationSpec(Model):
    """An EMR configuration classification, for example `spark-defaults` with its properties."""

    classification: str = Field(min_length=1, description="The classification, for example spark-defaults.")
    properties: dict[str, Scalar] = Field(default={}, description="Its properties; numbers and booleans become text.")
    configurations: list[ConfigurationSpec] = Field(
        default=[], description="Nested classifications, for example export under spark-env."
    )


class BootstrapSpec(Model):
    """A bootstrap action with arguments; a plain string is short for `{script: …}`."""

    script: str = Field(min_length=1, description="A path in the project or an s3:// address.")
    name: str | None = Field(
        default=None, max_length=256, description="Name in the EMR console; the default is the script's file name."
    )
    args: list[str] = Field(default=[], description="Arguments of the script.")


class ManagedScalingSpec(Model):
    """EMR managed scaling limits, in instances (groups) or capacity units (fleets)."""

    minimum: int = Field(ge=1, description="Least capacity of core and task together.")
    maximum: int = Field(ge=1, description="Greatest capacity of core and task together.")
    maximum_on_demand: int | None = Field(default=None, ge=0, description="Greatest on-demand capacity.")
    maximum_core: int | None = Field(default=None, ge=1, description="Greatest core capacity.")


class ClusterSpec(Model):
    """A cluster that is created for each run and always terminated, or (`id` or `name`) a long-running one that is only used."""

    id: str | None = Field(
        default=None, pattern=forms.CLUSTER_ID, description="Use this long-running cluster; it is never terminated."
    )
    name: str | None = Field(
        default=None, min_length=1, description="Use the live cluster of this name; it is never terminated."
    )
    release: str | None = Field(
        default=None, pattern=forms.RELEASE, description="The EMR release label, for example emr-7.13.0."
    )
    applications: list[str] | None = Field(
        default=None, description="Applications that EMR installs, for example Spark."
    )
    primary: CapacitySpec | None = Field(
        default=None, description="The primary node (three in a highly available cluster of groups)."
    )
    core: CapacitySpec | None = Field(default=None, description="Nodes that run work and hold HDFS.")
    task: CapacitySpec | None = Field(default=None, description="Nodes that run work only.")
    idle_timeout: Duration | None = Field(
        default=None, description="EMR terminates the cluster after this time without work; 1m to 7d."
    )
    max_lifetime: Duration | None = Field(
        default=None, description="Written as the tag expires_at; a sweeper may terminate the cluster after it."
    )
    start_timeout: Duration | None = Field(
        default=None,
        description="A cluster that takes no steps after this time is terminated and launched again; the default is 60m.",
    )
    step_concurrency: int | None = Field(
        default=None, ge=1, le=256, description="Number of steps that may run at once."
    )
    bootstrap: list[str | BootstrapSpec] | None = Field(
        default=None, max_length=16, description="Scripts that run on every node before its applications are installed."
    )
    configurations: list[ConfigurationSpec] | None = Field(
        default=None, description="EMR configuration classifications."
    )
    managed_scaling: ManagedScalingSpec | None = Field(
        default=None, description="Limits within which EMR resizes the cluster."
    )
    subnets: list[str] | None = Field(
        default=None, description="Subnet ids; a fleet chooses among them, groups use the first."
    )
    service_role: str | None = Field(default=None, description="Role of the EMR service.")
    instance_profile: str | None = Field(default=None, description="Instance profile of the nodes.")
    security_configuration: str | None = Field(default=None, description="Name of an EMR security configuration.")
    key_pair: str | None = Field(default=None, description="EC2 key pair for SSH.")
    log_uri: str | None = Field(
        default=None,
        pattern=forms.LOG_URI,
        description="Prefix of the cluster's logs; the default is the environment's.",
    )
    ebs_root_gb: int | None = Field(default=None, ge=15, le=100, description="Size of the root volume in GiB.")
    tags: dict[str, str] | None = Field(default=None, description="Tags of the cluster and its instances.")
    overrides: dict[str, Any] | None = Field(default=None, description="Raw RunJobFlow keys, deep-merged last.")


class SparkSpec(Model):
    """A spark-submit: a Python `script`, or a `jar` with its main `class`."""

    script: str | None = Field(
        default=None, min_length=1, description="A Python file: a path in the project or an s3:// address."
    )
    jar: str | None = Field(default=None, min_length=1, description="A jar: a path in the project or an s3:// address.")
    main_class: str | None = Field(default=None, alias="class", min_length=1, description="The jar's main class.")
    contract: Literal["inputs", "legacy"] = Field(
        default="inputs",
        description="Which arguments the job gets: --input, --output and args, or exactly the ten of the older steps.json system.",
    )
    deploy_mode: Literal["cluster", "client"] = Field(
        default="cluster", description="Where the driver runs: in YARN, or on the primary node."
    )
    executors: int | None = Field(
        default=None, ge=1, description="Number of executors; the default is dynamic allocation."
    )
    executor_memory: Memory | None = Field(default=None, description="Memory of an executor, for example 18G.")
    executor_cores: int | None = Field(default=None, ge=1, description="Cores of an executor.")
    driver_memory: Memory | None = Field(default=None, description="Memory of the driver, for example 4G.")
    driver_cores: int | None = Field(default=None, ge=1, description="Cores of the driver, in deploy mode cluster.")
    conf: dict[str, Scalar] = Field(default={}, description="Spark properties; numbers and booleans become text.")
    packages: list[str] = Field(default=[], description="Maven coordinates, group:artifact:version.")
    py_files: list[str] = Field(
        default=[], description="Python files and zips to import from; the job's own package folder travels anyway."
    )
    files: list[str] = Field(default=[], description="Files placed in the working folder of each executor.")
    archives: list[str] = Field(
        default=[],
        description="Archives unpacked in the working folder of each executor; name.zip#folder names the folder.",
    )


class OutputSpec(Model):
    """What a step's output prefix will hold and how that is verified; a plain string is short for `{format: …}`."""

    format: str = Field(pattern=forms.WORD, description="A word for people and for the UI: parquet, csv, png …")
    success_marker: bool = Field(
        default=True,
        description="The prefix must hold `_SUCCESS`; where it is not written, an s3_dist_cp step has false.",
    )
    min_files: int = Field(default=1, ge=0, description="Least number of objects besides markers and hidden files.")


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


class PipelineSpec(Model):
    """One pipeline: a cluster, its steps, and when it runs."""

    name: Name = Field(description="Name of the pipeline and of its DAG; the file has the same name.")
    description: str = Field(default="", description="What the pipeline does, for people.")
    owner: str = Field(default="airflow", min_length=1, description="Owner shown by Airflow.")
    tags: list[str] = Field(default=[], description="Tags of the DAG.")
    schedule: str | None = Field(
        default=None, description='A cron expression or a preset such as "@yearly"; null means manual runs only.'
    )
    start_date: Date | None = Field(default=None, description="First day of the schedule.")
    end_date: Date | None = Field(default=None, description="Last day of the schedule.")
    catchup: bool = Field(default=False, description="Run the intervals between start_date and now as well.")
    max_active_runs: int = Field(default=1, ge=1, description="Runs, and so clusters, at once.")
    deferrable: bool = Field(
        default=False, description="Airflow's triggerer waits for the steps, so that no worker slot is held."
    )
    params: dict[Identifier, ParamSpec] = Field(
        default={}, description="Parameters of the trigger form, for ${params.<name>}."
    )
    cluster: ClusterSpec = Field(description="The cluster of each run; deep-merged over the environment's cluster.")
    steps: list[StepSpec] = Field(min_length=1, description="The steps, each after those whose output it uses.")


class ConnectionSpec(Model):
    """The Airflow connection that an environment uses. `endpoint_url` is set only where EMR is not AWS's own."""

    id: str = Field(min_length=1, description="Id of the Airflow connection.")
    endpoint_url: str | None = Field(
        default=None, pattern=forms.HTTP, description="Address of the AWS endpoint; absent means AWS's own."
    )


class SampleDataSpec(Model):
    """Inputs that an environment can make by itself: `command` fills a folder that becomes the objects below `prefix`."""

    prefix: str = Field(pattern=forms.S3_PREFIX, description="Filled when it holds nothing, without a trailing slash.")
    command: list[str] = Field(
        min_length=1, description="A script of the project with its arguments; {folder} is the folder to fill."
    )


class EnvironmentSpec(Model):
    """One place where pipelines run. Pipelines see name, region, bucket, data, logs and `variables` as `${env.*}`."""

    name: Name = Field(description="Name of the environment; the file has the same name.")
    connection: ConnectionSpec = Field(description="The Airflow connection that tasks use.")
    region: str = Field(pattern=forms.REGION, description="AWS region, for example us-east-1.")
    bucket: str = Field(pattern=forms.BUCKET, description="Bucket for code, runs and published outputs, as s3://name.")
    data: str = Field(pattern=forms.S3_PREFIX, description="Prefix of input data, without a trailing slash.")
    logs: str = Field(pattern=forms.S3_PREFIX, description="Prefix of cluster logs, without a trailing slash.")
    # EMR uploads logs every five minutes, and once more when a cluster ends (AWS: emr-plan-debugging).
    log_patience: Duration = Field(
        default="330s",
        description="How long a failed task waits for the logs that tell why; EMR uploads them every five minutes.",
    )
    variables: dict[Identifier, Scalar] = Field(default={}, description="Further values for ${env.<name>}.")
    cluster: ClusterSpec = Field(default_factory=ClusterSpec, description="Defaults for the cluster of every pipeline.")
    sample_data: list[SampleDataSpec] = Field(
        default=[],
        description="Inputs that `emr-pipelines run` makes where there are none; for environments without real data.",
    )
