"""What a spark step asks YARN for, from its Spark properties. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from emr_pipelines.pipeline_spec.models.kinds.spark import SparkSpec
from emr_pipelines.pipeline_spec.notation.plain_values import scalar_text
from emr_pipelines.pipeline_spec.sizing.executor_sizes import (
    DRIVER_OVERHEAD_FACTOR,
    EXECUTOR_OVERHEAD_FACTOR,
    Overhead,
    parse_memory_mb,
)

# What spark-submit's options set, by the key of the spec that becomes the option.
PROPERTY_OF_KEY = {
    "executors": "spark.executor.instances",
    "executor_memory": "spark.executor.memory",
    "executor_cores": "spark.executor.cores",
    "driver_memory": "spark.driver.memory",
    "driver_cores": "spark.driver.cores",
}
OVERHEAD_PROPERTIES = ("spark.executor.memoryOverhead", "spark.yarn.executor.memoryOverhead")
_FACTOR_PROPERTIES = ("spark.executor.memoryOverheadFactor", "spark.yarn.executor.memoryOverheadFactor")
_DRIVER_OVERHEAD_PROPERTIES = ("spark.driver.memoryOverhead", "spark.yarn.driver.memoryOverhead")
_DRIVER_FACTOR_PROPERTIES = ("spark.driver.memoryOverheadFactor",)
_EXTRA_PROPERTIES = ("spark.executor.pyspark.memory",)
# As EMR sets it in spark-defaults where nobody else does.
_DRIVER_MEMORY_MB = 2048
# The application master of a step in client mode, as Spark asks for it.
_MASTER_MEMORY_MB = 512


@dataclass(frozen=True, slots=True, kw_only=True)
class ExecutorRequest:
    """The executors that a step asks for; None where EMR chooses, which no table tells."""

    cores: int | None
    memory_mb: int | None
    overhead: Overhead
    executors: int | None
    maximum: int | None
    is_dynamic: bool

    @property
    def container_mb(self) -> int | None:
        """What YARN must give for one executor."""
        return None if self.memory_mb is None else self.overhead.container_mb(self.memory_mb)


def properties_of(spark: SparkSpec, defaults: Mapping[str, str], resolve: Callable[[str], str]) -> dict[str, str]:
    """The Spark properties of a step, with the environment's values put in: its options over its conf over the cluster's spark-defaults."""
    options = {name: getattr(spark, key) for key, name in PROPERTY_OF_KEY.items()}
    own = spark.conf | {name: value for name, value in options.items() if value is not None}
    return dict(defaults) | {name: resolve(scalar_text(value)) for name, value in own.items()}


def executor_request(properties: Mapping[str, str]) -> ExecutorRequest:
    """What the properties ask for each executor and how many."""
    return ExecutorRequest(
        cores=_number(properties, "spark.executor.cores"),
        memory_mb=_memory(properties, "spark.executor.memory"),
        overhead=_overhead(
            properties, OVERHEAD_PROPERTIES, _FACTOR_PROPERTIES, EXECUTOR_OVERHEAD_FACTOR, _extra(properties)
        ),
        executors=_number(properties, "spark.executor.instances"),
        maximum=_number(properties, "spark.dynamicAllocation.maxExecutors"),
        is_dynamic=properties.get("spark.dynamicAllocation.enabled", "true").strip().lower() == "true",
    )


def driver_memory_mb(properties: Mapping[str, str]) -> int:
    """The heap of the driver."""
    return _memory(properties, "spark.driver.memory") or _DRIVER_MEMORY_MB


def driver_container_mb(properties: Mapping[str, str]) -> int:
    """What the driver needs with its overhead, in YARN or on the primary node."""
    overhead = _overhead(properties, _DRIVER_OVERHEAD_PROPERTIES, _DRIVER_FACTOR_PROPERTIES, DRIVER_OVERHEAD_FACTOR, 0)
    return overhead.container_mb(driver_memory_mb(properties))


def master_container_mb(properties: Mapping[str, str], deploy_mode: str) -> int:
    """What a step needs in YARN beside its executors: its driver, or in client mode a small application master."""
    if deploy_mode == "cluster":
        return driver_container_mb(properties)
    memory = _memory(properties, "spark.yarn.am.memory") or _MASTER_MEMORY_MB
    return Overhead(factor=DRIVER_OVERHEAD_FACTOR).container_mb(memory)


def _overhead(
    properties: Mapping[str, str], fixed: tuple[str, ...], factors: tuple[str, ...], factor: float, extra_mb: int
) -> Overhead:
    fixed_mb = next((found for name in fixed if (found := _memory(properties, name)) is not None), None)
    chosen = next((one for name in factors if (one := _fraction(properties, name)) is not None), factor)
    return Overhead(factor=chosen, fixed_mb=fixed_mb, extra_mb=extra_mb)


def _extra(properties: Mapping[str, str]) -> int:
    """Memory of Python's own, and off-heap memory where it is switched on."""
    python = sum(_memory(properties, name) or 0 for name in _EXTRA_PROPERTIES)
    if properties.get("spark.memory.offHeap.enabled", "").strip().lower() != "true":
        return python
    # The one memory property whose plain number means bytes.
    size = properties.get("spark.memory.offHeap.size", "").strip()
    return python + (int(size) // 2**20 if size.isdecimal() else parse_memory_mb(size) or 0)


def _memory(properties: Mapping[str, str], name: str) -> int | None:
    return parse_memory_mb(properties.get(name, ""))


def _number(properties: Mapping[str, str], name: str) -> int | None:
    text = properties.get(name, "").strip()
    return int(text) if text.isdecimal() else None


def _fraction(properties: Mapping[str, str], name: str) -> float | None:
    try:
        return float(properties[name])
    except (KeyError, ValueError):
        return None
