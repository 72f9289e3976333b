"""The Airflow that the command line speaks to: the one that variables name, else the one of this project that runs on this machine. Starts nothing."""

from __future__ import annotations

import os
from pathlib import Path

from emr_pipelines.airflow_api.api_calls import AirflowAddress, checked_url
from emr_pipelines.airflow_api.refusals import PASSWORD_VARIABLE, TOKEN_VARIABLE, URL_VARIABLE, USER_VARIABLE
from emr_pipelines.cli.airflow_home.claims import airflow_holder
from emr_pipelines.emr.loopback import is_loopback
from emr_pipelines.errors import EmrPipelinesError


def find_airflow(project_root: Path) -> AirflowAddress | None:
    """Its address and login; None when no variable names one and none of this project runs here."""
    named = os.environ.get(URL_VARIABLE)
    if named:
        return _named_airflow(checked_url(named))
    return find_own_airflow(project_root)


def find_own_airflow(project_root: Path) -> AirflowAddress | None:
    """The one of this project that runs on this machine. Everybody here is its admin."""
    holder = airflow_holder(project_root)
    if holder is None or not holder.url:
        return None
    return AirflowAddress(url=holder.url, is_direct=True)


def _named_airflow(url: str) -> AirflowAddress:
    token, user = os.environ.get(TOKEN_VARIABLE), os.environ.get(USER_VARIABLE)
    password = os.environ.get(PASSWORD_VARIABLE)
    if user and not password:
        raise EmrPipelinesError(f"{USER_VARIABLE} is set and {PASSWORD_VARIABLE} is not; set both, or {TOKEN_VARIABLE}")
    return AirflowAddress(
        url=url, token=token or None, user=user or None, password=password or None, is_direct=is_loopback(url)
    )
