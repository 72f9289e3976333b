from __future__ import annotations

import os
import signal
import subprocess
import time

import pytest

from emr_local.runners.contract import ClusterRequest, StepRequest
from emr_local.runners.sessions import list_session


def test_a_cluster_whose_steps_are_all_commands_costs_no_jvm(new_lab):
    assert new_lab.run("echo", "hello")[0].exit_code == 0
    assert not (new_lab.state / "jvms").exists()


def test_hdfs_is_shared_by_the_steps_of_a_cluster_and_deleted_with_it(lab):
    lab.open_cluster("j-HDFS")
    lab.write("s3://data/hdfs/words.txt", "stately plump\n")
    assert lab.run("hadoop", "fs", "-mkdir", "-p", "hdfs:///tmp/in", cluster="j-HDFS")[0].exit_code == 0
    assert lab.run("hdfs", "dfs", "-cp", "s3://data/hdfs/words.txt", "/tmp/in/", cluster="j-HDFS")[0].exit_code == 0
    script = lab.write(
        "s3://data/code/upper.py",
        """
        from pyspark import SparkContext
        SparkContext().textFile("hdfs:///tmp/in/*").map(str.upper).saveAsTextFile("hdfs:///tmp/out")
        """,
    )
    outcome, step = lab.run("spark-submit", script, cluster="j-HDFS")
    assert outcome.exit_code == 0, lab.log(step, "stderr", "j-HDFS")
    _, step = lab.run("hadoop", "fs", "-cat", "hdfs:///tmp/out/part-*", cluster="j-HDFS")
    assert lab.log(step, "stdout", "j-HDFS").strip() == "STATELY PLUMP"
    lab.executor.close_cluster("j-HDFS")
    assert not (lab.state / "hdfs" / "j-HDFS").exists()


def test_the_root_of_a_bucket_can_be_listed_and_removed_from(lab):
    lab.s3.create_bucket(Bucket="rooted")
    lab.write("s3://rooted/a/b", "x")
    _, step = lab.run("hadoop", "fs", "-ls", "s3://rooted")
    assert "s3://rooted/a" in lab.log(step, "stdout")
    assert lab.run("hadoop", "fs", "-rm", "-r", "s3://rooted/a")[0].exit_code == 0
    assert lab.list("", bucket="rooted") == []


def test_a_step_that_cannot_be_watched_is_not_left_running(lab):
    (lab.state / "steps" / "j-LAB" / "s-UNWATCHED" / "session").mkdir(
        parents=True
    )  # where its session is to be written
    nap = ("sleep", "8642.1357")
    step = StepRequest(cluster_id="j-LAB", step_id="s-UNWATCHED", name="unwatched", jar="command-runner.jar", args=nap)
    outcome = lab.executor.start_step(step).wait()
    assert outcome.exit_code == 1
    assert "IsADirectoryError" in outcome.message
    assert subprocess.run(["pgrep", "-f", " ".join(nap)], capture_output=True, check=False).stdout == b""


def test_a_commands_output_and_exit_code_are_kept(lab):
    outcome, step = lab.run("bash", "-c", "echo to-stdout; echo to-stderr >&2; exit 3")
    assert outcome.exit_code == 3
    assert lab.log(step, "stdout") == "to-stdout\n"
    assert lab.log(step, "stderr") == "to-stderr\n"
    assert outcome.message == "to-stderr"


def test_a_command_talks_to_the_local_s3_and_sees_no_secret_of_the_caller(lab, monkeypatch):
    monkeypatch.setenv("AWS_SESSION_TOKEN", "the-callers")
    outcome, step = lab.run("bash", "-c", "env | grep ^AWS_ | sort")
    assert outcome.exit_code == 0
    shown = lab.log(step, "stdout")
    assert f"AWS_ENDPOINT_URL={lab.s3.meta.endpoint_url}\n" in shown
    assert "the-callers" not in shown


def test_script_runner_fetches_and_runs_a_script(lab):
    script = lab.write("s3://data/code/greet.sh", "echo hello $1\n")
    outcome, step = lab.run(script, "world", jar="s3://us-east-1.elasticmapreduce/libs/script-runner/script-runner.jar")
    assert outcome.exit_code == 0
    assert lab.log(step, "stdout") == "hello world\n"


def test_the_working_directory_has_the_tmp_of_a_container(lab):
    outcome, step = lab.run("bash", "-c", "echo png > tmp/cloud.png && cat tmp/cloud.png")
    assert (outcome.exit_code, lab.log(step, "stdout")) == (0, "png\n")
    writing = lab.write("s3://data/code/write.sh", "#!/bin/sh\necho png > tmp/cloud.png\n")
    assert (
        lab.run(writing, jar="s3://us-east-1.elasticmapreduce/libs/script-runner/script-runner.jar")[0].exit_code == 0
    )
    assert lab.run("bash", "-c", "echo png > clouds/1995.png")[0].exit_code == 1


