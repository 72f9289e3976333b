"""Map and reduce tasks of a streaming job: each runs in a Python worker of Spark and drives one program. Knows nothing of Spark."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import chain, groupby
from typing import Any

from emr_local.runners.streaming.aggregates import AggregateError, aggregate_pairs
from emr_local.runners.streaming.counters import FRAMEWORK, Counters
from emr_local.runners.streaming.keys import (
    Key,
    KeyField,
    Pair,
    key_text,
    make_partitioner,
    make_sort_key,
    parse_key_fields,
    split_line,
)
from emr_local.runners.streaming.places import TaskName, TaskPlace, open_place
from emr_local.runners.streaming.plan import AGGREGATE, StreamingJob
from emr_local.runners.streaming.programs import run_program
from emr_local.runners.streaming.records import Split, cut_key_values, encode_input, read_lines

Partitioned = tuple[tuple[int, Key], bytes]  # the number of the reducer and the key, then the value

_SPILL_RECORDS = 500_000  # a combiner sees at most so many records at once, as Hadoop's sees a spill


@dataclass(frozen=True)
class TaskWork:
    """What the tasks of one job share; it travels to the workers."""

    job: StreamingJob

    def map(self, index: int, split: Split, counters: Counters) -> Iterator[Pair]:
        """Give the pairs of one split."""
        with open_place(self.job, TaskName(kind="m", index=index), split) as place:
            try:
                lines = counters.count("Map input records", read_lines(split))
                yield from counters.count("Map output records", self._map_lines(lines, place, counters))
            except (OSError, EOFError, zlib.error) as problem:
                raise place.fail(f"java.io.IOException: {split.uri}: {problem}") from problem

    def partition(self, index: int, pairs: Iterable[Pair], counters: Counters) -> Iterator[Partitioned]:
        """Give each pair with the number of its reducer, combined if the job has a combiner."""
        choose = make_partitioner(self.job.plan.reducers, self._partition_fields(), self._key_separator())
        numbered = (((choose(key), key), value) for key, value in pairs)
        return numbered if self.job.plan.combiner is None else self._combine(index, numbered, counters)

    def order(self, numbered: tuple[int, Key]) -> Any:
        """Give what sorts a pair among those of its reducer."""
        return self._sort_key(numbered[1])

    def reduce(self, index: int, pairs: Iterable[Pair], counters: Counters) -> Iterator[Pair]:
        """Give what the reducer makes of the sorted pairs of one partition."""
        plan = self.job.plan
        with open_place(self.job, TaskName(kind="r", index=index)) as place:
            counted = counters.count("Reduce input records", self._count_groups(pairs, counters))
            if plan.reducer is None:
                output: Iterable[Pair] = counted
            elif plan.reducer == AGGREGATE:
                output = _aggregate(counted, place)
            else:
                output = self._run_reducer(plan.reducer, counted, place, counters)
            yield from counters.count("Reduce output records", output)

    def _map_lines(self, lines: Iterable[tuple[int, bytes]], place: TaskPlace, counters: Counters) -> Iterable[Pair]:
        plan = self.job.plan
        if plan.mapper is not None:
            return self._cut(run_program(plan.mapper, encode_input(plan, lines), place, counters), "map")
        return lines if plan.keys_are_offsets else cut_key_values(plan, lines)

    def _combine(self, index: int, entries: Iterable[Partitioned], counters: Counters) -> Iterator[Partitioned]:
        spill: list[Partitioned] = []
        for entry in entries:
            spill.append(entry)
            if len(spill) >= _SPILL_RECORDS:
                yield from self._combine_spill(index, spill, counters)
                spill = []
        yield from self._combine_spill(index, spill, counters)

    def _combine_spill(self, index: int, spill: list[Partitioned], counters: Counters) -> Iterator[Partitioned]:
        spill.sort(key=lambda entry: (entry[0][0], self.order(entry[0])))
        for reducer, entries in groupby(spill, key=lambda entry: entry[0][0]):
            with open_place(self.job, TaskName(kind="m", index=index, combining=True)) as place:
                pairs = ((key, value) for (_, key), value in entries)
                lines = self._encode(counters.count("Combine input records", pairs))
                output = self._cut(run_program(str(self.job.plan.combiner), lines, place, counters), "reduce")
                for key, value in counters.count("Combine output records", output):
                    yield (reducer, key), value

    def _run_reducer(self, command: str, pairs: Iterator[Pair], place: TaskPlace, counters: Counters) -> Iterator[Pair]:
        first = next(pairs, None)
        if first is None:  # Hadoop starts the program all the same, and drops what it writes and counts
            for _ in run_program(command, (), place, Counters()):
                pass
            return
        yield from self._cut(run_program(command, self._encode(chain([first], pairs)), place, counters), "reduce")

    def _count_groups(self, pairs: Iterable[Pair], counters: Counters) -> Iterator[Pair]:
        for _, group in groupby(pairs, key=lambda pair: self._sort_key(pair[0])):
            counters.amounts[FRAMEWORK, "Reduce input groups"] += 1
            yield from group

    def _encode(self, pairs: Iterable[Pair]) -> Iterator[bytes]:
        separator = self._separator("stream.reduce.input.field.separator")
        return (b"%b%b%b\n" % (key_text(key), separator, value) for key, value in pairs)

    def _cut(self, lines: Iterable[bytes], side: str) -> Iterator[Pair]:
        separator = self._separator(f"stream.{side}.output.field.separator")
        fields = self.job.plan.number(f"stream.num.{side}.output.key.fields", 1)
        return (split_line(line, separator, fields) for line in lines)

    def _separator(self, name: str) -> bytes:
        return self.job.plan.properties.get(name, "\t").encode()

    def _key_separator(self) -> bytes:
        return self._separator("mapreduce.map.output.key.field.separator")

    def _partition_fields(self) -> list[KeyField] | None:
        properties = self.job.plan.properties
        if self.job.plan.partitioner == "HashPartitioner":
            return None
        if count := properties.get("num.key.fields.for.partition"):
            return parse_key_fields(f"-k1,{count}")
        return parse_key_fields(properties.get("mapreduce.partition.keypartitioner.options", ""))

    @cached_property
    def _sort_key(self) -> Callable[[Key], Any]:
        properties = self.job.plan.properties
        if "mapreduce.job.output.key.comparator.class" not in properties:
            return make_sort_key(None, b"")
        fields = parse_key_fields(properties.get("mapreduce.partition.keycomparator.options", ""))
        return make_sort_key(fields, self._key_separator())


def _aggregate(pairs: Iterable[Pair], place: TaskPlace) -> Iterator[Pair]:
    try:
        yield from aggregate_pairs(pairs)
    except AggregateError as problem:
        raise place.fail(f"java.lang.IllegalArgumentException: {problem}") from problem
