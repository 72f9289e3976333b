"""Hadoop Streaming steps on the real server: what they write is what a shell pipeline of the same programs writes."""

from __future__ import annotations

import bz2
import gzip
import io
import os
import random
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest
from tests.emr_local.emr_requests import wait_until

from emr_local.runners.streaming.keys import make_partitioner

# Each of these steps costs seconds of a JVM.
pytestmark = pytest.mark.slow

MAPPER = """
#!/usr/bin/env python3
import sys
for line in sys.stdin.buffer:
    for word in line.split():
        sys.stdout.buffer.write(word + b"\\t1\\n")
"""
REDUCER = """
#!/usr/bin/env python3
import sys
from itertools import groupby
pairs = (line.rstrip(b"\\n").split(b"\\t") for line in sys.stdin.buffer)
for word, group in groupby(pairs, key=lambda pair: pair[0]):
    sys.stdout.buffer.write(b"%b\\t%d\\n" % (word, sum(int(count) for _, count in group)))
"""


def make_lines(seed: int) -> bytes:
    """Lines of words with Unicode, bytes that are no UTF-8, empty lines and a very long one."""
    chance = random.Random(seed)
    words = [b"love", b"story", "Motörhead".encode(), "日本".encode(), b"\xff\xfe\x80", b"a", b"b" * 90_000]
    lines = [b" ".join(chance.choices(words[:-1], k=chance.randrange(7))) for _ in range(400)]
    return b"\n".join([*lines, words[-1], b"last without an end"])


@pytest.fixture(scope="module")
def programs(cluster) -> tuple[str, ...]:
    return ("-files", f"{cluster.write('code/mapper.py', MAPPER)},{cluster.write('code/reducer.py', REDUCER)}")


@pytest.fixture(scope="module")
def texts(cluster) -> list[bytes]:
    """What lies under s3://steps/texts/<day>/<hour>/, with files that Hadoop does not look at."""
    contents = [make_lines(seed) for seed in range(3)]
    for number, content in enumerate(contents):
        cluster.write(f"texts/0{number}/12/events.log", content)
    cluster.write("texts/00/12/_SUCCESS", "not read\n")
    cluster.write("texts/00/12/.hidden", "not read\n")
    return contents


def run_pipeline(directory: Path, content: bytes) -> bytes:
    """cat | mapper | sort | reducer."""
    for name, text in (("mapper.py", MAPPER), ("reducer.py", REDUCER)):
        (directory / name).write_text(text.lstrip())
    pipeline = f"{sys.executable} mapper.py | LC_ALL=C sort | {sys.executable} reducer.py"
    return subprocess.run(
        ["bash", "-c", pipeline], input=content, cwd=directory, capture_output=True, check=True
    ).stdout


def stream(cluster, *arguments: str, output: str, source: str = "s3://steps/texts/*/*") -> Any:
    return cluster.run("hadoop-streaming", *arguments, "-input", source, "-output", f"s3://steps/{output}")


@pytest.mark.parametrize("reducers", [1, 7])
@pytest.mark.parametrize("combiner", [(), ("-combiner", "reducer.py")], ids=["plain", "combined"])
def test_the_result_is_that_of_the_shell_pipeline(cluster, programs, texts, tmp_path, reducers, combiner):
    output = f"out/counts-{reducers}-{len(combiner)}"
    commands = ("-mapper", "mapper.py", "-reducer", "reducer.py", *combiner)
    step = stream(cluster, *programs, *commands, "-numReduceTasks", str(reducers), output=output)
    assert step.state == "COMPLETED", step.log()
    expected = run_pipeline(tmp_path, b"\n".join(texts))
    parts = cluster.parts(output)
    assert len(parts) == reducers
    assert sorted(b"".join(parts).splitlines()) == sorted(expected.splitlines())
    assert all(part.splitlines() == sorted(part.splitlines()) for part in parts)
    choose = make_partitioner(reducers, None, b"\t")
    assert all(choose(line.split(b"\t")[0]) == n for n, part in enumerate(parts) for line in part.splitlines())
    assert "_SUCCESS" in cluster.keys(f"{output}/")
    records = sum(len(content.split()) for content in texts)
    assert f"Map output records={records}\n" in step.log()
    assert ("Combine input records" in step.log()) == bool(combiner)


def test_a_jar_of_hadoop_streaming_runs_the_same(cluster, programs, texts, tmp_path):
    arguments = (*programs, "-mapper", "mapper.py", "-reducer", "reducer.py", "-input", "s3://steps/texts/00/12")
    jar = "/usr/lib/hadoop-mapreduce/hadoop-streaming.jar"
    step = cluster.run(*arguments, "-output", "s3://steps/out/jar", jar=jar)
    assert step.state == "COMPLETED", step.log()
    assert cluster.parts("out/jar") == [run_pipeline(tmp_path, texts[0])]


