"""Subnets that exist already: looked up, tagged for EMR's managed policy, untagged again; and what EMR itself adds to a stack's security groups. An EC2 client is passed in."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from emr_pipelines.emr.emr_api import describe_error
from emr_pipelines.errors import EmrPipelinesError
from emr_pipelines.infra.stack_template.group_resources import RULE_MARK
from emr_pipelines.infra.stack_template.template_terms import MANAGED_TAG

# Says which stack has set the managed tag: only what we set is removed, and only when the last stack goes.
_MARK = "emr-pipelines:tagged-for:"
_EMR_ENDPOINT_NAME = "emr-service-vpce"  # AmazonEMRServicePolicy_v2 allows no other


@dataclass(frozen=True, slots=True, kw_only=True)
class ExistingNetwork:
    """The VPC of subnets and its address ranges; `doubts` are sentences on what may keep clusters from starting there."""

    vpc: str
    ranges: tuple[str, ...]
    doubts: tuple[str, ...]


def look_up_network(ec2: Any, subnets: Sequence[str]) -> ExistingNetwork:
    """What the subnets lie in. Raises EmrPipelinesError for one that does not exist, or when they lie in several VPCs."""
    try:
        found = ec2.describe_subnets(SubnetIds=list(subnets))["Subnets"]
    except ClientError as error:
        raise EmrPipelinesError(f"--subnet {' '.join(subnets)}: {describe_error(error)}") from error
    vpcs = {subnet["VpcId"] for subnet in found}
    if len(vpcs) > 1:
        raise EmrPipelinesError(
            f"The subnets lie in several VPCs ({', '.join(sorted(vpcs))}); choose subnets of one: a cluster starts in one VPC"
        )
    vpc = vpcs.pop()
    associations = ec2.describe_vpcs(VpcIds=[vpc])["Vpcs"][0].get("CidrBlockAssociationSet", [])
    tables = ec2.describe_route_tables(Filters=[{"Name": "vpc-id", "Values": [vpc]}])["RouteTables"]
    doubts = tuple(doubt for subnet in subnets for doubt in _find_doubts(subnet, tables))
    return ExistingNetwork(vpc=vpc, ranges=tuple(each["CidrBlock"] for each in associations), doubts=doubts)


def _find_doubts(subnet: str, tables: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    routes = _routes_of(subnet, tables)
    targets = [route.get("GatewayId") or route.get("NatGatewayId") or "" for route in routes]
    if any(target.startswith("igw-") for target in targets):
        yield f"{subnet} is public: its default route leads to an internet gateway. Use private subnets, so that nodes have no public address"
    ways = ("vpce-", "nat-", "igw-", "tgw-", "eni-")
    others = [route for route in routes if any(route.get(key) for key in ("TransitGatewayId", "NetworkInterfaceId"))]
    if not others and not any(target.startswith(ways) for target in targets):
        yield f"{subnet} has no route to S3; add an S3 gateway endpoint to its route table, or clusters do not start"


def _routes_of(subnet: str, tables: Sequence[Mapping[str, Any]]) -> Sequence[Mapping[str, Any]]:
    """The routes of the subnet's own table, else of the VPC's main one."""
    main: Sequence[Mapping[str, Any]] = ()
    for table in tables:
        for association in table.get("Associations", []):
            if association.get("SubnetId") == subnet:
                return list(table["Routes"])
            if association.get("Main"):
                main = table["Routes"]
    return main


def tag_network(ec2: Any, stack: str, resources: Collection[str]) -> None:
    """Tag what EMR's managed policy has to find, and nothing that others have tagged already; untag what the stack used before."""
    untag_network(ec2, stack, keep=resources)
    tags = _tags_of(ec2, resources)
    for resource in resources:
        present = tags.get(resource, {})
        if present.get(MANAGED_TAG) == "true" and not any(key.startswith(_MARK) for key in present):
            continue
        new = {MANAGED_TAG: "true", f"{_MARK}{stack}": "true"}
        ec2.create_tags(Resources=[resource], Tags=[{"Key": key, "Value": value} for key, value in new.items()])


def untag_network(ec2: Any, stack: str, keep: Collection[str] = ()) -> None:
    """Remove what `tag_network` set for the stack, but for what another stack still needs."""
    mark = f"{_MARK}{stack}"
    pages = ec2.get_paginator("describe_tags").paginate(Filters=[{"Name": "key", "Values": [mark]}])
    marked = [tag["ResourceId"] for page in pages for tag in page["Tags"] if tag["ResourceId"] not in keep]
    for resource, present in _tags_of(ec2, marked).items():
        others = [key for key in present if key.startswith(_MARK) and key != mark]
        keys = [mark] if others else [mark, MANAGED_TAG]
        ec2.delete_tags(Resources=[resource], Tags=[{"Key": key} for key in keys])


def _tags_of(ec2: Any, resources: Collection[str]) -> dict[str, dict[str, str]]:
    if not resources:
        return {}
    found: dict[str, dict[str, str]] = {}
    filters = [{"Name": "resource-id", "Values": sorted(resources)}]
    for page in ec2.get_paginator("describe_tags").paginate(Filters=filters):
        for tag in page["Tags"]:
            found.setdefault(tag["ResourceId"], {})[tag["Key"]] = tag["Value"]
    return found


def remove_additions_of_emr(ec2: Any, groups: Sequence[str]) -> None:
    """The rules and the endpoint that EMR added to a stack's security groups, which would keep CloudFormation from deleting them."""
    named = [{"Name": "tag:Name", "Values": [_EMR_ENDPOINT_NAME]}]
    using = [
        endpoint["VpcEndpointId"]
        for page in ec2.get_paginator("describe_vpc_endpoints").paginate(Filters=named)
        for endpoint in page["VpcEndpoints"]
        if any(group.get("GroupId") in groups for group in endpoint.get("Groups", []))
    ]
    if using:
        ec2.delete_vpc_endpoints(VpcEndpointIds=using)
    pages = ec2.get_paginator("describe_security_group_rules").paginate(
        Filters=[{"Name": "group-id", "Values": list(groups)}]
    )
    for page in pages:
        for rule in page["SecurityGroupRules"]:
            if rule.get("ReferencedGroupInfo") and not rule.get("Description", "").startswith(RULE_MARK):
                _revoke(ec2, rule)


def _revoke(ec2: Any, rule: Mapping[str, Any]) -> None:
    revoke = ec2.revoke_security_group_egress if rule["IsEgress"] else ec2.revoke_security_group_ingress
    revoke(GroupId=rule["GroupId"], SecurityGroupRuleIds=[rule["SecurityGroupRuleId"]])
