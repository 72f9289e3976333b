"""The security configurations that CloudFormation made, which lie in moto's EMR. Reads them only."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence

from emr_local.resources.identifiers import ACCOUNT_ID
from emr_local.resources.records import SecurityConfiguration


def list_stack_configurations(region: str) -> Sequence[SecurityConfiguration]:
    """Those of a region, oldest first."""
    # CloudFormation loads moto's EMR when a template needs it. Before that it is empty, and loading it takes a second.
    models = sys.modules.get("moto.emr.models")
    if models is None:
        return ()
    return [
        SecurityConfiguration(
            name=each.name,
            text=_to_text(each.security_configuration),
            created_at=each.creation_date_time.timestamp(),
        )
        for each in list(models.emr_backends[ACCOUNT_ID][region].security_configurations.values())
    ]


def _to_text(configuration: object) -> str:
    return configuration if isinstance(configuration, str) else json.dumps(configuration)
