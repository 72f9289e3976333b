"""What EMR knows of release labels, their applications and instance types: moto's bundled tables of AWS's own answers. Read-only."""

from __future__ import annotations

import gzip
import json
import re
from functools import lru_cache
from importlib.resources import files
from typing import Any

_FALLBACK_REGION = "us-east-1"

# Spark and Hadoop of each release (AWS "Application versions"); the newest label of a minor release stands for its patches.
_APPLICATIONS: dict[str, tuple[str, str]] = {
    "emr-spark-8.1": ("4.1.1-amzn-0", "3.4.2-amzn-3"),
    "emr-spark-8.0": ("4.0.2-amzn-0", "3.4.2-amzn-1"),
    "emr-7.14": ("3.5.8-amzn-0", "3.4.2-amzn-2"),
    "emr-7.13": ("3.5.6-amzn-2", "3.4.2-amzn-0"),
    "emr-7.12": ("3.5.6-amzn-1", "3.4.1-amzn-4"),
    "emr-7.11": ("3.5.6-amzn-0", "3.4.1-amzn-3"),
    "emr-7.10": ("3.5.5-amzn-1", "3.4.1-amzn-2"),
    "emr-7.9": ("3.5.5-amzn-0", "3.4.1-amzn-1"),
    "emr-7.8": ("3.5.4-amzn-0", "3.4.1-amzn-0"),
    "emr-7.7": ("3.5.3-amzn-1", "3.4.0-amzn-3"),
    "emr-7.6": ("3.5.3-amzn-0", "3.4.0-amzn-2"),
    "emr-7.5": ("3.5.2-amzn-1", "3.4.0-amzn-1"),
    "emr-7.4": ("3.5.2-amzn-0", "3.4.0-amzn-0"),
    "emr-7.3": ("3.5.1-amzn-1", "3.3.6-amzn-5"),
    "emr-7.2": ("3.5.1-amzn-0", "3.3.6-amzn-4"),
    "emr-7.1": ("3.5.0-amzn-1", "3.3.6-amzn-3"),
    "emr-7.0": ("3.5.0-amzn-0", "3.3.6-amzn-2"),
    "emr-6.15": ("3.4.1-amzn-2", "3.3.6-amzn-1"),
    "emr-6.14": ("3.4.1-amzn-1", "3.3.3-amzn-6"),
    "emr-6.13": ("3.4.1-amzn-0", "3.3.3-amzn-5"),
    "emr-6.12": ("3.4.0-amzn-0", "3.3.3-amzn-4"),
    "emr-6.11": ("3.3.2-amzn-0.1", "3.3.3-amzn-3.1"),
    "emr-6.10": ("3.3.1-amzn-0.1", "3.3.3-amzn-2.1"),
    "emr-6.9": ("3.3.0-amzn-1.1", "3.3.3-amzn-1.1"),
    "emr-6.8": ("3.3.0-amzn-0.1", "3.2.1-amzn-8.1"),
    "emr-6.7": ("3.2.1-amzn-0", "3.2.1-amzn-7"),
    "emr-6.6": ("3.2.0-amzn-0", "3.2.1-amzn-6"),
}


@lru_cache(maxsize=64)
def _read_table(name: str) -> Any:
    # Not files("moto.emr"), which would import all of moto's EMR and EC2 for a table.
    content = files("moto").joinpath("emr", "resources", f"{name}.json.gz").read_bytes()
    return json.loads(gzip.decompress(content))


def list_release_labels(region: str) -> list[str]:
    """The release labels of a region, newest first within each family; an unknown region gets those of us-east-1."""
    try:
        labels: list[str] = _read_table(f"release-labels-{region}")
    except FileNotFoundError:
        labels = _read_table(f"release-labels-{_FALLBACK_REGION}")
    return labels


def list_instance_types(release_label: str) -> list[dict[str, Any]]:
    """The instance types that a release can use, as ListSupportedInstanceTypes describes them."""
    details = _read_table("instance_types")
    names: list[str] = _read_table(f"instance-types-{release_label}")
    return [details[name] for name in names if name in details]


def supports_instance_type(release_label: str, instance_type: str) -> bool:
    """Whether a cluster of this release may have instances of this type."""
    return instance_type in _read_table(f"instance-types-{release_label}")


def find_architecture(instance_type: str) -> str:
    """The processor architecture of an instance type, in EMR's words; an empty one if the type is unknown."""
    architecture: str = _read_table("instance_types").get(instance_type, {}).get("Architecture", "")
    return architecture


def parse_version(release_label: str) -> tuple[int, ...]:
    """The numbers of a release label, to be compared with other ones: emr-spark-8.1.0 is newer than emr-7.14.0."""
    return tuple(int(number) for number in re.findall(r"\d+", release_label)[:3])


def find_application_versions(release_label: str) -> dict[str, str]:
    """The versions of Spark and Hadoop in a release, as far as they are known."""
    minor = release_label.rpartition(".")[0]
    if minor not in _APPLICATIONS:
        return {}
    spark, hadoop = _APPLICATIONS[minor]
    return {"Hadoop": hadoop, "Spark": spark}
