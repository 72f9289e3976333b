"""Reads a hadoop-streaming command line as Hadoop's StreamJob does. Pure: touches no file and starts nothing."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from emr_local.runners.step_context import StepRejectedError
from emr_local.runners.streaming.plan import AGGREGATE, IDENTITY_MAPPER, IDENTITY_REDUCER, StreamingPlan
from emr_local.runners.streaming.properties import current_name, refuse_unsupported

_GENERIC = frozenset(["D", "conf", "fs", "jt", "files", "libjars", "archives", "tokenCacheFile"])
_ONE_VALUE = frozenset(
    [
        *("output", "mapper", "combiner", "reducer", "numReduceTasks", "inputformat", "outputformat", "partitioner"),
        *("cmdenv", "jobconf", "additionalconfspec", "dfs", "mapdebug", "reducedebug", "inputreader", "io"),
    ]
)
_MANY_VALUES = frozenset(["input", "file", "cacheFile", "cacheArchive"])
_FLAGS = frozenset(["verbose", "debug", "lazyOutput", "background", "info", "help"])
_REFUSED = {
    "inputreader": "a record reader of its own",
    "io": "another form of records than text",
    "background": "a job that nobody waits for",
}
_WITHOUT_EFFECT = ("fs", "jt", "libjars", "tokenCacheFile", "dfs", "mapdebug", "reducedebug")
_INPUT_FORMATS = {
    "TextInputFormat": "org.apache.hadoop.mapred.TextInputFormat",
    "KeyValueTextInputFormat": "org.apache.hadoop.mapred.KeyValueTextInputFormat",
    "NLineInputFormat": "org.apache.hadoop.mapred.lib.NLineInputFormat",
    "CombineTextInputFormat": "org.apache.hadoop.mapred.lib.CombineTextInputFormat",
}
_SHORT_INPUT_FORMATS = ("TextInputFormat", "KeyValueTextInputFormat")  # those that StreamJob itself knows by these
_OUTPUT_FORMATS = {"TextOutputFormat": "org.apache.hadoop.mapred.TextOutputFormat"}
_PARTITIONERS = {
    "HashPartitioner": "org.apache.hadoop.mapred.lib.HashPartitioner",
    "KeyFieldBasedPartitioner": "org.apache.hadoop.mapred.lib.KeyFieldBasedPartitioner",
}
_JAVA_CLASS = re.compile(r"(?:[a-z_]\w*\.)+[A-Z]\w*")
_NONE = "NONE"


@dataclass(slots=True)
class _CommandLine:
    """What was given, option by option, in order."""

    generic: list[tuple[str, str]] = field(default_factory=list)
    values: dict[str, list[str]] = field(default_factory=dict)

    def first(self, name: str) -> str | None:
        return self.values.get(name, [None])[0]

    def all(self, *names: str) -> list[str]:
        return [value for name in names for value in self.values.get(name, [])]

    def generic_list(self, name: str) -> list[str]:
        return [part.strip() for n, v in self.generic if n == name for part in v.split(",") if part.strip()]


def parse_streaming(
    arguments: tuple[str, ...],
    read_configuration: Callable[[str], Mapping[str, str]],
    defaults: Mapping[str, str] | None = None,
) -> StreamingPlan:
    """Read the arguments that follow `hadoop-streaming`; `read_configuration` gives the properties of a -conf file."""
    line = _CommandLine()
    rest = list(arguments)
    _take_generic(rest, line)
    _take_streaming(rest, line)
    for name, wanted in _REFUSED.items():
        if name in line.values:
            raise StepRejectedError(f"hadoop-streaming: -{name} ({wanted}) is not supported on a local EMR.")
    properties = _collect_properties(line, read_configuration, defaults or {})
    refuse_unsupported(properties)
    mapper, reducer = _read_class(line, "mapper", IDENTITY_MAPPER), _read_class(line, "reducer", IDENTITY_REDUCER)
    _choose(line.first("outputformat"), "outputformat", _OUTPUT_FORMATS, "TextOutputFormat")
    plan = StreamingPlan(
        inputs=tuple(_require(line, "input", "-input <name>")),
        output=_require(line, "output", "-output ")[0],
        mapper=mapper,
        combiner=_read_class(line, "combiner", IDENTITY_REDUCER),
        reducer=AGGREGATE if reducer and reducer.lower() == AGGREGATE else reducer,
        reducers=0 if reducer == _NONE else _count_reducers(line, properties),
        input_format=_choose(line.first("inputformat"), "inputformat", _INPUT_FORMATS, "TextInputFormat"),
        partitioner=_choose(line.first("partitioner"), "partitioner", _PARTITIONERS, "HashPartitioner"),
        properties=properties,
        environment=_read_environment(line.all("cmdenv")),
        files=(*line.generic_list("files"), *_split_all(line.all("file", "cacheFile"))),
        archives=(*line.generic_list("archives"), *_split_all(line.all("cacheArchive"))),
        lazy_output="lazyOutput" in line.values,
        notes=tuple(f"-{name} has no effect on a local run" for name in _ineffective(line)),
    )
    _refuse_other_keys(plan)
    return plan


def _take_generic(rest: list[str], line: _CommandLine) -> None:
    """Take the generic options off the front; the first other argument ends them, as in Hadoop."""
    while rest and rest[0].startswith("-"):
        name, separator, value = rest[0].lstrip("-").partition("=")
        if name.startswith("D") and (len(name) > 1 or separator):  # -Dname=value in one word
            line.generic.append(("D", rest.pop(0).lstrip("-")[1:]))
            continue
        if name not in _GENERIC:
            return
        rest.pop(0)
        line.generic.append((name, value if separator else _take_value(rest, name)))


def _take_streaming(rest: list[str], line: _CommandLine) -> None:
    strays: list[str] = []
    while rest:
        word = rest.pop(0)
        name = word.lstrip("-")
        if not word.startswith("-"):
            strays.append(word)
        elif name in _FLAGS:
            line.values.setdefault(name, []).append("true")
        elif name in _ONE_VALUE:
            line.values.setdefault(name, []).append(_take_value(rest, name))
        elif name in _MANY_VALUES:
            line.values.setdefault(name, []).append(_take_value(rest, name))
            while rest and not rest[0].startswith("-"):
                line.values[name].append(rest.pop(0))
        else:
            raise StepRejectedError(f"streaming.StreamJob: Unrecognized option: {word}. {_advise(name)}")
    if strays:
        raise StepRejectedError(
            f"streaming.StreamJob: Found {len(strays)} unexpected arguments on the command line [{', '.join(strays)}]."
            " Give a command with its arguments as one argument."
        )


def _take_value(rest: list[str], name: str) -> str:
    if not rest or (rest[0].startswith("-") and rest[0].lstrip("-") in _ONE_VALUE | _MANY_VALUES | _FLAGS):
        raise StepRejectedError(f"streaming.StreamJob: Missing argument for option: {name}.")
    return rest.pop(0)


def _advise(name: str) -> str:
    if name.partition("=")[0] in _GENERIC or name.startswith("D"):
        return "Generic options (-D, -conf, -files, -libjars, -archives …) go before all others: put it first."
    return "See the options of Hadoop Streaming."


def _require(line: _CommandLine, option: str, words: str) -> list[str]:
    values = line.all(option)
    if not values:
        raise StepRejectedError(
            f"streaming.StreamJob: Required argument: {words}. Give it with an s3:// or hdfs:// path."
        )
    return values


def _collect_properties(
    line: _CommandLine, read_configuration: Callable[[str], Mapping[str, str]], defaults: Mapping[str, str]
) -> dict[str, str]:
    found = dict(defaults)
    for uri in [*(v for n, v in line.generic if n == "conf"), *line.all("additionalconfspec")]:
        found |= read_configuration(uri)
    for setting in [*(v for n, v in line.generic if n == "D"), *line.all("jobconf")]:
        name, separator, value = setting.partition("=")
        if separator:  # Hadoop takes no notice of a -D without a value
            found[name.strip()] = value
    return {current_name(name): value for name, value in found.items()}


def _count_reducers(line: _CommandLine, properties: Mapping[str, str]) -> int:
    text = line.first("numReduceTasks") or properties.get("mapreduce.job.reduces", "1")
    if not text.strip().isdigit():
        raise StepRejectedError(
            f'java.lang.NumberFormatException: For input string: "{text}". Give the number of reducers as 0, 1, 2 …'
        )
    return int(text)


def _read_class(line: _CommandLine, option: str, known: str) -> str | None:
    """Give a command; None for the identity class. Other Java classes are not there."""
    value = line.first(option)
    if value is None or value == known:
        return None
    if not value.strip():
        raise StepRejectedError(f"hadoop-streaming: -{option} is empty. Give a command, or {known}.")
    if _JAVA_CLASS.fullmatch(value):
        raise StepRejectedError(
            f"hadoop-streaming: -{option} {value} is a Java class that a local EMR does not run. It runs commands and {known}."
        )
    return value


def _choose(value: str | None, option: str, known: Mapping[str, str], default: str) -> str:
    if value is None:
        return default
    for short, full in known.items():
        if value == full or (value == short and option == "inputformat" and short in _SHORT_INPUT_FORMATS):
            return short
    names = ", ".join(known.values())
    raise StepRejectedError(f"streaming.StreamJob: -{option} : class not found : {value}. A local EMR has {names}.")


def _refuse_other_keys(plan: StreamingPlan) -> None:
    """Refuse what Hadoop refuses in its first map task: IdentityMapper gives keys of its input format's type, not of the reducer's."""
    if plan.mapper is not None or not plan.reducers:
        return
    text = plan.reducer not in (None, AGGREGATE) or "stream.map.output" in plan.properties
    expected, received = ("Text" if text else "LongWritable", "LongWritable" if plan.keys_are_offsets else "Text")
    if expected != received or (plan.reducer == AGGREGATE and received == "LongWritable"):
        raise StepRejectedError(
            f"java.io.IOException: Type mismatch in key from map: expected org.apache.hadoop.io.{expected}, received"
            f" org.apache.hadoop.io.{received}. Give a command as the mapper, for example -mapper cat."
        )


def _read_environment(settings: list[str]) -> dict[str, str]:
    """Read -cmdenv as Hadoop does, which joins all settings with blanks and so cuts a value at its first blank."""
    pairs = (word.partition("=") for setting in settings for word in setting.split(" "))
    return {name: value for name, separator, value in pairs if separator}


def _split_all(values: list[str]) -> list[str]:
    return [part.strip() for value in values for part in value.split(",") if part.strip()]


def _ineffective(line: _CommandLine) -> list[str]:
    given = {name for name, _ in line.generic} | line.values.keys()
    return [name for name in _WITHOUT_EFFECT if name in given]
