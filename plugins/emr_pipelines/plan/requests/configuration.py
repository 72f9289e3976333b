"""EMR's configuration classifications in a request body. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from emr_pipelines.pipeline_spec.models.configuration import ConfigurationSpec
from emr_pipelines.pipeline_spec.notation.plain_values import scalar_text


def configurations_request(configurations: Iterable[ConfigurationSpec] | None) -> list[dict[str, Any]]:
    """The Configurations list of a cluster, a group or an instance type."""
    return [_configuration(configuration) for configuration in configurations or ()]


def _configuration(configuration: ConfigurationSpec) -> dict[str, Any]:
    request: dict[str, Any] = {
        "Classification": configuration.classification,
        "Properties": {name: scalar_text(value) for name, value in sorted(configuration.properties.items())},
    }
    if configuration.configurations:
        request["Configurations"] = configurations_request(configuration.configurations)
    return request
