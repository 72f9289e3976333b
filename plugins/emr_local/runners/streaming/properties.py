"""Job properties that Hadoop Streaming looks at, by their current names. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from emr_local.runners.step_context import StepRejectedError

_CURRENT_NAMES = {
    "mapred.reduce.tasks": "mapreduce.job.reduces",
    "mapred.map.tasks": "mapreduce.job.maps",
    "mapred.job.name": "mapreduce.job.name",
    "mapred.output.compress": "mapreduce.output.fileoutputformat.compress",
    "mapred.output.compression.codec": "mapreduce.output.fileoutputformat.compress.codec",
    "mapred.textoutputformat.separator": "mapreduce.output.textoutputformat.separator",
    "mapred.text.key.partitioner.options": "mapreduce.partition.keypartitioner.options",
    "mapred.text.key.comparator.options": "mapreduce.partition.keycomparator.options",
    "mapred.output.key.comparator.class": "mapreduce.job.output.key.comparator.class",
    "mapred.output.value.groupfn.class": "mapreduce.job.output.group.comparator.class",
    "map.output.key.field.separator": "mapreduce.map.output.key.field.separator",
    "mapred.line.input.format.linespermap": "mapreduce.input.lineinputformat.linespermap",
    "key.value.separator.in.input.line": "mapreduce.input.keyvaluelinerecordreader.key.value.separator",
    "mapred.partitioner.class": "mapreduce.job.partitioner.class",
    "mapred.input.dir.recursive": "mapreduce.input.fileinputformat.input.dir.recursive",
}
COMPARATOR = "mapreduce.job.output.key.comparator.class"
CODEC = "mapreduce.output.fileoutputformat.compress.codec"
KEY_FIELD_COMPARATOR = "org.apache.hadoop.mapred.lib.KeyFieldBasedComparator"
_NEWER_COMPARATOR = "org.apache.hadoop.mapreduce.lib.partition.KeyFieldBasedComparator"
_CODECS = {
    "org.apache.hadoop.io.compress.GzipCodec",
    "org.apache.hadoop.io.compress.BZip2Codec",
    "org.apache.hadoop.io.compress.DefaultCodec",
    "org.apache.hadoop.io.compress.DeflateCodec",
}
# Properties that would change the result and that nothing here follows; None: whatever the value.
_SUPPORTED_VALUES: dict[str, set[str] | None] = {
    COMPARATOR: {KEY_FIELD_COMPARATOR, _NEWER_COMPARATOR},
    CODEC: _CODECS,
    "mapreduce.job.output.group.comparator.class": None,
    "mapreduce.job.partitioner.class": None,
    "textinputformat.record.delimiter": None,
    "stream.map.input": {"text"},
    "stream.map.output": {"text"},
    "stream.reduce.input": {"text"},
    "stream.reduce.output": {"text"},
}


def current_name(name: str) -> str:
    """Give the name that Hadoop now has for a property."""
    return _CURRENT_NAMES.get(name, name)


def refuse_unsupported(properties: Mapping[str, str]) -> None:
    """Refuse a job whose result would silently differ from a cluster's."""
    for name, supported in _SUPPORTED_VALUES.items():
        value = properties.get(name)
        if value is not None and value not in (supported or ()):
            choice = f"It takes {', '.join(sorted(supported))}." if supported else "Leave it out."
            raise StepRejectedError(f"hadoop-streaming: {name}={value} is not supported on a local EMR. {choice}")