def test_what_cannot_be_run_fails_and_says_what_can(lab):
    refused = lab.run("hive-script", "--args")[0].message
    assert "'hive-script' is not a command that a local EMR runs: it needs Hive. It runs spark-submit" in refused
    assert "s3://data/my.jar does not exist" in lab.run("x", jar="s3://data/my.jar")[0].message


@pytest.mark.fault(
    "F53",
    "Any other local step is killed with SIGKILL",
    "the step FAILS and its FailureDetails name the signal and the likely reason",
)
def test_a_process_ended_by_a_signal_is_explained(lab):
    outcome, _ = lab.run("bash", "-c", "kill -9 $$")
    assert outcome.exit_code == -signal.SIGKILL
    assert "SIGKILL (signal 9). Often the machine ran out of memory" in outcome.message


STUBBORN = """
import os, signal, subprocess, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
child = subprocess.Popen([sys.executable, "-c", "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(600)"], process_group=0)
open("pids", "w").write(f"{os.getpid()} {child.pid}")
"""


@pytest.mark.fault(
    "F54",
    "A running local Spark step is cancelled, and its job and the job's children ignore SIGTERM",
    "no process of it is left after five seconds, its JVM included",
)
@pytest.mark.parametrize(
    ("end", "options"),
    [("interrupt", ()), ("kill", ()), ("interrupt", ("--driver-java-options", "-Dmark=own"))],
    ids=["interrupt-warm", "kill-warm", "interrupt-plain"],
)
def test_a_step_that_ignores_signals_is_gone_within_five_seconds(lab, end, options):
    # The best of three: a machine that is busy with other things may be late, a step that is not killed always is.
    assert any(seconds_to_the_end_of_a_stubborn_step(lab, end, options) < 5 for _ in range(3))


def seconds_to_the_end_of_a_stubborn_step(lab, end, options):
    script = lab.write(
        "s3://data/code/stubborn.py",
        f"{STUBBORN}\nfrom pyspark import SparkContext\nSparkContext().parallelize([1]).foreach(lambda _: time.sleep(600))\n",
    )
    step, running = lab.start("spark-submit", *options, script)
    pids = await_pids(lab, step)
    folder = lab.state / "steps" / "j-LAB" / step
    warm = [line.split()[-1] for line in (folder / "controller").read_text().splitlines() if "warm JVM" in line]
    assert bool(warm) is not bool(options)
    jvm = int((warm or (folder / "session").read_text().split())[0])
    assert list_session(jvm) != []
    started = time.monotonic()
    getattr(running, end)()
    outcome = running.wait()
    seconds = time.monotonic() - started
    # A JVM of the step's own obeys the SIGTERM that its script ignores.
    assert outcome.exit_code == (128 + signal.SIGTERM if options else -signal.SIGKILL)
    assert [pid for pid in pids if is_alive(pid)] == []
    assert list_session(jvm) == []
    return seconds


def await_pids(lab, step):
    file = lab.state / "steps" / "j-LAB" / step / "work" / "pids"
    for _ in range(600):
        if file.exists() and (text := file.read_text()):
            time.sleep(1.0)  # let the Spark job begin
            return [int(pid) for pid in text.split()]
        time.sleep(0.1)
    raise AssertionError("the step did not start")


def is_alive(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    with open(f"/proc/{pid}/stat") as stat:
        return stat.read().rpartition(")")[2].split()[0] != "Z"


def test_an_interrupted_command_may_end_by_itself(lab):
    step, running = lab.start("bash", "-c", "trap 'echo bye; exit 0' TERM; touch pids; sleep 600 & wait")
    file = lab.state / "steps" / "j-LAB" / step / "work" / "pids"
    while not file.exists():
        time.sleep(0.02)
    running.interrupt()
    assert running.wait().exit_code == 0
    assert lab.log(step, "stdout") == "bye\n"


def test_closing_a_cluster_ends_its_steps(lab):
    lab.open_cluster("j-CLOSE")
    _, running = lab.start("sleep", "600", cluster="j-CLOSE")
    lab.executor.close_cluster("j-CLOSE")
    assert running.wait().exit_code == -signal.SIGKILL
    lab.executor.close_cluster("j-CLOSE")
    lab.executor.close_cluster("j-UNKNOWN")


def test_steps_run_at_the_same_time(lab, tmp_path):
    meet = "touch {mine}; until [ -e {other} ]; do sleep 0.1; done"
    here, there = tmp_path / "here", tmp_path / "there"
    both = [
        lab.start("bash", "-c", meet.format(mine=mine, other=other))[1]
        for mine, other in [(here, there), (there, here)]
    ]
    assert [running.wait().exit_code for running in both] == [0, 0]


def test_logs_that_cannot_be_stored_do_not_fail_a_step(lab):
    for log_uri in ("s3://no-such-bucket/emr", "s3://logs//emr", None):
        lab.executor.open_cluster(ClusterRequest(cluster_id="j-NOLOGS", log_uri=log_uri))
        outcome, _ = lab.run("true", cluster="j-NOLOGS")
        assert (outcome.exit_code, outcome.log_file) == (0, None)
    lab.executor.close_cluster("j-NOLOGS")
