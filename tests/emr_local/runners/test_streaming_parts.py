"""The parts of a streaming job that need no Spark: reading splits, running programs, aggregating, counting."""

from __future__ import annotations

import gzip
import zlib
from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emr_local.runners.step_logs import StepLogs
from emr_local.runners.streaming.aggregates import AggregateError, aggregate_pairs, write_double
from emr_local.runners.streaming.counters import Counters, format_counters
from emr_local.runners.streaming.places import TaskFailedError, TaskPlace
from emr_local.runners.streaming.programs import run_program
from emr_local.runners.streaming.records import Split, read_lines


def split_of(file, start=0, length=None):
    return Split(
        uri=f"s3://b/{file.name}", file=str(file), start=start, length=file.stat().st_size if length is None else length
    )


@settings(deadline=None)
@given(
    content=st.lists(st.sampled_from([b"a", b"bc", b"\n", b"\r", b"\r\n", b"\xff", b""])).map(b"".join),
    cut=st.integers(0, 30),
)
def test_every_line_belongs_to_exactly_one_of_two_splits(tmp_path_factory, content, cut):
    file = tmp_path_factory.mktemp("split") / "file"
    file.write_bytes(content)
    cut = min(cut, len(content))
    whole = list(read_lines(split_of(file)))
    assert [line for _, line in whole] == content.splitlines()
    if 0 < cut < len(content):
        halves = [*read_lines(split_of(file, 0, cut)), *read_lines(split_of(file, cut, len(content) - cut))]
        assert halves == whole


def test_offsets_are_those_of_the_file_and_a_byte_order_mark_is_no_text(tmp_path):
    (tmp_path / "file").write_bytes(b"\xef\xbb\xbfone\r\ntwo\nthree")
    assert list(read_lines(split_of(tmp_path / "file"))) == [(3, b"one"), (8, b"two"), (12, b"three")]


@pytest.mark.parametrize(("name", "pack"), [("x.gz", gzip.compress), ("x.deflate", zlib.compress)])
def test_compressed_files_are_read_whole(tmp_path, name, pack):
    content = b"".join(b"line %d\n" % number for number in range(100_000))
    (tmp_path / name).write_bytes(pack(content))
    assert b"".join(line + b"\n" for _, line in read_lines(split_of(tmp_path / name))) == content


def make_place(tmp_path, **environment):
    return TaskPlace(
        directory=tmp_path, environment={"PATH": "/usr/bin:/bin", **environment}, error_log=tmp_path / "log"
    )


def test_a_program_of_the_working_directory_comes_before_one_of_the_path(tmp_path):
    (tmp_path / "cat").write_text("echo mine $1\n")  # no #! line: the shell runs it
    (tmp_path / "cat").chmod(0o755)
    assert list(run_program("cat 'a b'", [], make_place(tmp_path), Counters())) == [b"mine a b"]


def test_a_program_that_needs_no_more_input_fails_only_if_much_is_left(tmp_path):
    lines = [b"x" * 1000 + b"\n"]
    assert list(run_program("head -c 1", lines * 10, make_place(tmp_path), Counters())) == [b"x"]
    with pytest.raises(TaskFailedError):
        list(run_program("head -c 1", lines * 2000, make_place(tmp_path), Counters()))
    assert "Error: java.io.IOException: Broken pipe\n" in (tmp_path / "log").read_text()


@pytest.mark.parametrize(
    ("command", "words"),
    [
        ("sh -c 'exit 3'", "java.lang.RuntimeException: PipeMapRed.waitOutputThreads(): subprocess failed with code 3"),
        ("sh -c 'kill -9 $$'", "PipeMapRed.waitOutputThreads(): subprocess failed with code 137"),
        ("nowhere.py", 'java.io.IOException: Cannot run program "nowhere.py": error=2, No such file or directory'),
    ],
)
def test_a_program_that_fails_is_told_of_in_hadoops_words(tmp_path, command, words):
    with pytest.raises(TaskFailedError):
        list(run_program(command, [], make_place(tmp_path, mapreduce_task_attempt_id="attempt_1"), Counters()))
    log = (tmp_path / "log").read_text()
    assert log.startswith("Task Id : attempt_1, Status : FAILED\nError: java.lang.RuntimeException: ")
    assert f"{words}\n" in log


def test_an_exit_code_is_no_failure_when_the_job_says_so(tmp_path):
    place = replace(make_place(tmp_path), failure_by_exit_code=False)
    assert list(run_program("sh -c 'echo kept; exit 1'", [], place, Counters())) == [b"kept"]


