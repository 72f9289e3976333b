"""Exceptions whose meaning is known: what they say in plain words, and what to do about it. A table, in order of how specific an entry is. Pure."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from emr_pipelines.emr.diagnosis.failures import Failure, shorten

_S3 = r"(?P<path>(?:s3[an]?|hdfs|file):[^\s,'\"]*[^\s,'\".:;])"
_NO_BUCKET = r"(?:NoSuchBucket|[Ss]pecified bucket does not exist|UnknownStoreException)"
_OF_BUCKET = r"(?:s3[an]?://|(?:Bucket|bucket|BucketName)[:=] ?'?\"?|Bucket |bucket )(?P<bucket>(?!does\b|that\b)[a-z0-9][a-z0-9._-]{1,61}[a-z0-9])(?![\w.-]| operation)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What `pattern`, found in an exception's class and message, means; `words` and `advice` may use the pattern's named groups.

    `of_writes`: only where the code that failed writes a file.
    """

    pattern: re.Pattern[str]
    words: str
    advice: str = ""
    of_writes: bool = False

    def describe(self, found: re.Match[str], place: str | None) -> str:
        """The sentence."""
        parts = {name: shorten(value or "") for name, value in found.groupdict().items()}
        place_words = f" ({place})" if place else ""
        advice = f"; {self.advice}" if self.advice else ""
        return f"{self.words}{place_words}{advice}".format_map(parts)


def _known(pattern: str, words: str, advice: str = "", *, of_writes: bool = False) -> Known:
    return Known(pattern=re.compile(pattern, re.DOTALL), words=words, advice=advice, of_writes=of_writes)


_LIBRARY_MISSING = "install it in a bootstrap action with the Python that PySpark runs (python3.11 -m pip on emr-7.13 and later), or send it along with py_files"
_OWN_MODULE_MISSING = "it is in the project, but did not travel with the script: name it under py_files, or make the script's folder a package (with __init__.py), which travels by itself"
_PROGRAM_MISSING = "install it in a bootstrap action"
_OWN_PROGRAM_MISSING = "it is in the project, but not on the cluster under this name: write its path in the project, as `include/…`, so that it travels"
_PROGRAM = re.compile(r"^There is no (?:program|command) (?P<program>\S+) on the cluster")
_MODULE = re.compile(r"^The Python module (?P<module>\w+)[\w.]* is missing")
_MORE_EXECUTOR_MEMORY = "raise executor_memory, or split the work into more partitions"
_MORE_DRIVER_MEMORY = "raise driver_memory, or collect less to the driver"
_GRANT = "grant it to the cluster's instance role (JobFlowRole) or to the step's execution role"
_MAKE_FOLDER = "make it first, or write below tmp/, which the working directory has; what shall last goes to the step's output on S3"
_HEAP = r"OutOfMemoryError: (?P<kind>Java heap space|GC overhead limit exceeded|Metaspace|Direct buffer memory|[Uu]nable to create (?:new )?native thread|Requested array size exceeds VM limit)"

_MEMORY = (
    _known(r"No space left on device", "A disk of the cluster is full (No space left on device)", "give the instances larger EBS volumes, or use more of them"),
    _known(
        r"Container killed by YARN for exceeding (?:physical |virtual )?memory limits\. +(?P<used>[\d.]+ \w+) of (?P<limit>[\d.]+ \w+)",
        "YARN killed an executor that used {used} of the {limit} it had asked for",
        "raise executor_memory or spark.executor.memoryOverhead, or split the work into more partitions",
    ),
    _known(r"executor (?!driver)\w+\).*" + _HEAP, "An executor ran out of memory ({kind})", _MORE_EXECUTOR_MEMORY),
    _known(_HEAP, "The driver ran out of memory ({kind})", _MORE_DRIVER_MEMORY),
    _known(r"OutOfMemoryError", "Java ran out of memory", "raise driver_memory and executor_memory"),
    _known(r"^(?:[\w.]+\.)?MemoryError\b|numpy.*_ArrayMemoryError", "Python ran out of memory", "raise driver_memory for the script itself, spark.executor.memoryOverhead for its functions on the executors"),
    _known(
        r"[Tt]otal size of serialized results of \d+ tasks \((?P<size>[^)]+)\) is bigger than (?:local )?spark\.driver\.maxResultSize \(?(?P<limit>[\d.]+ \w+)",
        "The script collects {size} to the driver, more than spark.driver.maxResultSize ({limit})",
        "write the result instead of collecting it, or raise the limit together with driver_memory",
    ),
    _known(
        r"Required (?P<who>executor|AM) memory \((?P<asked>[^)]*?)\).{0,200}?max threshold \((?P<limit>[^)]+)\)",
        "The {who} memory that the step asks for ({asked}) is more than a container of this cluster may have ({limit})",
        "lower the step's memory, or use larger instances",
    ),
    _known(r"Kryo serialization failed: Buffer overflow", "An object does not fit Kryo's buffer", "raise spark.kryoserializer.buffer.max"),
    _known(r"Cannot broadcast the table (?:that is|over) (?P<detail>[^:\n]*)", "A table is too large to be broadcast: {detail}", "set spark.sql.autoBroadcastJoinThreshold to -1, or take the broadcast hint away"),
)  # fmt: skip

