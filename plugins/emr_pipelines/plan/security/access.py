"""Rules about who a cluster is and who may use it: roles, the tag of the managed policies, keys, users. Pure: roles are judged by their names."""

from __future__ import annotations

import re
from collections.abc import Iterator

from emr_pipelines.plan.model import Plan
from emr_pipelines.plan.security.findings import Equivalents, PlanViolation, SecurityRule
from emr_pipelines.plan.security.request_texts import maps_at, place_of_value, text_at

MANAGED_POLICY_TAG = "for-use-with-amazon-emr-managed-policies"
_OLD_SERVICE_ROLE = "EMR_DefaultRole"
_OLD_INSTANCE_PROFILE = "EMR_EC2_DefaultRole"
# A word of its own in the name, in CamelCase or between separators.
_BROAD = re.compile(
    r"(?i:(?<![a-z])(admin(istrator)?(access)?|power[_-]?user|full[_-]?access|superuser|root)(?![a-z]))"
    r"|(Admin(istrator)?(Access)?|PowerUser|FullAccess|SuperUser)(?![a-z])|\*"
)
_ROLES = {"service role": "ServiceRole", "instance profile": "JobFlowRole", "autoscaling role": "AutoScalingRole"}
# Applications through which people come to a cluster.
_WITH_USERS = ("HBase", "Hive", "Hue", "JupyterEnterpriseGateway", "JupyterHub", "Livy", "Phoenix", "Presto", "Trino", "Zeppelin")  # fmt: skip


def look_at_service_role(plan: Plan) -> Iterator[PlanViolation]:
    """EMR does not have the old service role, whose managed policy allows far more than a cluster needs."""
    role = text_at(plan.cluster.request, "ServiceRole")
    if _name(role) == _OLD_SERVICE_ROLE:
        yield PlanViolation(
            message=f"The service role {_OLD_SERVICE_ROLE} has by default the managed policy AmazonElasticMapReduceRole, which AWS has deprecated: it may change every "
            "EC2 resource of the account.",
            fix="Use a role with AmazonEMRServicePolicy_v2, such as EMR_DefaultRole_V2, as cluster.service_role; `emr-pipelines infra up` makes one.",
            place=place_of_value(plan, role),
        )


def look_at_instance_profile(plan: Plan) -> Iterator[PlanViolation]:
    """Nodes do not have the old instance profile, whose managed policy opens every bucket of the account."""
    profile = text_at(plan.cluster.request, "JobFlowRole")
    if _name(profile) == _OLD_INSTANCE_PROFILE:
        yield PlanViolation(
            message=f"The instance profile {_OLD_INSTANCE_PROFILE} has by default the managed policy AmazonElasticMapReduceforEC2Role, which AWS has deprecated without "
            "a successor: each job may read and write every bucket of the account.",
            fix="Write an instance profile whose policy names your buckets as cluster.instance_profile, and let the service role pass it on (AmazonEMRServicePolicy_v2 "
            "passes on EMR_EC2_DefaultRole only); `emr-pipelines infra up` makes both.",
            place=place_of_value(plan, profile),
        )


def look_at_role_names(plan: Plan) -> Iterator[PlanViolation]:
    """No role is an administrator's by its name, and none is a pattern."""
    for noun, key in _ROLES.items():
        role = text_at(plan.cluster.request, key)
        if _BROAD.search(_name(role)):
            yield _broad_role(f"The {noun} {role!r}", place_of_value(plan, role))
    for step in plan.steps:
        if step.execution_role and _BROAD.search(_name(step.execution_role)):
            yield _broad_role(f"The execution role {step.execution_role!r} of step {step.name!r}", step.place)


def _broad_role(subject: str, place: str) -> PlanViolation:
    return PlanViolation(
        message=f"{subject} is by its name a role that may do everything, and each job has its rights.",
        fix="Use a role that names the buckets and keys of this pipeline, and give it another name if it already does.",
        place=place,
    )


