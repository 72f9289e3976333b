"""Each run leaves a record by which it is found again: by its date, its year, its id, and as the newest."""

from __future__ import annotations

import time
from typing import Any

import pytest

from emr_pipelines.errors import EmrPipelinesError
from emr_pipelines.storage.run_records import RunRecord, list_runs, read_run, record_run


def record(run_id: str, date: str = "2005-01-01", **more: Any) -> RunRecord:
    year = int(date[:4])
    return RunRecord(**{"pipeline": "sales", "run_id": run_id, "date": date, "year": year, "plan_digest": "0", "code_prefix": "s3://b/code/0", **more})  # fmt: skip


def test_a_run_is_read_back_whole(s3: Any, bucket: str) -> None:
    run = record("scheduled__2005-01-01T00:00:00+00:00", params={"year": None, "country": "ü"}, is_whole=False)
    record_run(s3, f"s3://{bucket}", run)
    (known,) = list_runs(s3, f"s3://{bucket}", "sales")
    assert (known.date, known.year, known.folder) == ("2005-01-01", 2005, run.folder)
    assert read_run(s3, f"s3://{bucket}", known) == run


def test_what_was_written_last_is_the_newest(s3: Any, bucket: str) -> None:
    for run in (record("a"), record("b"), record("c", "1999-01-01")):
        record_run(s3, f"s3://{bucket}", run)
    found = list_runs(s3, f"s3://{bucket}", "sales")
    times = [one.recorded_at for one in found]
    assert times == sorted(times, reverse=True)
    assert [one.folder for one in list_runs(s3, f"s3://{bucket}", "sales", date="1999-01-01")] == ["c"]
    time.sleep(1.1)  # S3's times have whole seconds
    # A retry writes the same record again, which is the newest then.
    record_run(s3, f"s3://{bucket}", record("a"))
    again = list_runs(s3, f"s3://{bucket}", "sales")
    assert (len(again), again[0].folder) == (3, "a")


def test_another_pipeline_and_a_bucket_that_is_not_there_have_none(s3: Any, bucket: str) -> None:
    record_run(s3, f"s3://{bucket}", record("a"))
    assert list_runs(s3, f"s3://{bucket}", "sale") == []
    assert list_runs(s3, "s3://nobody-has-made-this", "sales") == []


def test_a_record_of_another_form_is_named(s3: Any, bucket: str) -> None:
    key = "plans/sales/runs/date=2005-01-01/year=2005/a.json"
    s3.put_object(Bucket=bucket, Key=key, Body=b'{"pipeline": "sales"}')
    (known,) = list_runs(s3, f"s3://{bucket}", "sales")
    with pytest.raises(EmrPipelinesError, match=f"s3://{bucket}/{key} is no record of a run"):
        read_run(s3, f"s3://{bucket}", known)
