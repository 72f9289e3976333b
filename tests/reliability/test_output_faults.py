"""F29 to F35: outputs that are missing, partial, in the way or fought over, and inputs that are missing or corrupt."""

from __future__ import annotations

import gzip
import io
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from airflow.models.xcom import XComModel
from airflow.utils.session import create_session
from pyarrow import csv, parquet
from sqlalchemy import delete

from emr_pipelines.emr.steps import StepHandle
from emr_pipelines.storage.attempts import published_attempt, record_published
from emr_pipelines.storage.latest_outputs import find_newest
from emr_pipelines.storage.step_outputs import publish_output
from tests.fault_control import Faults
from tests.reliability.midway import (
    WHOLE,
    Jobs,
    Midway,
    objects_below,
    states_in_database,
    step_folder,
    wait_for,
)
from tests.reliability.runs import Runner
from tests.storage.claims import claim_on

BUCKET = "emr-pipelines-local"
MANIFEST = "_PUBLISHED.json"


@pytest.fixture
def jobs(tmp_path: Path) -> Jobs:
    return Jobs(tmp_path)


def put(s3: Any, prefix: str, **objects: bytes) -> str:
    for name, body in objects.items():
        s3.put_object(Bucket=BUCKET, Key=f"{prefix}/{name}", Body=body)
    return f"s3://{BUCKET}/{prefix}"


@pytest.mark.fault(
    "F29",
    "EMR says COMPLETED, but `_SUCCESS` or the data is missing",
    "the run fails with `completed without output`, in one try; the steps that would read it do not start",
)
@pytest.mark.parametrize(
    ("names", "words"),
    [(("part-0",), "_SUCCESS is missing (1 objects below the prefix)"), (("_SUCCESS",), "holds 0 data files")],
    ids=["no marker", "no data"],
)
def test_a_step_without_its_output_has_failed(
    runner: Runner, faults: Faults, jobs: Jobs, s3: Any, names: tuple[str, ...], words: str
) -> None:
    steps = f'{jobs.writing("one", names=names)}\n  - {{name: two, command: [echo, "${{steps.one.output}}"]}}'
    outcome = runner.run(runner.build(f"f29_without_{len(words)}", steps))
    counts = faults.counts()
    assert [step["Status"]["State"] for step in runner.steps(outcome, "one")] == ["COMPLETED"]
    assert outcome.state == "failed"
    assert "The step completed without output" in outcome.error("one.wait")
    assert words in outcome.error("one.wait")
    assert outcome.tries("one.wait") == 1
    assert outcome.output("one") is None
    assert published_attempt(s3, step_folder(outcome, "one")) is None
    assert states_in_database(outcome)["two.submit"] == "upstream_failed"
    assert len(runner.clusters(outcome)) == 1
    # The step that did its work is not submitted again.
    assert counts["AddJobFlowSteps"] == 1


@pytest.mark.fault(
    "F30",
    "An attempt is cut off and leaves partial files",
    "the next attempt writes to a prefix of its own; only that one is verified, handed on and published",
)
def test_partial_files_of_an_attempt_are_never_handed_on(runner: Runner, faults: Faults, jobs: Jobs, s3: Any) -> None:
    place = f"s3://{BUCKET}/f30_place"
    dag = runner.build("f30_partial", jobs.hanging_first("one", more=f', publish: "{place}"'))
    midway = Midway(runner, dag, "one", lambda step: faults.interrupt(step.cluster_id, step.step_id))
    outcome = runner.run(dag, during=midway)
    midway.check()
    assert outcome.state == "success"
    folder = step_folder(outcome, "one")
    assert outcome.output("one") == f"{folder}/attempt=1-1-1"
    assert set(objects_below(s3, f"{folder}/attempt=1")) == {"part-of-the-first-attempt"}
    assert set(objects_below(s3, f"{folder}/attempt=1-1-1")) == set(WHOLE)
    assert published_attempt(s3, folder) == "1-1-1"
    assert set(objects_below(s3, place)) == {*WHOLE, MANIFEST}
    assert faults.counts()["AddJobFlowSteps"] == 2


