"""The latest output of a step is that of the same values, and whatever is recorded so stays."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import Any

import pytest
from botocore.exceptions import ClientError

from emr_pipelines.storage.attempts import published_attempt
from emr_pipelines.storage.finished_outputs import FinishedOutput, OutputCheck, accept_output
from emr_pipelines.storage.garbage import find_garbage
from emr_pipelines.storage.latest_outputs import LatestOutput, find_latest, find_newest, record_latest
from emr_pipelines.storage.step_outputs import OutputIncomplete
from tests.storage.claims import claim_on

LATER = dt.datetime.now(dt.UTC) + dt.timedelta(days=30)


def latest(bucket: str, run: str = "r1", **values: str) -> LatestOutput:
    return LatestOutput(
        pipeline="p",
        step="words",
        output=f"s3://{bucket}/runs/p/{run}/words/attempt=1",
        run_id=run,
        date="2005-01-01",
        params={"size": 3, "country": None},
        values=values,
        definition="d1",
        spec_digest="s1",
        recorded_at="2026-01-01T00:00:00+00:00",
    )


def find(s3: Any, bucket: str, **values: str) -> LatestOutput | None:
    return find_latest(s3, f"s3://{bucket}", pipeline="p", step="words", values=values)


def test_an_output_of_another_year_is_never_found(s3: Any, bucket: str) -> None:
    old, new = latest(bucket, "r1", year="2004"), latest(bucket, "r2", year="2005")
    record_latest(s3, old)
    record_latest(s3, new)
    assert find(s3, bucket, year="2004") == old
    assert find(s3, bucket, year="2005") == new
    assert find(s3, bucket, year="2006") is None
    assert find(s3, bucket) is None
    assert find_latest(s3, f"s3://{bucket}", pipeline="p", step="other", values={"year": "2005"}) is None
    assert find_newest(s3, f"s3://{bucket}", pipeline="p") == new
    assert find_newest(s3, f"s3://{bucket}", pipeline="other") is None


def test_the_last_writer_wins(s3: Any, bucket: str) -> None:
    record_latest(s3, latest(bucket, "r1", year="2005"))
    record_latest(s3, latest(bucket, "r2", year="2005"))
    assert find(s3, bucket, year="2005") == latest(bucket, "r2", year="2005")


def test_the_record_of_another_version_counts_as_none(s3: Any, bucket: str) -> None:
    record_latest(s3, latest(bucket, year="2005"))
    for item in s3.list_objects_v2(Bucket=bucket)["Contents"]:
        s3.put_object(Bucket=bucket, Key=item["Key"], Body=b'{"output": "s3://b/x", "of": "tomorrow"}')
    assert find(s3, bucket, year="2005") is None
    assert find_newest(s3, f"s3://{bucket}", pipeline="p") is None


def finished(bucket: str) -> FinishedOutput:
    return FinishedOutput(
        latest=latest(bucket, year="2005"),
        check=OutputCheck(success_marker=True, min_files=1),
        label="1",
        step_folder=f"s3://{bucket}/runs/p/r1/words",
        claim=claim_on(f"s3://{bucket}/published", step="words"),
    )


def write(s3: Any, bucket: str, *names: str) -> None:
    for name in names:
        s3.put_object(Bucket=bucket, Key=f"runs/p/r1/words/attempt=1/{name}", Body=b"x")


def test_only_a_whole_output_is_recorded(s3: Any, bucket: str) -> None:
    write(s3, bucket, "part-0")
    with pytest.raises(OutputIncomplete):
        accept_output(s3, finished(bucket))
    assert find(s3, bucket, year="2005") is None
    write(s3, bucket, "_SUCCESS")
    accept_output(s3, finished(bucket))
    assert find(s3, bucket, year="2005") == latest(bucket, year="2005")
    assert s3.list_objects_v2(Bucket=bucket, Prefix="published/")["KeyCount"] == 3


class WithoutLatest:
    """An S3 client of a role that may not write the records of the latest outputs."""

    def __init__(self, s3: Any) -> None:
        self._s3 = s3

    def __getattr__(self, name: str) -> Any:
        return getattr(self._s3, name)

    def put_object(self, **request: Any) -> Any:
        if "/_latest/" in request["Key"]:
            refusal = {"Error": {"Code": "AccessDenied"}, "ResponseMetadata": {"HTTPStatusCode": 403}}
            raise ClientError(refusal, "PutObject")
        return self._s3.put_object(**request)


def test_a_role_that_may_not_record_it_fails_no_run(s3: Any, bucket: str, caplog: pytest.LogCaptureFixture) -> None:
    write(s3, bucket, "part-0", "_SUCCESS")
    accept_output(WithoutLatest(s3), finished(bucket))
    assert "`run --step` does not find it" in caplog.text
    assert published_attempt(s3, f"s3://{bucket}/runs/p/r1/words") == "1"
    assert s3.list_objects_v2(Bucket=bucket, Prefix="published/")["KeyCount"] == 3


def garbage(s3: Any, bucket: str, *live_runs: tuple[str, str]) -> list[str]:
    found = find_garbage(s3, f"s3://{bucket}", older_than=dt.timedelta(), now=LATER, live_runs=frozenset(live_runs))
    return [attempt.prefix for attempt in found.attempts]


def test_gc_leaves_the_records_and_what_they_name(s3: Any, bucket: str) -> None:
    write(s3, bucket, "part-0")
    assert garbage(s3, bucket) == [f"s3://{bucket}/runs/p/r1/words/attempt=1/"]
    record_latest(s3, latest(bucket, year="2005"))
    assert garbage(s3, bucket) == []
    record_latest(s3, replace(latest(bucket, year="2005"), output=f"s3://{bucket}/runs/p/r2/words/attempt=1"))
    assert garbage(s3, bucket) == [f"s3://{bucket}/runs/p/r1/words/attempt=1/"]
    assert garbage(s3, bucket, ("p", "step-runs")) == [], "a waiting cluster may run any of the pipeline's runs"
    assert garbage(s3, bucket, ("q", "step-runs")) != []
