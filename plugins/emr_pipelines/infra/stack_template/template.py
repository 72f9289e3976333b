"""The whole CloudFormation template of an environment. Pure: the same options give the same template."""

from __future__ import annotations

from typing import Any

from emr_pipelines.infra.options import StackOptions
from emr_pipelines.infra.stack_template.alarm_resources import alarm_resources
from emr_pipelines.infra.stack_template.bucket_resources import BUCKET, bucket_resources, key_arn
from emr_pipelines.infra.stack_template.cluster_resources import (
    SECURITY_CONFIGURATION,
    cluster_resources,
    key_pair_name,
)
from emr_pipelines.infra.stack_template.group_resources import CORE_GROUP, PRIMARY_GROUP, SERVICE_GROUP, group_resources
from emr_pipelines.infra.stack_template.network_resources import PRIVATE_SUBNETS, VPC, network_resources
from emr_pipelines.infra.stack_template.role_resources import INSTANCE_PROFILE, SERVICE_ROLE, role_resources
from emr_pipelines.infra.stack_template.template_terms import attribute, ref

OPTIONS_OUTPUT = "Options"
SUBNETS_OUTPUT = "Subnets"
VPC_OUTPUT = "VpcId"


def build_template(options: StackOptions) -> dict[str, Any]:
    """The template. It has no parameters: what was chosen is written out, so that a change set shows every change."""
    return {
        "AWSTemplateFormatVersion": "2010-09-09",
        "Description": f"Everything that the pipelines of the environment {options.environment} need on AWS (emr-pipelines infra up)",
        "Resources": {
            **bucket_resources(options),
            **role_resources(options),
            **network_resources(options),
            **group_resources(options),
            **cluster_resources(options),
            **alarm_resources(options),
        },
        "Outputs": {name: {"Value": value} for name, value in _outputs(options).items()},
    }


def _outputs(options: StackOptions) -> dict[str, Any]:
    subnets = [ref(subnet) for subnet in PRIVATE_SUBNETS] if options.network else list(options.subnets)
    outputs = {
        BUCKET: ref(BUCKET),
        SERVICE_ROLE: ref(SERVICE_ROLE),
        INSTANCE_PROFILE: ref(INSTANCE_PROFILE),
        SECURITY_CONFIGURATION: ref(SECURITY_CONFIGURATION),
        PRIMARY_GROUP: attribute(PRIMARY_GROUP, "GroupId"),
        CORE_GROUP: attribute(CORE_GROUP, "GroupId"),
        SERVICE_GROUP: attribute(SERVICE_GROUP, "GroupId"),
        VPC_OUTPUT: ref(VPC) if options.network else options.vpc,
        SUBNETS_OUTPUT: {"Fn::Join": [",", subnets]},
        # The next `up` starts from these. An output and no metadata: CloudFormation takes a change of metadata alone for none.
        OPTIONS_OUTPUT: options.to_json(),
    }
    optional = {"KeyArn": key_arn(options), "KeyPairName": key_pair_name(options)}
    return outputs | {name: value for name, value in optional.items() if value is not None}
