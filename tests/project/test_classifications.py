"""What `validate` and emr_local know of classifications is one table, of which each has a copy since neither may know the other."""

from __future__ import annotations

import json
from importlib.resources import files

import pytest

from emr_local.resources.classifications import list_invalid
from emr_pipelines.pipeline_spec.catalog.classifications import find_objection
from emr_pipelines.pipeline_spec.catalog.releases import read_release_table

TABLE = json.loads(files("emr_local.resources").joinpath("classifications.json").read_text())
NAMES = [*TABLE["names"], "export", "spark-default", "spark-hive-site ", "wholly-different", "trino-connector-iceberg"]


def test_both_copies_are_the_same() -> None:
    assert (
        json.loads(files("emr_pipelines.pipeline_spec.catalog").joinpath("classifications.json").read_text()) == TABLE
    )


@pytest.mark.parametrize("release", [one.label for one in read_release_table().releases])
def test_both_take_and_refuse_the_same(release: str) -> None:
    refused = {name for name in NAMES if [*list_invalid([{"Classification": name}], release)]}
    assert refused == {name for name in NAMES if find_objection(name, None, release)}
    assert {"export", "spark-default", "spark-hive-site "} <= refused
    assert not {"spark-defaults", "yarn-site", "core-site", "spark-env"} & refused
    assert "spark-log4j" in refused or "spark-log4j2" in refused
