"""What containers of Spark need, how many fit on a node, and which size makes good use of one. Pure arithmetic; the formula is told in docs/explanation/sizing.md."""

from __future__ import annotations

import re
from dataclasses import dataclass

# EMR's own, since 5.22; Spark's is 0.10, which EMR leaves for drivers.
EXECUTOR_OVERHEAD_FACTOR = 0.1875
DRIVER_OVERHEAD_FACTOR = 0.10
MIN_OVERHEAD_MB = 384
_GIB_MB = 1024
# Whole GiB would leave so much of a large node that YARN put one executor too many on it.
_STEP_MB = 256
_MEMORY = re.compile(r"([0-9]+)([kmgt]?)b?")
_UNITS_MB = {"k": 1 / 1024, "": 1, "m": 1, "g": 1024, "t": 1024 * 1024}
# HDFS and S3 clients slow down with more tasks in one JVM, and fewer than three share too little of what an executor holds once.
_GOOD_CORES = (5, 4, 3)
_IDLE_SHARE = 6


def parse_memory_mb(text: str) -> int | None:
    """Spark's form of memory in MiB: `18G`, `512m`, a plain number as MiB; None for anything else."""
    found = _MEMORY.fullmatch(text.strip().lower())
    return int(int(found[1]) * _UNITS_MB[found[2]]) if found else None


def memory_text(memory_mb: int) -> str:
    """MiB as Spark takes it, in GiB where it is a whole number of them."""
    return f"{memory_mb // _GIB_MB}G" if memory_mb % _GIB_MB == 0 else f"{memory_mb}M"


@dataclass(frozen=True, slots=True, kw_only=True)
class Overhead:
    """What a container needs beside the JVM's heap: a share of it or a fixed number, and memory of its own for Python or off-heap."""

    factor: float = EXECUTOR_OVERHEAD_FACTOR
    fixed_mb: int | None = None
    extra_mb: int = 0

    def beside(self, memory_mb: int) -> int:
        """The overhead of a heap, without the extra memory."""
        return max(MIN_OVERHEAD_MB, int(self.factor * memory_mb)) if self.fixed_mb is None else self.fixed_mb

    def container_mb(self, memory_mb: int) -> int:
        """What YARN must give for a heap."""
        return memory_mb + self.beside(memory_mb) + self.extra_mb

    def largest_heap_mb(self, container_mb: int) -> int:
        """The largest heap for which a container is enough, in steps of 256 MiB from one step on; 0 if there is none."""
        room = container_mb - self.extra_mb
        if self.fixed_mb is not None:
            heap = room - self.fixed_mb
        else:
            heap = min(room - MIN_OVERHEAD_MB, int(room / (1 + self.factor)))
        return max(0, heap // _STEP_MB * _STEP_MB if heap >= _STEP_MB else heap)


@dataclass(frozen=True, slots=True, kw_only=True)
class ExecutorSize:
    """The cores and the heap of an executor, and the container that both need."""

    cores: int
    memory_mb: int
    container_mb: int


def fitting(yarn_mb: int, container_mb: int) -> int:
    """How many containers fit on a node. EMR's scheduler counts memory only, not cores."""
    return yarn_mb // container_mb


def idle_vcpus(vcpus: int, executors: int, cores: int) -> int:
    """vCPUs of a node that no executor on it uses."""
    return max(0, vcpus - executors * cores)


def choose_size(vcpus: int, yarn_mb: int, limit_mb: int, overhead: Overhead) -> ExecutorSize | None:
    """The size that uses a node well, with one vCPU left to the system; None if YARN has no room for an executor."""
    cores = _choose_cores(vcpus)
    executors = max(1, (vcpus - 1) // cores)
    return size_in(min(limit_mb, yarn_mb // executors), cores, overhead)


def size_in(container_mb: int, cores: int, overhead: Overhead) -> ExecutorSize | None:
    """The largest executor in a container; None if it has no room for one."""
    memory = overhead.largest_heap_mb(container_mb)
    return ExecutorSize(cores=cores, memory_mb=memory, container_mb=overhead.container_mb(memory)) if memory else None


def _choose_cores(vcpus: int) -> int:
    """The most of 5, 4 and 3 cores that leave at most a sixth of the vCPUs idle, else those that leave the fewest."""
    usable = max(1, vcpus - 1)
    candidates = [cores for cores in _GOOD_CORES if cores <= usable] or [usable]
    idle = {cores: idle_vcpus(vcpus, usable // cores, cores) for cores in candidates}
    good = [cores for cores in candidates if idle[cores] * _IDLE_SHARE <= vcpus]
    return good[0] if good else min(candidates, key=lambda cores: idle[cores])
