"""Prepares steps that run a Java program: a jar of the step's own, or Spark's examples. Starts nothing."""

from __future__ import annotations

import zipfile
from pathlib import Path

from emr_local.runners.prepared import PreparedStep
from emr_local.runners.spark.prepare import prepare_spark
from emr_local.runners.step_context import StepContext, StepRejectedError

_RUN_JAR = "org.apache.hadoop.util.RunJar"
_MANIFEST = "META-INF/MANIFEST.MF"


def prepare_jar(
    context: StepContext,
    jar: str,
    arguments: tuple[str, ...],
    java_options: tuple[str, ...],
    main_class: str | None = None,
) -> PreparedStep:
    """Prepare what `hadoop jar` does: run the class that the request, the jar's manifest or the first argument names."""
    java = context.machine.require_java()
    file = context.fetch(jar, context.work)
    class_path = f"{context.write_hadoop_conf()}:{context.machine.spark_home}/jars/*"
    if main_class is None and not _read_main_class(jar, file) and not arguments:
        raise StepRejectedError(
            f"{jar} names no main class in its manifest. Give the step a MainClass, or the class as its first argument."
        )
    # RunJar also puts the jar's own lib/ on the class path, but leaves it to the manifest what it runs.
    program = (_RUN_JAR, str(file)) if main_class is None else (main_class,)
    scratch = context.directory / "scratch"
    scratch.mkdir(parents=True, exist_ok=True)
    properties = [f"-D{name}={value}" for name, value in context.step.properties.items()]
    return PreparedStep(
        argv=(
            *(str(java.executable), *java_options, f"-Djava.io.tmpdir={scratch}", *properties),
            *("-cp", class_path if main_class is None else f"{class_path}:{file}", *program, *arguments),
        ),
        environment=context.machine.environment(),
    )


def prepare_example(context: StepContext, arguments: tuple[str, ...], java_options: tuple[str, ...]) -> PreparedStep:
    """Prepare `spark-example` and `run-example`: a class of Spark's examples, if they are installed."""
    jars = sorted((context.machine.spark_home / "examples" / "jars").glob("spark-examples*.jar"))
    if not jars:
        raise StepRejectedError(
            "spark-example: Spark's examples are not there, since pip's pyspark ships no spark-examples jar. Run a script or jar of your own as 'spark-submit …'."
        )
    if not arguments:
        raise StepRejectedError("spark-example: no example was named. Give one, for example SparkPi.")
    name = arguments[0] if "." in arguments[0] else f"org.apache.spark.examples.{arguments[0]}"
    return prepare_spark(context, ("--class", name, str(jars[0]), *arguments[1:]), java_options)


def _read_main_class(jar: str, file: Path) -> str | None:
    try:
        with zipfile.ZipFile(file) as archive:
            text = archive.read(_MANIFEST).decode("utf-8", "replace") if _MANIFEST in archive.namelist() else ""
    except zipfile.BadZipFile as problem:
        raise StepRejectedError(f"Not a valid JAR: {jar} ({problem}). Upload it again.") from problem
    values = dict(line.split(":", 1) for line in text.replace("\r\n ", "").splitlines() if ":" in line)
    return values.get("Main-Class", "").strip() or None
