"""A security configuration that a spec holds: created when it does not exist yet. Clients are passed in; nothing here deletes one, since other clusters may have it."""

from __future__ import annotations

import json
import logging
from typing import Any

from botocore.exceptions import ClientError

from emr_pipelines.emr.create_once import create_once
from emr_pipelines.emr.emr_api import EmrApi, RunError
from emr_pipelines.plan.model import SecurityConfigurationPlan

log = logging.getLogger(__name__)


def ensure_security_configuration(api: EmrApi, wanted: SecurityConfigurationPlan) -> None:
    """Create the security configuration if its name is free; its name says what it holds, so one that exists is the same one.

    Raises RunError when EMR refuses it, and (final) when what has the name lacks something of it: somebody made it by hand.
    """
    if _exists(api, wanted):
        return
    try:
        create_once(
            f"CreateSecurityConfiguration {wanted.name}",
            send=lambda: api.write.create_security_configuration(Name=wanted.name, SecurityConfiguration=wanted.text)[
                "Name"
            ],
            find=lambda: wanted.name if _exists(api, wanted) else None,
        )
    except RunError:
        # Two runs may create it at the same time; the second one is told that it exists.
        if not _exists(api, wanted):
            raise
    log.info("Created security configuration %s", wanted.name)


def _exists(api: EmrApi, wanted: SecurityConfigurationPlan) -> bool:
    try:
        found = api.read.describe_security_configuration(Name=wanted.name)
    except ClientError as error:
        if error.response["Error"]["Code"] != "InvalidRequestException":
            raise
        return False
    if not _holds(json.loads(found["SecurityConfiguration"]), wanted.configuration):
        raise RunError(
            f"The security configuration {wanted.name} is not what its name says: it was made by hand or changed. "
            "Delete it (aws emr delete-security-configuration), and the next run makes it anew",
            retryable=False,
        )
    return True


def _holds(found: Any, wanted: Any) -> bool:
    """Whether all of `wanted` is in what was found, which may say more."""
    if isinstance(wanted, dict):
        return isinstance(found, dict) and all(
            key in found and _holds(found[key], value) for key, value in wanted.items()
        )
    return bool(found == wanted)