@pytest.mark.fault(
    "F31",
    "Objects that no run has published lie where an output is to be published",
    "the run fails before a cluster exists, names one of them, and deletes none",
)
def test_what_is_in_the_way_of_publishing_is_found_before_a_cluster_exists(
    runner: Runner, faults: Faults, jobs: Jobs, s3: Any
) -> None:
    place = put(s3, "f31_place", **{"somebodys.txt": b"precious"})
    outcome = runner.run(runner.build("f31_in_the_way", jobs.writing("one", more=f', publish: "{place}"')))
    assert outcome.state == "failed"
    assert "it holds 1 objects that emr-pipelines did not publish (somebodys.txt …)" in outcome.error("publish_code")
    assert outcome.tries("publish_code") == 1
    assert objects_below(s3, place) == {"somebodys.txt": b"precious"}
    assert faults.counts()["RunJobFlow"] == 0


@pytest.mark.fault(
    "F31",
    "Another pipeline has published where an output is to be published",
    "the run fails before a cluster exists and names that pipeline, its step and run; with `take_over` it replaces that output",
)
def test_a_place_of_another_pipeline_is_taken_over_only_on_demand(
    runner: Runner, faults: Faults, jobs: Jobs, s3: Any
) -> None:
    place = f"s3://{BUCKET}/f31_owned"
    theirs = put(s3, "runs/f31_theirs/r/one/attempt=1", **dict.fromkeys(WHOLE, b"theirs"))
    publish_output(s3, theirs, claim_on(place, pipeline="f31_theirs", step="one"), label="1")
    before = objects_below(s3, place)
    dag = runner.build("f31_newcomer", jobs.writing("one", more=f', publish: "{place}"'))
    outcome = runner.run(dag)
    assert outcome.state == "failed"
    assert f"Nothing was published to {place}: it belongs to step one of f31_theirs, run r." in outcome.error(
        "publish_code"
    )
    assert outcome.tries("publish_code") == 1
    assert objects_below(s3, place) == before
    assert faults.counts()["RunJobFlow"] == 0
    assert runner.run(dag, conf={"take_over": True}).state == "success"
    assert b'"pipeline": "f31_newcomer"' in objects_below(s3, place)[MANIFEST]
    latest = find_newest(s3, f"s3://{BUCKET}", pipeline="f31_newcomer")
    assert latest is not None
    assert latest.params == {}


@pytest.mark.fault(
    "F31",
    "The output of an earlier run of the same pipeline and date exists",
    "each run writes to a prefix of its own, so no job finds its output directory taken",
)
def test_two_runs_never_write_to_the_same_place(runner: Runner, jobs: Jobs, s3: Any) -> None:
    dag = runner.build("f31_again", jobs.writing("one"))
    first, second = runner.run(dag), runner.run(dag)
    assert [first.state, second.state] == ["success", "success"]
    assert len({first.output("one"), second.output("one")}) == 2
    for outcome in (first, second):
        assert set(objects_below(s3, outcome.output("one") or "")) == set(WHOLE)
    latest = find_newest(s3, f"s3://{BUCKET}", pipeline="f31_again")
    assert latest is not None
    assert (latest.output, latest.run_id) == (second.output("one"), second.run_id), "what `run --step` would use"


@pytest.mark.fault(
    "F32",
    "A worker that was thought dead publishes after its successor has",
    "the older attempt is refused and changes nothing; the newer one stays published",
)
def test_an_attempt_that_comes_too_late_publishes_nothing(runner: Runner, faults: Faults, jobs: Jobs, s3: Any) -> None:
    place = f"s3://{BUCKET}/f32_late"

    def overtake(step: StepHandle) -> None:
        name = runner.api.read.describe_step(ClusterId=step.cluster_id, StepId=step.step_id)["Step"]["Config"]["Args"]
        (output,) = (word for word in name if word.startswith("s3://") and "/attempt=" in word)
        folder = output.rpartition("/")[0]
        newer = put(s3, f"{folder.removeprefix(f's3://{BUCKET}/')}/attempt=2", **dict.fromkeys(WHOLE, b"newer"))
        record_published(s3, folder, label="2", output=newer)
        publish_output(s3, newer, claim_on(place, pipeline="f32_late", step="one"), label="2")
        jobs.release("one")

    dag = runner.build("f32_late", jobs.waiting("one", more=f', publish: "{place}"'))
    midway = Midway(runner, dag, "one", overtake)
    outcome = runner.run(dag, during=midway)
    midway.check()
    assert outcome.state == "failed"
    assert "Attempt 1 came too late: attempt 2 is the published one" in outcome.error("one.wait")
    assert outcome.tries("one.wait") == 1
    assert outcome.output("one") is None
    assert published_attempt(s3, step_folder(outcome, "one")) == "2"
    published = objects_below(s3, place)
    assert {name: published[name] for name in WHOLE} == dict.fromkeys(WHOLE, b"newer")
    assert faults.counts()["AddJobFlowSteps"] == 1


