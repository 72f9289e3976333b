"""What a step needs from elsewhere: looked at before a cluster is paid for, or lost with its cluster."""

from __future__ import annotations

import pytest

from emr_pipelines.plan.step_data import external_addresses, needs_hdfs


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


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["s3-dist-cp", "--src", "s3://a/b", "--dest", "hdfs:///x"], True),
        (["spark-submit", "job.py", "--input", "x=hdfs://ha/x"], True),
        (["s3-dist-cp", "--dest=hdfs:///x"], True),
        (["hadoop", "fs", "-put", "${code.prefix}/x", "/x"], True),
        (["hdfs", "dfs", "-mkdir", "-p", "folder"], True),
        (["bash", "-c", "set -e; hdfs dfs -rm -r /x"], True),
        (["hdfs", "dfs", "-cat", "${params.path}"], True),
        (["hdfs", "dfs", "-cp", "s3://a/b", "s3://a/c"], False),
        (["hadoop", "fs", "-rm", "-r", "${steps.clean.output}/_temporary"], False),
        (["bash", "-c", "aws s3 cp s3://a/b /local/x"], False),
        (["spark-submit", "job.py", "--output", "${steps.report.output}"], False),
    ],
)
def test_data_on_the_cluster_is_lost_with_it(arguments: list[str], expected: bool) -> None:
    assert needs_hdfs(arguments) is expected
