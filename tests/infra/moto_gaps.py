"""What moto's CloudFormation makes but cannot delete: these types get the deletion that moto's own EC2 has. Without it no stack with a VPC ever goes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from moto.ec2.models import ec2_backends
from moto.ec2.models.elastic_ip_addresses import ElasticAddress
from moto.ec2.models.internet_gateways import InternetGateway
from moto.ec2.models.nat_gateways import NatGateway
from moto.ec2.models.route_tables import Route, RouteTable
from moto.ec2.models.subnets import SubnetRouteTableAssociation
from moto.ec2.models.vpcs import VPCEndPoint
from moto.ec2.models.vpn_gateway import VPCGatewayAttachment


def _disassociate(ec2: Any, association: Any) -> None:
    for table in ec2.route_tables.values():
        table._associations = {
            key: subnet for key, subnet in table._associations.items() if subnet != association.subnet_id
        }


def _remove_endpoint(ec2: Any, endpoint: Any) -> None:
    # Not moto's own way, which looks for the route in a table that may have gone before.
    del ec2.vpc_end_points[endpoint.id]


DELETIONS: dict[type, Callable[[Any, Any], Any]] = {
    RouteTable: lambda ec2, table: ec2.delete_route_table(table.id),
    Route: lambda ec2, route: None,  # goes with its table
    SubnetRouteTableAssociation: _disassociate,
    VPCEndPoint: _remove_endpoint,
    NatGateway: lambda ec2, gateway: ec2.delete_nat_gateway(gateway.id),
    ElasticAddress: lambda ec2, address: ec2.release_address(allocation_id=address.allocation_id),
    InternetGateway: lambda ec2, gateway: ec2.delete_internet_gateway(gateway.id),
    VPCGatewayAttachment: lambda ec2, one: ec2.detach_internet_gateway(one.internet_gateway_id, one.vpc_id),
}


def fill_gaps() -> None:
    """Give each of these types a `delete`, which moto's CloudFormation calls where there is one."""
    for kind, delete in DELETIONS.items():
        kind.delete = _deletion(delete)  # type: ignore[attr-defined]


def _deletion(delete: Callable[[Any, Any], Any]) -> Callable[[Any, str, str], None]:
    def run(self: Any, account_id: str, region_name: str) -> None:
        delete(ec2_backends[account_id][region_name], self)

    return run
