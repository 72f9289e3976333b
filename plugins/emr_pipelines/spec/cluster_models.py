"""The model of a cluster as it is written in pipelines and environments. Shape and types only: what needs more than one field is a rule."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from emr_pipelines.spec import forms
from emr_pipelines.spec.capacity_models import CapacitySpec, ManagedScalingSpec
from emr_pipelines.spec.model_base import Duration, Model, Scalar


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
