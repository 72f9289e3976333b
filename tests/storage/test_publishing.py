"""Of several publishers one wins, and the stable prefix then holds that one's objects and no others."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from emr_pipelines.errors import EmrPipelinesError
from emr_pipelines.storage.attempts import OutputSuperseded
from emr_pipelines.storage.step_outputs import publish_output
from tests.storage.claims import claim_on

STEP = "runs/p/r/step"


def write_attempt(s3: Any, bucket: str, label: str, *names: str, step: str = STEP) -> str:
    """An attempt's output whose objects hold its own address; `_SUCCESS` is added."""
    uri = f"s3://{bucket}/{step}/attempt={label}"
    for name in (*names, "_SUCCESS"):
        s3.put_object(Bucket=bucket, Key=f"{step}/attempt={label}/{name}", Body=uri.encode())
    return uri


def contents(s3: Any, bucket: str, prefix: str = "stable") -> dict[str, str]:
    listed = s3.list_objects_v2(Bucket=bucket, Prefix=f"{prefix}/").get("Contents", [])
    return {
        item["Key"].removeprefix(f"{prefix}/"): s3.get_object(Bucket=bucket, Key=item["Key"])["Body"].read().decode()
        for item in listed
    }


def data(s3: Any, bucket: str) -> dict[str, str]:
    return {name: body for name, body in contents(s3, bucket).items() if name != "_PUBLISHED.json"}


class Stopping:
    """An S3 client of whose calls one, the n-th of its kind that matches, waits (before or after its effect) until it may go on."""

    def __init__(self, s3: Any, operation: str, key: str, *, after: bool = False) -> None:
        self._s3, self._operation, self._key, self._after = s3, operation, key, after
        self.reached, self.go_on = threading.Event(), threading.Event()

    def __getattr__(self, name: str) -> Any:
        real = getattr(self._s3, name)
        if name != self._operation:
            return real

        def call(*args: Any, **kwargs: Any) -> Any:
            target = kwargs.get("Key") or args[-1]
            if target != self._key or self.reached.is_set():
                return real(*args, **kwargs)
            answer = real(*args, **kwargs) if self._after else None
            self.reached.set()
            assert self.go_on.wait(30)
            return answer if self._after else real(*args, **kwargs)

        return call


def publish_while_stopped(
    s3: Any, stopping: Stopping, first: tuple[str, str], meanwhile: Callable[[], object], target: str
) -> None:
    """Start to publish `first`, let `meanwhile` happen while that stands still, and go on to its end."""
    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(publish_output, stopping, first[0], claim_on(target), label=first[1])
        try:
            assert stopping.reached.wait(30)
            meanwhile()
        finally:
            stopping.go_on.set()
        running.result(30)


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize(
    ("operation", "key"),
    [
        ("copy", "stable/a"),
        ("copy", "stable/only-old"),
        ("copy", "stable/_SUCCESS"),
        ("delete_object", "stable/_SUCCESS"),
        ("delete_object", "stable/stale"),
    ],
    ids=["copy-a", "copy-old", "copy-success", "delete-success", "delete-stale"],
)
def test_only_the_winner_stays(s3: Any, bucket: str, operation: str, key: str, after: bool) -> None:
    target = f"s3://{bucket}/stable"
    publish_output(s3, write_attempt(s3, bucket, "1", "stale"), claim_on(target), label="1")
    old = write_attempt(s3, bucket, "2", "a", "only-old", "z")
    new = write_attempt(s3, bucket, "3", "a", "b", "stale")

    with pytest.raises(OutputSuperseded, match=r"Attempt 2 .* attempt 3"):
        publish_while_stopped(
            s3,
            Stopping(s3, operation, key, after=after),
            (old, "2"),
            lambda: publish_output(s3, new, claim_on(target), label="3"),
            target,
        )
    assert data(s3, bucket) == dict.fromkeys(["a", "b", "stale", "_SUCCESS"], new)


def test_an_overtaken_publisher_does_not_mark_the_winners_half_as_whole(s3: Any, bucket: str) -> None:
    target = f"s3://{bucket}/stable"
    old, new = write_attempt(s3, bucket, "1", "a"), write_attempt(s3, bucket, "2", "a", "b")
    winner = Stopping(s3, "copy", "stable/b")

    def let_the_winner_get_half_way() -> None:
        threads.append(
            threading.Thread(target=publish_output, args=(winner, new, claim_on(target)), kwargs={"label": "2"})
        )
        threads[0].start()
        assert winner.reached.wait(30)

    threads: list[threading.Thread] = []
    with pytest.raises(OutputSuperseded):
        publish_while_stopped(
            s3, Stopping(s3, "copy", "stable/_SUCCESS"), (old, "1"), let_the_winner_get_half_way, target
        )
    assert "_SUCCESS" not in data(s3, bucket)
    winner.go_on.set()
    threads[0].join(30)
    assert data(s3, bucket) == dict.fromkeys(["a", "b", "_SUCCESS"], new)


