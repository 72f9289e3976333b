"""What a step needs from elsewhere, which is looked at before a cluster is paid for."""

from __future__ import annotations

import pytest

from emr_pipelines.plan.step_data import external_addresses


@pytest.mark.parametrize(
    ("text", "is_external"),
    [
        ("s3://data/sales/${run.date}", True),
        ("s3://data/sales/${params.shelf}", True),
        ("s3://bucket/reports", False),
        ("s3://bucket/other", True),
        ("s3://bucket/reports/year=2005", False),
        ("s3://bucket/reports/year=2005/part-0", False),
        ("s3://bucket/reports/year=2005-old", True),
        ("${steps.clean.output}", False),
        ("${steps.clean.output}/part-0", False),
        ("s3://data/${steps.clean.output}", False),
        ("${code.prefix}/include/cities.csv", False),
    ],
)
def test_an_input_that_no_step_writes_is_external(text: str, is_external: bool) -> None:
    assert external_addresses([text], ["s3://bucket/reports/year=2005/"]) == ((text,) if is_external else ())


def test_an_address_is_looked_at_once() -> None:
    assert external_addresses(["s3://a/b", "s3://a/c", "s3://a/b"], []) == ("s3://a/b", "s3://a/c")
