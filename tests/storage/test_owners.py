"""A published place has one owner: who else wants it is told whose it is, and changes nothing unless it takes over."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest

from emr_pipelines.errors import EmrPipelinesError
from emr_pipelines.storage.owners import PlaceClaim, PlaceTaken
from emr_pipelines.storage.step_outputs import publish_output, refuse_taken_place
from tests.storage.claims import claim_on
from tests.storage.test_publishing import Stopping, contents, data, write_attempt

NINE, TEN = "2024-05-01T09:00:00+00:00", "2024-05-01T10:00:00+00:00"


@pytest.fixture
def bucket(bucket: str, s3: Any) -> str:
    """A bucket with nothing in it: tests with long parameters share one."""
    for item in s3.list_objects_v2(Bucket=bucket).get("Contents", []):
        s3.delete_object(Bucket=bucket, Key=item["Key"])
    return bucket


@pytest.fixture
def place(bucket: str) -> str:
    return f"s3://{bucket}/stable"


def publish(s3: Any, bucket: str, claim: PlaceClaim, name: str) -> str:
    """Publish one object of that name; the address of the attempt."""
    output = write_attempt(s3, bucket, "1", name, step=f"runs/{claim.owner.pipeline}/{name}/{claim.owner.step}")
    publish_output(s3, output, claim, label="1")
    return output


def first_and_second(
    s3: Any, bucket: str, first: PlaceClaim, second: PlaceClaim
) -> tuple[str, dict[str, str], dict[str, str]]:
    """Publish by the first claim, and have the second refused: its words, and the place before and after."""
    publish(s3, bucket, first, "first")
    before = contents(s3, bucket)
    with pytest.raises(PlaceTaken) as early:
        refuse_taken_place(s3, second)
    with pytest.raises(PlaceTaken) as late:
        publish(s3, bucket, second, "second")
    assert str(early.value) == str(late.value), "told before a cluster is paid for, and in any case"
    return str(late.value), before, contents(s3, bucket)


@pytest.mark.parametrize(
    "second", [{"pipeline": "other"}, {"step": "other"}, {"pipeline": "other", "step": "other"}], ids=str
)
def test_another_pipeline_or_step_is_refused_and_told_whose_the_place_is(
    s3: Any, bucket: str, place: str, second: dict[str, str]
) -> None:
    words, before, after = first_and_second(s3, bucket, claim_on(place), claim_on(place, **second))
    assert (
        f"Nothing was published to {place}: it belongs to step step of p, run r. Publish to a place of its own" in words
    )
    assert f"`emr-pipelines run {second.get('pipeline', 'p')} --date 2005-01-01 --take-over`" in words
    assert "`take_over: anyone` in the spec" in words
    assert after == before


@pytest.mark.parametrize(
    ("first", "second", "difference"),
    [
        ({"scheduled": True, "moment": NINE}, {"scheduled": True, "moment": TEN}, f"scheduled for {NINE}"),
        (
            {"values": {"run.date": "1"}, "moment": NINE},
            {"values": {"run.date": "2"}, "moment": TEN},
            "run.date 1, here 2",
        ),
        (
            {"values": {"params.city": "Bonn"}, "moment": NINE},
            {"values": {}, "moment": TEN},
            "params.city Bonn, here none",
        ),
    ],
    ids=["hourly runs keyed by day", "another date", "another parameter"],
)
def test_another_run_is_refused_and_told_what_differs(
    s3: Any, bucket: str, place: str, first: dict[str, Any], second: dict[str, Any], difference: str
) -> None:
    words, before, after = first_and_second(s3, bucket, claim_on(place, **first), claim_on(place, **second))
    assert f"it holds the output of another run, r ({difference}" in words
    assert "`take_over: other_runs` in the spec" in words
    assert after == before
    publish(s3, bucket, claim_on(place, **second, take_over="other_runs"), "second")
    assert set(data(s3, bucket)) == {"second", "_SUCCESS"}


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ({"scheduled": True, "moment": NINE}, {"scheduled": True, "moment": NINE, "run_id": "backfill"}),
        ({"moment": NINE, "values": {"params.top": "5"}}, {"moment": NINE, "values": {"params.top": "6"}}),
        ({"moment": NINE, "values": {"run.year": "2007"}}, {"moment": TEN, "values": {"run.year": "2007"}}),
        (
            {"scheduled": True, "moment": NINE, "values": {"run.year": "2007"}},
            {"moment": TEN, "values": {"run.year": "2007"}},
        ),
    ],
    ids=["backfill of the date", "the date with a new default", "a year by hand again", "a scheduled year by hand"],
)
def test_the_same_output_is_made_anew(
    s3: Any, bucket: str, place: str, first: dict[str, Any], second: dict[str, Any]
) -> None:
    publish(s3, bucket, claim_on(place, **first), "first")
    output = publish(s3, bucket, claim_on(place, **second), "second")
    assert data(s3, bucket) == dict.fromkeys(["second", "_SUCCESS"], output)


def test_a_take_over_makes_the_place_the_newcomers(s3: Any, bucket: str, place: str) -> None:
    publish(s3, bucket, claim_on(place), "first")
    publish(s3, bucket, claim_on(place, pipeline="other", take_over="anyone"), "second")
    assert set(data(s3, bucket)) == {"second", "_SUCCESS"}
    with pytest.raises(PlaceTaken, match="belongs to step step of other"):
        publish(s3, bucket, claim_on(place), "third")
    with pytest.raises(PlaceTaken, match="belongs to step step of other"):
        publish(s3, bucket, claim_on(place, take_over="other_runs"), "third")


@pytest.mark.parametrize("folder", ["runs", "output/runs"])
def test_a_manifest_of_an_older_version_belongs_to_the_pipeline_of_its_source(
    s3: Any, bucket: str, place: str, folder: str
) -> None:
    source = write_attempt(s3, bucket, "1", "a", step=f"{folder}/p/scheduled__2005/step")
    old = {"label": "1", "source": source, "names": ["_SUCCESS", "a"], "state": "published"}
    s3.put_object(Bucket=bucket, Key="stable/_PUBLISHED.json", Body=json.dumps(old).encode())
    with pytest.raises(PlaceTaken, match="belongs to step step of p, run scheduled__2005"):
        publish(s3, bucket, claim_on(place, pipeline="other"), "second")
    publish(s3, bucket, claim_on(place, moment=TEN, values={"run.year": "2005"}), "second")
    assert json.loads(contents(s3, bucket)["_PUBLISHED.json"])["owner"]["moment"] == TEN


def test_a_manifest_that_tells_no_owner_is_an_unknown_publishers(s3: Any, bucket: str, place: str) -> None:
    old = {"label": "1", "source": f"s3://{bucket}/somewhere", "names": [], "state": "published"}
    s3.put_object(Bucket=bucket, Key="stable/_PUBLISHED.json", Body=json.dumps(old).encode())
    with pytest.raises(PlaceTaken, match="belongs to an unknown publisher"):
        publish(s3, bucket, claim_on(place), "second")


@pytest.mark.parametrize(
    "key",
    [
        "runs/p/r/step/attempt=1",
        "runs/p",
        "runs",
        "output/runs/p/r/step/attempt=2-0-1/part",
        "code/0123",
        "plans/p",
        "runs/p/_latest/step",
        "logs/j-1",
        "output",
        "a//b",
        "a/../runs",
        "a/*",
        "",
    ],
)
@pytest.mark.parametrize("take_over", ["nothing", "anyone"])
def test_what_a_parameter_makes_of_a_place_never_reaches_what_runs_write(
    s3: Any, bucket: str, key: str, take_over: Any
) -> None:
    attempt = write_attempt(s3, bucket, "1", "a")
    claim = claim_on(f"s3://{bucket}/{key}", take_over=take_over)
    with pytest.raises(EmrPipelinesError, match="Nothing was published: "):
        refuse_taken_place(s3, claim)
    with pytest.raises(EmrPipelinesError, match="Nothing was published: "):
        publish_output(s3, attempt, claim, label="1")
    assert set(contents(s3, bucket, "runs/p/r/step/attempt=1")) == {"a", "_SUCCESS"}


def test_the_attempts_of_another_environments_bucket_are_as_safe(s3: Any, bucket: str) -> None:
    claim = replace(claim_on(f"s3://{bucket}/runs/p/r/step/attempt=1"), bucket="s3://of-this-environment")
    with pytest.raises(EmrPipelinesError, match="replaces an attempt's output"):
        refuse_taken_place(s3, claim)


def test_nothing_is_published_within_another_publication(s3: Any, bucket: str, place: str) -> None:
    publish(s3, bucket, claim_on(place), "outer")
    with pytest.raises(PlaceTaken, match=f"it lies within {place}, to which another output is published"):
        publish(s3, bucket, claim_on(f"{place}/year=1995/deeper", pipeline="other"), "inner")
    assert set(data(s3, bucket)) == {"outer", "_SUCCESS"}
    publish(s3, bucket, claim_on(place), "outer-again")
    assert set(data(s3, bucket)) == {"outer-again", "_SUCCESS"}, "the outer one is not blocked for good"


def test_a_take_over_replaces_a_publication_below(s3: Any, bucket: str, place: str) -> None:
    publish(s3, bucket, claim_on(f"{place}/year=1995", pipeline="other"), "inner")
    with pytest.raises(PlaceTaken, match=r"published below it, at .*/stable/year=1995 .* which deletes the other"):
        publish(s3, bucket, claim_on(place), "outer")
    publish(s3, bucket, claim_on(place, take_over="anyone"), "outer")
    assert set(contents(s3, bucket)) == {"outer", "_SUCCESS", "_PUBLISHED.json"}


@pytest.mark.parametrize(
    ("stopped", "operation", "key"),
    [("inner", "put_object", "stable/year=1995/_PUBLISHED.json"), ("outer", "copy", "stable/outer")],
)
def test_of_an_outer_and_an_inner_publication_at_once_one_is_left_whole(
    s3: Any, bucket: str, place: str, stopped: str, operation: str, key: str
) -> None:
    """The inner one has looked for an outer one before that came, and the other way round; what gives way is in nobody's way."""
    claims = {"inner": claim_on(f"{place}/year=1995", pipeline="other"), "outer": claim_on(place)}
    (meanwhile,) = claims.keys() - {stopped}
    with pytest.raises(PlaceTaken, match="it lies within"):
        publish_both(s3, bucket, claims, stopped, meanwhile, Stopping(s3, operation, key))
    assert set(data(s3, bucket)) == {"outer", "_SUCCESS"}
    publish(s3, bucket, claims["outer"], "outer")


def publish_both(
    s3: Any, bucket: str, claims: dict[str, PlaceClaim], stopped: str, meanwhile: str, stopping: Stopping
) -> None:
    """The one stands still at its call while the other publishes; raises what either of them does."""
    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(publish, stopping, bucket, claims[stopped], stopped)
        try:
            assert stopping.reached.wait(30)
            publish(s3, bucket, claims[meanwhile], meanwhile)
        finally:
            stopping.go_on.set()
            running.exception(30)
        running.result(30)
