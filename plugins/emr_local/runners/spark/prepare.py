"""Prepares `spark-submit` steps: brings the files they name to this machine and EMR's settings to a local run. Starts nothing."""

from __future__ import annotations

import shlex
import shutil
from collections.abc import Iterator
from pathlib import Path

from emr_local.runners.filesystem import as_spark_properties
from emr_local.runners.prepared import PreparedStep, WarmScript
from emr_local.runners.spark.arguments import SparkSubmission, parse_spark_submit
from emr_local.runners.spark.properties import cap_driver_memory, cluster_defaults, localise
from emr_local.runners.spark.shipped_files import unpack
from emr_local.runners.spark.shipped_python import APP_MASTER_ENV, ShippedPython, check_links, choose_python, exported
from emr_local.runners.step_context import StepContext

_ARCHIVES = (".zip", ".egg", ".whl")
_DRIVER_SCRIPT = Path(__file__).with_name("driver_script.py")
_FILE_LISTS = {"files": "spark.files", "jars": "spark.jars", "archives": "spark.archives"}
_DISTRIBUTED = "spark.yarn.dist."  # YARN's own names of the same lists
_WORKER_PATH = "spark.executorEnv.PYTHONPATH"
_OWN_JVM_OPTIONS = (
    "jars",
    "packages",
    "repositories",
    "exclude-packages",
    "driver-class-path",
    "driver-java-options",
    "driver-library-path",
    "class",
)
_OWN_JVM_CONF = (
    "spark.jars",
    "spark.driver.extraClassPath",
    "spark.driver.extraJavaOptions",
    "spark.driver.defaultJavaOptions",
    "spark.plugins",
)
_SIZES = (
    "master",
    "executor-memory",
    "executor-cores",
    "num-executors",
    "total-executor-cores",
    "driver-cores",
    "queue",
    "principal",
    "keytab",
    "proxy-user",
)


def prepare_spark(context: StepContext, arguments: tuple[str, ...], java_options: tuple[str, ...]) -> PreparedStep:
    """Prepare a step whose command is `spark-submit`."""
    context.machine.require_java()
    submission = parse_spark_submit(arguments)
    asked = {
        **cluster_defaults(context.cluster.configurations),
        **_read_properties_file(context, submission),
        **submission.conf,
    }
    shipped = choose_python(asked, exported(context.cluster.configurations), in_cluster=submission.cluster_mode)
    local = localise({name: value for name, value in asked.items() if not _is_followed(name, value, shipped)})
    files = _LocalFiles(context, submission, asked)
    check_links(shipped, context.work)
    properties = {**local.properties, **files.properties, **as_spark_properties(context.hadoop_properties())}
    properties["spark.app.name"] = (
        submission.options.get("name") or asked.get("spark.app.name") or files.application.name
    )
    ignored = [
        f"--{name} {submission.options[name]} has no effect on a local run"
        for name in _SIZES
        if name in submission.options
    ]
    return PreparedStep(
        argv=tuple(_plain_command(context, submission, files.application, properties, asked)),
        environment=_environment(context, asked, java_options) | shipped.variables(),
        notes=(*ignored, *local.notes, *([] if shipped else _note_python(context))),
        warm_script=None if shipped else _warm_script(submission, files, properties),
        driver_in_cluster=submission.cluster_mode,
    )


def _is_followed(name: str, value: str, shipped: ShippedPython) -> bool:
    """Whether a setting of YARN's has an effect here, too, but not as a property of Spark."""
    if name.startswith(APP_MASTER_ENV) and "PYSPARK" not in name:
        return True
    return name.startswith(_DISTRIBUTED) or value in (shipped.driver, shipped.workers)


def _environment(context: StepContext, asked: dict[str, str], java_options: tuple[str, ...]) -> dict[str, str]:
    of_driver = {
        name.removeprefix(APP_MASTER_ENV): value
        for name, value in asked.items()
        if name.startswith(APP_MASTER_ENV) and "PYSPARK" not in name
    }
    return {
        **context.machine.environment(),
        **of_driver,
        "SPARK_LOCAL_DIRS": str(context.directory / "scratch"),
        "SPARK_SUBMIT_OPTS": shlex.join(java_options),
    }


