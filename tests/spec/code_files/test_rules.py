"""Code is looked at before a cluster is paid for: what `validate` says of the files that a spec names, and where."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from emr_pipelines.errors import Problem
from emr_pipelines.pipeline_spec.project_files.python_source import OWN_VERSION

Check = Callable[..., list[Problem]]
CLUSTER = "cluster: {{primary: {{instances: [m5.xlarge]}}, release: {release}}}\n"
SPARK = "steps:\n  - {name: clean, spark: {script: include/jobs/alone.py}}\n"
MATCH = "import sys\nmatch sys.argv:\n    case _: pass\n"


@pytest.fixture
def write(project: Path) -> Callable[[str, str | bytes], None]:
    def write_file(name: str, content: str | bytes) -> None:
        (project / name).parent.mkdir(parents=True, exist_ok=True)
        (project / name).write_bytes(content if isinstance(content, bytes) else content.encode())

    return write_file


Write = Callable[[str, str | bytes], None]


def of_code(problems: list[Problem]) -> list[tuple[str, str]]:
    rules = ("code-", "first-line", "line-ends", "command-script", "package-link")
    return [(problem.rule, problem.message) for problem in problems if problem.rule.startswith(rules)]


@pytest.mark.parametrize(
    ("release", "text", "message"),
    [
        ("emr-6.15.0", MATCH, "line 2 of include/jobs/alone.py has match, which Python reads since 3.10, but PySpark of emr-6.15.0 runs Python 3.7"),
        ("emr-7.12.0", MATCH, "line 2 of include/jobs/alone.py has match, which Python reads since 3.10, but PySpark of emr-7.12.0 runs Python 3.9"),
        ("emr-6.0.0", "\nprint(f'{__name__=}')\n", "line 2 of include/jobs/alone.py has {…=} in an f-string, which Python reads since 3.8, but PySpark of emr-6.0.0 runs Python 3.7"),
        ("emr-7.0.0", "try: pass\nexcept* OSError: pass\n", "line 1 of include/jobs/alone.py has except*, which Python reads since 3.11, but PySpark of emr-7.0.0 runs Python 3.9"),
        ("emr-7.13.0", "x = (\n", "line 1 of include/jobs/alone.py is no Python: '(' was never closed"),
        ("emr-7.14.0", "return 1\n", "line 1 of include/jobs/alone.py is no Python: 'return' outside function"),
    ],
)  # fmt: skip
def test_a_job_can_be_read_by_the_python_of_its_release(
    check: Check, write: Write, release: str, text: str, message: str
) -> None:
    write("include/jobs/alone.py", text)
    problems = check(CLUSTER.format(release=release) + SPARK)
    assert of_code(problems) == [("code-syntax", message)]
    assert problems[-1].path == "steps.0.spark.script"


@pytest.mark.parametrize(
    ("release", "text"),
    [("emr-7.13.0", MATCH), ("emr-7.14.0", MATCH), ("emr-6.15.0", "with (open('x')): pass"), ("emr-5.36.0", MATCH)],
)
def test_what_the_release_can_read_is_no_problem(check: Check, write: Write, release: str, text: str) -> None:
    write("include/jobs/alone.py", text)
    assert of_code(check(CLUSTER.format(release=release) + SPARK)) == []


def test_a_release_without_the_python_is_told_which_it_has(check: Check, write: Write) -> None:
    write("include/jobs/alone.py", MATCH)
    fixes = [check(CLUSTER.format(release=label) + SPARK)[-1].fix for label in ("emr-7.12.0", "emr-6.15.0")]
    assert fixes == [
        "Write it for Python 3.9, or have python3.11 run it.",
        "Write it for Python 3.7, or take a release with a newer Python.",
    ]


@pytest.mark.parametrize(
    ("conf", "rules"),
    [
        ("spark.pyspark.python: /usr/bin/python3.11", []),
        ("spark.yarn.appMasterEnv.PYSPARK_PYTHON: python3.10", []),
        ("spark.executorEnv.PYSPARK_PYTHON: /usr/bin/python3", ["code-syntax"]),
        ("spark.yarn.appMasterEnv.PYSPARK_PYTHON: ./environment/bin/python", []),
        ("spark.sql.ansi.enabled: true", ["code-syntax"]),
    ],
)
def test_the_python_that_the_spec_chooses_counts(check: Check, write: Write, conf: str, rules: list[str]) -> None:
    write("include/jobs/alone.py", MATCH)
    steps = f"steps:\n  - {{name: clean, spark: {{script: include/jobs/alone.py, conf: {{{conf}}}}}}}\n"
    assert [rule for rule, _ in of_code(check(CLUSTER.format(release="emr-7.12.0") + steps))] == rules


def test_the_python_that_the_cluster_chooses_counts(check: Check, write: Write) -> None:
    write("include/jobs/alone.py", MATCH)
    export = "{classification: export, properties: {PYSPARK_PYTHON: /usr/bin/python3.11}}"
    cluster = CLUSTER.format(release="emr-7.12.0").replace(
        "}\n", f", configurations: [{{classification: spark-env, configurations: [{export}]}}]}}\n"
    )
    assert of_code(check(cluster + SPARK)) == []


def test_a_python_of_which_nobody_knows_the_version_gets_a_warning(check: Check, write: Write) -> None:
    write("include/jobs/alone.py", "x = (\n")
    problems = check("cluster: {id: j-2AXXXXXXGAPLF}\n" + SPARK)
    assert [(problem.rule, problem.severity) for problem in problems] == [("code-syntax-unsure", "warning")]
    own = ".".join(map(str, OWN_VERSION))
    assert problems[0].message == (
        f"line 1 of include/jobs/alone.py is no Python: '(' was never closed (to Python {own}; the release is not known)"
    )


def test_packages_and_py_files_are_read_too_and_told_once(check: Check, write: Write) -> None:
    write("include/jobs/alone.py", "from prices import euros\n")
    write("include/jobs/prices/__init__.py", "")
    write("include/jobs/prices/euros.py", "def f(:\n")
    write("include/lib/extra.py", MATCH)
    steps = "steps:\n" + "".join(
        f"  - {{name: s{n}, spark: {{script: include/jobs/alone.py, py_files: [include/lib/extra.py]}}}}\n"
        for n in (1, 2)
    )
    problems = check(CLUSTER.format(release="emr-7.12.0") + steps)
    assert [(problem.path, problem.message.partition(" has")[0].partition(" is")[0]) for problem in problems] == [
        ("steps.0.spark.script", "line 1 of include/jobs/prices/euros.py"),
        ("steps.0.spark.py_files.0", "line 2 of include/lib/extra.py"),
    ]


@pytest.mark.parametrize(
    ("first", "mapper", "expected"),
    [
        ("#!/usr/bin/env python3\n", "include/m.py", ["code-syntax"]),
        ("#!/usr/bin/python3.11\n", "include/m.py", []),
        ("#!/usr/bin/env -S python3 -u\n", "include/m.py", ["code-syntax"]),
        ("", "[python3, include/m.py]", ["code-syntax"]),
        ("", "[python3.11, include/m.py]", []),
        ("", "include/m.py", ["first-line"]),
    ],
)
def test_programs_are_read_by_what_their_first_line_names(
    check: Check, write: Write, first: str, mapper: str, expected: list[str]
) -> None:
    write("include/m.py", first + MATCH)
    steps = (
        f'steps:\n  - {{name: count, streaming: {{mapper: {mapper}}}, inputs: {{a: "s3://bucket/a"}}, output: text}}\n'
    )
    assert [rule for rule, _ in of_code(check(CLUSTER.format(release="emr-7.12.0") + steps))] == expected


@pytest.mark.parametrize(
    ("content", "rule", "message"),
    [
        (b"echo hi\n", "first-line", "line 1 of include/run.sh has no #!, so that a node takes it for a script of /bin/sh, if it starts it at all"),
        (b"\xef\xbb\xbf#!/bin/sh\n", "first-line", "line 1 of include/run.sh begins with a byte order mark, behind which no node finds the #!"),
        (b"#!/bin/bash\r\necho\r\n", "first-line", "line 1 of include/run.sh ends with CR LF, so that a node looks for a program 'bash\\r'"),
        (b"#!/bin/bash\nset -e\necho hi\r\n", "line-ends", "line 3 of include/run.sh ends with CR LF, whose CR the shell takes for text"),
        (b"#!/usr/bin/env python3\nprint()\r\n", "line-ends", "line 2 of include/run.sh ends with CR LF, whose CR the shell takes for text"),
        (b"", "first-line", "line 1 of include/run.sh has no #!, so that a node takes it for a script of /bin/sh, if it starts it at all"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("place", ["bootstrap", "command", "mapper"])
def test_what_a_node_cannot_start_is_said(
    check: Check, write: Write, content: bytes, rule: str, message: str, place: str
) -> None:
    write("include/run.sh", content)
    bootstrap = ", bootstrap: [include/run.sh]" if place == "bootstrap" else ""
    kinds = {
        "command": "command: [include/run.sh]",
        "mapper": 'streaming: {mapper: include/run.sh}, inputs: {a: "s3://bucket/a"}, output: text',
    }
    text = f"cluster: {{primary: {{instances: [m5.xlarge]}}{bootstrap}}}\nsteps:\n  - {{name: one, {kinds.get(place, 'command: [echo, hi]')}}}\n"
    assert of_code(check(text)) == [(rule, message)]


@pytest.mark.parametrize(
    "content", [b"\x7fELF\x02\x01", b"#!/bin/sh\nexit 0\n", b"#!/usr/bin/env python3\r\n"[:-2] + b"\nx = 1\r\n"]
)
def test_a_program_that_a_node_can_start_is_no_problem(check: Check, write: Write, content: bytes) -> None:
    write("include/run", content)
    assert (
        of_code(
            check("cluster: {primary: {instances: [m5.xlarge]}}\nsteps:\n  - {name: one, command: [include/run]}\n")
        )
        == []
    )


def test_a_shell_script_that_is_an_argument_has_unix_line_ends_too(check: Check, write: Write) -> None:
    write("include/run.sh", b"echo hi\r\n")
    steps = "steps:\n  - {name: one, command: [bash, -c, 'aws s3 cp $0 run.sh; bash run.sh', include/run.sh]}\n"
    problems = check(CLUSTER.format(release="emr-7.13.0") + steps)
    assert [(problem.rule, problem.path) for problem in problems] == [("line-ends", "steps.0.command.3")]


SHELL = b"#!/bin/bash\nexit 0\n"


@pytest.mark.parametrize(
    ("command", "words"),
    [
        ("[bash, -x, include/run.sh, now]", "include/run.sh lies on S3 when the step runs, and bash cannot open an s3:// address"),
        ("[python3, -u, include/run.sh]", "include/run.sh lies on S3 when the step runs, and python3 cannot open an s3:// address"),
        ("[/usr/bin/perl, include/run.sh]", "include/run.sh lies on S3 when the step runs, and perl cannot open an s3:// address"),
        ("[sudo, -E, bash, include/run.sh]", "include/run.sh lies on S3 when the step runs, and bash cannot open an s3:// address"),
        ("[env, A=1, include/run.sh]", "include/run.sh lies on S3 when the step runs, and a program that is started by another cannot open an s3:// address"),
        ("[bash, -eo, pipefail, include/run.sh]", "include/run.sh lies on S3 when the step runs, and bash cannot open an s3:// address"),
        ("[zsh, include/run.sh]", "EMR starts include/run.sh by its first line, which names bash and not zsh"),
    ],
)  # fmt: skip
def test_a_command_that_cannot_open_its_script_is_refused(check: Check, write: Write, command: str, words: str) -> None:
    write("include/run.sh", SHELL)
    problems = check(CLUSTER.format(release="emr-7.13.0") + f"steps:\n  - {{name: one, command: {command}}}\n")
    assert of_code(problems) == [("command-script", words)]
    assert (problems[0].fix or "").startswith("Write command: [include/run.sh")


@pytest.mark.parametrize(
    "command",
    [
        "[include/run.sh]",
        "[bash, include/run.sh, a]",
        "[bash, -c, 'aws s3 cp $0 -', include/run.sh]",
        "[aws, s3, cp, include/run.sh, s3://bucket/x]",
        "[python3, -c, 'pass', include/run.sh]",
        "[python3, -m, http.server, include/run.sh]",
        "[hadoop, fs, -cat, include/run.sh]",
    ],
)
def test_a_command_that_can_is_no_problem(check: Check, write: Write, command: str) -> None:
    write("include/run.sh", SHELL)
    steps = f"steps:\n  - {{name: one, command: {command}}}\n"
    assert of_code(check(CLUSTER.format(release="emr-7.13.0") + steps)) == []


def test_a_link_of_a_package_that_cannot_travel_is_a_problem(check: Check, write: Write, project: Path) -> None:
    write("include/jobs/prices/__init__.py", "")
    write("include/jobs/prices/euros.py", "")
    (project / "include/jobs/prices/passwords").symlink_to("/etc/passwd")
    steps = "steps:\n  - {name: one, spark: {script: include/jobs/prices/euros.py}}\n"
    problems = check(CLUSTER.format(release="emr-7.13.0") + steps)
    message = "the link prices/passwords in the package include/jobs/prices leads out of the project"
    assert of_code(problems) == [("package-link", message)]