def test_inputs_may_be_files_folders_lists_and_compressed(cluster):
    cluster.write("mixed/a.gz", gzip.compress(b"one\n"))
    cluster.write("mixed/b.bz2", bz2.compress(b"two\n"))
    cluster.write("more/c.txt", b"three\r\nfour\rfive")
    arguments = ("-mapper", "cat", "-reducer", "cat", "-input", "s3://steps/more/c.txt")
    step = stream(cluster, *arguments, output="out/mixed", source="s3://steps/mixed,s3a://steps/more/{c,d}.txt")
    assert step.state == "COMPLETED", step.log()
    # As Hadoop does: CR ends a line, and a line without a tab is a key whose empty value is written behind a tab.
    assert cluster.parts("out/mixed") == [b"five\t\nfive\t\nfour\t\nfour\t\none\t\nthree\t\nthree\t\ntwo\t\n"]


def test_map_only_jobs_have_a_part_per_split_in_input_order(cluster):
    cluster.write("small/one", b"z\t1\na\n")
    step = stream(cluster, "-mapper", "cat", "-reducer", "NONE", output="out/maps", source="s3://steps/small/*")
    assert step.state == "COMPLETED", step.log()
    assert b"".join(cluster.parts("out/maps")) == b"z\t1\na\t\n"
    assert "Reduce input records" not in step.log()


def test_empty_input_gives_empty_parts(cluster):
    cluster.write("empty/file", b"")
    step = stream(
        cluster,
        "-mapper",
        "cat",
        "-reducer",
        "wc -l",
        "-numReduceTasks",
        "3",
        output="out/none",
        source="s3://steps/empty",
    )
    assert step.state == "COMPLETED", step.log()
    assert cluster.parts("out/none") == [b"", b"", b""]


def test_programs_see_their_files_arguments_and_environment(cluster):
    report = """
        import os, sys
        for line in sys.stdin:
            sys.stderr.write("reporter:status:working\\nreporter:counter:Lines,Seen,2\\nreporter:counter:bad\\na word of mine\\n")
            shown = [os.environ[name] for name in ("PLACE", "mapreduce_job_reduces", "mapred_reduce_tasks", "my_own", "mapreduce_task_ismap")]
            print(line.strip(), open("words.txt").read().strip(), open("lib.zip/inner.txt").read(), os.environ["mapreduce_map_input_file"], *shown, *sys.argv[1:], sep="\\t")
    """
    words, script = cluster.write("code/list", "listed\n"), cluster.write("code/report.py", report)
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as packed:
        packed.writestr("inner.txt", "inside")
    lib = cluster.write("code/lib.zip", archive.getvalue())
    source = cluster.write("seen/file", b"x\n")
    generic = (
        "-D",
        "mapreduce.job.reduces=1",
        "-Dmy.own=mine",
        "-files",
        f"{words}#words.txt,{script}",
        "-archives",
        lib,
    )
    mapper = "python3 report.py 'two words' \"and more\""
    step = stream(
        cluster,
        *generic,
        "-mapper",
        mapper,
        "-cmdenv",
        "PLACE=here",
        "-reducer",
        "cat",
        output="out/seen",
        source=source,
    )
    assert step.state == "COMPLETED", step.log()
    (part,) = cluster.parts("out/seen")
    assert part.decode().split("\t") == [
        *("x", "listed", "inside", source, "here", "1", "1", "mine", "true", "two words", "and more\n")
    ]
    assert "a word of mine\n" in step.log()
    assert "reporter:status" not in step.log()
    assert "\tLines\n\t\tSeen=2\n" in step.log()
    assert "Cannot parse counter line: reporter:counter:bad" in step.log()


def test_aggregate_adds_up_by_the_type_in_the_key(cluster):
    lines = b"LongValueSum:s\t2\nLongValueSum:s\t5\nLongValueMax:m\t2\nLongValueMax:m\t11\nUniqValueCount:u\ta\nUniqValueCount:u\ta\nDoubleValueSum:d\t0.5\n"
    source = cluster.write("aggregate/file", lines)
    step = stream(cluster, "-mapper", "cat", "-reducer", "aggregate", output="out/aggregate", source=source)
    assert step.state == "COMPLETED", step.log()
    assert cluster.parts("out/aggregate") == [b"d\t0.5\nm\t11\ns\t7\nu\t1\n"]


