"""A cache of loaded Java classes (AppCDS) that makes Spark's JVMs start faster. Without it, or with a damaged one, they only start slower."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import logging
import os
import shlex
import subprocess
import tempfile
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from emr_local.runners.sessions import end_session

if TYPE_CHECKING:  # it imports moto, for which the command line does not wait
    from emr_local.runners.step_context import Machine

# No archive; one that is there; or one that is made where there is none.
ClassArchiveUse = Literal["off", "use", "keep"]
_LOG = logging.getLogger(__name__)
_PRIME_JOB = Path(__file__).with_name("prime_job.py")
_RECORD_WITHIN_S = 300.0
# An archive takes 150 MB, and each environment with a Spark of its own makes one; an environment that is deleted leaves its archive behind.
_KEPT_ARCHIVES = 6
_QUIET = ("-Xlog:disable", "-Xlog:all=error:stderr")


class ClassArchive:
    """The archive for one Java and one set of Spark jars, made once per machine in the background."""

    def __init__(self, directory: Path, machine: Machine) -> None:
        self._machine = machine
        self._java = machine.require_java()
        key = _fingerprint(machine)
        self._file = directory / f"spark-{key}.jsa"
        self._base = directory / f"java-{key}.jsa"
        self._seal = directory / f"spark-{key}.sha256"
        self._lock = directory / f"spark-{key}.lock"
        self._checked: int | None = None
        self._intact = False
        self._recording: subprocess.Popen[bytes] | None = None

    def options(self) -> tuple[str, ...]:
        """Give the Java options that use the archive; none while there is none. One that another server has made meanwhile is used too."""
        if not self._is_intact():
            return ()
        return (*_QUIET, f"-XX:SharedArchiveFile={':'.join([*self._own_base(), str(self._file)])}")

    def record_in_background(self) -> None:
        """Make the archive if there is none, at the lowest priority."""
        threading.Thread(target=self.record, name="emr-local-class-archive", daemon=True).start()

    def record(self, niceness: int = 19) -> None:
        """Make the archive if there is none and nobody makes it now; blocks for some ten seconds of CPU."""
        if self._is_intact():
            return
        try:
            self._file.parent.mkdir(parents=True, exist_ok=True)
            with self._lock.open("w") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                with tempfile.TemporaryDirectory(dir=self._file.parent, prefix="recording-") as scratch:
                    self._run_recording(Path(scratch), niceness)
            remove_unused_archives(self._file.parent, keep=_KEPT_ARCHIVES)
        except BlockingIOError:
            _LOG.info("another server makes the class archive")
        except (OSError, subprocess.SubprocessError) as problem:
            _LOG.info("no class archive, JVMs start slower: %s", problem)

    def stop_recording(self) -> None:
        """End a recording that is still going on; the next server makes it."""
        if self._recording:
            end_session(self._recording.pid)

    def _run_recording(self, scratch: Path, niceness: int) -> None:
        base = self._own_base()
        if base and not self._base.exists():
            command = [str(self._java.executable), "-Xshare:dump", f"-XX:SharedArchiveFile={scratch / 'base'}"]
            subprocess.run(command, capture_output=True, timeout=60, check=True)
            os.replace(scratch / "base", self._base)
        archive = scratch / "archive"
        self._recording = self._start_recording(
            scratch,
            niceness,
            [*(f"-XX:SharedArchiveFile={file}" for file in base), f"-XX:ArchiveClassesAtExit={archive}"],
        )
        if self._recording.wait(_RECORD_WITHIN_S) == 0 and archive.exists():
            digest = _digest(archive)
            os.replace(archive, self._file)
            self._seal.write_text(digest, encoding="ascii")

    def _start_recording(self, scratch: Path, niceness: int, options: list[str]) -> subprocess.Popen[bytes]:
        every = [*options, "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", *_QUIET]
        submit = str(self._machine.spark_home / "bin" / "spark-submit")
        settings = ["--master", "local[1]", "--conf", "spark.ui.enabled=false"]
        return subprocess.Popen(
            ["nice", "-n", str(niceness), submit, *settings, str(_PRIME_JOB)],
            cwd=scratch,
            env=self._machine.environment()
            | {"SPARK_SUBMIT_OPTS": shlex.join(every), "SPARK_LOCAL_DIRS": str(scratch)},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )

    def _is_intact(self) -> bool:
        """Java maps an archive unchecked and dies of a damaged one, so one that is new to this process is read once."""
        try:
            written = self._seal.stat().st_mtime_ns
            if written != self._checked:
                self._intact = self._seal.read_text(encoding="ascii") == _digest(self._file)
                self._checked = written
                with contextlib.suppress(OSError):  # a cache that is only read
                    os.utime(self._lock)  # used now: `remove_unused_archives` goes by it
        except OSError:
            return False
        return self._intact

    def _own_base(self) -> list[str]:
        """A Java runtime cut down with jlink brings no class archive of its own to build on."""
        return [] if (self._java.home / "lib" / "server" / "classes.jsa").exists() else [str(self._base)]


def remove_unused_archives(directory: Path, *, keep: int) -> None:
    """Delete all archives but the `keep` that were made or used last. A server that uses one of the others goes on, with JVMs that start slower."""
    by_use = sorted(directory.glob("spark-*.lock"), key=lambda lock: lock.stat().st_mtime_ns, reverse=True)
    for lock in by_use[keep:]:
        base = lock.with_name(lock.name.replace("spark-", "java-", 1)).with_suffix(".jsa")
        for file in (lock.with_suffix(".sha256"), lock.with_suffix(".jsa"), base, lock):
            file.unlink(missing_ok=True)


def default_cache_directory() -> Path:
    """Name the user's cache directory, so that the archive outlives a server's state."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "emr-local"


def _fingerprint(machine: Machine) -> str:
    java = machine.require_java()
    jars = sorted(f"{jar} {jar.stat().st_mtime_ns}" for jar in (machine.spark_home / "jars").glob("*.jar"))
    return hashlib.sha256("\n".join([java.version, str(java.home), *jars]).encode()).hexdigest()[:16]


def _digest(file: Path) -> str:
    with file.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()
