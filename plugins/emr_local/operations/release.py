"""The operations that tell of releases and instance types."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from emr_local.operations.calls import Call, Operation
from emr_local.operations.pagination import take_page
from emr_local.resources.records import Json
from emr_local.resources.releases import find_application_versions, list_instance_types, list_release_labels
from emr_local.wire.api_errors import invalid_request

_MAX_RESULTS = 100


def _list_release_labels(call: Call) -> Json:
    filters = call.parameters.get("Filters", {})
    name, _, version = filters.get("Application", "").lower().partition(" ")
    labels = [
        label
        for label in list_release_labels(call.region)
        if label.startswith(filters.get("Prefix", "")) and _has_application(label, name, version)
    ]
    page, rest = _take_token_page(call, labels)
    return {"ReleaseLabels": page, **rest}


def _has_application(label: str, name: str, version: str) -> bool:
    if not name:
        return True
    versions = {known.lower(): number for known, number in find_application_versions(label).items()}
    return name in versions and versions[name].startswith(version)


def _describe_release_label(call: Call) -> Json:
    labels = list_release_labels(call.region)
    label = call.parameters.get("ReleaseLabel", labels[0])
    _require_label(label, labels)
    return {
        "ReleaseLabel": label,
        "Applications": [
            {"Name": name, "Version": version} for name, version in find_application_versions(label).items()
        ],
    }


def _list_supported_instance_types(call: Call) -> Json:
    label = call.parameters["ReleaseLabel"]
    _require_label(label, list_release_labels(call.region))
    page, rest = take_page(list_instance_types(label), call.parameters.get("Marker"), lambda each: str(each["Type"]))
    return {"SupportedInstanceTypes": page, **rest}


def _take_token_page(call: Call, labels: Sequence[str]) -> tuple[Sequence[str], dict[str, Any]]:
    size = call.parameters.get("MaxResults", _MAX_RESULTS)
    page, rest = take_page(labels, call.parameters.get("NextToken"), str, size)
    return page, {"NextToken": rest["Marker"]} if rest else {}


def _require_label(label: str, labels: Sequence[str]) -> None:
    if label not in labels:
        raise invalid_request(f"The supplied release label is invalid: {label}.")


OPERATIONS: Mapping[str, Operation] = {
    "ListReleaseLabels": _list_release_labels,
    "DescribeReleaseLabel": _describe_release_label,
    "ListSupportedInstanceTypes": _list_supported_instance_types,
}
