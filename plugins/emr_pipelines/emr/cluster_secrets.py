"""Passwords of a RunJobFlow body: read by their references right before the body is sent, so that no spec, template or log holds them. Clients are passed in."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from emr_pipelines.emr.emr_api import RunError, describe_error, may_succeed_later
from emr_pipelines.pipeline_spec.notation.secret_references import SecretReference, parse_secret_reference

_ATTRIBUTES = "KerberosAttributes"
_PASSWORDS = ("KdcAdminPassword", "CrossRealmTrustPrincipalPassword", "ADDomainJoinPassword")


@dataclass(frozen=True, slots=True, kw_only=True)
class SecretStores:
    """Where secrets are read: makers of a Secrets Manager and of an SSM client, called only when a body needs one."""

    secrets_manager: Callable[[], Any]
    parameters: Callable[[], Any]

    def read(self, reference: SecretReference) -> str:
        """The secret itself. Raises RunError naming the reference, never what it holds."""
        what = f"The secret {reference.service}:{reference.name}"
        try:
            text = self._fetch(reference)
        except (ClientError, BotoCoreError) as error:
            raise RunError(
                f"{what} cannot be read: {describe_error(error)}", retryable=may_succeed_later(error)
            ) from error
        return text if reference.key is None else _value_of(what, text, reference.key)

    def _fetch(self, reference: SecretReference) -> str:
        if reference.service == "ssm":
            parameter = self.parameters().get_parameter(Name=reference.name, WithDecryption=True)["Parameter"]
            return str(parameter["Value"])
        return str(self.secrets_manager().get_secret_value(SecretId=reference.name).get("SecretString", ""))


def with_secrets(request: Mapping[str, Any], stores: SecretStores) -> Mapping[str, Any]:
    """The RunJobFlow body with its passwords; the given one stays as it is."""
    attributes = request.get(_ATTRIBUTES)
    if not attributes:
        return request
    references = {key: parse_secret_reference(attributes.get(key, "")) for key in _PASSWORDS}
    secrets = {key: stores.read(reference) for key, reference in references.items() if reference is not None}
    return {**request, _ATTRIBUTES: {**attributes, **secrets}}


def _value_of(what: str, text: str, key: str) -> str:
    try:
        values = json.loads(text)
    except ValueError:
        values = None
    if not isinstance(values, dict) or not isinstance(values.get(key), str):
        raise RunError(f"{what} is no JSON map with a text under the key {key!r}", retryable=False)
    return str(values[key])
