"""CombineTextInputFormat: many small files are read by few map tasks, and not a line is lost between them."""

from __future__ import annotations

import pytest

COMBINE = "org.apache.hadoop.mapred.lib.CombineTextInputFormat"


@pytest.mark.parametrize(("largest", "tasks"), [(1_000_000, 1), (2_000, 5)])
def test_many_files_make_few_tasks(lab, largest, tasks):
    lines = [f"file {file} line {line}".ljust(99) for file in range(20) for line in range(5)]
    for file in range(20):
        text = "\n".join(lines[file * 5 : file * 5 + 5]) + "\n"
        lab.write(f"s3://data/small-{largest}/{file:02d}/log", text)
    generic = ["-D", f"mapreduce.input.fileinputformat.split.maxsize={largest}", "-D", "mapreduce.job.reduces=1"]
    options = ["-D", "stream.map.input.ignoreKey=true", "-mapper", "cat", "-reducer", "cat", "-inputformat", COMBINE]
    output = f"s3://data/joined-{largest}"
    outcome, step = lab.run(
        "hadoop-streaming", *generic, *options, "-input", f"s3://data/small-{largest}/*", "-output", output
    )
    assert outcome.exit_code == 0, lab.log(step, "stderr")
    assert [line.rstrip("\t") for line in lab.read(f"{output}/part-00000").decode().splitlines()] == sorted(lines)
    assert f"number of splits:{tasks}\n" in lab.log(step, "stderr")