def test_a_problem_with_the_input_is_raised_and_not_the_programs_end(tmp_path):
    def broken():
        yield b"one\n"
        raise EOFError("cut short")

    with pytest.raises(EOFError, match="cut short"):
        list(run_program("sh -c 'cat; exit 1'", broken(), make_place(tmp_path), Counters()))


def test_reports_on_stderr_are_counted_and_the_rest_is_passed_on(tmp_path):
    counters = Counters()
    script = 'echo reporter:counter:g,n,2 >&2; echo other >&2; echo reporter:counter:g,n,3 >&2; echo reporter:status:x >&2; printf "\\\\377" >&2'
    assert list(run_program(f"sh -c '{script}'", [], make_place(tmp_path), counters)) == []
    assert counters.amounts == Counter({("g", "n"): 5})
    assert (tmp_path / "log").read_bytes() == b"other\n\xff\n"


def test_counters_are_written_in_hadoops_form():
    amounts = Counter({("Map-Reduce Framework", "Map output records"): 2, ("mine", "b"): 1, ("mine", "a"): 3})
    amounts["Map-Reduce Framework", "Map input records"] = 1
    expected = "Counters: 4\n\tMap-Reduce Framework\n\t\tMap input records=1\n\t\tMap output records=2\n\tmine\n\t\ta=3\n\t\tb=1"
    assert format_counters(amounts) == expected


@pytest.mark.parametrize(
    ("kind", "values", "report"),
    [
        ("LongValueSum", [b"1", b"-3"], b"-2"),
        ("LongValueMin", [b"10", b"9"], b"9"),
        ("DoubleValueSum", [b"5e6", b"5e6"], b"1.0E7"),
        ("StringValueMax", [b"a", b"b"], b"b"),
        ("StringValueMin", [b"b", b"a"], b"a"),
        ("UniqValueCount", [b"a", b"b", b"a"], b"2"),
        (
            "ValueHistogram",
            [b"a", b"b\t3", b"a", b"c", b"c", b"c"],
            b"3\t2\t3\t3\t2.6666666666666665\t0.4714045207910317",
        ),
    ],
)
def test_aggregators_report_as_hadoops(kind, values, report):
    key = f"{kind}:name".encode()
    assert list(aggregate_pairs([(key, value) for value in values])) == [(b"name", report)]


@pytest.mark.parametrize("pair", [(b"word", b"1"), (b"Sum:word", b"1"), (b"LongValueSum:word", b"many")])
def test_what_no_aggregator_takes_is_refused(pair):
    with pytest.raises(AggregateError):
        list(aggregate_pairs([pair]))


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (1e7, "1.0E7"),
        (1.5e-5, "1.5E-5"),
        (123456789.25, "1.2345678925E8"),
        (100.0, "100.0"),
        (0.001, "0.001"),
        (1e21, "1.0E21"),
        (-0.0, "-0.0"),
    ],
)
def test_numbers_are_written_as_java_does(value, text):
    assert write_double(value) == text


@pytest.mark.parametrize(
    ("stderr", "message"),
    [
        (
            "KeyError: 'year'\nTask Id : a, Status : FAILED\nError: java.lang.RuntimeException: PipeMapRed.waitOutputThreads(): subprocess failed with code 1\nStreaming Command Failed!\n",
            "KeyError: 'year'",
        ),
        (  # two tasks that fail at once write in turns
            "KeyError: 'year'\nKeyError: 'year'\nTask Id : a, Status : FAILED\nError: java.lang.RuntimeException: PipeMapRed.waitOutputThreads(): subprocess failed with code 1\nTask Id : b, Status : FAILED\nError: java.lang.RuntimeException: PipeMapRed.waitOutputThreads(): subprocess failed with code 1\n",
            "KeyError: 'year'",
        ),
        (
            "KeyError: 'year'\nmore\nTask Id : a, Status : FAILED\nError: java.lang.RuntimeException: PipeMapRed.waitOutputThreads(): subprocess failed with code 3\n",
            "java.lang.RuntimeException: PipeMapRed.waitOutputThreads(): subprocess failed with code 3",
        ),
    ],
)
def test_a_programs_own_last_words_explain_its_failure(tmp_path, stderr, message):
    logs = StepLogs(tmp_path)
    logs.complain(stderr)
    assert logs.explain(1, None).message == message
