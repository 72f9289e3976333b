"""The models of a cluster's security groups and of where its logs go. Shape and types only."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from emr_pipelines.pipeline_spec.models.base import EmrName, Model
from emr_pipelines.pipeline_spec.notation import forms

SecurityGroup = Annotated[str, Field(pattern=forms.SECURITY_GROUP)]
LogFile = Literal["stdout", "stderr"]
UploadPolicy = Literal["emr-managed", "on-customer-s3only", "disabled"]


class SecurityGroupsSpec(Model):
    """The EC2 security groups of a cluster; without them EMR makes its own."""

    primary: SecurityGroup | None = Field(
        default=None, description="Group of the primary node, whose rules EMR manages."
    )
    core: SecurityGroup | None = Field(
        default=None, description="Group of core and task nodes, whose rules EMR manages."
    )
    service_access: SecurityGroup | None = Field(
        default=None, description="Group through which EMR reaches a cluster in a private subnet."
    )
    additional_primary: list[SecurityGroup] | None = Field(
        default=None, min_length=1, description="Further groups of the primary node."
    )
    additional_core: list[SecurityGroup] | None = Field(
        default=None, min_length=1, description="Further groups of core and task nodes."
    )


class CloudWatchLogsSpec(Model):
    """Logs that EMR sends to CloudWatch."""

    log_group: EmrName | None = Field(default=None, description="The log group; the default is EMR's.")
    stream_prefix: EmrName | None = Field(default=None, description="What the names of the log streams begin with.")
    kms_key: str | None = Field(default=None, pattern=forms.KMS_KEY, description="Key of the logs.")
    steps: list[LogFile] | None = Field(default=None, min_length=1, description="Which files of steps.")
    spark_driver: list[LogFile] | None = Field(default=None, min_length=1, description="Which files of Spark drivers.")
    spark_executor: list[LogFile] | None = Field(
        default=None, min_length=1, description="Which files of Spark executors."
    )


class S3LogsSpec(Model):
    """Which logs EMR keeps where; what is not named is as EMR has it."""

    system: UploadPolicy | None = Field(default=None, description="Logs of EMR's daemons.")
    application: UploadPolicy | None = Field(default=None, description="Logs of Hadoop, Spark, Hive and the like.")
    persistent_ui: UploadPolicy | None = Field(default=None, description="What the persistent web UIs read.")


class MonitoringSpec(Model):
    """Where logs go besides the log_uri."""

    cloudwatch: CloudWatchLogsSpec | None = Field(default=None, description="Logs that also go to CloudWatch.")
    s3: S3LogsSpec | None = Field(default=None, description="Which logs go to S3.")
