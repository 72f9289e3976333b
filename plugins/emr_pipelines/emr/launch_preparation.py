"""What happens right before a cluster is created, and not when one is adopted. Clients are passed in; nothing here knows Airflow."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from emr_pipelines.emr.cluster_secrets import SecretStores, with_secrets
from emr_pipelines.emr.emr_api import EmrApi
from emr_pipelines.emr.security_configurations import ensure_security_configuration
from emr_pipelines.plan.model import SecurityConfigurationPlan


@dataclass(frozen=True, slots=True, kw_only=True)
class LaunchPreparation:
    """What a RunJobFlow body needs that is not in it: the security configuration that it names, and its passwords."""

    security_configuration: SecurityConfigurationPlan | None
    secrets: SecretStores

    def prepare(self, api: EmrApi, request: Mapping[str, Any]) -> Mapping[str, Any]:
        """Create what has to exist, and return the body to send. Raises RunError for what is refused."""
        if self.security_configuration is not None:
            ensure_security_configuration(api, self.security_configuration)
        return with_secrets(request, self.secrets)
