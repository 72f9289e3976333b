"""What the diagrams of the pages show. Pure data, drawn by `drawing`."""

from __future__ import annotations

from itertools import pairwise

from docs_site.pictures.drawing import Arrow, Box, draw


def stages() -> str:
    """From a spec to what runs."""
    spec = Box(x=10, y=10, width=190, title="config/pipelines/x.yaml", lines=("what people write",), kind="outside")
    environment = Box(
        x=10, y=90, width=190, title="config/environments/e.yaml", lines=("buckets, roles, network",), kind="outside"
    )
    load = Box(x=250, y=42, width=150, title="load and check", lines=("all problems at once,", "each with its line"))
    plan = Box(x=450, y=42, width=150, title="plan", lines=("frozen and pure: the", "exact requests"), kind="own")
    dag = Box(x=660, y=10, width=170, title="Airflow DAG", lines=("dags/x.py, at parse time",))
    inline = Box(x=660, y=75, width=170, title="run --inline", lines=("the same work, one process",))
    shown = Box(x=660, y=140, width=170, title="plan, audit, render", lines=("shown before a run",))
    return draw(
        "A spec and an environment are checked and become a plan, which becomes a DAG, an inline run, or a report",
        (spec, environment, load, plan, dag, inline, shown),
        (
            Arrow(start=spec, end=load),
            Arrow(start=environment, end=load),
            Arrow(start=load, end=plan),
            Arrow(start=plan, end=dag),
            Arrow(start=plan, end=inline),
            Arrow(start=plan, end=shown),
        ),
    )


def run() -> str:
    """The tasks of a run, and what they do to EMR and S3."""
    names = (
        ("publish_code", ("code under a digest",)),
        ("create_cluster", ("adopt or create",)),
        ("<step>.submit", ("once per attempt",)),
        ("<step>.wait", ("watch, verify, publish",)),
        ("terminate_cluster", ("always",)),
        ("verdict", ("green only if true",)),
    )
    tasks = [
        Box(x=10 + 160 * place, y=10, width=140, title=title, lines=lines, kind="own")
        for place, (title, lines) in enumerate(names)
    ]
    s3 = Box(x=10, y=140, width=300, title="S3", lines=("code/<digest>/  plans/  runs/…/attempt=1/",), kind="outside")
    emr = Box(
        x=330,
        y=140,
        width=300,
        title="EMR, or emr_local",
        lines=("RunJobFlow, AddJobFlowSteps, ListSteps",),
        kind="outside",
    )
    place = Box(
        x=650,
        y=140,
        width=300,
        title="the published place",
        lines=("replaced as a whole, by compare-and-set",),
        kind="outside",
    )
    return draw(
        "The tasks of a run from publish_code to verdict, above S3, EMR and the published place that they change",
        (*tasks, s3, emr, place),
        (
            *(Arrow(start=one, end=next_one) for one, next_one in pairwise(tasks)),
            Arrow(start=tasks[0], end=s3, sides=("bottom", "top")),
            Arrow(start=tasks[1], end=emr, sides=("bottom", "top")),
            Arrow(start=tasks[2], end=emr, sides=("bottom", "top")),
            Arrow(start=tasks[3], end=place, sides=("bottom", "top")),
            Arrow(start=tasks[4], end=emr, sides=("bottom", "top")),
        ),
    )


def rooms() -> str:
    """Which package may import which: each only those below it."""
    cli = Box(x=10, y=10, width=240, title="cli", lines=("verbs; makes boto3 clients",))
    dag = Box(x=270, y=10, width=240, title="dag", lines=("the only one with Airflow",))
    infra = Box(x=10, y=85, width=240, title="infra", lines=("one CloudFormation stack",))
    inline = Box(x=270, y=85, width=240, title="inline", lines=("a run without Airflow",))
    emr = Box(x=10, y=160, width=240, title="emr", lines=("clusters, steps, diagnosis",))
    storage = Box(x=270, y=160, width=240, title="storage", lines=("code, outputs, publishing",))
    plan = Box(x=10, y=235, width=500, title="plan", lines=("what will happen: pure, frozen",), kind="own")
    spec = Box(
        x=10,
        y=310,
        width=500,
        title="pipeline_spec",
        lines=("what people write; the only one with pydantic",),
        kind="own",
    )
    local = Box(
        x=600,
        y=160,
        width=240,
        title="emr_local",
        lines=("an EMR for one machine", "knows nothing of the left side"),
        kind="outside",
    )
    return draw(
        "The rooms of emr_pipelines in layers, each importing only those below; emr_local stands apart behind the EMR protocol",
        (cli, dag, infra, inline, emr, storage, plan, spec, local),
        (Arrow(start=storage, end=local, label="EMR, S3"),),
    )
