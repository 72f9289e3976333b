"""Only unpublished attempts of ended runs are deleted, and only when they are old."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from botocore.exceptions import ClientError

from emr_pipelines.storage.attempts import record_published
from emr_pipelines.storage.garbage import Garbage, delete_garbage, find_garbage

LATER = dt.datetime.now(dt.UTC) + dt.timedelta(days=30)
WEEK = dt.timedelta(days=7)
OURS = ["runs/p/r1/step/attempt=1/part-0", "runs/p/r1/step/attempt=1/year=1/part-1"]
NOT_OURS = [
    "runs/p/r1/step/attempt=x/part-0",
    "runs/p/r1/step/attempt=1-/part-0",
    "runs/p/r1/other/attempt=1",
    "runs/p/r1/step/attempt=1_$folder$",
    "runs/p/r1/step/deeper/attempt=1/part-0",
    "runs/p/r1/attempt=1/part-0",
    "runs/p/r1/step/_owner",
    "other/runs/p/r1/step/attempt=1/part-0",
    "runs2/p/r1/step/attempt=1/part-0",
    "data/attempt=1/part-0",
]


def put(s3: Any, bucket: str, *keys: str) -> None:
    for key in keys:
        s3.put_object(Bucket=bucket, Key=key, Body=b"12345")


def keys(s3: Any, bucket: str) -> set[str]:
    return {item["Key"] for item in s3.list_objects_v2(Bucket=bucket).get("Contents", [])}


def find(s3: Any, bucket: str, **changes: Any) -> Garbage:
    return find_garbage(s3, f"s3://{bucket}", **{"older_than": WEEK, "now": LATER, "live_runs": set(), **changes})


def prefixes(garbage: Garbage) -> list[str]:
    return [attempt.prefix.split("/", 3)[3] for attempt in garbage.attempts]


def test_an_unpublished_attempt_is_found_measured_and_deleted_and_nothing_else(s3: Any, bucket: str) -> None:
    put(s3, bucket, *OURS, *NOT_OURS)
    garbage = find(s3, bucket)
    assert [(a.prefix, a.objects, a.bytes) for a in garbage.attempts] == [
        (f"s3://{bucket}/runs/p/r1/step/attempt=1/", 2, 10)
    ]
    assert delete_garbage(s3, garbage) == []
    assert keys(s3, bucket) == set(NOT_OURS)


def test_the_published_attempt_stays(s3: Any, bucket: str) -> None:
    put(s3, bucket, *(f"runs/p/r1/step/attempt={label}/part-0" for label in ("1", "1-2-1", "3")))
    record_published(
        s3, f"s3://{bucket}/runs/p/r1/step", label="1-2-1", output=f"s3://{bucket}/runs/p/r1/step/attempt=1-2-1"
    )
    assert prefixes(find(s3, bucket)) == ["runs/p/r1/step/attempt=1/", "runs/p/r1/step/attempt=3/"]


def test_an_attempt_that_is_published_after_it_was_found_stays(s3: Any, bucket: str) -> None:
    put(s3, bucket, *OURS)
    garbage = find(s3, bucket)
    record_published(s3, f"s3://{bucket}/runs/p/r1/step", label="1", output=f"s3://{bucket}/runs/p/r1/step/attempt=1")
    delete_garbage(s3, garbage)
    assert keys(s3, bucket) >= set(OURS)


def test_attempts_of_legacy_scripts_are_found_below_their_own_folder(s3: Any, bucket: str) -> None:
    put(s3, bucket, *(f"output/runs/p/r1/step/attempt={label}/part-0" for label in ("1", "2")), "output/words.png")
    folder = f"s3://{bucket}/output/runs/p/r1/step"
    record_published(s3, folder, label="2", output=f"{folder}/attempt=2")
    garbage = find(s3, bucket)
    assert prefixes(garbage) == ["output/runs/p/r1/step/attempt=1/"]
    assert find(s3, bucket, live_runs={("p", "r1")}).attempts == ()
    delete_garbage(s3, garbage)
    assert "output/words.png" in keys(s3, bucket)


def test_young_attempts_and_live_runs_stay(s3: Any, bucket: str) -> None:
    put(s3, bucket, *OURS, "runs/p/r2/step/attempt=1/part-0")
    assert find(s3, bucket, now=dt.datetime.now(dt.UTC)).attempts == ()
    assert prefixes(find(s3, bucket, live_runs={("p", "r1")})) == ["runs/p/r2/step/attempt=1/"]


def test_a_bucket_with_a_prefix_is_searched_below_it_only(s3: Any, bucket: str) -> None:
    put(s3, bucket, *OURS, "team/runs/p/r/step/attempt=1/part-0")
    garbage = find_garbage(s3, f"s3://{bucket}/team", older_than=WEEK, now=LATER, live_runs=set())
    assert prefixes(garbage) == ["team/runs/p/r/step/attempt=1/"]


def test_more_objects_than_one_call_takes_are_deleted(s3: Any, bucket: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("emr_pipelines.storage.garbage._BATCH", 3)
    put(s3, bucket, *(f"runs/p/r/step/attempt=1/part-{number}" for number in range(7)))
    delete_garbage(s3, find(s3, bucket))
    assert keys(s3, bucket) == set()


class Refusing:
    """An S3 client that may not delete below one attempt: object by object, or the call as a whole."""

    def __init__(self, s3: Any, *, whole: bool) -> None:
        self._s3, self._whole = s3, whole

    def __getattr__(self, name: str) -> Any:
        return getattr(self._s3, name)

    def delete_objects(self, **request: Any) -> Any:
        first = request["Delete"]["Objects"][0]
        if first["Key"] != OURS[0]:
            return self._s3.delete_objects(**request)
        refusal = {"Code": "AccessDenied", "Message": "locked"}
        if self._whole:
            raise ClientError({"Error": refusal, "ResponseMetadata": {"HTTPStatusCode": 403}}, "DeleteObjects")
        return {"Errors": [{**first, **refusal}]}


@pytest.mark.parametrize(("whole", "which"), [(False, OURS[0]), (True, f"{OURS[0]} and 1 more")], ids=["one", "all"])
def test_what_s3_refuses_is_told_and_the_rest_is_deleted(s3: Any, bucket: str, whole: bool, which: str) -> None:
    put(s3, bucket, *OURS, "runs/p/r2/step/attempt=1/part-0")
    refused = delete_garbage(Refusing(s3, whole=whole), find(s3, bucket))
    assert refused == [f"s3://{bucket}/{which}: AccessDenied locked"]
    assert keys(s3, bucket) == set(OURS)


def test_abandoned_uploads_are_aborted(s3: Any, bucket: str) -> None:
    for key in (OURS[0], "runs/p/live/step/attempt=1/part-0", "data/attempt=1/x"):
        s3.create_multipart_upload(Bucket=bucket, Key=key)
    garbage = find(s3, bucket, live_runs={("p", "live")})
    assert [upload.key for upload in garbage.uploads] == [OURS[0]]
    assert delete_garbage(s3, garbage) == []
    left = {upload["Key"] for upload in s3.list_multipart_uploads(Bucket=bucket)["Uploads"]}
    assert left == {"runs/p/live/step/attempt=1/part-0", "data/attempt=1/x"}
    assert delete_garbage(s3, garbage) == []
