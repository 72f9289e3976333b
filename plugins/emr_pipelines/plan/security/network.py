"""Rules about subnets and security groups, of which a plan knows the ids only. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from emr_pipelines.pipeline_spec.notation.plain_values import texts_in
from emr_pipelines.plan.model import Plan
from emr_pipelines.plan.security.findings import Equivalents, PlanViolation, SecurityRule
from emr_pipelines.plan.security.request_texts import place_of_value

_GROUP_KEYS = (
    "EmrManagedMasterSecurityGroup",
    "EmrManagedSlaveSecurityGroup",
    "ServiceAccessSecurityGroup",
    "AdditionalMasterSecurityGroups",
    "AdditionalSlaveSecurityGroups",
)


def look_for_subnet(plan: Plan) -> Iterator[PlanViolation]:
    """A new cluster says in which subnet it is."""
    if plan.cluster.request is not None and not _subnets(plan.cluster.request["Instances"]):
        yield PlanViolation(
            message="The cluster names no subnet, so that EMR takes one of the account's default VPC, where nodes get public addresses unless somebody "
            "has changed that.",
            fix="Write the ids of private subnets under cluster.subnets, in the environment's cluster for all pipelines.",
            place=plan.cluster.place,
        )


def look_at_subnets(plan: Plan) -> Iterator[PlanViolation]:
    """Whether a subnet is public cannot be seen without AWS."""
    subnets = _subnets((plan.cluster.request or {}).get("Instances", {}))
    if subnets:
        named = ", ".join(subnets)
        yield PlanViolation(
            message=f"Whether the subnet is public ({named}) cannot be seen from the spec.",
            fix=f"Look at `aws ec2 describe-subnets --subnet-ids {' '.join(subnets)}`: MapPublicIpOnLaunch is false, and no route of theirs leads to an internet "
            "gateway. Subnets made by `emr-pipelines infra up` are private.",
            place=place_of_value(plan, subnets[0]),
        )


def look_at_groups(plan: Plan) -> Iterator[PlanViolation]:
    """Whether a security group of one's own is open to the world cannot be seen without AWS."""
    groups = _groups((plan.cluster.request or {}).get("Instances", {}))
    if groups:
        named = ", ".join(groups)
        yield PlanViolation(
            message=f"What the security groups let in ({named}) cannot be seen from the spec.",
            fix=f"Look at `aws ec2 describe-security-groups --group-ids {' '.join(groups)}`: no rule lets in 0.0.0.0/0 or ::/0. Keep EMR's block public access on.",
            place=place_of_value(plan, groups[0]),
        )


def _subnets(instances: Mapping[str, Any]) -> list[str]:
    return _texts(instances, ("Ec2SubnetIds", "Ec2SubnetId"))


def _groups(instances: Mapping[str, Any]) -> list[str]:
    return _texts(instances, _GROUP_KEYS)


def _texts(instances: Mapping[str, Any], keys: tuple[str, ...]) -> list[str]:
    """The values of the keys, each a text or a list of texts, without repetitions."""
    return list(dict.fromkeys(text for key in keys for _, text in texts_in(instances.get(key)) if text))


RULES = (
    SecurityRule(id="subnet-missing", severity="warning", title="no subnet is named", look=look_for_subnet),
    SecurityRule(
        id="public-subnet",
        severity="note",
        title="subnets that may be public",
        look=look_at_subnets,
        equivalents=Equivalents(prowler="emr_cluster_master_nodes_no_public_ip", security_hub="EMR.1"),
    ),
    SecurityRule(
        id="open-security-groups",
        severity="note",
        title="security groups that may be open to the world",
        look=look_at_groups,
        equivalents=Equivalents(checkov="CKV2_AWS_7", prowler="emr_cluster_publicly_accesible"),
    ),
)