def test_keys_of_several_fields_are_partitioned_and_sorted_by_them(cluster):
    source = cluster.write("fields/file", b"b.2.x\nb.10.x\na.1.y\na.1.z\n")
    settings = {
        "stream.map.output.field.separator": ".",
        "stream.num.map.output.key.fields": "2",
        "mapreduce.map.output.key.field.separator": ".",
        "mapreduce.job.output.key.comparator.class": "org.apache.hadoop.mapred.lib.KeyFieldBasedComparator",
        "mapreduce.partition.keycomparator.options": "-k1,1 -k2,2nr",
        "mapreduce.partition.keypartitioner.options": "-k1,1",
        "mapreduce.job.reduces": "2",
    }
    generic = [word for name, value in settings.items() for word in ("-D", f"{name}={value}")]
    partitioner = ("-partitioner", "org.apache.hadoop.mapred.lib.KeyFieldBasedPartitioner")
    step = stream(
        cluster, *generic, *partitioner, "-mapper", "cat", "-reducer", "cat", output="out/fields", source=source
    )
    assert step.state == "COMPLETED", step.log()
    a, b = ord("a") % 2, ord("b") % 2
    parts = cluster.parts("out/fields")
    assert (parts[a], parts[b]) == (b"a.1\ty\na.1\tz\n", b"b.10\tx\nb.2\tx\n")


def test_output_is_compressed_when_asked(cluster):
    source = cluster.write("packed/file", b"k\tv\n")
    codec = "mapreduce.output.fileoutputformat.compress.codec=org.apache.hadoop.io.compress.GzipCodec"
    generic = ("-D", "mapred.output.compress=true", "-D", codec)
    step = stream(cluster, *generic, "-mapper", "cat", output="out/packed", source=source)
    assert step.state == "COMPLETED", step.log()
    assert gzip.decompress(cluster.read("out/packed/part-00000.gz")) == b"k\tv\n"


def test_a_failing_mapper_fails_the_step_with_its_own_words_in_the_log(cluster, texts):
    script = cluster.write("code/broken.py", "import sys\nprint('a\\t1')\nraise ValueError('no such year: 2099')\n")
    step = stream(cluster, "-files", script, "-mapper", "python3 broken.py", "-reducer", "cat", output="out/broken")
    assert step.state == "FAILED"
    assert step.failure["Message"] == "ValueError: no such year: 2099"
    assert "java.lang.RuntimeException: PipeMapRed.waitOutputThreads(): subprocess failed with code 1\n" in step.log()
    assert "Py4JJavaError" not in step.log()
    assert "_SUCCESS" not in cluster.keys("out/broken/")
    assert cluster.parts("out/broken") == []


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("-mapper", "cat", "-input", "s3://steps/missing"), "Input path does not exist: s3://steps/missing"),
        (("-mapper", "cat", "-files", "s3://steps/texts"), "Unrecognized option: -files"),
        (("-files", "s3://steps/none.py", "-mapper", "none.py"), "s3://steps/none.py does not exist"),
    ],
    ids=["no input", "generic options first", "no file"],
)
def test_a_job_that_cannot_start_says_so_as_hadoop_does(cluster, texts, request, arguments, words):
    step = stream(cluster, *arguments, output=f"out/fails-{request.node.callspec.id.replace(' ', '-')}")
    assert step.state == "FAILED"
    assert words in step.failure["Message"]


def is_gone(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return False


def test_a_cancelled_job_leaves_no_program_and_no_output(cluster, texts, tmp_path):
    pid_file = tmp_path / "pid"
    mapper = f"sh -c 'echo $$ > {pid_file}.new; mv {pid_file}.new {pid_file}; exec sleep 600'"
    arguments = ("-mapper", mapper, "-input", "s3://steps/texts/00/12", "-output", "s3://steps/out/cancelled")
    step_id = cluster.start("hadoop-streaming", *arguments)
    wait_until(pid_file.exists, "the mapper runs", 240)
    cluster.cancel(step_id)
    assert cluster.wait(step_id).state == "CANCELLED"
    # A moment may pass until the system's first process has reaped it.
    wait_until(lambda: is_gone(int(pid_file.read_text())), "the mapper is gone")
    assert cluster.parts("out/cancelled") == []


def test_an_output_that_exists_is_refused_before_anything_runs(cluster, texts):
    cluster.write("out/taken/part-00000", "kept\n")
    step = stream(cluster, "-mapper", "cat", output="out/taken")
    assert step.state == "FAILED"
    assert step.failure["Reason"] == "Output directory already exists."
    message = (
        "org.apache.hadoop.mapred.FileAlreadyExistsException: Output directory s3://steps/out/taken already exists"
    )
    assert step.failure["Message"] == message
    assert cluster.parts("out/taken") == [b"kept\n"]
