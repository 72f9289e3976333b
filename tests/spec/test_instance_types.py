"""What is known of instance types agrees with what AWS publishes about them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from emr_pipelines.pipeline_spec.catalog.instance_types import find_instance_type, instance_catalog

PUBLISHED = json.loads((Path(__file__).parent / "published_yarn_memory.json").read_text(encoding="utf-8"))
TABLES: dict[str, dict[str, Any]] = {key: table for key, table in PUBLISHED.items() if key.startswith("as of")}


def known(name: str) -> Any:
    found = find_instance_type(name)
    assert found is not None, name
    return found


def test_the_rule_gives_every_published_memory_of_yarn() -> None:
    published = {
        name: value[0] if isinstance(value, list) else value
        for table in TABLES.values()
        for name, value in table.items()
    }
    assert len(published) >= 200
    assert {name: known(name).yarn_mb for name in published} == published


def test_with_hbase_the_memory_is_within_a_few_percent_of_what_is_published() -> None:
    published = {
        name: value[1] for table in TABLES.values() for name, value in table.items() if isinstance(value, list)
    }
    off = {name: known(name).yarn_mb_beside_hbase / value - 1 for name, value in published.items()}
    assert len(off) >= 100
    assert max(off.values()) < 0.05
    # Too little is the safe side: c7g.12xlarge gets three eighths, where the rule says a third.
    assert {name for name, share in off.items() if share < -0.05} == {"c7g.12xlarge", "c7gd.12xlarge"}


@pytest.mark.parametrize(
    ("name", "vcpus", "memory_mb", "architecture", "storage_gb", "yarn_mb"),
    [
        ("m5.2xlarge", 8, 32768, "x86_64", 0, 24576),
        ("m6i.2xlarge", 8, 31232, "x86_64", 0, 23424),
        ("m8g.2xlarge", 8, 31232, "arm64", 0, 23424),
        ("r8g.2xlarge", 8, 62464, "arm64", 0, 54272),
        ("i3.2xlarge", 8, 62464, "x86_64", 1900, 54272),
        ("i3en.2xlarge", 8, 65536, "x86_64", 5000, 57344),
    ],
)
def test_a_type(name: str, vcpus: int, memory_mb: int, architecture: str, storage_gb: int, yarn_mb: int) -> None:
    found = known(name)
    assert (found.vcpus, found.memory_mb, found.architecture) == (vcpus, memory_mb, architecture)
    assert (found.local_storage_gb, found.yarn_mb) == (storage_gb, yarn_mb)


def test_types_that_follow_no_rule_are_left_out() -> None:
    assert {"m1.large", "c1.xlarge", "m2.xlarge", "t3.large", "m5.nonsense"} & instance_catalog().types.keys() == set()


def test_the_facts_have_a_date_and_a_source() -> None:
    catalog = instance_catalog()
    assert catalog.as_of == "2026-11-21"
    assert "ListSupportedInstanceTypes" in catalog.source
    assert all(one.vcpus > 0 and 0 < one.yarn_mb < one.memory_mb for one in catalog.types.values())
