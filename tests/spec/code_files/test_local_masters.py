"""A master in the code takes the place of YARN, however it is written."""

from __future__ import annotations

import pytest

from emr_pipelines.pipeline_spec.project_files.python_source import parse_python


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("spark = (SparkSession.builder\n    .master('local[2]')\n    .getOrCreate())", (2,)),
        ("conf = SparkConf().setAppName('x').setMaster('local')", (1,)),
        ("sc = SparkContext('local', 'x')", (1,)),
        ("import pyspark\nsc = pyspark.SparkContext(appName='x', master='local[*]')", (2,)),
        ("SparkSession.builder.config('spark.master', 'local[4]')", (1,)),
        ("SparkSession.builder.master('yarn').appName('local')", ()),
        ("SparkSession.builder.config('spark.local.dir', 'local')", ()),
        ("game.master(local)\nlogger.info('local[1]')", ()),
    ],
)
def test_a_local_master_is_found(text: str, lines: tuple[int, ...]) -> None:
    assert parse_python(text.encode()).local_masters == lines
