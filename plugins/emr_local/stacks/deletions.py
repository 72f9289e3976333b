"""Gives moto's CloudFormation the deletions that it lacks: it makes VPCs, which then cannot go, and with them no stack that has one. Changes classes of moto, which has no other place for it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment


def _disassociate(ec2: Any, association: Any) -> None:
    for table in ec2.route_tables.values():
        table._associations = {
            key: subnet for key, subnet in table._associations.items() if subnet != association.subnet_id
        }


def _remove_endpoint(ec2: Any, endpoint: Any) -> None:
    # Not moto's own way, which looks for the route in a table that may have gone before.
    del ec2.vpc_end_points[endpoint.id]


def add_deletions(application: WSGIApplication) -> WSGIApplication:
    """moto's application, whose CloudFormation can also delete VPCs with what belongs to them."""

    def answer(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        # At CloudFormation's first call, which loads every service of moto anyway; loading EC2 at the start would cost a second.
        if "/cloudformation/aws4_request" in environ.get("HTTP_AUTHORIZATION", ""):
            _add_deletions()
        return application(environ, start_response)

    return answer


@cache
def _add_deletions() -> None:
    """Once: give each of these types a `delete`, which moto's CloudFormation calls where there is one."""
    from moto.ec2.models.elastic_ip_addresses import ElasticAddress
    from moto.ec2.models.internet_gateways import InternetGateway
    from moto.ec2.models.nat_gateways import NatGateway
    from moto.ec2.models.route_tables import Route, RouteTable
    from moto.ec2.models.subnets import SubnetRouteTableAssociation
    from moto.ec2.models.vpcs import VPCEndPoint
    from moto.ec2.models.vpn_gateway import VPCGatewayAttachment

    deletions: dict[Any, Callable[[Any, Any], Any]] = {
        RouteTable: lambda ec2, table: ec2.delete_route_table(table.id),
        Route: lambda ec2, route: None,  # goes with its table
        SubnetRouteTableAssociation: _disassociate,
        VPCEndPoint: _remove_endpoint,
        NatGateway: lambda ec2, gateway: ec2.delete_nat_gateway(gateway.id),
        ElasticAddress: lambda ec2, address: ec2.release_address(allocation_id=address.allocation_id),
        InternetGateway: lambda ec2, gateway: ec2.delete_internet_gateway(gateway.id),
        VPCGatewayAttachment: lambda ec2, one: ec2.detach_internet_gateway(one.internet_gateway_id, one.vpc_id),
    }
    for kind, delete in deletions.items():
        kind.delete = _deletion(delete)


def _deletion(delete: Callable[[Any, Any], Any]) -> Callable[[Any, str, str], None]:
    def run(self: Any, account_id: str, region_name: str) -> None:
        from moto.ec2.models import ec2_backends

        delete(ec2_backends[account_id][region_name], self)

    return run
