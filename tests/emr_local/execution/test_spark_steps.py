from __future__ import annotations

import json
import os
import signal
import time

import pytest

SESSION = "from pyspark.sql import SparkSession\nspark = SparkSession.builder.getOrCreate()\n"


def pyspark_script(lab, name, body):
    return lab.write(f"s3://data/code/{name}.py", f"import sys\n{SESSION}{body}\n")


def test_reads_and_writes_s3_through_every_scheme(lab):
    lab.write("s3://data/in/year=1995/a.json", json.dumps({"title": "Emma"}))
    lab.write("s3://data/in/year=1996/b.json", json.dumps({"title": "Ulysses"}))
    script = pyspark_script(
        lab,
        "copy",
        "spark.read.json(sys.argv[1]).repartition(1).write.partitionBy('year').parquet(sys.argv[2])\nprint(spark.read.parquet(sys.argv[2]).count())",
    )
    outcome, step = lab.run("spark-submit", "--deploy-mode", "cluster", script, "s3a://data/in/", "s3://data/out/copy/")
    assert outcome.exit_code == 0, lab.log(step, "stderr")
    assert lab.log(step, "stdout").split() == ["2"]
    written = lab.list("out/copy/")
    assert "out/copy/_SUCCESS" in written
    assert [key.split("/")[2] for key in written if key.endswith(".parquet")] == ["year=1995", "year=1996"]
    assert not [key for key in written if ".crc" in key or "_temporary" in key]


@pytest.mark.parametrize("output_format", ["csv", "text", "json"])
def test_text_is_written_through_s3a_too(lab, output_format):
    """Not every format commits as Parquet does: these ask Hadoop for the committer of the scheme."""
    body = "spark.createDataFrame([('Emma',)], 'title string').write.format(sys.argv[1]).save(sys.argv[2])"
    script = pyspark_script(lab, "write_text", body)
    outcome, step = lab.run("spark-submit", script, output_format, f"s3a://data/out/{output_format}/")
    assert outcome.exit_code == 0, lab.log(step, "stderr")
    assert f"out/{output_format}/_SUCCESS" in lab.list(f"out/{output_format}/")


def test_cluster_mode_puts_the_driver_logs_under_containers(lab):
    script = pyspark_script(lab, "driver", "print('from the driver')")
    lab.run("spark-submit", "--deploy-mode", "cluster", script)
    newest = max(lab.list("emr/j-LAB/containers/application_", bucket="logs"))
    assert newest.endswith("_01_000001/stdout.gz")


def test_python_files_from_s3_reach_driver_and_workers(lab):
    lab.write("s3://data/code/shouting.py", "def shout(word):\n    return word.upper()\n")
    script = pyspark_script(
        lab, "shout", "import shouting\nprint(spark.sparkContext.parallelize(['a', 'b']).map(shouting.shout).collect())"
    )
    outcome, step = lab.run("spark-submit", "--py-files", "s3://data/code/shouting.py", script)
    assert outcome.exit_code == 0, lab.log(step, "stderr")
    assert lab.log(step, "stdout").strip() == "['A', 'B']"


def test_files_lie_in_the_working_directory_under_their_alias(lab):
    lab.write("s3://data/code/words.txt", "stop\n")
    reading = "def read(_):\n    return open('list.txt').read().strip()\n"
    script = pyspark_script(
        lab, "files", f"{reading}print(read(0), spark.sparkContext.parallelize([1]).map(read).first())"
    )
    outcome, step = lab.run("spark-submit", "--files", "s3://data/code/words.txt#list.txt", script)
    assert lab.log(step, "stdout").strip() == "stop stop", lab.log(step, "stderr")
    assert outcome.exit_code == 0


def test_a_failing_script_shows_its_traceback_and_fails_with_its_message(lab):
    script = pyspark_script(lab, "boom", "def explode():\n    raise ValueError('no such year: 1994')\nexplode()")
    outcome, step = lab.run("spark-submit", script)
    assert (outcome.exit_code, outcome.reason) == (1, "Unknown Error.")
    assert outcome.message == "ValueError: no such year: 1994"
    assert outcome.log_file == f"s3://logs/emr/j-LAB/steps/{step}/stderr.gz"
    stderr = lab.log(step, "stderr")
    assert "Traceback (most recent call last)" in stderr
    assert "in explode" in stderr
    assert "warm_child" not in stderr


def test_an_existing_output_directory_is_named_as_the_reason(lab):
    lab.write("s3://data/taken/file", "x")
    script = pyspark_script(lab, "taken", "spark.range(1).write.parquet('s3://data/taken')")
    outcome, _ = lab.run("spark-submit", script)
    assert outcome.reason == "Output directory already exists."


def test_the_exit_code_of_a_script_is_the_steps(lab):
    script = lab.write("s3://data/code/exit.py", "import sys\nsys.exit(7)\n")
    assert lab.run("spark-submit", script)[0].exit_code == 7


def test_settings_of_a_step_do_not_reach_the_next(lab):
    report = "print(spark.conf.get('spark.sql.shuffle.partitions'), spark.conf.get('spark.sql.ansi.enabled'), spark.catalog.listTables(), spark.sparkContext.appName)"
    script = pyspark_script(
        lab,
        "report",
        f"{report}\nspark.range(1).createOrReplaceTempView('left_behind')\nspark.sparkContext.setLogLevel('OFF')",
    )

    def run_both(_):
        settings = ("--conf", "spark.sql.shuffle.partitions=7", "--conf=spark.sql.ansi.enabled=true")
        return lab.run("spark-submit", "--name", "first", *settings, script), lab.run("spark-submit", script)

    (first, first_step), (second, second_step) = on_one_jvm(lab, run_both)
    assert (first.exit_code, second.exit_code) == (0, 0)
    assert lab.log(first_step, "stdout").strip() == "7 true [] first"
    assert lab.log(second_step, "stdout").strip() == "2 false [] report.py"


