"""Runs a streaming job on Spark. Started as a PySpark script with the file that describes the job; never imported.

Hadoop's classes find the splits and commit the output, Spark runs the tasks and sorts between them. Spark's own text input and output decode
what they read and write, so the tasks read and write the files themselves: records are bytes.
"""

from __future__ import annotations

import json
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from py4j.protocol import Py4JJavaError
from pyspark import SparkContext
from pyspark.accumulators import AccumulatorParam

from emr_local.runners.places import Places
from emr_local.runners.streaming.counters import Counters, format_counters
from emr_local.runners.streaming.hadoop import HadoopJob, LaunchError
from emr_local.runners.streaming.output import output_suffix, write_pairs
from emr_local.runners.streaming.places import TaskFailedError, as_variables, job_log
from emr_local.runners.streaming.plan import StreamingJob
from emr_local.runners.streaming.records import Split
from emr_local.runners.streaming.tasks import TaskWork

_Amounts = Counter[tuple[str, str]]


class _Sum(AccumulatorParam[_Amounts]):
    """Adds the counters of all tasks."""

    def zero(self, value: _Amounts) -> _Amounts:
        return Counter()

    def addInPlace(self, value1: _Amounts, value2: _Amounts) -> _Amounts:
        value1.update(value2)
        return value1


def main() -> int:
    """Run the job that the first argument describes; give Hadoop's exit code."""
    job = StreamingJob.from_json(json.loads(Path(sys.argv[1]).read_text(encoding="utf-8")))
    job = replace(job, job_number=f"{int(time.time() * 1000)}_0001")
    context: Any = SparkContext.getOrCreate()
    context.setLogLevel("OFF")  # the tasks tell of their failures themselves
    say = job_log(job)
    try:
        _run(context, job, say)
    except LaunchError as problem:
        say(f"ERROR streaming.StreamJob: Error Launching job : {problem}\nError: {problem.error}: {problem}")
        code = 5
    except Py4JJavaError as problem:
        if TaskFailedError.__name__ not in str(problem.java_exception):
            raise
        say("ERROR streaming.StreamJob: Job not successful!")
        code = 1
    else:
        return 0
    say("Streaming Command Failed!")
    return code


def _run(context: Any, job: StreamingJob, say: Callable[[str], None]) -> None:
    plan = job.plan
    places = Places.from_json(job.places)
    hadoop = HadoopJob(context._jvm, context._jsc.hadoopConfiguration(), plan, job.job_number)
    hadoop.check_output()
    splits = hadoop.find_splits(places)
    longest = plan.number("stream.jobconf.truncate.limit", -1)
    job = replace(job, job_environment=as_variables(hadoop.read_properties(), longest))
    kind, tasks = ("r", plan.reducers) if plan.reducers else ("m", len(splits))
    say(f"{_now()} INFO mapreduce.JobSubmitter: number of splits:{len(splits)}")
    say(f"{_now()} INFO mapreduce.Job: Running job: job_{job.job_number}")
    hadoop.set_up()
    suffix = output_suffix(plan)
    files = [str(places.locate(hadoop.task_file(kind, index, suffix))) for index in range(tasks)]
    totals = context.accumulator(Counter(), _Sum())
    try:
        _run_tasks(context, TaskWork(job), splits, files, totals.add)
    except BaseException:
        hadoop.abort()
        raise
    hadoop.commit(kind, tasks)
    say(f"{_now()} INFO mapreduce.Job: Job job_{job.job_number} completed successfully")
    say(f"{_now()} INFO mapreduce.Job: {format_counters(totals.value)}")
    say(f"{_now()} INFO streaming.StreamJob: Output directory: {plan.output}")


def _run_tasks(
    context: Any, work: TaskWork, splits: list[Split], files: list[str], add: Callable[[_Amounts], None]
) -> None:
    """Run the map tasks and, with reducers, sort what they give and run those."""
    plan = work.job.plan

    def run_map(index: int, own: Iterator[Split]) -> Iterator[Any]:
        counters = Counters()
        for split in own:
            pairs = work.map(index, split, counters)
            if plan.reducers:
                yield from work.partition(index, pairs, counters)
            else:
                write_pairs(plan, pairs, files[index])
        add(counters.amounts)

    def run_reduce(index: int, entries: Iterator[Any]) -> Iterator[Any]:
        counters = Counters()
        write_pairs(plan, work.reduce(index, ((key, value) for (_, key), value in entries), counters), files[index])
        add(counters.amounts)
        return iter(())

    tasks = context.parallelize(splits, max(1, len(splits))).mapPartitionsWithIndex(run_map)
    if plan.reducers:
        ordered = tasks.repartitionAndSortWithinPartitions(
            plan.reducers, lambda numbered: numbered[0], keyfunc=work.order
        )
        tasks = ordered.mapPartitionsWithIndex(run_reduce)
    tasks.count()


def _now() -> str:
    return time.strftime("%y/%m/%d %H:%M:%S")


if __name__ == "__main__":
    sys.exit(main())
