"""What a step finds around it: its directory, its environment, its file systems. Starts no process."""

from __future__ import annotations

import os
import shutil
import sys
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from xml.sax.saxutils import escape

from emr_local.host.java_runtime import JavaRuntime
from emr_local.objects.store import ObjectStore
from emr_local.resources.identifiers import INSTANCE_PROFILE_KEY
from emr_local.runners.contract import ClusterRequest, StepRequest
from emr_local.runners.filesystem import HDFS_NAME, mount_file_systems, resolve_object
from emr_local.runners.places import Places

_KEPT_OUT = (
    "AWS_",
    "AIRFLOW_",
    "SPARK_",
    "PYSPARK_",
    "HADOOP_",
    "PYTHONPATH",
    "JAVA_TOOL_OPTIONS",
    "_JAVA_OPTIONS",
    "JDK_JAVA_OPTIONS",
)


class StepRejectedError(Exception):
    """A step cannot be started; the message says what is wrong with it and what would do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """This machine, as all steps see it."""

    state_dir: Path
    objects: ObjectStore
    spark_home: Path
    java: JavaRuntime | None
    java_problem: str = ""
    endpoint_url: str | None = None

    def require_java(self) -> JavaRuntime:
        """Give the Java that runs Spark, or refuse the step that needs it."""
        if self.java is None:
            raise StepRejectedError(self.java_problem)
        return self.java

    def environment(self) -> dict[str, str]:
        """Give the environment of every process that is started for a step: none of the caller's AWS or Airflow secrets."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith(_KEPT_OUT)}
        kept |= {
            "PATH": os.pathsep.join([str(Path(sys.executable).parent), kept.get("PATH", os.defpath)]),
            "AWS_ACCESS_KEY_ID": INSTANCE_PROFILE_KEY,
            "AWS_SECRET_ACCESS_KEY": "testing",
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_EC2_METADATA_DISABLED": "true",
            "PYSPARK_PYTHON": sys.executable,
            "PYSPARK_DRIVER_PYTHON": sys.executable,
            "SPARK_HOME": str(self.spark_home),
            "SPARK_LOCAL_IP": "127.0.0.1",
            "PYTHONUNBUFFERED": "1",
        }
        if self.endpoint_url:
            kept["AWS_ENDPOINT_URL"] = self.endpoint_url
        if self.java:
            kept["JAVA_HOME"] = str(self.java.home)
        return kept


@dataclass(frozen=True, kw_only=True)
class StepContext:
    """One step on this machine."""

    step: StepRequest
    cluster: ClusterRequest
    machine: Machine

    @cached_property
    def directory(self) -> Path:
        """The step's own directory: logs, work, scratch."""
        return self.machine.state_dir / "steps" / self.step.cluster_id / self.step.step_id

    @cached_property
    def work(self) -> Path:
        """The directory that the step's process starts in."""
        return self.directory / "work"

    @cached_property
    def hdfs_root(self) -> Path:
        """The directory that is hdfs:// to the step."""
        return hdfs_directory(self.machine.state_dir, self.step.cluster_id)

    def hadoop_properties(self, *, for_shell: bool = False) -> dict[str, str]:
        """Give Hadoop's configuration for the buckets that exist now."""
        objects = self.machine.objects
        return mount_file_systems(objects.root, objects.bucket_names(), self.hdfs_root, for_shell=for_shell)

    def places(self) -> Places:
        """Give the directories behind s3:// and hdfs://, for programs of ours that read and write them without Hadoop."""
        return Places(s3_root=self.machine.objects.root.resolve(), hdfs_root=self.hdfs_root, hdfs_name=HDFS_NAME)

    def write_hadoop_conf(self) -> Path:
        """Write core-site.xml and give its directory, for Hadoop's own shell."""
        directory = self.directory / "conf"
        directory.mkdir(parents=True, exist_ok=True)
        rows = (
            f"<property><name>{escape(n)}</name><value>{escape(v)}</value></property>"
            for n, v in self.hadoop_properties(for_shell=True).items()
        )
        (directory / "core-site.xml").write_text(f"<configuration>{''.join(rows)}</configuration>", encoding="utf-8")
        return directory

    def fetch(self, uri: str, into: Path) -> Path:
        """Copy a file that a step names (s3://, hdfs://, file:// or a plain path) into one of the step's directories, under its own name."""
        source = resolve_object(uri, self.machine.objects.root)
        if uri.startswith("hdfs://"):
            source = self.hdfs_root / uri.removeprefix("hdfs://").partition("/")[2]
        source = source or Path(uri.removeprefix("file://"))
        if not source.is_file():
            raise StepRejectedError(
                f"java.io.FileNotFoundException: {uri} does not exist. Upload it before the step, or correct the step's arguments."
            )
        into.mkdir(parents=True, exist_ok=True)
        return Path(shutil.copyfile(source, into / source.name))


def hdfs_directory(state_dir: Path, cluster_id: str) -> Path:
    """Name the directory that holds a cluster's HDFS."""
    return state_dir / "hdfs" / cluster_id
