"""Hadoop's own part of a streaming job, through the JVM: its configuration, its input splits and its output committer. Runs no program."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from py4j.protocol import Py4JJavaError

from emr_local.runners.places import Places
from emr_local.runners.streaming.plan import StreamingPlan
from emr_local.runners.streaming.records import Split

_INPUT_FORMATS = {
    "TextInputFormat": "org.apache.hadoop.mapred.TextInputFormat",
    "KeyValueTextInputFormat": "org.apache.hadoop.mapred.KeyValueTextInputFormat",
    "NLineInputFormat": "org.apache.hadoop.mapred.lib.NLineInputFormat",
    "CombineTextInputFormat": "org.apache.hadoop.mapred.lib.CombineTextInputFormat",
}


class LaunchError(Exception):
    """Hadoop refused the job before any of it ran."""

    def __init__(self, error: str, message: str) -> None:
        super().__init__(message)
        self.error = error


class HadoopJob:
    """One job as Hadoop's client sees it."""

    def __init__(self, jvm: Any, hadoop_configuration: Any, plan: StreamingPlan, job_number: str) -> None:
        self._jvm = jvm
        self._mapred = jvm.org.apache.hadoop.mapred
        self._plan = plan
        self._job_number = job_number
        self._conf = self._mapred.JobConf(hadoop_configuration)
        for name, value in plan.properties.items():
            self._conf.set(name, value)
        self._conf.setNumReduceTasks(plan.reducers)
        with _launching():
            for paths in plan.inputs:
                self._mapred.FileInputFormat.addInputPaths(self._conf, paths)
            self._mapred.FileOutputFormat.setOutputPath(self._conf, jvm.org.apache.hadoop.fs.Path(plan.output))
        self._committer = self._conf.getOutputCommitter()

    def read_properties(self) -> dict[str, str]:
        """Give all properties of the job, by their current and their older names."""
        self._conf.setDeprecatedProperties()
        writer = self._jvm.java.io.StringWriter()
        self._jvm.org.apache.hadoop.conf.Configuration.dumpConfiguration(self._conf, writer)
        found = json.loads(writer.toString())["properties"]
        return {entry["key"]: entry["value"] for entry in found if entry["value"] is not None}

    def check_output(self) -> None:
        """Raise LaunchError if the output exists."""
        with _launching():
            self._mapred.TextOutputFormat().checkOutputSpecs(None, self._conf)

    def find_splits(self, places: Places) -> list[Split]:
        """Give the input's splits, the longest first as Hadoop numbers its map tasks."""
        with _launching():
            format_class = self._conf.getClassByName(_INPUT_FORMATS[self._plan.input_format])
            reader = self._jvm.org.apache.hadoop.util.ReflectionUtils.newInstance(format_class, self._conf)
            found = [list(self._parts_of(split)) for split in reader.getSplits(self._conf, self._conf.getNumMapTasks())]
        splits = []
        for parts in found:
            located = [
                Split(uri=uri, file=str(places.locate(uri)), start=start, length=length) for uri, start, length in parts
            ]
            # bzip2 files would be split by Hadoop; here a compressed file is read as one.
            whole = [part for part in located if not part.compressed or part.start == 0]
            splits += [replace(first, more=tuple(whole[1:])) for first in whole[:1]]
        return sorted(splits, key=lambda split: -sum(part.length for part in split.parts))

    def set_up(self) -> None:
        """Make the output directory with its place for uncommitted files."""
        self._committer.setupJob(self._mapred.JobContextImpl(self._conf, self._job_id()))

    def task_file(self, kind: str, index: int, suffix: str) -> str:
        """Name the file that a task writes, before it is committed."""
        directory = self._committer.getWorkPath(self._task(kind, index), self._output())
        return f"{directory.toString()}/part-{index:05d}{suffix}"

    def commit(self, kind: str, tasks: int) -> None:
        """Move the files of all tasks to their place and write _SUCCESS."""
        for index in range(tasks):
            context = self._task(kind, index)
            if self._committer.needsTaskCommit(context):
                self._committer.commitTask(context)
        self._committer.commitJob(self._mapred.JobContextImpl(self._conf, self._job_id()))

    def abort(self) -> None:
        """Take away what is not committed."""
        context = self._mapred.JobContextImpl(self._conf, self._job_id())
        self._committer.abortJob(context, self._jvm.org.apache.hadoop.mapreduce.JobStatus.State.FAILED)

    def _parts_of(self, split: Any) -> Iterator[tuple[str, int, int]]:
        if self._plan.input_format != "CombineTextInputFormat":
            yield split.getPath().toString(), split.getStart(), split.getLength()
            return
        for path, start, length in zip(split.getPaths(), split.getStartOffsets(), split.getLengths(), strict=True):
            yield path.toString(), start, length

    def _output(self) -> Any:
        return self._mapred.FileOutputFormat.getOutputPath(self._conf)

    def _job_id(self) -> Any:
        return self._mapred.JobID.forName(f"job_{self._job_number}")

    def _task(self, kind: str, index: int) -> Any:
        attempt = self._mapred.TaskAttemptID.forName(f"attempt_{self._job_number}_{kind}_{index:06d}_0")
        return self._mapred.TaskAttemptContextImpl(self._conf, attempt)


@contextmanager
def _launching() -> Iterator[None]:
    try:
        yield
    except Py4JJavaError as problem:
        cause = problem.java_exception
        raise LaunchError(str(cause.getClass().getName()), str(cause.getMessage())) from problem
