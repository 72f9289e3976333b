"""Prepares `hadoop-streaming` steps: reads the command line, fetches what the job ships and describes the job to its PySpark script. Starts nothing."""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping
from pathlib import Path
from xml.etree import ElementTree

from emr_local.runners.filesystem import as_spark_properties
from emr_local.runners.prepared import PreparedStep, WarmScript
from emr_local.runners.spark.properties import cluster_defaults, localise
from emr_local.runners.spark.shipped_files import fetch_links
from emr_local.runners.step_context import StepContext, StepRejectedError
from emr_local.runners.streaming.arguments import parse_streaming
from emr_local.runners.streaming.plan import StreamingJob, StreamingPlan

_JOB = Path(__file__).with_name("job.py")
_PACKAGES = str(Path(__file__).parents[3])  # where `emr_local` lies, for the job and its tasks


def prepare_streaming(context: StepContext, arguments: tuple[str, ...], java_options: tuple[str, ...]) -> PreparedStep:
    """Prepare a step whose command is `hadoop-streaming`, or whose jar is Hadoop's."""
    context.machine.require_java()
    defaults = cluster_defaults(context.cluster.configurations, "mapred-site")
    plan = parse_streaming(arguments, lambda uri: _read_configuration(context, uri), defaults)
    description = _describe(context, plan)
    properties = {
        **localise({}).properties,
        **as_spark_properties(context.hadoop_properties()),
        "spark.app.name": plan.properties.get("mapreduce.job.name", "hadoop-streaming"),
        "spark.executorEnv.PYTHONPATH": _PACKAGES,
    }
    settings = [word for name, value in properties.items() for word in ("--conf", f"{name}={value}")]
    submit = str(context.machine.spark_home / "bin" / "spark-submit")
    return PreparedStep(
        argv=(submit, *settings, str(_JOB), str(description)),
        environment={
            **context.machine.environment(),
            "PYTHONPATH": _PACKAGES,
            "SPARK_LOCAL_DIRS": str(context.directory / "scratch"),
            "SPARK_SUBMIT_OPTS": shlex.join(java_options),
        },
        notes=plan.notes,
        warm_script=WarmScript(
            script=_JOB, arguments=(str(description),), properties=properties, python_path=(_PACKAGES,)
        ),
    )


def _describe(context: StepContext, plan: StreamingPlan) -> Path:
    """Fetch what the job ships and write down what its script needs to know."""
    job = StreamingJob(
        plan=plan,
        links=fetch_links(context, plan.files, plan.archives),
        places=context.places().as_json(),
        base_environment=context.machine.environment(),
        scratch=str(context.directory / "scratch"),
        error_log=str(context.directory / "stderr"),
    )
    description = context.directory / "conf" / "streaming.json"
    description.parent.mkdir(parents=True, exist_ok=True)
    description.write_text(json.dumps(job.as_json()), encoding="utf-8")
    return description


def _read_configuration(context: StepContext, uri: str) -> Mapping[str, str]:
    """Read the properties of a Hadoop configuration file."""
    file = context.fetch(uri, context.directory / "conf")
    try:
        root = ElementTree.parse(file).getroot()  # noqa: S314  the step's own file, on the machine that runs its programs
    except ElementTree.ParseError as problem:
        raise StepRejectedError(
            f"{uri} is not an XML file ({problem}). Give Hadoop's form: <configuration><property><name>…</name><value>…</value></property></configuration>."
        ) from problem
    return {
        (entry.findtext("name") or "").strip(): (entry.findtext("value") or "").strip()
        for entry in root.iter("property")
    }
