"""Every recorded failure under `logs/` is explained by exactly the sentence beside it, read over HTTP from where EMR puts such logs.

`logs/<case>/<cluster>/…` is the layout below a LogUri, in plain text; `expected.txt` is the sentence, empty for a failure that nobody understands.
A case with a `cluster.json` (what DescribeCluster answers) is a launch that failed.
"""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from emr_pipelines.emr.diagnosis.probable_cause import Explanation, explain_launch, explain_step
from emr_pipelines.emr.emr_api import EmrApi
from emr_pipelines.emr.steps import StepHandle
from tests.emr.diagnosis.recorded_clusters import CLUSTER, ClusterThatSays
from tests.goldens import PROBABLE_CAUSES

LOGS = PROBABLE_CAUSES.folder
BUCKET = "recorded-logs"
STEP = "s-01234567EXAMPLE"


@pytest.fixture(scope="module")
def recorded(s3: Any) -> str:
    """All cases in S3, each below a LogUri of its own."""
    s3.create_bucket(Bucket=BUCKET)
    for file in (path for path in LOGS.rglob("*") if path.is_file() and path.parent.parent != LOGS):
        s3.put_object(Bucket=BUCKET, Key=f"{file.relative_to(LOGS)}.gz", Body=gzip.compress(file.read_bytes()))
    return BUCKET


def explain(case: str, s3: Any, log_uri: str) -> Explanation:
    reason = LOGS / case / "cluster.json"
    emr = ClusterThatSays(LogUri=log_uri, **(json.loads(reason.read_text()) if reason.exists() else {}))
    api = EmrApi(read=emr, write=emr)
    if reason.exists():
        explanation = explain_launch(api, s3, CLUSTER, patience_seconds=0)
    else:
        handle = StepHandle(cluster_id=CLUSTER, step_id=STEP)
        explanation = explain_step(api, s3, handle, state="FAILED", patience_seconds=0)
    assert emr.calls == 1
    return explanation


@pytest.mark.parametrize("case", PROBABLE_CAUSES.cases, ids=lambda case: case.name)
def test_the_recorded_failure_is_explained(case: Path, s3: Any, recorded: str) -> None:
    sentence = explain(case.name, s3, f"s3n://{recorded}/{case.name}/").sentence
    PROBABLE_CAUSES.check(case, ".txt", "" if sentence is None else f"{sentence}\n")


def test_an_unknown_failure_shows_the_tail(s3: Any, recorded: str) -> None:
    explanation = explain("unknown_failure", s3, f"s3://{recorded}/unknown_failure")
    assert explanation.tails["stderr"][1] == "the partner system says: E-4711"
    assert explanation.tails["stdout"] == ["starting"]


def test_the_tails_are_the_steps_and_the_drivers(s3: Any, recorded: str) -> None:
    case = "python_exception_in_cluster_mode"
    tails = explain(case, s3, f"s3a://{recorded}/{case}").tails
    assert set(tails) == {"stderr", "driver stderr", "driver stdout"}
    assert tails["driver stdout"][-1] == "ValueError: no purchases are known for the year 1990"
    assert all(len(lines) <= 50 for lines in tails.values())


def test_the_tails_of_a_bootstrap_action_name_it(s3: Any, recorded: str) -> None:
    tails = explain("bootstrap_pip", s3, f"s3://{recorded}/bootstrap_pip").tails
    assert set(tails) == {"bootstrap action 1 stderr", "bootstrap action 1 stdout"}
