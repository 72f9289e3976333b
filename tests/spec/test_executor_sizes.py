"""The arithmetic of executors: what a container needs, how many fit, and which size is chosen."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emr_pipelines.pipeline_spec.catalog.instance_types import find_instance_type, instance_catalog
from emr_pipelines.pipeline_spec.sizing.executor_sizes import (
    Overhead,
    choose_size,
    fitting,
    idle_vcpus,
    memory_text,
    parse_memory_mb,
    size_in,
)

EMR = Overhead()


@pytest.mark.parametrize(
    ("text", "memory_mb"),
    [
        ("18G", 18432),
        ("512m", 512),
        ("2gb", 2048),
        ("1t", 1048576),
        ("2048k", 2),
        ("1024", 1024),
        ("${params.x}", None),
        ("", None),
    ],
)
def test_memory_as_spark_writes_it(text: str, memory_mb: int | None) -> None:
    assert parse_memory_mb(text) == memory_mb


def test_memory_text_is_what_spark_takes() -> None:
    assert [memory_text(mb) for mb in (10240, 1664)] == ["10G", "1664M"]


@pytest.mark.parametrize(
    ("overhead", "memory_mb", "container_mb"),
    [
        (EMR, 18432, 18432 + 3456),
        (EMR, 1024, 1024 + 384),
        (Overhead(factor=0.10), 10240, 11264),
        (Overhead(fixed_mb=512), 18432, 18944),
        (Overhead(extra_mb=2048), 18432, 18432 + 3456 + 2048),
    ],
)
def test_what_yarn_must_give_for_a_heap(overhead: Overhead, memory_mb: int, container_mb: int) -> None:
    assert overhead.container_mb(memory_mb) == container_mb


@pytest.mark.parametrize(
    ("name", "executors", "cores", "memory", "idle"),
    [
        ("m5.xlarge", 1, 3, "10G", 1),
        ("m5.2xlarge", 2, 3, "10G", 2),
        ("m6g.2xlarge", 2, 3, "9728M", 2),
        ("m5.4xlarge", 3, 5, "15872M", 1),
        ("r5.4xlarge", 3, 5, "34304M", 1),
        ("c5.4xlarge", 3, 5, "6656M", 1),
        ("m5.16xlarge", 12, 5, "17664M", 4),
        ("c4.large", 1, 1, "1280M", 1),
    ],
)
def test_the_size_that_is_chosen_for_a_type(name: str, executors: int, cores: int, memory: str, idle: int) -> None:
    found = find_instance_type(name)
    assert found is not None
    size = choose_size(found.vcpus, found.yarn_mb, found.yarn_mb, EMR)
    assert size is not None
    fit = fitting(found.yarn_mb, size.container_mb)
    assert (fit, size.cores, memory_text(size.memory_mb)) == (executors, cores, memory)
    assert idle_vcpus(found.vcpus, fit, size.cores) == idle


def test_every_type_gets_a_size_that_leaves_little_idle() -> None:
    for found in instance_catalog().types.values():
        size = choose_size(found.vcpus, found.yarn_mb, found.yarn_mb, EMR)
        assert size is not None, found.name
        used = fitting(found.yarn_mb, size.container_mb) * size.cores
        assert used < found.vcpus or found.vcpus == 1, f"{found.name} leaves no vCPU to the system"
        assert found.vcpus - used <= max(1, found.vcpus // 4), f"{found.name} leaves {found.vcpus - used} idle"


@given(
    container_mb=st.integers(1, 2_000_000),
    factor=st.floats(0, 1),
    fixed=st.none() | st.integers(0, 100_000),
    extra=st.integers(0, 50_000),
)
def test_the_largest_heap_fits_and_one_step_more_does_not(
    container_mb: int, factor: float, fixed: int | None, extra: int
) -> None:
    overhead = Overhead(factor=factor, fixed_mb=fixed, extra_mb=extra)
    heap = overhead.largest_heap_mb(container_mb)
    assert heap == 0 or overhead.container_mb(heap) <= container_mb
    assert overhead.container_mb(heap + 256 + 2) > container_mb


def test_no_room_gives_no_size() -> None:
    assert size_in(384, 3, EMR) is None
    assert choose_size(8, 24576, 24576, Overhead(fixed_mb=20000)) is None


def test_a_size_stays_within_the_largest_container() -> None:
    size = choose_size(16, 57344, 8192, EMR)
    assert size is not None
    assert (size.cores, size.memory_mb, size.container_mb) == (5, 6656, 7904)


def test_the_table_of_the_documentation_is_what_is_chosen() -> None:
    page = (Path(__file__).resolve().parents[2] / "docs" / "explanation" / "sizing.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| ([a-z0-9]+\.[a-z0-9]+) \| (.+) \|$", page, flags=re.MULTILINE)
    assert len(rows) >= 5
    for name, cells in rows:
        found = find_instance_type(name)
        assert found is not None
        size = choose_size(found.vcpus, found.yarn_mb, found.yarn_mb, EMR)
        assert size is not None
        fit = fitting(found.yarn_mb, size.container_mb)
        idle = idle_vcpus(found.vcpus, fit, size.cores)
        numbers = (found.vcpus, found.yarn_mb, fit, size.cores, memory_text(size.memory_mb), size.container_mb, idle)
        assert cells == " | ".join(str(number) for number in numbers)
