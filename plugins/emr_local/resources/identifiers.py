"""Identifiers in the form that AWS gives them. No state."""

from __future__ import annotations

import secrets
import string

ACCOUNT_ID = "123456789012"  # the default account of moto, which answers for every other service
CALLER_ARN = f"arn:aws:sts::{ACCOUNT_ID}:assumed-role/emr-local/session"  # who calls, in refusals
INSTANCE_PROFILE_KEY = "instance-profile"  # the access key id of the programs that steps and bootstrap actions start
ADMINISTRATOR_KEY = "administrator"  # the access key id of those whom no policy binds
_ALPHABET = string.ascii_uppercase + string.digits
_LENGTH = 13


def create_identifier(prefix: str) -> str:
    """A fresh id such as `j-2AXXXXXXGAPLF`; the prefix is j, s, ig, if or ci."""
    return f"{prefix}-" + "".join(secrets.choice(_ALPHABET) for _ in range(_LENGTH))


def create_ec2_identifier() -> str:
    """A fresh EC2 instance id such as `i-0abc…` with 17 hexadecimal digits."""
    return "i-" + secrets.token_hex(9)[:17]


def format_cluster_arn(region: str, cluster_id: str) -> str:
    """The ARN of a cluster in the emulated account."""
    return f"arn:aws:elasticmapreduce:{region}:{ACCOUNT_ID}:cluster/{cluster_id}"
