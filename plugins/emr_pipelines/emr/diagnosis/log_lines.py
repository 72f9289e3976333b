"""What single lines of a log say where no exception does: YARN's verdicts, refused arguments, commands that are not there, signals. A table. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from emr_pipelines.emr.diagnosis.failures import shorten


def _line(pattern: str, words: str) -> tuple[re.Pattern[str], str]:
    return re.compile(pattern, re.MULTILINE), words


# In order of how specific they are.
_LINES = (
    _line(r"^(?P<script>[\w.-]+): error: (?P<problem>.+)$", "{script} refused its arguments: {problem}"),
    _line(r"can't open file '(?P<path>[^']+)'", "There is no script {path}"),
    _line(r"^Error: Failed to load class (?P<name>[\w.$]+)", "There is no class {name} in the step's jar; check `class` and the jar"),
    _line(r"^Error: (?P<problem>Unrecognized option: \S+|Missing application resource|Missing argument for option \S+)", "spark-submit refused the step: {problem}"),
    _line(r"(?:^|[\s:])(?P<program>[\w./+-]+): command not found$", "There is no command {program} on the cluster; install it in a bootstrap action"),
    _line(r"(?:Not a valid JAR:|Exception in thread .* Error opening job jar:) (?P<path>\S+)", "There is no jar {path}"),
    _line(r"^FAILED: (?P<problem>(?:Semantic|Parse)Exception .+)$", "Hive refused the query: {problem}"),
    _line(
        r"AM Container for [\s\S]{0,600}?is running (?:\d+B )?beyond the '?(?:PHYSICAL|physical|VIRTUAL|virtual)'? memory limits?\. Current usage: (?P<used>[\d.]+ \w+) of (?P<limit>[\d.]+ \w+)",
        "YARN killed the driver, which used {used} of the {limit} it had asked for; raise driver_memory or spark.driver.memoryOverhead",
    ),
    _line(
        r"is running (?:\d+B )?beyond (?:the )?'?(?:PHYSICAL|physical|VIRTUAL|virtual)'? memory limits?\. Current usage: (?P<used>[\d.]+ \w+) of (?P<limit>[\d.]+ \w+)",
        "YARN killed a container that used {used} of the {limit} it had asked for; raise the step's memory",
    ),
    _line(
        r"Container killed by YARN for exceeding (?:physical |virtual )?memory limits\. +(?P<used>[\d.]+ \w+) of (?P<limit>[\d.]+ \w+)",
        "YARN killed an executor that used {used} of the {limit} it had asked for; raise executor_memory or spark.executor.memoryOverhead, or split the work into more partitions",
    ),
    _line(
        r"SparkContext did not initialize after waiting for (?P<ms>\d+) ms",
        "The script made no SparkSession on YARN within {ms} ms, as deploy mode cluster demands; make it before any other work, and without .master(…), which keeps it off YARN",
    ),
    _line(r"(?P<program>[^\s:]+): cannot execute binary file", "The program {program} was built for another kind of machine; build it on Amazon Linux and for the processors of the instances"),
    _line(r"java\.lang\.OutOfMemoryError: (?P<kind>[\w ]+)", "Java ran out of memory ({kind}); raise driver_memory and executor_memory"),
    _line(r"insufficient memory for the Java Runtime Environment", "The machine had no memory left for Java; use larger instances or run fewer steps at once"),
    _line(r"Container released on a \*lost\* node", "An instance of the cluster was lost while it ran the step (a Spot reclaim or a failed node); run it again, or keep some core instances on demand"),
    _line(r"No space left on device", "A disk of the cluster is full (No space left on device); give the instances larger EBS volumes, or use more of them"),
    _line(r"(?P<action>HeadObject|GetObject|PutObject|ListObjectsV2) operation: (?P<problem>Not Found|Access Denied|Forbidden)", "S3 answers a command of the step with {problem} ({action})"),
    _line(r"^(?P<command>\w+): (?P<path>[`'\"]?(?:s3|hdfs)\S+): No such file or directory", "The input {path} does not exist"),
    _line(r"Application application_\w+ was killed by user (?P<user>\S+)", "The user {user} killed the step's YARN application"),
    _line(r"User class threw exception: (?:[\w.$]+\.)?(?P<problem>\S.*)$", "{problem}"),
    _line(r"AM Container .*?exit(?:ed with +exitCode| ?[Cc]ode): -104\b", "YARN killed the driver for its memory (exit code -104); raise driver_memory or spark.driver.memoryOverhead"),
)  # fmt: skip

# What a process left behind says less than anything that it said itself.
_EXITS = (
    _line(r"(?:[Ee]xit(?:ed with +exit)?[ _]?[Cc]ode|[Ee]xit status|exitStatus|exited with code|ret)[:=]? *'?(?:137|-9)\b|^Killed$|: +\d+ Killed\b", "A process of the step was killed (SIGKILL, exit code 137), most likely because the memory ran out"),
    _line(r"(?:[Ee]xit(?:ed with +exit)?[ _]?[Cc]ode|[Ee]xit status|exitStatus|exited with code|ret)[:=]? *'?(?:143|-15)\b", "A process of the step was ended from outside (SIGTERM, exit code 143)"),
    _line(r"subprocess failed with code (?P<code>\d+)", "The mapper or reducer ended with exit code {code}"),
    # Not 1, which everything that fails has.
    _line(r"(?:User application exited with (?:status )?|\bspark-submit\b[\s\S]*?\bended with exit code )(?P<code>(?!1\b)[1-9]\d*)\b", "The script itself ended with exit code {code} and no exception, as by sys.exit({code})"),
)  # fmt: skip


def describe_lines(logs: Sequence[str]) -> str | None:
    """The sentence of the most specific line that any of the logs has; its last occurrence counts."""
    return _describe(_LINES, logs)


def describe_exit(logs: Sequence[str]) -> str | None:
    """The sentence of an exit code that means something by itself."""
    return _describe(_EXITS, logs)


def _describe(table: Iterable[tuple[re.Pattern[str], str]], logs: Sequence[str]) -> str | None:
    for pattern, words in table:
        for text in logs:
            found = list(pattern.finditer(text))
            if found:
                return words.format_map({name: shorten(part or "") for name, part in found[-1].groupdict().items()})
    return None
