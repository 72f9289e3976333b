"""The API of an in-process run: its newest version only, and that one whole."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from tests.conftest import REPOSITORY

# In a process of its own: what is left out is left out for good.
ROUTES = """
import json, sys
from emr_pipelines.dag.in_process.newest_api import offer_newest_api_only

if sys.argv[1] == "newest":
    offer_newest_api_only()
from airflow.api_fastapi.execution_api.app import InProcessExecutionAPI
from airflow.sdk.api.datamodels._generated import API_VERSION

app = InProcessExecutionAPI().app
app._cadwyn_initialize()
routers = app.router.versioned_routers
routes = sorted(f"{sorted(route.methods)} {route.path}" for route in routers[API_VERSION].routes if hasattr(route, "methods"))
print(json.dumps([len(routers), routes]))
"""


def routes_of(which: str) -> tuple[int, list[str]]:
    told = subprocess.run(
        [sys.executable, "-c", ROUTES, which], cwd=REPOSITORY / "plugins", capture_output=True, text=True, check=True
    ).stdout
    versions, routes = json.loads(told.splitlines()[-1])
    return versions, routes


@pytest.mark.slow
def test_the_newest_version_has_all_that_it_has_among_the_others() -> None:
    all_versions, expected = routes_of("all")
    one, found = routes_of("newest")
    assert (one, all_versions > 1) == (1, True)
    assert found == expected
    assert len(found) > 10
