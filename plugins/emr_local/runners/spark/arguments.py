"""Reads a spark-submit command line. Pure: touches no file and starts nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from emr_local.runners.step_context import StepRejectedError

# option → whether it takes a value; the ones spark-submit 3.5 and 4.1 know
_WITH_VALUE = frozenset(
    [
        "--master",
        "--deploy-mode",
        "--class",
        "--name",
        "--jars",
        "--packages",
        "--exclude-packages",
        "--repositories",
        "--py-files",
        "--files",
        "--archives",
        "--conf",
        "-c",
        "--properties-file",
        "--driver-memory",
        "--driver-java-options",
        "--driver-library-path",
        "--driver-class-path",
        "--executor-memory",
        "--proxy-user",
        "--driver-cores",
        "--total-executor-cores",
        "--executor-cores",
        "--num-executors",
        "--principal",
        "--keytab",
        "--queue",
        "--remote",
    ]
)
_FLAGS = frozenset(["--supervise", "--verbose", "-v", "--load-spark-defaults"])
_SHORT = {"-c": "--conf"}


@dataclass(frozen=True, slots=True, kw_only=True)
class SparkSubmission:
    """What a spark-submit command line asks for."""

    application: str
    application_args: tuple[str, ...] = ()
    options: Mapping[str, str] = field(default_factory=dict)  # all but --conf, without the leading dashes
    conf: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_python(self) -> bool:
        """Tell a PySpark script from a jar."""
        return self.application.endswith(".py")

    @property
    def cluster_mode(self) -> bool:
        """Tell whether the driver would run inside the cluster."""
        return self.options.get("deploy-mode", self.conf.get("spark.submit.deployMode", "client")) == "cluster"

    def list_option(self, name: str) -> list[str]:
        """Give a comma-separated option's parts."""
        return [part.strip() for part in self.options.get(name, "").split(",") if part.strip()]


def parse_spark_submit(arguments: tuple[str, ...]) -> SparkSubmission:
    """Read the arguments that follow `spark-submit`."""
    options: dict[str, str] = {}
    conf: dict[str, str] = {}
    rest = list(arguments)
    while rest and rest[0].startswith("-"):
        name, value = _take_option(rest)
        if name == "--conf":
            key, separator, setting = value.partition("=")
            if not separator:
                raise StepRejectedError(
                    f"spark-submit: --conf {value!r} is not KEY=VALUE. Write for example --conf spark.sql.shuffle.partitions=8."
                )
            conf[key.strip()] = setting.strip()
        else:
            options[name.removeprefix("--")] = value
    if not rest:
        raise StepRejectedError("spark-submit: no script or jar was named. Put its s3:// URI after the options.")
    return SparkSubmission(application=rest[0], application_args=tuple(rest[1:]), options=options, conf=conf)


def _take_option(rest: list[str]) -> tuple[str, str]:
    """Take one option with its value off the front."""
    name, separator, value = rest.pop(0).partition("=")
    name = _SHORT.get(name, name)
    if name in _FLAGS:
        return name, "true"
    if name not in _WITH_VALUE:
        raise StepRejectedError(
            f"spark-submit: the option {name!r} is not known. Options come before the script, the script's own arguments after it."
        )
    if separator:
        return name, value
    if not rest:
        raise StepRejectedError(f"spark-submit: the option {name} needs a value.")
    return name, rest.pop(0)
