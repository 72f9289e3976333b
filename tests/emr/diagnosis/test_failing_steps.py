"""Steps that really fail on emr_local are explained over HTTP; logs that are late, huge, cut or out of reach change nothing but the explanation."""

from __future__ import annotations

import gzip
import threading
import time
import uuid
from collections.abc import Callable
from typing import Any

import pytest

from emr_pipelines.emr.diagnosis.log_reading import KEPT_BYTES, read_log
from emr_pipelines.emr.diagnosis.probable_cause import Explanation, explain_launch, explain_step
from emr_pipelines.emr.emr_api import EmrApi
from emr_pipelines.emr.steps import StepHandle
from tests.emr.conftest import shell_step
from tests.emr.diagnosis.recorded_clusters import ClusterThatSays

NEVER_WAITED_OUT = 24 * 3600.0  # seconds; a test that waits for so long meets pytest's own timeout

SCRIPT = """\
from pyspark.sql import SparkSession
from pyspark.sql import functions as F


def star_rating(text):
    return int(text)


spark = SparkSession.builder.appName("ratings").getOrCreate()
reviews = spark.createDataFrame([("5",), ("four",)], ["rating"])
reviews.select(F.udf(star_rating, "int")("rating")).show()
"""
ENDED = "INFO waitProcessCompletion ended with exit code 1 : hadoop jar /var/lib/aws/emr/step-runner/hadoop-...\n"
TRACEBACK = (
    'Traceback (most recent call last):\n  File "/mnt/tmp/spark-1/job.py", line 3, in <module>\nValueError: late\n'
)


def run_until_failed(api: EmrApi, cluster_id: str, step: dict[str, Any]) -> StepHandle:
    step_id = api.write.add_job_flow_steps(JobFlowId=cluster_id, Steps=[step])["StepIds"][0]
    deadline = time.monotonic() + 90
    while time.monotonic() < deadline:
        state = api.read.describe_step(ClusterId=cluster_id, StepId=step_id)["Step"]["Status"]["State"]
        if state == "FAILED":
            return StepHandle(cluster_id=cluster_id, step_id=step_id)
        time.sleep(0.1)
    raise AssertionError(f"step {step_id} is {state}")


def put_log(s3: Any, handle: StepHandle, name: str, content: bytes) -> None:
    key = f"logs/{handle.cluster_id}/steps/{handle.step_id}/{name}.gz"
    s3.put_object(Bucket="emr-logs", Key=key, Body=gzip.compress(content))


@pytest.fixture
def handle(cluster_id: str) -> StepHandle:
    """A step of which EMR has uploaded nothing yet."""
    return StepHandle(cluster_id=cluster_id, step_id=f"s-{uuid.uuid4().hex[:12].upper()}")


def test_a_failing_pyspark_script_is_named_with_its_line(api: EmrApi, s3: Any, cluster_id: str, bucket: str) -> None:
    s3.put_object(Bucket=bucket, Key="ratings.py", Body=SCRIPT.encode())
    step = shell_step("")
    step["HadoopJarStep"]["Args"] = ["spark-submit", "--deploy-mode", "cluster", f"s3://{bucket}/ratings.py"]
    failed = run_until_failed(api, cluster_id, step)
    explanation = explain_step(api, s3, failed, state="FAILED", patience_seconds=NEVER_WAITED_OUT)
    assert explanation.sentence == "ValueError: invalid literal for int() with base 10: 'four' (ratings.py:6)"
    assert explanation.tails


def test_a_driver_without_a_session_is_told_what_yarn_wants(api: EmrApi, s3: Any, cluster_id: str, bucket: str) -> None:
    s3.put_object(Bucket=bucket, Key="no_session.py", Body=b"print('done')\n")
    step = shell_step("")
    step["HadoopJarStep"]["Args"] = ["spark-submit", "--deploy-mode", "cluster", f"s3://{bucket}/no_session.py"]
    failed = run_until_failed(api, cluster_id, step)
    sentence = explain_step(api, s3, failed, state="FAILED", patience_seconds=NEVER_WAITED_OUT).sentence
    assert sentence is not None
    assert sentence.startswith(
        "The script made no SparkSession on YARN, as deploy mode cluster demands; use SparkSession"
    )


