"""What is in the account: to see that `up` makes and `down` removes, and that a failure leaves nothing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


def inventory(client_for: Callable[..., Any], part: str) -> set[str]:
    """Everything of the account whose name, tags or VPC say that it belongs to `part`."""
    iam, s3, ec2 = client_for("iam"), client_for("s3"), client_for("ec2")
    named = {
        "role": [role["RoleName"] for role in iam.list_roles()["Roles"]],
        "profile": [one["InstanceProfileName"] for one in iam.list_instance_profiles()["InstanceProfiles"]],
        "bucket": [bucket["Name"] for bucket in s3.list_buckets()["Buckets"]],
        "security configuration": [
            one["Name"] for one in client_for("emr").list_security_configurations()["SecurityConfigurations"]
        ],
        "topic": [topic["TopicArn"] for topic in client_for("sns").list_topics()["Topics"]],
        "rule": [rule["Name"] for rule in client_for("events").list_rules()["Rules"]],
        "group": [group["GroupName"] for group in ec2.describe_security_groups()["SecurityGroups"]],
        "vpc": [_names(vpc) for vpc in ec2.describe_vpcs()["Vpcs"]],
        "subnet": [_names(subnet) for subnet in ec2.describe_subnets()["Subnets"]],
    }
    return {f"{kind} {name}" for kind, names in named.items() for name in names if part in name}


def _names(resource: dict[str, Any]) -> str:
    return " ".join(tag["Value"] for tag in resource.get("Tags", []) if tag["Key"] == "Name")