@pytest.mark.fault(
    "F32",
    "Two runs publish to the same place at the same time",
    "the place holds the whole output of the one that took it last, no mixture; the other run fails and says who took over",
)
def test_of_two_runs_that_publish_at_once_one_is_whole(runner: Runner, faults: Faults, jobs: Jobs, s3: Any) -> None:
    place = f"s3://{BUCKET}/f32_place"
    other = put(s3, "runs/f32_at_once/r/one/attempt=1", **{"part-0": b"other", "part-9": b"other", "_SUCCESS": b""})
    # The run's first copy takes so long that the other run publishes all of its output meanwhile.
    faults.add("slow", "S3", path="f32_place/part-0", seconds=5)
    overtaken = Overtaking(s3, place, other)
    dag = runner.build("f32_at_once", jobs.writing("one", more=f', publish: "{place}"'))
    outcome = runner.run(dag, during=overtaken)
    overtaken.check()
    assert outcome.state == "failed"
    assert "took it over" in outcome.error("one.wait")
    assert other in outcome.error("one.wait")
    assert outcome.tries("one.wait") == 1
    found = objects_below(s3, place)
    assert f'"source": "{other}"'.encode() in found.pop(MANIFEST)
    assert found == {"part-0": b"other", "part-9": b"other", "_SUCCESS": b""}


class Overtaking:
    """A `during` that publishes `source` to `place` as soon as the run has begun to publish there."""

    def __init__(self, s3: Any, place: str, source: str) -> None:
        self._publish = lambda: (
            wait_for(lambda: MANIFEST in objects_below(s3, place), "the run to publish"),
            publish_output(s3, source, claim_on(place, pipeline="f32_at_once", step="one", run_id="r"), label="1"),
        )
        self._thread: threading.Thread | None = None
        self._published = False

    def __call__(self, event: dict[str, Any]) -> None:
        if (event["task"], event["state"]) == ("one.wait", "running"):
            self._thread = threading.Thread(target=self._run)
            self._thread.start()

    def check(self) -> None:
        assert self._thread is not None
        self._thread.join(60)
        assert self._published

    def _run(self) -> None:
        self._publish()
        self._published = True


@pytest.mark.fault(
    "F33",
    "What a step handed on is missing from XCom",
    "the steps that need it fail before anything is submitted, in one try, and name the task that is to be run again",
)
def test_a_missing_hand_over_fails_before_the_submission(runner: Runner, faults: Faults, jobs: Jobs) -> None:
    def forget(event: dict[str, Any]) -> None:
        if (event["task"], event["state"]) == ("one.wait", "success"):
            with create_session() as session:
                session.execute(
                    delete(XComModel).where(
                        XComModel.dag_id == "f33_missing",
                        XComModel.task_id == "one.wait",
                        XComModel.key == "output",
                    )
                )

    steps = f'{jobs.writing("one")}\n  - {{name: two, command: [echo, "${{steps.one.output}}"]}}'
    outcome = runner.run(runner.build("f33_missing", steps), during=forget)
    counts = faults.counts()
    assert outcome.state == "failed"
    assert outcome.output("one") is not None
    assert "The task one.wait left no output in XCom; run it again" in outcome.error("two.submit")
    assert states_in_database(outcome)["two.submit"] == "failed"
    assert runner.steps(outcome, "two") == []
    assert len(runner.clusters(outcome)) == 1
    assert counts["AddJobFlowSteps"] == 1


@pytest.mark.fault(
    "F34",
    "The input of a step does not exist, or a pattern matches nothing",
    "the run fails before a cluster exists and names the input and the line of the spec; with `on_empty: skip` all its tasks are skipped instead, and the run counts as success",
)
@pytest.mark.parametrize("uri", ["f34/absent", "f34/reviews/year=19*", "f34/reviews/year=2000/only-a-folder"])
@pytest.mark.parametrize("on_empty", ["fail", "skip"])
def test_a_run_without_its_input_costs_no_cluster(
    runner: Runner, faults: Faults, s3: Any, uri: str, on_empty: str
) -> None:
    put(s3, "f34/reviews/year=2000", **{"part-0": b"", "only-a-folder/": b"", "only-a-folder/_SUCCESS": b""})
    step = f'  - {{name: one, inputs: {{x: "s3://{BUCKET}/{uri}"}}, command: [echo, hi], on_empty: {on_empty}}}'
    outcome = runner.run(runner.build("f34_empty", step))
    counts = faults.counts()
    after = states_in_database(outcome)
    if on_empty == "fail":
        assert outcome.state == "failed"
        assert f"Step one: no object exists at s3://{BUCKET}/{uri} (config/pipelines/f34_empty.yaml:" in outcome.error(
            "publish_code"
        )
        assert outcome.tries("publish_code") == 1
    else:
        assert outcome.state == "success"
        assert after["publish_code"] == "skipped"
        assert after["one.submit"] == "skipped"
    assert counts["RunJobFlow"] == 0


