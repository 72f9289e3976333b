"""An address that no bucket or cluster stands behind is refused; it never becomes a path of this machine."""

from __future__ import annotations

import pytest
from tests.emr_local.execution.test_spark_steps import pyspark_script

WRITES = "spark.range(2).write.csv({uri!r})"
READS = "print(spark.read.text({uri!r}).count())"


@pytest.mark.parametrize(
    ("body", "uri", "reason"),
    [
        (WRITES, "s3://misspelt{path}", "NoSuchBucket"),
        (WRITES, "s3a://misspelt{path}", "NoSuchBucket"),
        (READS, "s3://misspelt{path}", "NoSuchBucket"),
        (WRITES, "hdfs://ip-10-0-0-1:8020{path}", "NoSuchNameNode"),
    ],
    ids=["write s3", "write s3a", "read", "write hdfs"],
)
def test_spark_cannot_leave_the_state_folder(lab, tmp_path, body, uri, reason):
    here = tmp_path / "file"
    here.write_text("a secret of this machine\n")
    path = str(here) if body is READS else str(tmp_path / "written")
    outcome, step = lab.run("spark-submit", pyspark_script(lab, "leave", body.format(uri=uri.format(path=path))))
    assert outcome.exit_code != 0
    assert reason in lab.log(step, "stderr")
    assert not (tmp_path / "written").exists()


def test_the_file_system_shell_cannot_leave_it_either(lab, tmp_path):
    secret = tmp_path / "file"
    secret.write_text("a secret of this machine\n")
    outcome, step = lab.run("hadoop", "fs", "-cat", f"s3://misspelt{secret}")
    assert outcome.exit_code != 0
    assert "secret" not in lab.log(step, "stdout")
    assert "NoSuchBucket" in lab.log(step, "stderr")
