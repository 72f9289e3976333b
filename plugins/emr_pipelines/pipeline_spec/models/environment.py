"""The model of `config/environments/*`. Shape and types only: what needs more than one field is a rule."""

from __future__ import annotations

from pydantic import Field

from emr_pipelines.pipeline_spec.models.base import Duration, Identifier, Model, Name, Scalar
from emr_pipelines.pipeline_spec.models.cluster import ClusterSpec
from emr_pipelines.pipeline_spec.models.suppression import SuppressionSpec
from emr_pipelines.pipeline_spec.notation import forms


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
    suppress: list[SuppressionSpec] = Field(
        default=[], description="Security findings of every pipeline here that are accepted, each with its reason."
    )
    sample_data: list[SampleDataSpec] = Field(
        default=[],
        description="Inputs that `emr-pipelines run` makes where there are none; for environments without real data.",
    )
