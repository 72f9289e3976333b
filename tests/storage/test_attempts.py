"""Of the attempts of a step the latest is published, whoever comes last; and of its watchers the last owns it."""

from __future__ import annotations

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from emr_pipelines.errors import EmrPipelinesError
from emr_pipelines.storage.attempts import OutputSuperseded, claim, is_owner, published_attempt, record_published


def folder(bucket: str) -> str:
    return f"s3://{bucket}/runs/p/r/step"


def record(s3: Any, bucket: str, label: str) -> None:
    record_published(s3, folder(bucket), label=label, output=f"{folder(bucket)}/attempt={label}")


def test_nobodys_step_is_everybodys(s3: Any, bucket: str) -> None:
    assert is_owner(s3, folder(bucket), "try-1")


def test_the_last_to_claim_owns_the_step(s3: Any, bucket: str) -> None:
    claim(s3, folder(bucket), "try-1")
    claim(s3, folder(bucket), "try-2")
    assert not is_owner(s3, folder(bucket), "try-1")
    assert is_owner(s3, folder(bucket), "try-2")


def test_the_record_says_what_was_published(s3: Any, bucket: str) -> None:
    assert published_attempt(s3, folder(bucket)) is None
    for name in ("part-0", "year=1/part-1", "_SUCCESS"):
        s3.put_object(Bucket=bucket, Key=f"runs/p/r/step/attempt=1/{name}")
    record(s3, bucket, "1")
    stored = s3.get_object(Bucket=bucket, Key="runs/p/r/step/_published.json")["Body"].read()
    assert json.loads(stored) == {"attempt": "1", "output": f"{folder(bucket)}/attempt=1", "files": 2}


def test_attempts_follow_each_other_as_numbers(s3: Any, bucket: str) -> None:
    for label in ("1", "1-2-1", "1-3-1", "3", "3", "10"):
        record(s3, bucket, label)
        assert published_attempt(s3, folder(bucket)) == label


@pytest.mark.parametrize(("newer", "older"), [("3", "1"), ("1-2-1", "1"), ("10", "9-2-1")])
def test_an_older_attempt_is_refused(s3: Any, bucket: str, newer: str, older: str) -> None:
    record(s3, bucket, newer)
    with pytest.raises(OutputSuperseded, match=f"Attempt {older} came too late: attempt {newer} "):
        record(s3, bucket, older)
    assert published_attempt(s3, folder(bucket)) == newer


def test_of_many_writers_at_once_the_latest_attempt_stays(s3: Any, bucket: str, client_for: Callable[..., Any]) -> None:
    clients = [client_for("s3") for _ in range(6)]

    def write(number: int) -> bool:
        try:
            record(clients[number], bucket, str(number + 1))
        except OutputSuperseded:
            return False
        return True

    with ThreadPoolExecutor(6) as pool:
        written = list(pool.map(write, range(6)))
    assert written[-1]
    assert published_attempt(s3, folder(bucket)) == "6"


def test_a_writer_decides_anew_when_another_was_faster(s3: Any, bucket: str) -> None:
    class Overtaken:
        """Between this client's read and its write, attempt 2 is recorded."""

        def __getattr__(self, name: str) -> Any:
            return getattr(s3, name)

        def put_object(self, **request: Any) -> Any:
            record(s3, bucket, "2")
            return s3.put_object(**request)

    with pytest.raises(OutputSuperseded, match="attempt 2 is the published one"):
        record(Overtaken(), bucket, "1")
    assert published_attempt(s3, folder(bucket)) == "2"


def test_a_foreign_object_in_the_records_place_is_named(s3: Any, bucket: str) -> None:
    s3.put_object(Bucket=bucket, Key="runs/p/r/step/_published.json", Body=b"[]")
    with pytest.raises(EmrPipelinesError, match=r"step/_published\.json is no record"):
        record(s3, bucket, "1")
