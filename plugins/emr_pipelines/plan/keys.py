"""Deterministic names and keys of a run, its cluster and its steps. Pure: the same input gives the same text on every machine."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

# The run that the tags of a waiting cluster name: it belongs to no single one.
STEP_RUNS = "step-runs"
_KEY_DIGITS = 12
_UNSAFE = re.compile(r"[^A-Za-z0-9._=-]|^\.+$")
# An EMR tag value holds 256 characters and an Airflow run id up to 250.
_LONGEST_RUN_ID = 200
_STEP_KEY = re.compile(r"\[k:([0-9a-f]{12})\.([0-9]+(?:-[0-9]+)*)\]\Z", re.ASCII)


@dataclass(frozen=True, slots=True)
class StepKey:
    """Which submission a step on EMR is: `family` is the step of the run, `label` the attempt, as integers with dashes between ("1", "1-2-1")."""

    family: str
    label: str


def run_key(dag_id: str, run_id: str) -> str:
    """The key of a run: 12 hex digits."""
    return _digest(dag_id, run_id)[:_KEY_DIGITS]


def step_family(dag_id: str, run_id: str, step: str) -> str:
    """What all submissions of one step in one run have in common: 12 hex digits."""
    return _digest(dag_id, run_id, step)[:_KEY_DIGITS]


def step_key(dag_id: str, run_id: str, step: str, label: str) -> str:
    """The key of one submission of a step, `<family>.<label>`. The same label gives the same key, so a retry finds the step it lost."""
    return f"{step_family(dag_id, run_id, step)}.{label}"


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


def waiting_cluster_key(pipeline: str, request: Mapping[str, Any], contents: Mapping[str, bytes]) -> str:
    """The key of the cluster that waits between runs of single steps: the same for all of them, another one when the cluster's body or its bootstrap actions change."""
    digests = [f"{name}={hashlib.sha256(content).hexdigest()}" for name, content in sorted(contents.items())]
    return _digest(STEP_RUNS, pipeline, json.dumps(request, sort_keys=True), *digests)[:_KEY_DIGITS]


def step_label(name: str, key: str) -> str:
    """The Name of a step on EMR; steps have no tags, so it carries the key."""
    return f"{name} [k:{key}]"


def parse_step_name(name: str) -> StepKey | None:
    """The key in a step's Name on EMR; None for a step that this package did not submit."""
    found = _STEP_KEY.search(name)
    return StepKey(found.group(1), found.group(2)) if found else None


def label_order(label: str) -> tuple[int, ...]:
    """An attempt's label as numbers: the later of two attempts compares greater."""
    return tuple(int(part) for part in label.split("-"))


def epoch_of(label: str) -> str:
    """What the attempts between two clears of a step have in common: the first number of their labels."""
    return label.split("-", 1)[0]


def run_year(
    params: Mapping[str, Any], logical_date: dt.datetime | dt.date | None, run_after: dt.datetime | dt.date
) -> int:
    """The year that a run is about: `params.year` if set, else the logical date's, else that of `run_after`."""
    chosen = params.get("year")
    return int(chosen) if chosen is not None else (logical_date or run_after).year


def _digest(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()