@pytest.mark.fault(
    "F34",
    "The input of a step is there, as a pattern or an address",
    "the run goes on: checking costs a listing and no call to EMR",
)
def test_a_run_with_its_inputs_goes_on(runner: Runner, s3: Any) -> None:
    put(s3, "f34_there/year=2000", **{"part-0": b""})
    pattern = f"s3://{BUCKET}/f34_there/year=20*"
    step = f'  - {{name: one, inputs: {{x: "{pattern}", y: "s3://{BUCKET}/f34_there"}}, command: [echo, hi]}}'
    outcome = runner.run(runner.build("f34_there", step))
    assert outcome.state == "success"


REVIEWS = "product_title,star_rating\nThe Sea,5\nThe Wolf,4\n"
PREPROCESS = """
  - name: preprocess_titles
    spark: {script: include/pyspark/book_titles/preprocess_titles.py}
    inputs: {reviews: "s3://emr-pipelines-local/%s/year=1995"}
    output: parquet
    args: %s
"""


@pytest.fixture
def corrupt_reviews(s3: Any) -> Iterator[str]:
    """A year's reviews, of which one file is cut off."""
    whole = gzip.compress(REVIEWS.encode())
    put(s3, "f35/year=1995", **{"good.csv.gz": whole, "zz_cut_off.csv.gz": whole[: len(whole) // 2]})
    return "f35"


@pytest.mark.fault(
    "F35",
    "One input file of the word-cloud job is corrupt",
    "the run fails in one try, and the error names the file and what to do",
)
@pytest.mark.parametrize("kind", ["csv.gz", pytest.param("parquet", marks=pytest.mark.slow)])
def test_a_corrupt_input_file_is_named(
    runner: Runner, faults: Faults, s3: Any, corrupt_reviews: str, kind: str
) -> None:
    folder = corrupt_reviews
    if kind == "parquet":
        folder = "f35_parquet"
        whole = io.BytesIO()
        parquet.write_table(csv.read_csv(io.BytesIO(REVIEWS.encode())), whole)
        cut_off = b"PAR1 this is no parquet PAR1"
        put(s3, f"{folder}/year=1995", **{"good.parquet": whole.getvalue(), "zz_cut_off.parquet": cut_off})
    outcome = runner.run(runner.build("f35_corrupt", PREPROCESS % (folder, "[]")))
    assert outcome.state == "failed"
    assert f"s3://{BUCKET}/{folder}/year=1995/zz_cut_off.{kind}" in outcome.error("preprocess_titles.wait")
    assert "--on-bad-file skip" in outcome.error("preprocess_titles.wait")
    assert outcome.tries("preprocess_titles.wait") == 1
    # A file that is corrupt stays so.
    assert faults.counts()["AddJobFlowSteps"] == 1


@pytest.mark.slow
@pytest.mark.fault(
    "F35",
    "One input file is corrupt, and the job is told `--on-bad-file skip`",
    "the run succeeds without that file; the step's log names it",
)
def test_a_corrupt_input_file_is_left_out_if_asked_for(runner: Runner, s3: Any, corrupt_reviews: str) -> None:
    outcome = runner.run(runner.build("f35_skipped", PREPROCESS % (corrupt_reviews, "[--on-bad-file, skip]")))
    assert outcome.state == "success"
    (step,) = runner.steps(outcome, "preprocess_titles")
    (cluster,) = runner.clusters(outcome)
    logs = s3.list_objects_v2(Bucket=BUCKET, Prefix=f"logs/{cluster}/")["Contents"]
    texts = [s3.get_object(Bucket=BUCKET, Key=item["Key"])["Body"].read() for item in logs]
    assert any(b"skipping" in gzip.decompress(text) and b"zz_cut_off" in gzip.decompress(text) for text in texts)
    assert step["Status"]["State"] == "COMPLETED"
