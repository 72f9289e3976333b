"""Clusters over HTTP: creation, description, listing, change and termination."""

from __future__ import annotations

import pytest

from tests.emr_local.conftest import Emr
from tests.emr_local.requests import step


def test_a_cluster_runs_its_steps_and_terminates_when_it_is_not_kept_alive(emr: Emr):
    cluster_id = emr.run(step("succeed"), step("succeed"), keep_alive=False)

    cluster = emr.wait(cluster_id, "TERMINATED", "TERMINATED_WITH_ERRORS")

    assert cluster["Status"]["State"] == "TERMINATED"
    assert cluster["Status"]["StateChangeReason"] == {"Code": "ALL_STEPS_COMPLETED", "Message": "Steps completed"}
    assert emr.steps(cluster_id) == ["COMPLETED", "COMPLETED"]
    timeline = cluster["Status"]["Timeline"]
    assert timeline["CreationDateTime"] < timeline["ReadyDateTime"] < timeline["EndDateTime"]
    assert cluster_id in emr.executor.closed
