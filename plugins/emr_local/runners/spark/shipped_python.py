"""Which Python of those that a step ships runs its driver and its functions. Pure.

As Spark's PythonRunner and YARN's Client choose: `spark.pyspark.driver.python`, `spark.pyspark.python`, then the variables of the driver's process. A relative path is
one below the working directory, where YARN unpacks archives.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from emr_local.runners.step_context import StepRejectedError

APP_MASTER_ENV = "spark.yarn.appMasterEnv."
_DRIVER, _BOTH = "PYSPARK_DRIVER_PYTHON", "PYSPARK_PYTHON"


@dataclass(frozen=True, slots=True, kw_only=True)
class ShippedPython:
    """Paths in the working directory; None stands for a Python of the node, for which the local environment's stands in."""

    driver: str | None = None
    workers: str | None = None

    def __bool__(self) -> bool:
        return bool(self.driver or self.workers)

    def variables(self) -> dict[str, str]:
        """Give what Spark's launcher reads."""
        chosen = {_DRIVER: self.driver, _BOTH: self.workers}
        return {name: path for name, path in chosen.items() if path}


def choose_python(asked: Mapping[str, str], node: Mapping[str, str], *, in_cluster: bool) -> ShippedPython:
    """Choose by what a step and its cluster set for Spark, and by what spark-env exports on the nodes.

    Raises StepRejectedError in Java's words where the driver would look for it on the primary node, which unpacks nothing.
    """
    of_process = dict(node)
    if in_cluster:
        of_process |= {
            name: asked[f"{APP_MASTER_ENV}{name}"] for name in (_DRIVER, _BOTH) if f"{APP_MASTER_ENV}{name}" in asked
        }
    of_both = asked.get("spark.pyspark.python")
    driver = asked.get("spark.pyspark.driver.python") or of_both or of_process.get(_DRIVER) or of_process.get(_BOTH)
    chosen = ShippedPython(driver=_shipped(driver), workers=_shipped(of_both or of_process.get(_BOTH)))
    if chosen.driver and not in_cluster:
        raise StepRejectedError(
            f'java.io.IOException: Cannot run program "{chosen.driver}": error=2, No such file or directory. In deploy mode client the driver runs '
            "on the primary node, where archives are not unpacked. Use deploy mode cluster, or set spark.pyspark.driver.python to python3."
        )
    return chosen


def _shipped(path: str | None) -> str | None:
    return path if path and "/" in path and not path.startswith(("/", "~")) else None


def check_links(chosen: ShippedPython, work: Path) -> None:
    """Refuse a shipped Python that is only a link to one that this machine lacks; it was made for another."""
    for path in filter(None, (chosen.driver, chosen.workers)):
        program = work / path
        if program.is_symlink() and not program.exists():
            raise StepRejectedError(
                f'java.io.IOException: Cannot run program "{path}": error=2, No such file or directory. It is a link to '
                f"{program.resolve()}, which this machine does not have. Install that Python, or pack an environment with a Python of its own."
            )


def exported(configurations: Iterable[Mapping[str, object]]) -> dict[str, str]:
    """Give what the cluster's spark-env exports to the processes of Spark."""
    found: dict[str, str] = {}
    for configuration in configurations:
        if configuration.get("Classification") != "spark-env":
            continue
        nested = configuration.get("Configurations")
        for one in nested if isinstance(nested, list | tuple) else ():
            properties = one.get("Properties")
            if one.get("Classification") == "export" and isinstance(properties, Mapping):
                found |= {str(name): str(value) for name, value in properties.items()}
    return found
