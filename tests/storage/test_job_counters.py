"""What a job says of its work beside its output: read, logged, and asked before an empty result takes the place of a published one."""

from __future__ import annotations

import json
from typing import Any

import pytest

from emr_pipelines.storage.finished_outputs import FinishedOutput, OutputCheck, accept_output
from emr_pipelines.storage.job_counters import JobCounters, read_counters
from emr_pipelines.storage.latest_outputs import LatestOutput
from emr_pipelines.storage.step_outputs import OutputIncomplete
from tests.storage.claims import claim_on

EMPTY = {"job": "render", "counters": {"pictures": 0, "empty": True}, "warnings": ["no words"]}
FULL = {"job": "render", "counters": {"pictures": 2}, "warnings": []}


def finished(bucket: str, attempt: str, *, min_files: int = 1) -> FinishedOutput:
    latest = LatestOutput(
        pipeline="p",
        step="render",
        output=f"s3://{bucket}/runs/p/r{attempt}/render/attempt=1",
        run_id=f"r{attempt}",
        date="2005-01-01",
        params={},
        values={},
        definition="",
        spec_digest="",
        recorded_at="2026-01-01T00:00:00+00:00",
    )
    return FinishedOutput(
        latest=latest,
        check=OutputCheck(success_marker=True, min_files=min_files),
        label="1",
        step_folder=f"s3://{bucket}/runs/p/r{attempt}/render",
        claim=claim_on(f"s3://{bucket}/gallery", run_id=f"r{attempt}"),
    )


def write(s3: Any, bucket: str, attempt: str, told: Any, page: bytes = b"<html>") -> None:
    body = told if isinstance(told, bytes) else json.dumps(told).encode()
    for name, content in (("index.html", page), ("_counters.json", body), ("_SUCCESS", b"")):
        s3.put_object(Bucket=bucket, Key=f"runs/p/r{attempt}/render/attempt=1/{name}", Body=content)


def published(s3: Any, bucket: str) -> Any:
    return json.loads(s3.get_object(Bucket=bucket, Key="gallery/_counters.json")["Body"].read())


def test_counters_and_warnings_are_returned_and_logged(s3: Any, bucket: str, caplog: pytest.LogCaptureFixture) -> None:
    write(s3, bucket, "1", {"counters": {"rows_read": 7}, "warnings": ["3 of 7 rows cannot be used"]})
    with caplog.at_level("INFO"):
        told = accept_output(s3, finished(bucket, "1"))
    assert told == JobCounters(counters={"rows_read": 7}, warnings=("3 of 7 rows cannot be used",))
    assert told.handed_on() == {"rows_read": 7, "warnings": ["3 of 7 rows cannot be used"]}
    assert "Counter rows_read: 7" in caplog.text
    assert "The job warns: 3 of 7 rows cannot be used" in caplog.text


@pytest.mark.parametrize(
    "told", [b"", b"no JSON", b"[]", b"{}", b'{"counters": 7}', b'{"counters": {"a": "' + b"a" * 70_000 + b'"}}']
)
def test_counters_that_cannot_be_read_stop_nothing(s3: Any, bucket: str, told: bytes) -> None:
    write(s3, bucket, "1", told)
    assert accept_output(s3, finished(bucket, "1")) is None
    assert read_counters(s3, f"s3://{bucket}/nothing") is None


def test_an_empty_result_takes_no_published_ones_place(s3: Any, bucket: str) -> None:
    for attempt, told in (("1", EMPTY), ("2", EMPTY), ("3", FULL)):
        write(s3, bucket, attempt, told)
        accept_output(s3, finished(bucket, attempt))
    assert published(s3, bucket) == FULL, "an empty one may come first, and be replaced"
    write(s3, bucket, "4", EMPTY)
    with pytest.raises(OutputIncomplete, match=r"result is empty \(s3://.*/gallery holds a published one, which stays"):
        accept_output(s3, finished(bucket, "4"))
    assert published(s3, bucket) == FULL
    accept_output(s3, finished(bucket, "4", min_files=0))
    assert published(s3, bucket) == EMPTY, "the spec says that it may be empty"


def test_files_without_a_byte_are_an_empty_result_of_any_step(s3: Any, bucket: str) -> None:
    write(s3, bucket, "1", b"")
    accept_output(s3, finished(bucket, "1"))
    write(s3, bucket, "2", b"", page=b"")
    with pytest.raises(OutputIncomplete, match="which stays"):
        accept_output(s3, finished(bucket, "2"))
