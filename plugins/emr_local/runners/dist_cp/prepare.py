"""Prepares `s3-dist-cp` steps: a program of ours that copies between the directories that are S3 and HDFS. Starts nothing."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from emr_local.runners.prepared import PreparedStep
from emr_local.runners.step_context import StepContext

_MODULE = "emr_local.runners.dist_cp.job"
_PACKAGES = str(Path(__file__).parents[3])  # where `emr_local` lies


def prepare_dist_cp(context: StepContext, arguments: tuple[str, ...], java_options: tuple[str, ...]) -> PreparedStep:
    """Prepare a step whose command is `s3-dist-cp`."""
    command, variables = dist_cp_command(context)
    return PreparedStep(argv=(*command, *arguments), environment=context.machine.environment() | variables)


def dist_cp_command(context: StepContext) -> tuple[list[str], dict[str, str]]:
    """Give the command that takes s3-dist-cp's options, and the variables that it needs."""
    places = context.directory / "conf" / "places.json"
    places.parent.mkdir(parents=True, exist_ok=True)
    places.write_text(json.dumps(context.places().as_json()), encoding="utf-8")
    return [sys.executable, "-m", _MODULE, str(places)], {"PYTHONPATH": _PACKAGES}
