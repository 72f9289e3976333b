"""hadoop-streaming command lines are read, and refused, as Hadoop's StreamJob does."""

from __future__ import annotations

import pytest

from emr_local.runners.step_context import StepRejectedError
from emr_local.runners.streaming.arguments import parse_streaming
from emr_local.runners.streaming.plan import StreamingPlan
from emr_local.runners.streaming.programs import split_command

NEEDED = ("-input", "s3://b/in", "-output", "s3://b/out")


def parse(*arguments: str, **defaults: str) -> StreamingPlan:
    return parse_streaming(
        arguments, {"s3://b/job.xml": {"mapred.reduce.tasks": "4", "a.b": "file"}}.__getitem__, defaults
    )


def test_generic_options_come_first_in_every_spelling():
    plan = parse(
        *("-D", "mapred.reduce.tasks=3", "-Da.b=c=d", "-D", "novalue", "--files", "s3://b/m.py#x.py, s3://b/r.py"),
        *("-archives=s3://b/a.zip", "-libjars", "s3://b/x.jar"),
        *("-mapper", "x.py", "-reducer", "r.py", *NEEDED),
    )
    assert plan.properties == {"mapreduce.job.reduces": "3", "a.b": "c=d"}
    assert (plan.reducers, plan.mapper, plan.reducer) == (3, "x.py", "r.py")
    assert plan.files == ("s3://b/m.py#x.py", "s3://b/r.py")
    assert plan.archives == ("s3://b/a.zip",)
    assert plan.notes == ("-libjars has no effect on a local run",)


def test_streaming_options_may_repeat_and_take_lists():
    plan = parse(
        *("-input", "s3://b/1,s3://b/2", "s3://b/3", "-output", "s3://b/out", "-input", "s3://b/4"),
        *("-file", "m.py", "-file", "r.py", "-cacheFile", "hdfs:///w#words", "-jobconf", "x=y"),
        *("-cmdenv", "A=1", "-cmdenv", "B=two words", "-mapper", "m.py", "-lazyOutput"),
    )
    assert plan.inputs == ("s3://b/1,s3://b/2", "s3://b/3", "s3://b/4")
    assert plan.files == ("m.py", "r.py", "hdfs:///w#words")
    assert plan.properties == {"x": "y"}
    assert plan.environment == {"A": "1", "B": "two"}  # Hadoop cuts a value at its first blank
    assert plan.lazy_output


@pytest.mark.parametrize(
    ("arguments", "reducers"),
    [
        ((), 1),
        (("-numReduceTasks", "7"), 7),
        (("-numReduceTasks", "7", "-reducer", "NONE"), 0),
        (("-numReduceTasks", "0"), 0),
    ],
)
def test_the_number_of_reducers(arguments, reducers):
    assert parse("-mapper", "cat", *arguments, *NEEDED).reducers == reducers


def test_properties_of_the_command_line_win_over_files_and_those_over_the_cluster():
    plan = parse(
        "-conf", "s3://b/job.xml", "-D", "a.b=mine", "-mapper", "cat", *NEEDED, **{"a.b": "cluster", "c": "kept"}
    )
    assert plan.properties == {"mapreduce.job.reduces": "4", "a.b": "mine", "c": "kept"}


def test_known_java_classes_are_taken_by_the_names_that_hadoop_knows():
    lib = "org.apache.hadoop.mapred.lib"
    plan = parse(
        *("-mapper", f"{lib}.IdentityMapper", "-reducer", f"{lib}.IdentityReducer", *NEEDED),
        *("-inputformat", f"{lib}.NLineInputFormat", "-partitioner", f"{lib}.KeyFieldBasedPartitioner"),
        *("-outputformat", "org.apache.hadoop.mapred.TextOutputFormat"),
    )
    assert (plan.mapper, plan.reducer, plan.keys_are_offsets) == (None, None, True)
    assert (plan.input_format, plan.partitioner) == ("NLineInputFormat", "KeyFieldBasedPartitioner")


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (("-mapper", "cat", "-files", "x", *NEEDED), "Unrecognized option: -files.*go before all others"),
        (("-mapper", "cat", "-Dx=y", *NEEDED), "Unrecognized option: -Dx=y.*go before all others"),
        (("-maper", "cat", *NEEDED), "Unrecognized option: -maper"),
        (("-mapper", "cat", "stray", *NEEDED), r"Found 1 unexpected arguments on the command line \[stray\]"),
        (("-mapper", "-reducer", "cat", *NEEDED), "Missing argument for option: mapper"),
        (("-mapper", "cat", "-output", "o"), "Required argument: -input"),
        (("-mapper", "cat", "-input", "i"), "Required argument: -output"),
        (("-mapper", "cat", "-numReduceTasks", "many", *NEEDED), "NumberFormatException"),
        (("-mapper", "org.example.Mine", *NEEDED), "is a Java class that a local EMR does not run"),
        (("-inputformat", "NLineInputFormat", *NEEDED), "class not found : NLineInputFormat.*lib.NLineInputFormat"),
        (("-inputformat", "SequenceFileAsTextInputFormat", *NEEDED), "class not found"),
        (("-partitioner", "KeyFieldBasedPartitioner", *NEEDED), "-partitioner : class not found"),
        (("-io", "typedbytes", *NEEDED), "-io .* is not supported"),
        (
            ("-D", "textinputformat.record.delimiter=;", "-mapper", "cat", *NEEDED),
            "textinputformat.record.delimiter=; is not",
        ),
        (
            ("-reducer", "cat", *NEEDED),
            "expected org.apache.hadoop.io.Text, received org.apache.hadoop.io.LongWritable",
        ),
        (
            ("-inputformat", "KeyValueTextInputFormat", *NEEDED),
            "expected org.apache.hadoop.io.LongWritable, received org.apache.hadoop.io.Text",
        ),
    ],
)
def test_a_command_line_that_hadoop_would_not_run_is_refused(arguments, problem):
    with pytest.raises(StepRejectedError, match=problem):
        parse(*arguments)


@pytest.mark.parametrize(
    ("command", "words"),
    [
        ("python3 mapper.py  -x", ["python3", "mapper.py", "-x"]),
        ('awk \'{print $1 "x"}\' "it\'s"', ["awk", '{print $1 "x"}', "it's"]),
        ("a'b c'd", ["a", "b c", "d"]),  # no shell: a quote ends a word
        ("sh -c 'unfinished word", ["sh", "-c", "unfinished word"]),
        ("x '' y", ["x", "y"]),
    ],
)
def test_commands_are_cut_as_hadoop_does(command, words):
    assert split_command(command) == words
