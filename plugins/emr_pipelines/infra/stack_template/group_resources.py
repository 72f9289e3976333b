"""The security groups of clusters in private subnets, with all rules that EMR would add to them. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from emr_pipelines.infra.options import StackOptions
from emr_pipelines.infra.stack_template.network_resources import VPC
from emr_pipelines.infra.stack_template.template_terms import Resources, attribute, ref, sub, tags

PRIMARY_GROUP = "PrimarySecurityGroup"
CORE_GROUP = "CoreSecurityGroup"
SERVICE_GROUP = "ServiceAccessSecurityGroup"
# EMR adds what is missing to the groups that a cluster names. Rules between two groups keep both from being deleted, so `down`
# removes all that do not say this.
RULE_MARK = "emr-pipelines:"
_NODES = {"Primary": PRIMARY_GROUP, "Core": CORE_GROUP}
_PROTOCOLS = {"tcp": (0, 65535), "udp": (0, 65535), "icmp": (-1, -1)}
_TO_NODES, _FROM_PRIMARY, _FROM_NODES = 8443, 9443, 443  # AWS: emr-man-sec-groups, private subnets


def group_resources(options: StackOptions) -> Resources:
    """The groups of primary nodes, core and task nodes, and EMR's own network interface."""
    vpc = ref(VPC) if options.network else options.vpc
    ranges = [options.network] if options.network else list(options.vpc_ranges)
    resources: Resources = {
        group: _group(f"{name} nodes", vpc, name.lower(), [_everything_out()]) for name, group in _NODES.items()
    }
    outward = [
        _rule("tcp", (_TO_NODES, _TO_NODES), f"to {name.lower()} nodes")
        | {"DestinationSecurityGroupId": attribute(group, "GroupId")}
        for name, group in _NODES.items()
    ]
    resources[SERVICE_GROUP] = _group("Access of EMR to nodes", vpc, "service-access", outward)
    resources[SERVICE_GROUP]["Properties"]["SecurityGroupIngress"] = [
        _rule("tcp", (_FROM_NODES, _FROM_NODES), "nodes of release 8 and later") | {"CidrIp": cidr} for cidr in ranges
    ]
    return resources | _rules_between()


def _group(description: str, vpc: Any, name: str, egress: Sequence[dict[str, Any]]) -> dict[str, Any]:
    return {
        "Type": "AWS::EC2::SecurityGroup",
        "Properties": {
            "GroupDescription": sub(f"{description} of clusters of ${{AWS::StackName}}"),
            "VpcId": vpc,
            "SecurityGroupEgress": list(egress),
            "Tags": tags(name, managed=True),
        },
    }


def _rules_between() -> Resources:
    rules: Resources = {}
    for name, group in _NODES.items():
        for source_name, source in _NODES.items():
            for protocol, ports in _PROTOCOLS.items():
                logical_id = f"{name}From{source_name}{protocol.title()}"
                rules[logical_id] = _ingress(group, source, protocol, ports, f"{source_name.lower()} nodes")
        rules[f"{name}FromService"] = _ingress(group, SERVICE_GROUP, "tcp", (_TO_NODES, _TO_NODES), "EMR")
    ports = (_FROM_PRIMARY, _FROM_PRIMARY)
    rules["ServiceFromPrimary"] = _ingress(SERVICE_GROUP, PRIMARY_GROUP, "tcp", ports, "primary nodes")
    return rules


def _ingress(group: str, source: str, protocol: str, ports: tuple[int, int], text: str) -> dict[str, Any]:
    between = {"GroupId": attribute(group, "GroupId"), "SourceSecurityGroupId": attribute(source, "GroupId")}
    return {"Type": "AWS::EC2::SecurityGroupIngress", "Properties": between | _rule(protocol, ports, text)}


def _rule(protocol: str, ports: tuple[int, int], text: str) -> dict[str, Any]:
    return {
        "IpProtocol": protocol,
        "FromPort": ports[0],
        "ToPort": ports[1],
        "Description": f"{RULE_MARK} {text}",
    }


def _everything_out() -> dict[str, Any]:
    """As EMR's own groups have it: what a job talks to is not known here, and the routes of private subnets decide what it reaches."""
    return {"IpProtocol": "-1", "CidrIp": "0.0.0.0/0", "Description": f"{RULE_MARK} jobs"}
