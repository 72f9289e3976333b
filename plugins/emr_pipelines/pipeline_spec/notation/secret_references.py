"""References to secrets: a spec says where a password is, never the password. Pure text work; who reads them is in `emr`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal, cast

_FORM = re.compile(r"(secretsmanager|ssm):([^#\s]+)(?:#([^#\s]+))?")


@dataclass(frozen=True, slots=True, kw_only=True)
class SecretReference:
    """Where a secret is: its name or ARN in a service, and the key when the secret is a JSON map."""

    service: Literal["secretsmanager", "ssm"]
    name: str
    key: str | None = None


def parse_secret_reference(text: str) -> SecretReference | None:
    """The reference in a text such as `secretsmanager:emr/kerberos#admin` or `ssm:/emr/kerberos`; None for anything else."""
    found = _FORM.fullmatch(text)
    if found is None or (found.group(1) == "ssm" and found.group(3)):
        return None
    service = cast(Literal["secretsmanager", "ssm"], found.group(1))
    return SecretReference(service=service, name=found.group(2), key=found.group(3))