def test_a_failing_command_that_nobody_understands_shows_its_tail(api: EmrApi, s3: Any, cluster_id: str) -> None:
    failed = run_until_failed(api, cluster_id, shell_step("seq 1 200; echo the partner is closed >&2; exit 3"))
    explanation = explain_step(api, s3, failed, state="FAILED", patience_seconds=30)
    assert explanation.sentence is None
    assert explanation.tails["stderr"][-1] == "the partner is closed"
    assert explanation.tails["stdout"] == [str(number) for number in range(151, 201)]


def test_logs_that_arrive_late_are_waited_for(api: EmrApi, s3: Any, handle: StepHandle) -> None:
    # EMR uploads what a running step has written, too: that log is there, but it is not the end.
    put_log(s3, handle, "stderr", b"")
    put_log(s3, handle, "controller", b"INFO ProcessRunner started child process 30455\n")

    def upload() -> None:
        put_log(s3, handle, "stderr", TRACEBACK.encode())
        put_log(s3, handle, "controller", ENDED.encode())

    timer = threading.Timer(1.0, upload)
    timer.start()
    explanation = explain_step(api, s3, handle, state="FAILED", patience_seconds=20)
    timer.join()
    assert explanation.sentence == "ValueError: late (job.py:3)"


def test_the_wait_is_bounded(api: EmrApi, s3: Any, handle: StepHandle) -> None:
    started = time.monotonic()
    assert explain_step(api, s3, handle, state="FAILED", patience_seconds=2) == Explanation()
    assert time.monotonic() - started > 1.5


def test_a_cancelled_step_is_not_waited_for(api: EmrApi, s3: Any, handle: StepHandle) -> None:
    assert explain_step(api, s3, handle, state="CANCELLED", patience_seconds=NEVER_WAITED_OUT) == Explanation()


def test_the_wait_for_containers_is_bounded_too(api: EmrApi, s3: Any, handle: StepHandle) -> None:
    put_log(s3, handle, "stderr", b"26/11/20 02:11:15 INFO YarnClientImpl: Submitted application application_1_0001\n")
    put_log(s3, handle, "controller", ENDED.encode())
    started = time.monotonic()
    explanation = explain_step(api, s3, handle, state="FAILED", patience_seconds=2)
    assert time.monotonic() - started > 1.5
    assert list(explanation.tails) == ["stderr"]


def test_an_s3_or_an_emr_that_does_not_answer_changes_nothing(
    api: EmrApi, client_for: Callable[..., Any], handle: StepHandle, caplog: pytest.LogCaptureFixture
) -> None:
    dead_s3 = client_for("s3", retries={"total_max_attempts": 1})
    dead_s3.meta.events.register("before-send.s3", refuse)
    dead_emr = client_for("emr", retries={"total_max_attempts": 1})
    dead_emr.meta.events.register("before-send.emr", refuse)
    assert explain_step(api, dead_s3, handle, state="FAILED", patience_seconds=0) == Explanation()
    dead_api = EmrApi(read=dead_emr, write=dead_emr)
    assert explain_step(dead_api, dead_s3, handle, state="FAILED", patience_seconds=0) == Explanation()
    assert explain_launch(dead_api, dead_s3, handle.cluster_id, patience_seconds=0) == Explanation()
    assert caplog.text.count("cannot be read: ConnectionRefusedError") == 3


def refuse(**_: Any) -> None:
    raise ConnectionRefusedError("no one listens")


def test_a_log_that_is_no_gzip_changes_nothing(api: EmrApi, s3: Any, handle: StepHandle) -> None:
    s3.put_object(Bucket="emr-logs", Key=f"logs/{handle.cluster_id}/steps/{handle.step_id}/stderr.gz", Body=b"plain")
    assert explain_step(api, s3, handle, state="FAILED", patience_seconds=0) == Explanation()


