"""What the words of a step say about HDFS: data there is lost with its cluster, and of no use when nobody copies it away."""

from __future__ import annotations

import pytest

from emr_pipelines.pipeline_spec.notation.hdfs_arguments import leaves_on_hdfs, needs_hdfs


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
        (["hadoop-streaming", "-mapper", "cat", "-input", "hdfs:///logs/*"], True),
        (["s3-dist-cp", "--src=hdfs:///x", "--dest=s3://a/b"], True),
        (["spark-submit", "job.py", "--output", "${steps.report.output}"], False),
    ],
)
def test_data_on_the_cluster_is_lost_with_it(arguments: list[str], expected: bool) -> None:
    assert needs_hdfs(arguments) is expected


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["hdfs", "dfs", "-put", "${code.prefix}/x", "/x"], True),
        (["hdfs", "dfs", "-put", "-f", "x", "hdfs:///x"], True),
        (["hadoop", "fs", "-mkdir", "-p", "/user/x"], True),
        (["bash", "-c", "set -e; hdfs dfs -put x /x && echo done"], True),
        (["bash", "-c", "hdfs dfs -ls /x; hdfs dfs -cp s3://a/b /x;"], True),
        (["s3-dist-cp", "--dest=hdfs:///x", "--src=s3://a/b"], True),
        (["--table", "hdfs:///x"], True),
        (["hdfs", "dfs", "-ls", "hdfs:///x"], False),
        (["hdfs", "dfs", "-rm", "-r", "/x"], False),
        (["hadoop", "fs", "-cp", "hdfs:///x", "s3://a/b"], False),
        (["bash", "-c", "hdfs dfs -cp /x s3://a/b; rm /y"], False),
        (["bash", "-c", "hdfs dfs -cat /x | wc -l"], False),
        (["s3-dist-cp", "--src=hdfs:///x", "--dest=s3://a/b"], False),
        (["s3-dist-cp", "--src", "hdfs:///x", "--dest", "s3://a/b"], False),
        (["hdfs", "dfs"], False),
        (["echo", "/x"], False),
    ],
)
def test_only_what_is_written_is_left(arguments: list[str], expected: bool) -> None:
    assert leaves_on_hdfs(arguments) is expected
