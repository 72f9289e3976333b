"""Clients of emr_local whose key id says whose rights count."""

from __future__ import annotations

from typing import Any

import boto3
from botocore.config import Config


def client(url: str, service: str, key_id: str = "local", **settings: Any) -> Any:
    """A client that asks once."""
    session = boto3.Session(region_name="us-east-1", aws_access_key_id=key_id, aws_secret_access_key="any")
    return session.client(service, endpoint_url=url, config=Config(retries={"total_max_attempts": 1}, **settings))


def retrying_client(url: str, service: str, **settings: Any) -> Any:
    """A client of the role that asks as often as the settings say."""
    session = boto3.Session(region_name="us-east-1", aws_access_key_id="local", aws_secret_access_key="any")
    return session.client(service, endpoint_url=url, config=Config(**settings))
