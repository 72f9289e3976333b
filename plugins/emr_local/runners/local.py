"""Runs the steps of all clusters on this machine: the Executor behind the EMR service. Decides no EMR state."""

from __future__ import annotations

import logging
import os
import shutil
import tempfile
import threading
from importlib.util import find_spec
from pathlib import Path

from emr_local.host.java_runtime import JavaNotFoundError, JavaRuntime, find_java
from emr_local.objects.store import ObjectStore
from emr_local.runners.contract import ClusterRequest, RunningStep, StepRequest
from emr_local.runners.jvm.class_archive import ClassArchive, ClassArchiveUse, default_cache_directory
from emr_local.runners.jvm.pool import JvmPool
from emr_local.runners.jvm.warm_jvm import WarmJvm
from emr_local.runners.local_step import LocalStep
from emr_local.runners.sessions import end_recorded_session
from emr_local.runners.step_context import Machine, StepContext, hdfs_directory

_LOG = logging.getLogger(__name__)
_JVMS_FOLDER = "jvms"
_JAVA_OPTIONS = ("-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1")


class LocalExecutor:
    """Runs steps under a state directory, with the object store that the S3 endpoint serves."""

    def __init__(
        self,
        state_dir: Path,
        object_store: ObjectStore,
        *,
        warm: bool = True,
        warm_jvms: int = 1,
        endpoint_url: str | None = None,
        class_archive: ClassArchiveUse = "off",
    ) -> None:
        java, problem = _try_find_java()
        self._machine = Machine(
            state_dir=state_dir.resolve(),
            objects=object_store,
            spark_home=_find_spark_home(),
            java=java,
            java_problem=problem,
            endpoint_url=endpoint_url,
        )
        self._clusters: dict[str, ClusterRequest] = {}
        self._steps: dict[str, list[LocalStep]] = {}
        self._lock = threading.Lock()
        self._end_what_a_killed_server_left()
        self._archive = (
            ClassArchive(default_cache_directory(), self._machine) if class_archive != "off" and java else None
        )
        self._pool = (
            JvmPool(
                self._machine.state_dir / _JVMS_FOLDER,
                self._start_jvm,
                least=warm_jvms,
                most=max(2, os.cpu_count() or 1),
            )
            if warm and java
            else None
        )
        if self._archive and class_archive == "keep":
            self._archive.record_in_background()

    def open_cluster(self, cluster: ClusterRequest) -> None:
        """Make the cluster's HDFS directory; returns at once."""
        hdfs_directory(self._machine.state_dir, cluster.cluster_id).mkdir(parents=True, exist_ok=True)
        with self._lock:
            self._clusters[cluster.cluster_id] = cluster
            self._steps.setdefault(cluster.cluster_id, [])
        self._tell_pool()

    def start_step(self, step: StepRequest) -> RunningStep:
        """Start a step of an open cluster; one that cannot start fails with the reason."""
        with self._lock:
            cluster = self._clusters.get(step.cluster_id)
            if cluster is None:
                raise KeyError(f"cluster {step.cluster_id} is not open; call open_cluster first")
            context = StepContext(step=step, cluster=cluster, machine=self._machine)
            running = LocalStep(context, self._pool, self._choose_java_options())
            running.start()  # first: nobody can wait for one that could not be started
            unfinished = [other for other in self._steps[step.cluster_id] if not other.finished]
            self._steps[step.cluster_id] = [*unfinished, running]
        return running

    def close_cluster(self, cluster_id: str) -> None:
        """Kill what still runs, let the cluster's JVM go, delete its HDFS."""
        with self._lock:
            steps = self._steps.pop(cluster_id, [])
            self._clusters.pop(cluster_id, None)
        for step in steps:
            step.kill()
        for step in steps:
            step.wait()
        self._tell_pool()
        shutil.rmtree(hdfs_directory(self._machine.state_dir, cluster_id), ignore_errors=True)

    def close(self) -> None:
        """Close all clusters and end all JVMs."""
        for cluster_id in list(self._clusters):
            self.close_cluster(cluster_id)
        if self._pool:
            self._pool.close()
        if self._archive:
            self._archive.stop_recording()

    def _start_jvm(self, directory: Path, abandoned: threading.Event) -> WarmJvm:
        return WarmJvm(self._machine, directory, self._choose_java_options(), abandoned)

    def _choose_java_options(self) -> tuple[str, ...]:
        return (*_JAVA_OPTIONS, *(self._archive.options() if self._archive else ()))

    def _end_what_a_killed_server_left(self) -> None:
        for file in self._machine.state_dir.glob("steps/*/*/session"):
            end_recorded_session(file)
        shutil.rmtree(self._machine.state_dir / _JVMS_FOLDER, ignore_errors=True)

    def _tell_pool(self) -> None:
        if self._pool:
            self._pool.serve(len(self._clusters))


def make_class_archive() -> None:
    """Make the archive of Spark's classes for this machine's Java, if there is none; blocks for some ten seconds. Without it JVMs only start slower."""
    java, problem = _try_find_java()
    if java is None:
        return
    with tempfile.TemporaryDirectory() as scratch:
        machine = Machine(
            state_dir=Path(scratch),
            objects=ObjectStore(Path(scratch) / "s3"),
            spark_home=_find_spark_home(),
            java=java,
            java_problem=problem,
        )
        ClassArchive(default_cache_directory(), machine).record(niceness=0)


def _try_find_java() -> tuple[JavaRuntime | None, str]:
    try:
        return find_java(), ""
    except JavaNotFoundError as problem:
        _LOG.warning("%s", problem)
        return None, str(problem)


def _find_spark_home() -> Path:
    found = find_spec("pyspark")
    if found is None or found.origin is None:
        raise ModuleNotFoundError(
            "pyspark is not installed beside this server, and steps need its jars. Run `pip install pyspark==3.5.6`."
        )
    return Path(found.origin).parent
