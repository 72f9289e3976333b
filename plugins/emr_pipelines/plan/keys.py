"""Deterministic names and keys of a run, its cluster and its steps. Pure: the same input gives the same text on every machine."""

from __future__ import annotations

import datetime as dt
import hashlib
import re
from collections.abc import Mapping
from typing import Any

_KEY_DIGITS = 12
_UNSAFE = re.compile(r"[^A-Za-z0-9._=-]|^\.+$")
# An EMR tag value holds 256 characters and an Airflow run id up to 250.
_LONGEST_RUN_ID = 200
_STEP_KEY = re.compile(r"\[k:([0-9a-f]{12})\]$")


def run_key(dag_id: str, run_id: str) -> str:
    """The key of a run: 12 hex digits."""
    return _digest(dag_id, run_id)[:_KEY_DIGITS]


def step_key(dag_id: str, run_id: str, step: str, token: str) -> str:
    """The key of one submission of a step: 12 hex digits. The same token gives the same key, so a retry finds the step it lost."""
    return _digest(dag_id, run_id, step, token)[:_KEY_DIGITS]


def path_safe_run_id(run_id: str) -> str:
    """The run id as one path segment that Hadoop accepts (it cannot hold a colon): readable, and different for different ids."""
    safe = _UNSAFE.sub("-", run_id)[:_LONGEST_RUN_ID]
    return safe if safe == run_id else f"{safe}-{_digest(run_id)[:6]}"


def cluster_name(pipeline: str, run_key: str, cluster_key: str) -> str:
    """The Name under which a run's cluster is created and found again."""
    return f"emr-pipelines/{pipeline}/{cluster_path(run_key, cluster_key)}"


def cluster_path(run_key: str, cluster_key: str) -> str:
    """The value of the tag that confirms that a cluster belongs to a run."""
    return f"{run_key}/{cluster_key}"


def step_label(name: str, key: str) -> str:
    """The Name of a step on EMR; steps have no tags, so it carries the key."""
    return f"{name} [k:{key}]"


def key_of_step_name(label: str) -> str | None:
    """The key in a step's Name; None for a step that this package did not submit."""
    found = _STEP_KEY.search(label)
    return found.group(1) if found else None


def run_year(
    params: Mapping[str, Any], logical_date: dt.datetime | dt.date | None, run_after: dt.datetime | dt.date
) -> int:
    """The year that a run is about: `params.year` if set, else the logical date's, else that of `run_after`."""
    chosen = params.get("year")
    return int(chosen) if chosen is not None else (logical_date or run_after).year


def _digest(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()