def test_two_publishers_at_once_leave_one_output(s3: Any, bucket: str, client_for: Callable[..., Any]) -> None:
    outputs = {label: write_attempt(s3, bucket, label, f"only-{label}", "both") for label in ("1", "2")}

    def publish(label: str) -> str:
        try:
            publish_output(client_for("s3"), outputs[label], claim_on(f"s3://{bucket}/stable"), label=label)
        except OutputSuperseded:
            return ""
        return label

    with ThreadPoolExecutor(2) as pool:
        finished = list(pool.map(publish, outputs))
    assert "2" in finished
    assert data(s3, bucket) == dict.fromkeys(["only-2", "both", "_SUCCESS"], outputs["2"])


def test_an_older_attempt_of_the_step_is_refused_before_it_changes_anything(s3: Any, bucket: str) -> None:
    old, new = write_attempt(s3, bucket, "1-2-1", "a"), write_attempt(s3, bucket, "1-3-1", "b")
    publish_output(s3, new, claim_on(f"s3://{bucket}/stable"), label="1-3-1")
    before = contents(s3, bucket)
    with pytest.raises(OutputSuperseded, match=r"Attempt 1-2-1 .* attempt 1-3-1"):
        publish_output(s3, old, claim_on(f"s3://{bucket}/stable"), label="1-2-1")
    assert contents(s3, bucket) == before


def test_another_run_publishes_over_it_whatever_its_attempts_number(s3: Any, bucket: str) -> None:
    first = write_attempt(s3, bucket, "3", "a")
    second = write_attempt(s3, bucket, "1", "b", step="runs/p/next/step")
    publish_output(s3, first, claim_on(f"s3://{bucket}/stable"), label="3")
    publish_output(s3, second, claim_on(f"s3://{bucket}/stable"), label="1")
    assert data(s3, bucket) == dict.fromkeys(["b", "_SUCCESS"], second)


def test_the_same_attempt_published_twice_at_once_succeeds_twice(s3: Any, bucket: str) -> None:
    output, target = write_attempt(s3, bucket, "1", "a", "b"), f"s3://{bucket}/stable"
    again = lambda: publish_output(s3, output, claim_on(target), label="1")  # noqa: E731 - one expression
    publish_while_stopped(s3, Stopping(s3, "copy", "stable/b"), (output, "1"), again, target)
    assert data(s3, bucket) == dict.fromkeys(["a", "b", "_SUCCESS"], output)


def test_publishing_again_repairs_what_was_cut_off(s3: Any, bucket: str) -> None:
    output = write_attempt(s3, bucket, "1", "a", "b")

    class Dying(Stopping):
        def __getattr__(self, name: str) -> Any:
            if name == "copy":
                raise KeyboardInterrupt
            return getattr(s3, name)

    with pytest.raises(KeyboardInterrupt):
        publish_output(Dying(s3, "", ""), output, claim_on(f"s3://{bucket}/stable"), label="1")
    assert "_SUCCESS" not in contents(s3, bucket)
    assert publish_output(s3, output, claim_on(f"s3://{bucket}/stable"), label="1") == 3
    assert data(s3, bucket) == dict.fromkeys(["a", "b", "_SUCCESS"], output)
    assert json.loads(contents(s3, bucket)["_PUBLISHED.json"]) == {
        "label": "1",
        "source": output,
        "names": ["_SUCCESS", "a", "b"],
        "owner": {
            "pipeline": "p",
            "step": "step",
            "run_id": "r",
            "moment": "2005-01-01T00:00:00+00:00",
            "scheduled": False,
            "values": {},
        },
        "state": "published",
    }


def test_objects_that_nobody_published_are_not_deleted(s3: Any, bucket: str) -> None:
    s3.put_object(Bucket=bucket, Key="stable/accounts.xls", Body=b"mine")
    output = write_attempt(s3, bucket, "1", "a")
    with pytest.raises(EmrPipelinesError, match=r"holds 1 objects that emr-pipelines did not publish \(accounts.xls"):
        publish_output(s3, output, claim_on(f"s3://{bucket}/stable"), label="1")
    assert contents(s3, bucket) == {"accounts.xls": "mine"}


def test_an_output_that_a_job_left_there_is_replaced_only_on_demand(s3: Any, bucket: str) -> None:
    for name in ("part-0", "_SUCCESS"):
        s3.put_object(Bucket=bucket, Key=f"stable/{name}", Body=b"by a job")
    output, place = write_attempt(s3, bucket, "1", "a"), f"s3://{bucket}/stable"
    with pytest.raises(EmrPipelinesError, match=r"holds 2 objects that emr-pipelines did not publish .* --take-over"):
        publish_output(s3, output, claim_on(place), label="1")
    assert contents(s3, bucket) == {"part-0": "by a job", "_SUCCESS": "by a job"}
    publish_output(s3, output, claim_on(place, take_over="anyone"), label="1")
    assert data(s3, bucket) == dict.fromkeys(["a", "_SUCCESS"], output)


def test_another_publication_below_the_target_is_not_deleted(s3: Any, bucket: str) -> None:
    output = write_attempt(s3, bucket, "1", "a")
    publish_output(s3, output, claim_on(f"s3://{bucket}/stable/year=1995"), label="1")
    before = contents(s3, bucket)
    with pytest.raises(EmrPipelinesError, match=r"another output is published below it, at .*/stable/year=1995"):
        publish_output(s3, output, claim_on(f"s3://{bucket}/stable"), label="1")
    assert contents(s3, bucket) == before