class _LocalFiles:
    """The files that a submission names, copied to where the step can use them."""

    def __init__(self, context: StepContext, submission: SparkSubmission, asked: dict[str, str]) -> None:
        self._context = context
        self.application = context.fetch(submission.application, context.work)
        python_files = [
            context.fetch(uri, context.directory / "python")
            for uri in submission.list_option("py-files") or _split(asked.get("spark.submit.pyFiles"))
        ]
        self.python_path = tuple(
            dict.fromkeys(str(file if file.suffix in _ARCHIVES else file.parent) for file in python_files)
        )
        lists = {
            option: [
                self._localise(option, uri)
                for uri in dict.fromkeys(
                    (
                        *(submission.list_option(option) or _split(asked.get(name))),
                        *_split(asked.get(f"{_DISTRIBUTED}{option}")),
                    )
                )
            ]
            for option, name in _FILE_LISTS.items()
        }
        # The functions of a script find them in their working directory, too, and that of a warm JVM is not the step's.
        self.in_working_directory = bool(lists["files"] or lists["archives"])
        lists["files"] += [str(file) for file in python_files]
        self.properties = {_FILE_LISTS[option]: ",".join(files) for option, files in lists.items() if files}
        if python_files:
            self.properties["spark.submit.pyFiles"] = ",".join(map(str, python_files))
            # Spark itself takes a wheel to the driver only; YARN puts all of them on the path of the executors' Python.
            self.properties[_WORKER_PATH] = ":".join(filter(None, (*self.python_path, asked.get(_WORKER_PATH))))

    def _localise(self, option: str, uri: str) -> str:
        """Fetch a file of a list; as on a cluster, files and unpacked archives also lie in the working directory, under their alias."""
        location, separator, alias = uri.partition("#")
        file = self._context.fetch(location, self._context.directory / option)
        target = self._context.work / (alias or file.name)
        if option == "files":
            shutil.copyfile(file, target)
        elif option == "archives":
            unpack(file, target)
        return f"{file}{separator}{alias}" if option == "archives" else str(file)


def _warm_script(submission: SparkSubmission, files: _LocalFiles, properties: dict[str, str]) -> WarmScript | None:
    needs_own_jvm = any(name in submission.options for name in _OWN_JVM_OPTIONS) or any(
        name.startswith(_OWN_JVM_CONF) for name in properties
    )
    if needs_own_jvm or files.in_working_directory or not submission.is_python:
        return None
    return WarmScript(
        script=files.application,
        arguments=submission.application_args,
        properties=properties,
        python_path=files.python_path,
        in_cluster=submission.cluster_mode,
    )


def _plain_command(
    context: StepContext,
    submission: SparkSubmission,
    application: Path,
    properties: dict[str, str],
    asked: dict[str, str],
) -> Iterator[str]:
    yield str(context.machine.spark_home / "bin" / "spark-submit")
    for name, value in properties.items():
        yield from ("--conf", f"{name}={value}")
    for name in _OWN_JVM_OPTIONS:
        if name in submission.options and name != "jars":  # the jars are local by now, in spark.jars
            yield from (f"--{name}", submission.options[name])
    if "spark.submit.pyFiles" in properties:
        yield from ("--py-files", properties["spark.submit.pyFiles"])
    if memory := cap_driver_memory(submission.options.get("driver-memory") or asked.get("spark.driver.memory")):
        yield from ("--driver-memory", memory)
    if submission.is_python:
        yarn_log = str(context.directory / "stderr") if submission.cluster_mode else ""
        yield from (str(_DRIVER_SCRIPT), properties["spark.master"], yarn_log)
    yield from (str(application), *submission.application_args)


def _read_properties_file(context: StepContext, submission: SparkSubmission) -> dict[str, str]:
    if "properties-file" not in submission.options:
        return {}
    text = context.fetch(submission.options["properties-file"], context.directory / "conf").read_text(encoding="utf-8")
    pairs = [
        line.strip().replace("=", " ", 1).split(None, 1)
        for line in text.splitlines()
        if line.strip() and not line.lstrip().startswith("#")
    ]
    return {pair[0]: pair[1].strip() for pair in pairs if len(pair) == 2}


def _note_python(context: StepContext) -> list[str]:
    if any(
        str(c.get("Classification")) in ("spark-env", "hadoop-env", "yarn-env") for c in context.cluster.configurations
    ):
        return [
            "the cluster's spark-env, hadoop-env and yarn-env exports (PYSPARK_PYTHON and others) have no effect on a local run"
        ]
    return []


def _split(value: str | None) -> list[str]:
    return [part.strip() for part in (value or "").split(",") if part.strip()]