def on_one_jvm(lab, run_both):
    """Two runs on the same warm JVM. An earlier test's JVM that is still on its way may take the place of the first run's; then both are run again."""
    for attempt in range(3):
        first, second = run_both(attempt)
        if jvm_of(lab, first[1]) == jvm_of(lab, second[1]) != []:
            return first, second
    raise AssertionError("three times the second run got another JVM")


def jvm_of(lab, step):
    return warm_jvms(lab.log(step, "controller"))


def warm_jvms(controller):
    return [line.split()[-1] for line in controller.splitlines() if "warm JVM" in line]


def test_a_bucket_made_between_two_steps_is_seen_by_the_same_jvm(lab):
    script = pyspark_script(lab, "numbers", "spark.range(3).write.mode('overwrite').csv(sys.argv[1])")

    def run_both(attempt):
        before = lab.run("spark-submit", script, "s3://data/numbers")
        lab.s3.create_bucket(Bucket=f"fresh-{attempt}")
        after = lab.run("spark-submit", script, f"s3://fresh-{attempt}/numbers")
        assert after[0].exit_code == 0, lab.log(after[1], "stderr")
        assert "numbers/_SUCCESS" in lab.list("numbers/", bucket=f"fresh-{attempt}")
        return before, after

    on_one_jvm(lab, run_both)


def test_a_script_that_dies_without_cleaning_up_takes_its_jvm_with_it(lab):
    dying = pyspark_script(lab, "dying", "import os\nos._exit(0)")
    outcome, first = lab.run("spark-submit", dying)
    _, second = lab.run("spark-submit", pyspark_script(lab, "fine", "print(spark.range(2).count())"))
    assert outcome.exit_code == 0
    assert lab.log(second, "stdout").strip() == "2"
    assert jvm_of(lab, first) != jvm_of(lab, second)


def test_cluster_defaults_apply_and_what_only_a_cluster_has_is_noted(lab):
    defaults = {
        "spark.sql.session.timeZone": "Asia/Tokyo",
        "spark.executor.memory": "18G",
        "spark.dynamicAllocation.enabled": "true",
    }
    lab.open_cluster("j-CONF", configurations=({"Classification": "spark-defaults", "Properties": defaults},))
    script = pyspark_script(
        lab, "zone", "print(spark.conf.get('spark.sql.session.timeZone'), spark.sparkContext.master[:5])"
    )
    outcome, step = lab.run("spark-submit", "--num-executors", "10", script, cluster="j-CONF")
    assert outcome.exit_code == 0
    assert lab.log(step, "stdout", "j-CONF").strip() == "Asia/Tokyo local"
    controller = lab.log(step, "controller", "j-CONF")
    assert "spark.executor.memory=18G has no effect on a local run" in controller
    assert "--num-executors 10 has no effect on a local run" in controller
    lab.executor.close_cluster("j-CONF")


def test_a_step_that_needs_its_own_java_options_runs_through_spark_submit(lab):
    script = pyspark_script(
        lab,
        "plain",
        "print(spark._jvm.System.getProperty('mark'), spark.read.text('s3://data/code/plain.py').count() > 0)",
    )
    outcome, step = lab.run("spark-submit", "--driver-memory", "1g", "--driver-java-options", "-Dmark=own", script)
    assert outcome.exit_code == 0, lab.log(step, "stderr")
    assert lab.log(step, "stdout").strip() == "own True"
    assert jvm_of(lab, step) == []


def test_a_missing_script_and_a_wrong_option_fail_with_the_reason(lab):
    assert "s3://data/code/nowhere.py does not exist" in lab.run("spark-submit", "s3://data/code/nowhere.py")[0].message
    assert (
        "option '--exekutor-memory' is not known"
        in lab.run("spark-submit", "--exekutor-memory", "1g", "s3://data/code/boom.py")[0].message
    )


@pytest.mark.fault(
    "F53",
    "The JVM of a local Spark step is killed with SIGKILL, as the system does when memory runs out",
    "the step FAILS and its FailureDetails name the signal and the likely reason",
)
@pytest.mark.parametrize("options", [(), ("--driver-java-options", "-Dmark=own")], ids=["warm", "plain"])
def test_a_jvm_that_is_killed_fails_its_step_with_the_signal(lab, options):
    script = pyspark_script(
        lab,
        "victim",
        "import time\nopen('started', 'w').close()\nspark.sparkContext.parallelize([1]).foreach(lambda _: time.sleep(600))",
    )
    step, running = lab.start("spark-submit", *options, script)
    folder = lab.state / "steps" / "j-LAB" / step
    wait_for(folder / "work" / "started")
    warm = warm_jvms((folder / "controller").read_text())
    assert bool(warm) is not bool(options)
    os.kill(int((warm or (folder / "session").read_text().split())[0]), signal.SIGKILL)
    outcome = running.wait()
    assert outcome.exit_code == -signal.SIGKILL
    assert "SIGKILL (signal 9). Often the machine ran out of memory" in outcome.message


def wait_for(path):
    deadline = time.monotonic() + 60
    while not path.exists():
        assert time.monotonic() < deadline, f"{path.name} did not appear"
        time.sleep(0.05)