_INFRASTRUCTURE = (
    _known(
        r"Container released on a \*lost\* node|Exit status: -100\b|[Ee]xecutor decommission|worker lost|[Ss]pot.{0,40}(?:interrupt|reclaim|terminat)|node lost",
        "An instance of the cluster was lost while it ran the step (a Spot reclaim or a failed node)",
        "run it again, or keep some core instances on demand",
    ),
    _known(
        r"ExecutorLostFailure.*?(?:Exit status|[Ee]xit code|exited with code)\D{0,3}137",
        "An executor was killed (exit code 137, SIGKILL), most likely for its memory",
        "raise executor_memory or spark.executor.memoryOverhead",
    ),
    _known(
        r"ExecutorLostFailure.*?(?:Exit status|[Ee]xit code|exited with code)\D{0,3}143",
        "An executor was ended from outside (exit code 143, SIGTERM), most likely for its memory or with its node",
        "raise executor_memory, or run it again",
    ),
    _known(r"Executor heartbeat timed out after (?P<ms>\d+) ms", "An executor did not answer for {ms} ms", "it was most likely short of memory or in garbage collection: raise executor_memory"),
    _known(r"FetchFailedException|MetadataFetchFailed|missing an output location for shuffle", "The shuffle data of an executor was lost with it", "look for why the executor ended, most often memory or a lost instance"),
    _known(r"ExecutorLostFailure \(executor (?P<executor>\w+) .*?Reason: (?P<reason>[^\n]+)", "Executor {executor} was lost: {reason}"),
    _known(r"Could not execute broadcast in (?P<seconds>\d+) secs", "A broadcast took longer than {seconds} s", "raise spark.sql.broadcastTimeout, or set spark.sql.autoBroadcastJoinThreshold to -1"),
    _known(
        r"User did not initialize spark context",
        "The script made no SparkSession on YARN, as deploy mode cluster demands",
        "use SparkSession.builder.getOrCreate() without .master(…), which keeps it off YARN; a script without Spark needs deploy_mode: client",
    ),
    _known(r"to unknown queue: (?P<queue>[\w.-]+)", "The cluster has no YARN queue named {queue}"),
    _known(r"Max number of executor failures \((?P<count>\d+)\) reached", "More than {count} executors failed one after the other", "the logs of their containers tell why"),
)  # fmt: skip

