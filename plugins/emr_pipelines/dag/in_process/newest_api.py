"""Makes Airflow's API of this very process start sooner: its one client speaks the newest version, and making the eight older ones costs four seconds of a processor."""

from __future__ import annotations

import logging

log = logging.getLogger(__name__)


def offer_newest_api_only() -> None:
    """Leave out the older versions of the API that the tasks of this process talk to. An Airflow that is built otherwise is left as it is."""
    try:
        _leave_out_older_versions()
    except (ImportError, AttributeError, IndexError) as error:
        log.info("Airflow's API keeps all of its versions (%r)", error)


def _leave_out_older_versions() -> None:
    from airflow.api_fastapi.execution_api import app, versions
    from airflow.api_fastapi.execution_api.routes import execution_api_router
    from airflow.sdk.api.datamodels._generated import API_VERSION
    from cadwyn import HeadVersion, Version, VersionBundle
    from cadwyn.route_generation import _DELETED_ROUTE_TAG

    # `create_task_execution_api_app` must read the versions when it is called, and the client must ask for the newest.
    if hasattr(app, "bundle") or versions.bundle.versions[0].value != API_VERSION:
        return
    # A route that only older versions have must be in one of them (cadwyn/route_generation.py).
    execution_api_router.routes[:] = [
        route for route in execution_api_router.routes if _DELETED_ROUTE_TAG not in getattr(route, "tags", ())
    ]
    versions.bundle = VersionBundle(HeadVersion(), Version(API_VERSION))
