"""What a request to another service than EMR and S3 needs to be allowed. Pure.

The resource is known for secrets and parameters, which a cluster's launch may read; for all others it is `*`, which a policy for single resources denies.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from emr_local.iam.policies import Access
from emr_local.resources.identifiers import ACCOUNT_ID

# What AWS lets everybody do: no policy is asked.
_FREE = frozenset({"sts:GetCallerIdentity", "sts:GetSessionToken"})
_ACTION_PARAMETER = re.compile(rb"(?:^|&)Action=(\w+)")
# Where the name in a signature's scope is not the one in actions.
_IAM_PREFIXES = {"monitoring": "cloudwatch", "email": "ses"}


def list_other_accesses(service: str, region: str, *, target: str, query: str, body: bytes) -> list[Access]:
    """Everything that must be allowed; `target` is the request's X-Amz-Target, empty for the query protocol."""
    action = f"{_IAM_PREFIXES.get(service, service)}:{_find_action(target, query, body)}"
    if action in _FREE:
        return []
    return [Access(action=action, resource=_find_resource(action, region, body))]


def _find_action(target: str, query: str, body: bytes) -> str:
    """What a request asks for; those of other protocols get a name that no policy gives."""
    if target:
        return target.rpartition(".")[2]
    found = _ACTION_PARAMETER.search(body) or _ACTION_PARAMETER.search(query.encode())
    return found[1].decode() if found else "UnknownRequest"


def _find_resource(action: str, region: str, body: bytes) -> str:
    if action == "secretsmanager:GetSecretValue":
        name = str(_read_json(body).get("SecretId", ""))
        # AWS puts six characters of its own behind the name.
        return name if name.startswith("arn:") else f"arn:aws:secretsmanager:{region}:{ACCOUNT_ID}:secret:{name}-XXXXXX"
    if action == "ssm:GetParameter":
        name = str(_read_json(body).get("Name", ""))
        start = f"arn:aws:ssm:{region}:{ACCOUNT_ID}:parameter/"
        return name if name.startswith("arn:") else start + name.removeprefix("/")
    return "*"


def _read_json(body: bytes) -> Mapping[str, Any]:
    try:
        value = json.loads(body)
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}