_DEPENDENCIES = (
    _known(
        r"Cannot run program \"(?P<program>(?:\./)?[^\"/]+/[^\"]+)\": error=2\b",
        "The step ships no program {program}",
        "check that an archive has that folder (env.tar.gz#environment), that the file is in it or a link to one of the nodes, and that deploy_mode is cluster",
    ),
    _known(
        r"Cannot run program \"(?P<program>(?:\./)?[^\"/]+/[^\"]+)\": error=13\b",
        "The program {program} that the step ships may not be executed",
        "pack it as .tar.gz; a .zip keeps no permissions",
    ),
    _known(r"Cannot run program \"(?P<program>[^\"]+)\"", "There is no program {program} on the cluster", _PROGRAM_MISSING),
    _known(
        r"(?:ModuleNotFoundError|ImportError): No module named '?(?P<module>[\w.]+)'?",
        "The Python module {module} is missing",
        _LIBRARY_MISSING,
    ),
    _known(r"ClassNotFoundException: (?P<source>[\w.-]+)\.DefaultSource", "Spark knows no data source named {source}", "add its package to the step's packages"),
    _known(r"(?:Failed to find (?:the )?data source:|\[DATA_SOURCE_NOT_FOUND\].*?data source:) (?P<source>[\w.-]+?)\.?(?=\s|$)", "Spark knows no data source named {source}", "add its package to the step's packages"),
    _known(r"(?:ClassNotFoundException|NoClassDefFoundError): (?P<name>[\w.$/]+)", "The Java class {name} is missing", "add its jar or package to the step, built for the cluster's Spark and Scala"),
    _known(r"NoSuchMethodError: (?P<method>[^\n]+)", "A jar was built for another version of a library: no method {method}", "build it for the cluster's Spark and Scala"),
    _known(r"UnsupportedClassVersionError: (?P<name>[\w.$/]+)", "The class {name} was compiled for a newer Java than the cluster's"),
    _known(r"unresolved dependency: (?P<name>[^\s:\]]+)", "The package {name} cannot be downloaded", "check its coordinates, and whether the cluster's subnet reaches the repository"),
)  # fmt: skip

_ACCESS = (
    _known(r"is not authorized to perform: (?P<action>[\w:-]+)(?: on (?:the )?resource:? \"?(?P<resource>[^\s\",]+))", "Access denied: the cluster's role may not do {action} on {resource}", _GRANT),
    _known(r"is not authorized to perform: (?P<action>[\w:-]+)", "Access denied: the cluster's role may not do {action}", _GRANT),
    _known(r"AccessDenied\w*: " + _S3 + r": ?(?:\w+ on|.{0,300}(?:Status Code: 403|Access Denied))", "Access to {path} is denied (403)", _GRANT),
    _known(r"\(AccessDenied\) when calling the (?P<action>\w+) operation", "Access denied: the cluster's role may not do s3:{action}", _GRANT),
    _known(r"(?:Access Denied|AccessDenied|Forbidden).{0,200}Status Code: 403.*?" + _S3, "Access to {path} is denied (403)", _GRANT),
    _known(r"(?:Access Denied|AccessDenied|Forbidden).{0,200}Status Code: 403|Status Code: 403.{0,100}AccessDenied|\(403\) when calling", "S3 denied access (403) to something that the step reads or writes", _GRANT),
    _known(r"Permission denied: user=(?P<user>\w+), access=(?P<access>\w+), inode=\"(?P<path>[^\"]+)\"", "HDFS denies the user {user} {access} access to {path}"),
    _known(r"SlowDown|reduce your request rate|Status Code: 503.{0,100}Slow Down", "S3 throttled the step (503 SlowDown)", "write fewer, larger files, or spread them over more prefixes"),
)  # fmt: skip

_FILES = (
    _known(r"(?:Output directory|\[PATH_ALREADY_EXISTS\] Path|AnalysisException: path|already exists:) (?P<path>\S+?)/?(?: already exists|\.? *$)", "The output {path} exists already", "every attempt needs a prefix of its own: use the step's output, or another path"),
    _known(r"(?:Path does not exist|Input path does not exist|Input Pattern|No such file or directory):? '?" + _S3, "The input {path} does not exist", "check the path, and whether what should have written it ran"),
    _known(r"File (?P<path>\S+) does not exist\b", "The file {path} does not exist", "check the path, and whether it was uploaded"),
    _known(rf"{_NO_BUCKET}.*?{_OF_BUCKET}", "The S3 bucket {bucket} does not exist", "correct its name, or create it"),
    _known(rf"{_OF_BUCKET}.*?{_NO_BUCKET}", "The S3 bucket {bucket} does not exist", "correct its name, or create it"),
    _known(r"FileNotFoundError: \[Errno 2\] No such file or directory: '(?P<path>[^']+)'", "The folder of {path} does not exist where the script writes it", _MAKE_FOLDER, of_writes=True),
    _known(r"Cannot save file into a non-existent directory: '(?P<path>[^']+)'", "The folder {path} does not exist where the script writes", _MAKE_FOLDER),
    _known(r"FileNotFoundError: \[Errno 2\] No such file or directory: '(?P<path>[^']+)'", "The file {path} does not exist", "a script on the cluster sees only what travels with the step; read data through Spark"),
    _known(_S3 + r" is not a Parquet file", "{path} is not a Parquet file", "it is damaged, cut short, or of another format"),
    _known(r"Can not read value at .{0,60}? in file " + _S3, "The Parquet file {path} cannot be read", "it is damaged, or its columns have other types than the script expects"),
    _known(r"(?:Malformed ORC file|not an ORC file|Not an Avro data file)\D*? " + _S3, "{path} is damaged or of another format"),
    _known(r"[Ee]rror while reading file " + _S3, "The file {path} cannot be read", "it is damaged, or it changed while the step ran"),
)  # fmt: skip

