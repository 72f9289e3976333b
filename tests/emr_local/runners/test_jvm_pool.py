"""The slots of the pool: each comes back, whatever happens to the JVM that was lent."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from emr_local.runners.jvm.pool import JvmPool
from emr_local.runners.prepared import WarmScript
from emr_local.runners.step_process import WarmStepProcess


class FakeJvm:
    """A JVM without a process, whose parts fail as a test says."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        directory.mkdir(parents=True)
        self.alive = self.usable = True
        self.steps_run = 0
        self.broken: set[str] = set()
        self.child_error: Exception | None = None

    def prime(self, properties: object) -> None:
        pass

    def start_child(self) -> None:
        self._perhaps_fail("start_child")

    def take_output(self, name: str) -> bytes:
        self._perhaps_fail("take_output")
        return b""

    def run_script(self, *job: object) -> object:
        self._perhaps_fail("run_script")
        return EndedProcess(), self.directory / "done"

    def find_signal(self) -> int | None:
        return None

    def kill(self) -> None:
        self.alive = self.usable = False
        self._perhaps_fail("kill")

    def _perhaps_fail(self, part: str) -> None:
        if part in self.broken:
            raise OSError(12, f"Cannot allocate memory for {part}")


class EndedProcess:
    """A script that has ended well; its number is that of no session."""

    pid = -1

    def wait(self) -> int:
        return 0


class Jvms:
    """Starts fake JVMs; the next start fails with an error that is set here."""

    def __init__(self) -> None:
        self.started: list[FakeJvm] = []
        self.error: Exception | None = None

    def start(self, directory: Path, abandoned: threading.Event) -> FakeJvm:
        error, self.error = self.error, None
        if error is not None:
            raise error
        self.started.append(FakeJvm(directory))
        return self.started[-1]


@pytest.fixture
def jvms() -> Jvms:
    return Jvms()


@pytest.fixture
def pool(jvms: Jvms, tmp_path: Path) -> JvmPool:
    """With one slot, so that one which is lost is the last one."""
    return JvmPool(tmp_path / "jvms", jvms.start, least=0, most=1)


def borrow(pool: JvmPool) -> FakeJvm:
    jvm = pool.borrow()
    assert jvm is not None
    return jvm


def run_a_script(pool: JvmPool, jvm: FakeJvm, tmp_path: Path) -> WarmStepProcess:
    job = WarmScript(script=tmp_path / "job.py", arguments=(), properties={}, python_path=())
    return WarmStepProcess(jvm, pool, job, {}, tmp_path, {"stdout": tmp_path / "stdout"})


def test_a_jvm_that_ran_well_is_lent_again(pool: JvmPool) -> None:
    jvm = borrow(pool)
    pool.give_back(jvm, clean=True)
    assert borrow(pool) is jvm


@pytest.mark.parametrize(("clean", "part"), [(True, "start_child"), (False, "kill")])
def test_a_jvm_that_cannot_be_made_ready_again_costs_neither_the_step_nor_the_slot(
    pool: JvmPool, clean: bool, part: str, caplog: pytest.LogCaptureFixture
) -> None:
    jvm = borrow(pool)
    jvm.broken.add(part)
    pool.give_back(jvm, clean=clean)
    assert not jvm.alive
    assert f"Cannot allocate memory for {part}" in caplog.text
    assert borrow(pool) is not jvm


def test_the_step_keeps_its_outcome_when_the_jvm_cannot_go_on(pool: JvmPool, tmp_path: Path) -> None:
    jvm = borrow(pool)
    process = run_a_script(pool, jvm, tmp_path)
    (jvm.directory / "done").touch()
    jvm.broken.add("start_child")
    assert process.wait() == 0
    assert process.release(cancelled=False) == {"stdout": b"", "stderr": b""}
    assert borrow(pool) is not jvm


@pytest.mark.parametrize("part", ["take_output", "run_script"])
def test_a_script_that_cannot_be_started_gives_its_slot_back(pool: JvmPool, part: str, tmp_path: Path) -> None:
    jvm = borrow(pool)
    jvm.broken.add(part)
    with pytest.raises(OSError, match=part):
        run_a_script(pool, jvm, tmp_path)
    assert not jvm.alive
    assert borrow(pool) is not jvm


def test_output_that_cannot_be_read_leaves_no_slot_lent(pool: JvmPool, tmp_path: Path) -> None:
    jvm = borrow(pool)
    process = run_a_script(pool, jvm, tmp_path)
    jvm.broken.add("take_output")
    with pytest.raises(OSError, match="take_output"):
        process.release(cancelled=False)
    assert borrow(pool) is not jvm


def test_a_start_that_fails_in_an_unforeseen_way_is_told_and_leaves_no_slot_taken(
    pool: JvmPool, jvms: Jvms, caplog: pytest.LogCaptureFixture
) -> None:
    jvms.error = ValueError("the connection file is cut short")
    assert pool.borrow() is None
    assert "Traceback" in caplog.text
    assert borrow(pool) is jvms.started[0]
