"""A VPC of the stack's own: private subnets, their way to S3, and, if chosen, to the internet or to Systems Manager. Pure."""

from __future__ import annotations

import ipaddress
from typing import Any

from emr_pipelines.infra.options import StackOptions
from emr_pipelines.infra.stack_template.bucket_resources import bucket_name
from emr_pipelines.infra.stack_template.template_terms import (
    Resources,
    allow,
    attribute,
    policy,
    ref,
    s3_arn,
    sub,
    tags,
)

VPC = "Vpc"
PRIVATE_SUBNETS = ("PrivateSubnet1", "PrivateSubnet2")
NAT = "NatGateway"
INTERFACE_SERVICES = ("ssm", "ssmmessages", "ec2messages")
_PUBLIC_SUBNET = "PublicSubnet"
_PRIVATE_ROUTES = "PrivateRoutes"
_PUBLIC_ROUTES = "PublicRoutes"
_INTERNET = "InternetGateway"
_ATTACHMENT = "InternetGatewayAttachment"
_ENDPOINT_GROUP = "EndpointSecurityGroup"
_EVERYWHERE = "0.0.0.0/0"
# What clusters need from S3 besides their own data (AWS: private-subnet-iampolicy); one line for each generation of releases.
_EMR_READS = (
    "packages.${AWS::Region}.amazonaws.com/*",
    "repo.${AWS::Region}.amazonaws.com/*",
    "amazonlinux.${AWS::Region}.amazonaws.com/*",
    "amazonlinux-2-repos-${AWS::Region}/*",
    "al2023-repos-${AWS::Region}-de612dc2/*",
    "repo.${AWS::Region}.emr.amazonaws.com/*",
    "aws157-instance-data-0-prod-${AWS::Region}/*",
    "aws157-instance-data-1-prod-${AWS::Region}/*",
    "aws157-instance-data-bucket-0-prod-${AWS::Region}/*",
    "aws157-instance-data-bucket-1-prod-${AWS::Region}/*",
    "*.elasticmapreduce/*",
)
_EMR_LOGS = ("aws157-logs-prod/*", "aws157-logs-prod-${AWS::Region}/*")
# Where EMR keeps the history of Spark and YARN after the cluster has gone.
_PERSISTENT_UI = "prod.${AWS::Region}.appinfo.src"


def network_resources(options: StackOptions) -> Resources:
    """The VPC and all in it but the security groups of clusters; nothing when existing subnets are used."""
    if options.network is None:
        return {}
    # An eighth each: two private ranges, one public.
    ranges = [str(part) for part in ipaddress.IPv4Network(options.network).subnets(prefixlen_diff=3)]
    resources: Resources = {VPC: _vpc(options.network), _PRIVATE_ROUTES: _routes("private")}
    for number, subnet in enumerate(PRIVATE_SUBNETS):
        resources |= _subnet(subnet, ranges[number], number, _PRIVATE_ROUTES)
    resources["S3Endpoint"] = _s3_endpoint(options)
    if options.nat:
        resources |= _way_out(ranges[len(PRIVATE_SUBNETS)])
    elif options.ssm:
        resources |= _interface_endpoints(options.network)
    return resources


def _vpc(network: str) -> dict[str, Any]:
    return {
        "Type": "AWS::EC2::VPC",
        "Properties": {
            "CidrBlock": network,
            "EnableDnsSupport": True,
            "EnableDnsHostnames": True,
            "Tags": tags("vpc", managed=True),
        },
    }


def _routes(name: str) -> dict[str, Any]:
    return {"Type": "AWS::EC2::RouteTable", "Properties": {"VpcId": ref(VPC), "Tags": tags(f"{name}-routes")}}


def _subnet(logical_id: str, cidr: str, zone: int, routes: str) -> Resources:
    subnet = {
        "Type": "AWS::EC2::Subnet",
        "Properties": {
            "VpcId": ref(VPC),
            "CidrBlock": cidr,
            "AvailabilityZone": {"Fn::Select": [zone, {"Fn::GetAZs": ""}]},
            "MapPublicIpOnLaunch": False,
            # Only where clusters belong: the tag lets EMR's managed policy launch them here.
            "Tags": tags(logical_id, managed=routes == _PRIVATE_ROUTES),
        },
    }
    association = {
        "Type": "AWS::EC2::SubnetRouteTableAssociation",
        "Properties": {"SubnetId": ref(logical_id), "RouteTableId": ref(routes)},
    }
    return {logical_id: subnet, f"{logical_id}Routes": association}


