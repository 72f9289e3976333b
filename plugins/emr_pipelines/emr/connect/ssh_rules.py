"""Rules of a security group for SSH from one address, with an end written into them. The EC2 client is passed in; port 22 is never opened to more than one address."""

from __future__ import annotations

import datetime as dt
import ipaddress
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from emr_pipelines.emr.emr_api import RunError

_SSH = 22
_ANYWHERE = ("0.0.0.0/0", "::/0")
# EC2 allows letters, digits and ._-:/()#,@[]+=&;{}!$* in a rule's description, 255 characters at most.
_UNFIT = re.compile(r"[^A-Za-z0-9 ._:/()#,@\[\]+=&;{}!$*-]")
_UNTIL = re.compile(r"emr-pipelines until=(\S+)")
_ALL_PROTOCOLS = "-1"


@dataclass(frozen=True, slots=True, kw_only=True)
class SshRule:
    """One rule: who may reach port 22 of a group, until when if the rule is ours."""

    group_id: str
    cidr: str
    description: str = ""

    @property
    def until(self) -> dt.datetime | None:
        """The end that we wrote into the rule; None for a rule of somebody else, or one that cannot be read."""
        match = _UNTIL.search(self.description)
        try:
            end = dt.datetime.fromisoformat(match[1]) if match else None
        except ValueError:
            return None
        return end if end is not None and end.tzinfo is not None else None


def rule_for(group_id: str, address: str, *, user: str, until: dt.datetime) -> SshRule:
    """The rule that lets one address in. Raises RunError for anything that is not a single public address."""
    try:
        network = ipaddress.ip_network(address, strict=True)
    except ValueError as error:
        raise RunError(
            f"{address!r} is no address; give one such as 203.0.113.7 or 2001:db8::7", retryable=False
        ) from error
    if network.num_addresses != 1:
        raise RunError(
            f"{address} is {network.num_addresses} addresses; SSH is opened to one only: give your own, such as 203.0.113.7",
            retryable=False,
        )
    if network.is_unspecified or network.is_multicast or network.is_loopback:
        raise RunError(f"{address} is nobody's address on a network; give your own public one", retryable=False)
    description = _UNFIT.sub("_", f"emr-pipelines until={until.isoformat(timespec='seconds')} by={user}")[:255]
    return SshRule(group_id=group_id, cidr=str(network), description=description)


def add_rule(ec2: Any, rule: SshRule) -> None:
    """Add the rule to its group. botocore's error passes on, among them InvalidPermission.Duplicate when the address is in already."""
    ec2.authorize_security_group_ingress(GroupId=rule.group_id, IpPermissions=[_permission(rule)])


def revoke_expired(ec2: Any, group_ids: Iterable[str], *, now: dt.datetime) -> list[SshRule]:
    """Remove our rules whose end has passed; those of anybody else are left alone. Returns what was removed."""
    expired = [rule for rule in ssh_rules(ec2, group_ids) if rule.until is not None and rule.until <= now]
    for rule in expired:
        ec2.revoke_security_group_ingress(GroupId=rule.group_id, IpPermissions=[_permission(rule)])
    return expired


def ssh_rules(ec2: Any, group_ids: Iterable[str]) -> list[SshRule]:
    """Every address range that reaches port 22 of the groups."""
    ids = list(group_ids)
    if not ids:
        return []
    pages = ec2.get_paginator("describe_security_groups").paginate(GroupIds=ids)
    groups = [group for page in pages for group in page["SecurityGroups"]]
    return [rule for group in groups for rule in _rules_of(group["GroupId"], group["IpPermissions"])]


def world_open(rules: Iterable[SshRule]) -> list[SshRule]:
    """The rules that let everybody in."""
    return [rule for rule in rules if rule.cidr in _ANYWHERE]


def _rules_of(group_id: str, permissions: Iterable[Any]) -> Iterator[SshRule]:
    for permission in permissions:
        if not _covers_ssh(permission):
            continue
        for key, name in (("IpRanges", "CidrIp"), ("Ipv6Ranges", "CidrIpv6")):
            for one in permission.get(key, []):
                yield SshRule(group_id=group_id, cidr=one[name], description=one.get("Description", ""))


def _covers_ssh(permission: Any) -> bool:
    if permission.get("IpProtocol") == _ALL_PROTOCOLS:
        return True
    return bool(permission.get("IpProtocol") == "tcp" and permission["FromPort"] <= _SSH <= permission["ToPort"])


def _permission(rule: SshRule) -> Any:
    described = {"Description": rule.description}
    permission: dict[str, Any] = {"IpProtocol": "tcp", "FromPort": _SSH, "ToPort": _SSH}
    if ":" in rule.cidr:
        return permission | {"Ipv6Ranges": [{"CidrIpv6": rule.cidr, **described}]}
    return permission | {"IpRanges": [{"CidrIp": rule.cidr, **described}]}
