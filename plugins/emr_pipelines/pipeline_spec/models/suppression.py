"""The model of a suppression: a security finding that a person accepts, and why. Shape and types only; the rules themselves are in `plan.security`."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from emr_pipelines.pipeline_spec.models.base import Date, Model
from emr_pipelines.pipeline_spec.notation import forms

# The ids of the rules that can be suppressed; the registry in plan.security has exactly these. An id stays the same for ever.
SuppressibleRule = Literal[
    "security-configuration-missing",
    "security-configuration-unseen",
    "at-rest-s3",
    "at-rest-local-disk",
    "at-rest-ebs",
    "in-transit",
    "imds-v2",
    "subnet-missing",
    "public-subnet",
    "open-security-groups",
    "log-uri",
    "log-encryption",
    "service-role-deprecated",
    "instance-profile-deprecated",
    "broad-role",
    "managed-policy-tag",
    "key-pair",
    "cluster-users",
    "cluster-unseen",
    "plan-secret",
    "secret-param",
    "foreign-code",
    "cleartext-code",
    "foreign-repository",
    "remote-packages",
    "param-option",
    "param-shell",
]
Reason = Annotated[str, Field(pattern=forms.REASON)]


class SuppressionSpec(Model):
    """A security finding that is accepted. It stays in every report, marked, and stops nothing."""

    rule: SuppressibleRule = Field(description="The id of the security rule, as `emr-pipelines audit` prints it.")
    reason: Reason = Field(description="Why the finding is accepted, for whoever reads the report.")
    until: Date | None = Field(
        default=None,
        description="The last day on which it holds; after it the finding is back, and a second one says why.",
    )