def _s3_endpoint(options: StackOptions) -> dict[str, Any]:
    own = [s3_arn(place) for place in _places(options)]
    read = [s3_arn(place) for place in _EMR_READS]
    history = [s3_arn(_PERSISTENT_UI), s3_arn(f"{_PERSISTENT_UI}/*")]
    statements = (
        # Who may do what is up to the roles; this keeps data from leaving for other people's buckets.
        allow("OwnPlaces", ["s3:*"], own),
        allow("RepositoriesOfEmr", ["s3:GetObject"], read),
        allow("LogsOfEmr", ["s3:PutObject"], [s3_arn(place) for place in _EMR_LOGS]),
        allow("ApplicationHistory", ["s3:PutObject", "s3:GetObject", "s3:AbortMultipartUpload", "s3:List*"], history),
    )
    anyone = [{**statement, "Principal": "*"} for statement in statements]
    return {
        "Type": "AWS::EC2::VPCEndpoint",
        "Properties": {
            "VpcId": ref(VPC),
            "VpcEndpointType": "Gateway",
            "ServiceName": sub("com.amazonaws.${AWS::Region}.s3"),
            "RouteTableIds": [ref(_PRIVATE_ROUTES)],
            "PolicyDocument": policy(*anyone),
        },
    }


def _places(options: StackOptions) -> list[str]:
    """The buckets that jobs use, as bucket and all its keys; whole buckets, since listings name no key."""
    named = [*options.data, *([options.certificates] if options.certificates else [])]
    buckets = dict.fromkeys(place.removeprefix("s3://").split("/", 1)[0] for place in named)
    own = bucket_name(options)
    names = [own if isinstance(own, str) else own["Fn::Sub"], *buckets]
    return [place for name in names for place in (name, f"{name}/*")]


def _way_out(cidr: str) -> Resources:
    """A NAT gateway in a public subnet, for bootstrap actions that install from the internet."""
    address = {
        "Type": "AWS::EC2::EIP",
        "DependsOn": _ATTACHMENT,
        "Properties": {"Domain": "vpc", "Tags": tags("nat-address")},
    }
    gateway = {"SubnetId": ref(_PUBLIC_SUBNET), "AllocationId": attribute("NatAddress", "AllocationId")}
    return {
        _INTERNET: {"Type": "AWS::EC2::InternetGateway", "Properties": {"Tags": tags("internet")}},
        _ATTACHMENT: {
            "Type": "AWS::EC2::VPCGatewayAttachment",
            "Properties": {"VpcId": ref(VPC), "InternetGatewayId": ref(_INTERNET)},
        },
        _PUBLIC_ROUTES: _routes("public"),
        **_subnet(_PUBLIC_SUBNET, cidr, 0, _PUBLIC_ROUTES),
        "PublicDefaultRoute": _default_route(_PUBLIC_ROUTES, "GatewayId", _INTERNET) | {"DependsOn": _ATTACHMENT},
        "NatAddress": address,
        NAT: {"Type": "AWS::EC2::NatGateway", "Properties": gateway | {"Tags": tags("nat")}},
        "PrivateDefaultRoute": _default_route(_PRIVATE_ROUTES, "NatGatewayId", NAT),
    }


def _default_route(routes: str, kind: str, target: str) -> dict[str, Any]:
    properties = {"RouteTableId": ref(routes), "DestinationCidrBlock": _EVERYWHERE, kind: ref(target)}
    return {"Type": "AWS::EC2::Route", "Properties": properties}


def _interface_endpoints(network: str) -> Resources:
    """Session Manager without a way to the internet."""
    https = {
        "IpProtocol": "tcp",
        "FromPort": 443,
        "ToPort": 443,
        "CidrIp": network,
        "Description": "emr-pipelines: nodes",
    }
    group = {
        "Type": "AWS::EC2::SecurityGroup",
        "Properties": {
            "GroupDescription": sub("Systems Manager endpoints of ${AWS::StackName}"),
            "VpcId": ref(VPC),
            "SecurityGroupIngress": [https],
            "Tags": tags("endpoints"),
        },
    }
    return {_ENDPOINT_GROUP: group} | {
        f"{service.title()}Endpoint": _interface_endpoint(service) for service in INTERFACE_SERVICES
    }


def _interface_endpoint(service: str) -> dict[str, Any]:
    return {
        "Type": "AWS::EC2::VPCEndpoint",
        "Properties": {
            "VpcId": ref(VPC),
            "VpcEndpointType": "Interface",
            "ServiceName": sub(f"com.amazonaws.${{AWS::Region}}.{service}"),
            "SubnetIds": [ref(subnet) for subnet in PRIVATE_SUBNETS],
            "SecurityGroupIds": [ref(_ENDPOINT_GROUP)],
            "PrivateDnsEnabled": True,
        },
    }
