"""EMR's block of public access, a setting of the account in a region: looked at, and put on if asked. The EMR clients are passed in."""

from __future__ import annotations

from emr_pipelines.emr.emr_api import EmrApi

_SSH = 22  # EMR's own default leaves it out, since security groups judge it


def find_public_access(api: EmrApi) -> list[str]:
    """What the setting lets through, as sentences; nothing when it blocks."""
    found = api.read.get_block_public_access_configuration()["BlockPublicAccessConfiguration"]
    if not found["BlockPublicSecurityGroupRules"]:
        return ["EMR does not block public access in this region: clusters may start with ports open to the world"]
    ranges = found.get("PermittedPublicSecurityGroupRuleRanges", [])
    allowed = [(one["MinRange"], one.get("MaxRange", one["MinRange"])) for one in ranges]
    return [
        f"EMR lets clusters open the ports {low} to {high} to the world in this region"
        for low, high in allowed
        if (low, high) != (_SSH, _SSH)
    ]


def block_public_access(api: EmrApi) -> None:
    """Put the block on without exceptions, for the whole account in this region."""
    api.write.put_block_public_access_configuration(
        BlockPublicAccessConfiguration={
            "BlockPublicSecurityGroupRules": True,
            "PermittedPublicSecurityGroupRuleRanges": [],
        }
    )