def test_of_a_huge_log_only_the_end_is_kept(s3: Any, bucket: str) -> None:
    lines = b"26/11/20 02:11:33 INFO DAGScheduler: Submitting 200 missing tasks\n" * 400_000
    # EMR's logs may consist of several gzip members.
    body = gzip.compress(lines, compresslevel=1) + gzip.compress(TRACEBACK.encode())
    s3.put_object(Bucket=bucket, Key="stderr.gz", Body=body)
    text = read_log(s3, bucket, "stderr.gz")
    assert text is not None
    assert len(text) == KEPT_BYTES
    assert text.endswith(TRACEBACK)


def test_a_log_whose_upload_was_cut_gives_what_it_holds(s3: Any, bucket: str) -> None:
    body = gzip.compress(b"".join(b"line %d\n" % number for number in range(10_000)))
    s3.put_object(Bucket=bucket, Key="stderr.gz", Body=body[: len(body) // 2])
    text = read_log(s3, bucket, "stderr.gz")
    assert text is not None
    assert text.startswith("line 0\nline 1\n")


def test_a_hostile_log_takes_no_long_time(api: EmrApi, s3: Any, handle: StepHandle) -> None:
    parts = ("x", "executor 1).", "a.b.C", ": ", "AM Container for ", "ExecutorLostFailure Reason: ", "File ", "s3://")

    def cpu_seconds(kept_bytes: int) -> float:
        long_lines = "\n".join(": a.b.XException: " + part * (kept_bytes // len(parts) // len(part)) for part in parts)
        line = "\n: a.b.XException: Job aborted executor 1)."
        put_log(s3, handle, "stderr", long_lines.encode())
        put_log(s3, handle, "stdout", (line * (kept_bytes // len(line))).encode())
        started = time.thread_time()
        explain_step(api, s3, handle, state="FAILED", patience_seconds=0)
        return time.thread_time() - started

    # Eight times the bytes take 64 times as long in a pattern that goes back over what it has read.
    assert cpu_seconds(KEPT_BYTES) < 24 * cpu_seconds(KEPT_BYTES // 8)


def test_a_step_that_ended_with_its_cluster_is_explained_by_it(api: EmrApi, s3: Any, handle: StepHandle) -> None:
    put_log(s3, handle, "stdout", TRACEBACK.encode())
    status = {"StateChangeReason": {"Code": "INSTANCE_FAILURE", "Message": "The master node was terminated"}}
    lost = ClusterThatSays(LogUri="s3://emr-logs/logs/", Status={"State": "TERMINATED_WITH_ERRORS", **status})
    explanation = explain_step(EmrApi(read=lost, write=lost), s3, handle, state="INTERRUPTED", patience_seconds=30)
    assert explanation.sentence == "The cluster lost its instances: The master node was terminated"
    assert explanation.tails["stdout"][-1] == "ValueError: late"


@pytest.mark.parametrize("state", ["CANCELLED", "INTERRUPTED"])
def test_the_kill_of_a_step_that_was_stopped_is_not_its_cause(
    api: EmrApi, s3: Any, handle: StepHandle, state: str
) -> None:
    put_log(s3, handle, "stderr", b"Killed\n")
    failed = explain_step(api, s3, handle, state="FAILED", patience_seconds=0)
    assert failed.sentence is not None
    assert "most likely because the memory ran out" in failed.sentence
    stopped = explain_step(api, s3, handle, state=state, patience_seconds=0)
    assert (stopped.sentence, stopped.tails) == (None, {"stderr": ["Killed"]})


def test_a_log_that_is_not_there_is_none(s3: Any, bucket: str) -> None:
    assert read_log(s3, bucket, "stderr.gz") is None
    assert read_log(s3, "no-such-bucket-of-logs", "stderr.gz") is None
