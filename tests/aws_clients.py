"""boto3 clients of emr_local; the key id says whose rights count."""

from __future__ import annotations

import threading
from functools import cache
from typing import Any

import boto3
from botocore.config import Config

_ONE_AT_A_TIME = threading.Lock()


def client(url: str, service: Any, *, key_id: str = "local", region: str = "us-east-1", **settings: Any) -> Any:
    """A client that asks as often as the settings say. `service` is a str, which boto3's types take only as a literal."""
    with _ONE_AT_A_TIME:
        return _session(region, key_id).client(service, endpoint_url=url, config=Config(**settings))


@cache
def _session(region: str, key_id: str) -> boto3.Session:
    """Shared, since each session parses the endpoints of all regions anew; its clients are made one after the other, as botocore wants it."""
    return boto3.Session(region_name=region, aws_access_key_id=key_id, aws_secret_access_key="any")


def client_asking_once(url: str, service: str = "emr", **settings: Any) -> Any:
    """A client that does not ask again when it is refused."""
    return client(url, service, retries={"total_max_attempts": 1}, **settings)
