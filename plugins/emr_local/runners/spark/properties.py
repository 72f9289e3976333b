"""Turns what a cluster and a step set for Spark on EMR into the properties of a local run. Pure: touches no file and starts nothing."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from emr_local.runners.filesystem import WAREHOUSE

# What belongs to YARN, to EMR's own machines or to sizes that one machine does not have.
_DROPPED = (
    "spark.master",
    "spark.submit.deployMode",
    "spark.yarn.",
    "spark.emr.",
    "spark.dynamicAllocation.",
    "spark.shuffle.service.",
    "spark.executor.instances",
    "spark.executor.memory",
    "spark.executor.cores",
    "spark.executor.extra",
    "spark.driver.memory",
    "spark.driver.cores",
    "spark.driver.host",
    "spark.driver.bindAddress",
    "spark.cores.max",
    "spark.eventLog.",
    "spark.history.",
    "spark.ui.",
    "spark.local.dir",
    "spark.decommission.",
    "spark.resourceManager.",
    "spark.pyspark.",
    "spark.hadoop.yarn.",
    "spark.hadoop.fs.s3",
    "spark.hadoop.fs.defaultFS",
)
_EMR_ONLY_VALUE = re.compile(r"com\.amazon(aws)?\.|/usr/(lib|share)/(hadoop|aws|spark|livy)|maximizeResourceAllocation")
_MEMORY = re.compile(r"(\d+)\s*([kmgt]?)b?", re.IGNORECASE)
_UNIT_MB = {"k": 1 / 1024, "": 1, "m": 1, "g": 1024, "t": 1024 * 1024}
_DRIVER_MEMORY_CAP_MB = 4096


@dataclass(frozen=True, slots=True, kw_only=True)
class LocalProperties:
    """Spark properties of a local run, and what was left out of those asked for."""

    properties: dict[str, str]
    notes: list[str]


def cluster_defaults(
    configurations: Iterable[Mapping[str, object]], classification: str = "spark-defaults"
) -> dict[str, str]:
    """Give the properties that a cluster's configurations set under a classification."""
    found: dict[str, str] = {}
    for configuration in configurations:
        properties = configuration.get("Properties")
        if configuration.get("Classification") == classification and isinstance(properties, Mapping):
            found |= {str(name): str(value) for name, value in properties.items()}
    return found


def localise(asked: Mapping[str, str]) -> LocalProperties:
    """Lay what was asked for over the defaults of a local run, less what one machine cannot do."""
    kept, notes = {}, []
    for name, value in asked.items():
        if name.startswith(_DROPPED) or _EMR_ONLY_VALUE.search(value):
            notes.append(f"{name}={value} has no effect on a local run")
        else:
            kept[name] = value
    properties = {
        "spark.sql.shuffle.partitions": "2",
        "spark.sql.warehouse.dir": WAREHOUSE,
        **kept,
        # One failure per task is the default; spelled out, nobody writes it so, and a master of the script's own can be told from it.
        "spark.master": f"local[{max(2, os.cpu_count() or 1)},1]",
        "spark.submit.deployMode": "client",
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
        "spark.driver.host": "127.0.0.1",
        "spark.driver.bindAddress": "127.0.0.1",
    }
    return LocalProperties(properties=properties, notes=notes)


def cap_driver_memory(asked: str | None) -> str | None:
    """Give the driver memory that a JVM of the step's own gets; None where nothing (or no amount) was asked for."""
    match = _MEMORY.fullmatch(asked.strip()) if asked else None
    if match is None:
        return None
    return f"{max(512, min(_DRIVER_MEMORY_CAP_MB, int(int(match.group(1)) * _UNIT_MB[match.group(2).lower()])))}m"
