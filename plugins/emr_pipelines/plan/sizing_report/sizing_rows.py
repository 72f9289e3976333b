"""A sizing report as plain tables of text, for whatever prints them. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from emr_pipelines.plan.sizing_report.cluster_sizing import NodeSizing, SizingReport, StepSizing, SuggestedSize

_UNKNOWN = "EMR's"


@dataclass(frozen=True, slots=True, kw_only=True)
class SizingTable:
    """A table: its title, its columns, and rows with one text for each column."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


def sizing_rows(report: SizingReport) -> tuple[SizingTable, ...]:
    """The nodes, the executors of each spark step, and how they fill each type of node; tables without rows are left out."""
    tables = (
        SizingTable(
            title="Nodes",
            columns=("part", "type", "nodes", "vCPUs", "MB for YARN"),
            rows=tuple(
                (node.part, node.instance_type, _nodes(node), str(node.vcpus), str(node.yarn_mb))
                for node in report.nodes
            ),
        ),
        SizingTable(
            title="Executors",
            columns=("step", "cores", "memory MB", "overhead MB", "at launch", "at most", "driver MB", "better"),
            rows=tuple(_step_row(step) for step in report.steps),
        ),
        SizingTable(
            title="Executors on a node",
            columns=("step", "part", "type", "executors", "MB used", "MB free", "idle vCPUs"),
            rows=tuple(row for step in report.steps for row in _use_rows(step)),
        ),
    )
    return tuple(table for table in tables if table.rows)


def _nodes(node: NodeSizing) -> str:
    return str(node.count) if node.count == node.most else f"{node.count} to {node.most}"


def _step_row(step: StepSizing) -> tuple[str, ...]:
    return (
        step.step,
        _or_unknown(step.executor_cores),
        _or_unknown(step.executor_memory_mb),
        _or_unknown(step.overhead_mb),
        _or_unknown(step.total_executors),
        _or_unknown(step.most_executors),
        str(step.driver_container_mb),
        _better(step.better),
    )


def _use_rows(step: StepSizing) -> Iterator[tuple[str, ...]]:
    for use in step.nodes:
        numbers = (use.executors, use.memory_used_mb, use.memory_free_mb, use.idle_vcpus)
        yield (step.step, use.part, use.instance_type, *(str(number) for number in numbers))


def _better(size: SuggestedSize | None) -> str:
    if size is None:
        return ""
    return f"{size.executors_per_node} x {size.executor_cores} cores, {size.executor_memory}: {size.idle_vcpus} idle"


def _or_unknown(number: int | None) -> str:
    return _UNKNOWN if number is None else str(number)
