"""Steps that are programs of an EMR node: s3-dist-cp, jars, and `hadoop` inside shell scripts."""

from __future__ import annotations

import io
import zipfile

import pytest

# Each of these steps costs seconds of a JVM.
pytestmark = pytest.mark.slow


def make_jar(main_class: str | None) -> bytes:
    """A jar that runs a class which Hadoop's own jars have."""
    manifest = "Manifest-Version: 1.0\r\n" + (f"Main-Class: {main_class}\r\n" if main_class else "")
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as jar:
        jar.writestr("META-INF/MANIFEST.MF", manifest)
    return packed.getvalue()


def test_s3_dist_cp_copies_to_hdfs_and_back_as_objects(cluster):
    cluster.write("copy/in/day/a.csv", "1,2\n")
    there = cluster.run("s3-dist-cp", "--src=s3://steps/copy/in", "--dest=hdfs:///copy")
    assert there.state == "COMPLETED", there.log()
    back = cluster.run("bash", "-c", "s3-dist-cp --src /copy --dest s3://steps/copy/out --srcPattern '.*csv'")
    assert back.state == "COMPLETED", back.log()
    assert cluster.read("copy/out/day/a.csv") == b"1,2\n"
    nothing = cluster.run("s3-dist-cp", "--src", "s3://steps/copy/none", "--dest", "hdfs:///copy")
    assert nothing.state == "FAILED"
    assert "Input path does not exist" in nothing.failure["Message"]


def test_a_jar_of_the_steps_own_runs_its_manifests_class(cluster):
    cluster.write("jars/in/file", "x\n")
    jar = cluster.write("jars/shell.jar", make_jar("org.apache.hadoop.fs.FsShell"))
    step = cluster.run("-cat", "s3://steps/jars/in/file", jar=jar)
    assert (step.state, step.log("stdout")) == ("COMPLETED", "x\n"), step.log()


def test_a_jar_without_a_main_class_takes_it_from_the_step(cluster):
    jar = cluster.write("jars/plain.jar", make_jar(None))
    given = cluster.run(jar=jar, MainClass="org.apache.hadoop.util.VersionInfo")
    assert given.log("stdout").startswith("Hadoop 3."), given.log()
    first = cluster.run("hadoop", "jar", jar, "org.apache.hadoop.util.VersionInfo")
    assert first.log("stdout").startswith("Hadoop 3."), first.log()
    assert "names no main class" in cluster.run(jar=jar).failure["Message"]


@pytest.mark.parametrize(
    ("arguments", "jar", "words"),
    [
        (("x",), "s3://steps/jars/none.jar", "java.io.FileNotFoundException: s3://steps/jars/none.jar does not exist"),
        (("run-example", "SparkPi"), "command-runner.jar", "ships no spark-examples jar"),
        (("hive-script", "--args"), "command-runner.jar", "it needs Hive"),
        (("hadoop", "distcp", "a", "b"), "command-runner.jar", "hadoop distcp"),
    ],
)
def test_what_cannot_run_says_why(cluster, arguments, jar, words):
    step = cluster.run(*arguments, jar=jar)
    assert step.state == "FAILED"
    assert words in step.failure["Message"]


def test_hadoop_is_found_inside_shell_commands_and_scripts(cluster):
    shell = """
        set -e
        hdfs dfs -mkdir -p /scripted s3://steps/scripted
        echo "from a script" > local.txt
        hadoop fs -put local.txt hdfs:///scripted/
        hadoop fs -cp /scripted/local.txt s3://steps/scripted/copy.txt
        hadoop fs -ls s3://steps | grep -c scripted
        """
    script = cluster.write("code/script.sh", shell)
    step = cluster.run(script, jar="s3://us-east-1.elasticmapreduce/libs/script-runner/script-runner.jar")
    assert (step.state, step.log("stdout")) == ("COMPLETED", "1\n"), step.log()
    assert cluster.read("scripted/copy.txt") == b"from a script\n"
    refused = cluster.run("bash", "-c", "hdfs namenode -format")
    assert refused.state == "FAILED"
    assert "a local EMR has only" in refused.failure["Message"]


def test_spark_submit_inside_a_shell_command_sees_the_clusters_file_systems(cluster):
    job = """
        import sys
        from pyspark.sql import SparkSession
        spark = SparkSession.builder.getOrCreate()
        spark.range(3).coalesce(1).write.csv(sys.argv[1])
        print(spark.sparkContext.master, *sys.argv[2:])
        """
    script = cluster.write("code/inner.py", job)
    command = f"spark-submit --master yarn --deploy-mode cluster --conf spark.ui.enabled=false {script} s3://steps/out/inner --master mine"
    step = cluster.run("bash", "-c", command)
    assert step.state == "COMPLETED", step.log()
    assert step.log("stdout").startswith("local[")
    assert step.log("stdout").endswith("--master mine\n")
    assert "_SUCCESS" in cluster.keys("out/inner/")
