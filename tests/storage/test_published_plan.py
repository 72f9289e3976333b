"""The plan that a run used last is found again, whole, and nothing that cleans up takes it away."""

from __future__ import annotations

import datetime as dt
import json
from typing import Any

import pytest

from emr_pipelines.errors import EmrPipelinesError
from emr_pipelines.plan.differences.plan_record import ArtifactContent, PlanRecord
from emr_pipelines.storage.garbage import delete_garbage, find_garbage
from emr_pipelines.storage.published_plan import publish_plan, read_published_plan


def record(**changes: Any) -> PlanRecord:
    code = ArtifactContent(kind="package", source="jobs", target="jobs.zip", bytes=3, sha256="a", files={"jobs/a": "b"})
    return PlanRecord(plan={"name": "sales", "steps": [], **changes}, artifacts=(code,), code_prefix="s3://b/code/0")


def publish(s3: Any, bucket: str, one: PlanRecord, run_id: str = "r1") -> str:
    return publish_plan(s3, one, bucket=f"s3://{bucket}", run_id=run_id, date="2024-01-01T00:00:00+00:00")


def keys(s3: Any, bucket: str) -> set[str]:
    return {item["Key"] for item in s3.list_objects_v2(Bucket=bucket).get("Contents", [])}


def test_the_plan_that_a_run_used_last_is_read_back(s3: Any, bucket: str) -> None:
    first, second = record(), record(owner="me")
    publish(s3, bucket, first)
    address = publish(s3, bucket, second, "r2")
    assert address == f"s3://{bucket}/plans/sales/{second.digest}.json"
    found = read_published_plan(s3, bucket=f"s3://{bucket}", pipeline="sales")
    assert found is not None
    assert found.record == second
    assert (found.publication.run_id, found.publication.code_prefix) == ("r2", "s3://b/code/0")
    assert keys(s3, bucket) == {f"plans/sales/{name}.json" for name in (first.digest, second.digest, "latest")}


def test_a_run_of_an_older_plan_makes_that_the_last(s3: Any, bucket: str) -> None:
    for one in (record(), record(owner="me"), record()):
        publish(s3, bucket, one)
    found = read_published_plan(s3, bucket=f"s3://{bucket}", pipeline="sales")
    assert found is not None
    assert found.record == record()
    assert len(keys(s3, bucket)) == 3


def test_a_pipeline_that_never_ran_has_none(s3: Any, bucket: str) -> None:
    publish(s3, bucket, record())
    assert read_published_plan(s3, bucket=f"s3://{bucket}", pipeline="sale") is None


@pytest.mark.parametrize(
    ("latest", "said"),
    [
        (b"[]", "is no record of emr-pipelines"),
        (b'{"digest": "0"}', "does not name a plan"),
        (json.dumps({"digest": "0", "code_prefix": "", "run_id": "", "date": ""}).encode(), "is gone"),
    ],
)
def test_what_cannot_be_read_says_what_to_do(s3: Any, bucket: str, latest: bytes, said: str) -> None:
    s3.put_object(Bucket=bucket, Key="plans/sales/latest.json", Body=latest)
    with pytest.raises(EmrPipelinesError, match=said):
        read_published_plan(s3, bucket=f"s3://{bucket}", pipeline="sales")


def test_plans_are_no_garbage(s3: Any, bucket: str) -> None:
    publish(s3, bucket, record())
    later = dt.datetime.now(dt.UTC) + dt.timedelta(days=30)
    garbage = find_garbage(s3, f"s3://{bucket}", older_than=dt.timedelta(days=1), now=later, live_runs=set())
    assert (garbage.attempts, garbage.uploads) == ((), ())
    delete_garbage(s3, garbage)
    assert len(keys(s3, bucket)) == 2
