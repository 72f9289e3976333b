"""A small AWS Price List on a loopback port: it filters, pages and refuses as AWS does. moto has no price list."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

# So few that the answers to most questions need several pages.
PAGE_SIZE = 1
SERVICES = ("AmazonEC2", "ElasticMapReduce")


def product(service: str, price: str, *, unit: str = "Hrs", **attributes: str) -> dict[str, Any]:
    """A product with one on-demand term, in the shape of AWS's own."""
    family = attributes.pop("productFamily")
    dimensions = {"D": {"unit": unit, "pricePerUnit": {"USD": price}}}
    return {
        "product": {"productFamily": family, "attributes": attributes},
        "serviceCode": service,
        "terms": {
            "OnDemand": {"T": {"priceDimensions": dimensions}},
            # The hour of a reservation costs less; it is no answer to what an hour on demand costs.
            "Reserved": {"R": {"priceDimensions": {"D": {"unit": unit, "pricePerUnit": {"USD": "0.0001"}}}}},
        },
    }


def instance(name: str, price: str, **attributes: str) -> dict[str, Any]:
    """A Linux instance in us-east-1, as far as `attributes` say nothing else."""
    plain = {
        "productFamily": "Compute Instance",
        "regionCode": "us-east-1",
        "operatingSystem": "Linux",
        "tenancy": "Shared",
        "preInstalledSw": "NA",
        "capacitystatus": "Used",
    }
    return product("AmazonEC2", price, **{**plain, "instanceType": name, **attributes})


def emr_fee(name: str, price: str, **attributes: str) -> dict[str, Any]:
    """EMR's fee for an instance in us-east-1."""
    plain = {"productFamily": "Elastic Map Reduce Instance", "regionCode": "us-east-1", "softwareType": "EMR"}
    return product("ElasticMapReduce", price, **{**plain, "instanceType": name, **attributes})


def volume(name: str, price: str) -> dict[str, Any]:
    """A GB of EBS in us-east-1."""
    attributes = {"productFamily": "Storage", "regionCode": "us-east-1", "volumeApiName": name}
    return product("AmazonEC2", price, unit="GB-Mo", **attributes)


@dataclass
class PriceList:
    """The products on offer, the address where they are, and how many pages were asked for."""

    products: list[dict[str, Any]]
    url: str = ""
    pages: int = 0
    refuses: bool = False
    throttles: list[int] = field(default_factory=lambda: [1])

    def answer(self, request: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        """The status and the body for a GetProducts."""
        if self.refuses:
            return 400, {"__type": "AccessDeniedException", "Message": "not authorized to perform: pricing:GetProducts"}
        if self.throttles:
            self.throttles.pop()
            return 400, {"__type": "ThrottlingException", "Message": "Rate exceeded"}
        if request["ServiceCode"] not in SERVICES:
            return 400, {"__type": "NotFoundException", "Message": "no such service"}
        self.pages += 1
        fitting = [one for one in self.products if _fits(one, request)]
        start = int(request.get("NextToken", 0))
        page = fitting[start : start + PAGE_SIZE]
        more = {"NextToken": str(start + PAGE_SIZE)} if start + PAGE_SIZE < len(fitting) else {}
        return 200, {"FormatVersion": "aws_v1", "PriceList": [json.dumps(one) for one in page], **more}


def _fits(one: dict[str, Any], request: dict[str, Any]) -> bool:
    attributes = {**one["product"]["attributes"], "productFamily": one["product"]["productFamily"]}
    wanted = request.get("Filters", [])
    assert all(each["Type"] == "TERM_MATCH" for each in wanted)
    return one["serviceCode"] == request["ServiceCode"] and all(
        attributes.get(each["Field"]) == each["Value"] for each in wanted
    )


@contextmanager
def serving(price_list: PriceList) -> Iterator[PriceList]:
    """The price list at its address, until the end of the block."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            assert self.headers["X-Amz-Target"] == "AWSPriceListService.GetProducts"
            request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            status, body = price_list.answer(request)
            content = json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/x-amz-json-1.1")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            """Says nothing: the test's own output is enough."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    price_list.url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield price_list
    finally:
        server.shutdown()
        server.server_close()