_QUERIES = (
    _known(r"(?:UNRESOLVED_COLUMN|cannot be resolved).*?with name (?P<column>(?:`[^`]+`\.?)+) cannot be resolved\. Did you mean one of the following\? \[(?P<near>[^\]]*)\]", "There is no column {column}; the closest are {near}"),
    _known(r"Column '(?P<column>[^']+)' does not exist\. Did you mean one of the following\? \[(?P<near>[^\]]*)\]", "There is no column {column}; the closest are {near}"),
    _known(r"with name (?P<column>(?:`[^`]+`\.?)+) cannot be resolved", "There is no column {column}"),
    _known(r"TABLE_OR_VIEW_NOT_FOUND.*?table or view (?P<table>(?:`[^`]+`\.?)+)|Table or view not found: (?P<name>[\w.]+)", "There is no table or view {table}{name}", "create it first, or check its database and the cluster's catalog"),
    _known(r"[Ss]yntax error at or near (?P<near>.+?)\.? ?\(line (?P<line>\d+), pos (?P<column>\d+)\)", "SQL syntax error at or near {near} (line {line}, position {column} of the query)"),
    _known(r"UNABLE_TO_INFER_SCHEMA.*?for (?P<format>\w+)|Unable to infer schema for (?P<name>\w+)", "The input holds no {format}{name} files to take a schema from", "check the path, and whether what should have written it did"),
    _known(r"CONTEXT_ONLY_VALID_ON_DRIVER|attempting to reference SparkContext from a broadcast", "A function that runs on the executors uses the SparkSession, which only the driver has"),
    _known(r"Task not serializable", "A function that runs on the executors uses an object that cannot be sent to them (Task not serializable)"),
    _known(r"(?:PicklingError|Could not serialize object): (?P<detail>[^\n]+)", "A function cannot be sent to the executors: {detail}"),
)  # fmt: skip

# What another exception of the same chain may say better.
_VAGUE = (
    _known(_NO_BUCKET, "An S3 bucket that the step uses does not exist, and its log does not name it", "look for it in the step's inputs and arguments"),
)  # fmt: skip

_TABLE = (*_MEMORY, *_INFRASTRUCTURE, *_DEPENDENCIES, *_ACCESS, *_FILES, *_QUERIES)


def advise_on_own_code(sentence: str, own_names: Collection[str]) -> str:
    """The sentence, which for a missing module or program of the project says how it travels: nobody can install it. `own_names` are those of files, modules and packages."""
    program = _PROGRAM.match(sentence)
    if program is not None and program["program"].rpartition("/")[2] in own_names:
        return sentence.replace(_PROGRAM_MISSING, _OWN_PROGRAM_MISSING)
    found = _MODULE.match(sentence)
    return (
        sentence
        if found is None or found["module"] not in own_names
        else sentence.replace(_LIBRARY_MISSING, _OWN_MODULE_MISSING)
    )


def describe_known(failure: Failure) -> str | None:
    """The sentence of the first entry that fits an exception; None when none does."""
    return _describe(failure, _TABLE)


def describe_vaguely(failure: Failure) -> str | None:
    """The same where the exception does not say what it is about."""
    return _describe(failure, _VAGUE)


def _describe(failure: Failure, table: Iterable[Known]) -> str | None:
    for known in table:
        if known.of_writes and not failure.writes:
            continue
        if found := known.pattern.search(failure.text):
            return known.describe(found, failure.place)
    return None