def look_for_policy_tag(plan: Plan) -> Iterator[PlanViolation]:
    """The managed policy v2 of EMR works only on what carries its tag."""
    request = plan.cluster.request
    if request is None or _name(text_at(request, "ServiceRole")) == _OLD_SERVICE_ROLE:
        return
    tags = {tag["Key"]: tag["Value"] for tag in request["Tags"]}
    value = tags.get(MANAGED_POLICY_TAG)
    if value != "true":
        found = "has no tag" if value is None else f"has the value {value!r} in its tag"
        yield PlanViolation(
            message=f"The cluster {found} {MANAGED_POLICY_TAG}, without which a service role with AmazonEMRServicePolicy_v2 may not launch it; the way out that "
            "people take is a broader policy.",
            fix=f'Write {MANAGED_POLICY_TAG}: "true" under cluster.tags, and give your subnets and security groups the same tag.',
            place=plan.cluster.place if value is None else place_of_value(plan, value),
        )


def look_for_key_pair(plan: Plan) -> Iterator[PlanViolation]:
    """Nobody comes in by a shared SSH key."""
    key = text_at((plan.cluster.request or {}).get("Instances"), "Ec2KeyName")
    if key:
        yield PlanViolation(
            message=f"The key pair {key!r} lets whoever has its file in as a user who may become root, through an open port 22 and without a name in any log.",
            fix="Remove cluster.key_pair and use Session Manager: `emr-pipelines connect` prints the command.",
            place=place_of_value(plan, key),
        )


def look_at_users(plan: Plan) -> Iterator[PlanViolation]:
    """Applications for people know who the people are."""
    request = plan.cluster.request
    if request is None or "KerberosAttributes" in request:
        return
    installed = [text_at(application, "Name") for application in maps_at(request, "Applications")]
    names = [name for name in installed if name in _WITH_USERS]
    if names:
        yield PlanViolation(
            message=f"{', '.join(names)} on a cluster without Kerberos: whoever reaches the primary node's ports may act as any user.",
            fix="Leave out what the steps do not use; else keep the ports closed, or write cluster.kerberos with a security configuration.",
            place=place_of_value(plan, names[0]),
        )


def look_at_long_running(plan: Plan) -> Iterator[PlanViolation]:
    """What a running cluster is like cannot be seen without AWS."""
    cluster = plan.cluster
    if cluster.request is None:
        name = cluster.existing_id or cluster.existing_name
        yield PlanViolation(
            message=f"The long-running cluster {name} is taken as it is, so that none of its settings was looked at; its jobs share its disks and its role.",
            fix="Look at it with `aws emr describe-cluster`, or let the pipeline create its own cluster.",
            place=cluster.place,
        )


def _name(role: str) -> str:
    """The name of a role that may be written as an ARN."""
    return role.rpartition("/")[2]


RULES = (
    SecurityRule(
        id="service-role-deprecated",
        severity="warning",
        title="the service role of the deprecated policy",
        look=look_at_service_role,
    ),
    SecurityRule(
        id="instance-profile-deprecated",
        severity="warning",
        title="the instance profile of the deprecated policy",
        look=look_at_instance_profile,
    ),
    SecurityRule(
        id="broad-role",
        severity="error",
        title="a role that is by its name an administrator's",
        look=look_at_role_names,
    ),
    SecurityRule(
        id="managed-policy-tag",
        severity="warning",
        title="no tag for EMR's managed policies",
        look=look_for_policy_tag,
    ),
    SecurityRule(id="key-pair", severity="warning", title="a shared SSH key", look=look_for_key_pair),
    SecurityRule(
        id="cluster-users",
        severity="note",
        title="applications for people without Kerberos",
        look=look_at_users,
        equivalents=Equivalents(cdk_nag="AwsSolutions-EMR6"),
    ),
    SecurityRule(
        id="cluster-unseen",
        severity="note",
        title="a running cluster that was not looked at",
        look=look_at_long_running,
    ),
)
