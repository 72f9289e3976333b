"""Security configurations as far as other requests depend on them: runtime roles and Kerberos. Pure.

What AWS says about runtime roles begins as here; the second sentence of the refusal and the texts on Kerberos are ours.
"""

from __future__ import annotations

import json
from typing import Any

from emr_local.resources.records import Json, SecurityConfiguration
from emr_local.resources.releases import parse_version
from emr_local.wire.api_errors import invalid_request, validation_failure

_FIRST_WITH_RUNTIME_ROLES = (6, 7)
_ENCRYPTIONS = {
    "EnableAtRestEncryption": "AtRestEncryptionConfiguration",
    "EnableInTransitEncryption": "InTransitEncryptionConfiguration",
}


def check_security_configuration(text: str) -> None:
    """Raise an InvalidRequestException for a text that cannot be a security configuration."""
    try:
        content = json.loads(text)
    except ValueError as error:
        raise invalid_request(f"The security configuration is not valid JSON: {error}.") from error
    if not isinstance(content, dict):
        raise invalid_request("The security configuration is not a JSON object.")
    encryption = content.get("EncryptionConfiguration")
    if encryption is None:
        return
    for switch, settings in _ENCRYPTIONS.items():
        if not isinstance(encryption.get(switch), bool):
            raise invalid_request(f"EncryptionConfiguration needs {switch}, true or false.")
        if encryption[switch] and not encryption.get(settings):
            raise invalid_request(f"EncryptionConfiguration has {switch}, but no {settings}.")


def check_execution_role(role: str | None, release_label: str, security: SecurityConfiguration | None) -> None:
    """Raise AWS's ValidationException for steps that have a runtime role where there can be none, or lack one where they need it."""
    enabled = _find(security, "AuthorizationConfiguration", "IAMConfiguration", "EnableApplicationScopedIAMRole")
    if role and not (enabled and parse_version(release_label) >= _FIRST_WITH_RUNTIME_ROLES):
        raise validation_failure(
            "Runtime roles are not supported on this cluster. They need emr-6.7.0 or newer and a security configuration "
            "that enables application-scoped IAM roles."
        )
    if enabled and not role:
        raise validation_failure(
            "Runtime roles are required for this cluster. Please specify the role using the ExecutionRoleArn parameter."
        )


def check_kerberos(attributes: Json | None, security: SecurityConfiguration | None) -> None:
    """Raise a ValidationException when Kerberos is configured on one side only."""
    configured = _find(security, "AuthenticationConfiguration", "KerberosConfiguration")
    if attributes and not configured:
        raise validation_failure("KerberosAttributes need a SecurityConfiguration that has a KerberosConfiguration.")
    if configured and not attributes:
        raise validation_failure(
            "The SecurityConfiguration has a KerberosConfiguration: KerberosAttributes are required."
        )


def _find(security: SecurityConfiguration | None, *path: str) -> Any:
    """What lies at a path of a security configuration; None when there is none."""
    value: Any = json.loads(security.text) if security else None
    for key in path:
        value = value.get(key) if isinstance(value, dict) else None
    return value
