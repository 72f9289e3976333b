"""Automatic scaling policies of instance groups, with AWS's rules for them. Pure."""

from __future__ import annotations

from collections import Counter

from emr_local.api_errors import validation_failure
from emr_local.records import Json


def check_auto_scaling(policy: Json, group_role: str, *, has_role: bool) -> None:
    """Raise a ValidationException for a policy that a group of this role cannot have."""
    if not has_role:
        raise validation_failure(
            "An automatic scaling policy needs an AutoScalingRole, which a cluster gets when it is created."
        )
    if group_role == "MASTER":
        raise validation_failure("The master instance group cannot have an automatic scaling policy.")
    limits = policy["Constraints"]
    if not 0 <= limits["MinCapacity"] <= limits["MaxCapacity"]:
        raise validation_failure("MinCapacity must be zero or more, and less than or equal to MaxCapacity.")
    repeated = sorted(name for name, count in Counter(rule["Name"] for rule in policy["Rules"]).items() if count > 1)
    if repeated:
        raise validation_failure(
            f"The names of an automatic scaling policy's rules must be unique: {', '.join(repeated)}."
        )
