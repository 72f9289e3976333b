"""The model of a cluster as it is written in pipelines and environments. Shape and types only: what needs more than one field is a rule."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from emr_pipelines.pipeline_spec.models.base import MAX_TEXT, Duration, EmrName, EmrText, Model, Text
from emr_pipelines.pipeline_spec.models.capacity import CapacitySpec
from emr_pipelines.pipeline_spec.models.configuration import ConfigurationSpec
from emr_pipelines.pipeline_spec.models.operations import MonitoringSpec, SecurityGroupsSpec
from emr_pipelines.pipeline_spec.models.scaling import ManagedScalingSpec
from emr_pipelines.pipeline_spec.models.security import KerberosSpec, SecurityConfigurationSpec
from emr_pipelines.pipeline_spec.notation import forms
from emr_pipelines.pipeline_spec.notation.emr_limits import MAX_BOOTSTRAP_ACTIONS, MAX_STEPS_AT_ONCE


class BootstrapSpec(Model):
    """A bootstrap action with arguments; a plain string is short for `{script: …}`."""

    script: str = Field(min_length=1, description="A path in the project or an s3:// address.")
    name: str | None = Field(
        default=None, max_length=256, description="Name in the EMR console; the default is the script's file name."
    )
    args: list[EmrText] = Field(default=[], description="Arguments of the script.")


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
    applications: list[Text] | None = Field(
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
        default=None, ge=1, le=MAX_STEPS_AT_ONCE, description="Number of steps that may run at once."
    )
    bootstrap: list[Text | BootstrapSpec] | None = Field(
        default=None,
        max_length=MAX_BOOTSTRAP_ACTIONS,
        description="Scripts that run on every node before its applications are installed.",
    )
    configurations: list[ConfigurationSpec] | None = Field(
        default=None, description="EMR configuration classifications, merged over the environment's by classification."
    )
    managed_scaling: ManagedScalingSpec | None = Field(
        default=None, description="Limits within which EMR resizes the cluster."
    )
    autoscaling_role: str | None = Field(
        default=None,
        min_length=1,
        max_length=MAX_TEXT,
        description="Role of groups with autoscaling; EMR_AutoScaling_DefaultRole.",
    )
    scale_down: Literal["task_completion", "instance_hour"] | None = Field(
        default=None, description="When a node that is not needed any more ends: after its tasks, or with its hour."
    )
    unhealthy_node_replacement: bool | None = Field(
        default=None, description="Whether EMR replaces core nodes that have become unhealthy."
    )
    placement_strategy: Literal["spread"] | None = Field(
        default=None, description="Spread the three primary nodes of a highly available cluster over hardware."
    )
    subnets: list[EmrName] | None = Field(
        default=None, description="Subnet ids; fleets choose among them, groups use the first of the environment's."
    )
    availability_zones: list[EmrName] | None = Field(
        default=None, min_length=1, description="Zones for a cluster without subnets; fleets choose, groups take one."
    )
    security_groups: SecurityGroupsSpec | None = Field(
        default=None, description="EC2 security groups; without them EMR makes its own."
    )
    service_role: str | None = Field(default=None, description="Role of the EMR service.")
    instance_profile: str | None = Field(default=None, description="Instance profile of the nodes.")
    security_configuration: EmrName | SecurityConfigurationSpec | None = Field(
        default=None, description="Name of an EMR security configuration, or what one holds."
    )
    kerberos: KerberosSpec | None = Field(
        default=None, description="Kerberos attributes, for a security configuration with Kerberos."
    )
    key_pair: EmrName | None = Field(default=None, description="EC2 key pair for SSH.")
    log_uri: str | None = Field(
        default=None,
        pattern=forms.LOG_URI,
        description="Prefix of the cluster's logs; the default is the environment's.",
    )
    log_key: str | None = Field(default=None, pattern=forms.KMS_KEY, description="KMS key of the cluster's logs.")
    monitoring: MonitoringSpec | None = Field(default=None, description="Logs on CloudWatch, and which logs go to S3.")
    spark_connect: bool | None = Field(default=None, description="Whether Spark Connect sessions may be started.")
    custom_ami: str | None = Field(default=None, pattern=forms.AMI, description="An AMI of your own for all nodes.")
    repo_upgrade_on_boot: Literal["security", "none"] | None = Field(
        default=None, description="What a custom AMI installs of Amazon Linux's updates when it boots."
    )
    os_release: str | None = Field(
        default=None, pattern=forms.OS_RELEASE, description="Release of Amazon Linux; the default is the latest."
    )
    ebs_root_gb: int | None = Field(default=None, ge=15, le=100, description="Size of the root volume in GiB.")
    ebs_root_iops: int | None = Field(
        default=None, ge=3000, le=16000, description="I/O operations per second of the root volume."
    )
    ebs_root_throughput: int | None = Field(
        default=None, ge=125, le=1000, description="Throughput of the root volume in MiB per second."
    )
    tags: dict[str, str] | None = Field(default=None, description="Tags of the cluster and its instances.")
    overrides: dict[str, Any] | None = Field(default=None, description="Raw RunJobFlow keys, deep-merged last.")
