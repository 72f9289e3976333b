"""Plan texts reach the operators as templates that render to exactly what the plan says."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest
from airflow.providers.common.compat.sdk import AirflowFailException
from airflow.sdk import DAG, BaseOperator

from emr_pipelines.dag.macros import RunMacros
from emr_pipelines.dag.templates import to_template
from emr_pipelines.pipeline_spec.notation.run_placeholders import RUN_PLACEHOLDERS
from emr_pipelines.plan.keys import run_key, step_key
from emr_pipelines.plan.runs.run_binding import RunValues, bind_request

OWN_OUTPUT = "s3://b/runs/p/${run.id}/count/attempt=${step.attempt}"
HOSTILE = [
    "s3://b/conf.json",
    "plain.json",
    "a{{3}}",
    "{{ ds }}",
    '{"a": {"b": 1}}',
    "{% raw %}",
    "{# note #}",
    "}}{{",
    "# line",
    "100 %",
    "ends with a newline\n",
    "\r",
    "of Windows\r\nand of old Macs\r",
    "\x0b\x0c\x1c\x85\u2029",
    "quote ' and \" and \\ back",
    "tab\tand\u2028and 😀 Élégance",
    "$HOME `id` $(id)",
    "{",
    "{{ '{{' }}",
]


class Task(BaseOperator):
    """An operator with a templated list."""

    template_fields = ("args",)

    def __init__(self, args: list[str], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.args = args


def render(
    args: list[str],
    *,
    dag_run: Any = None,
    params: dict[str, Any] | None = None,
    xcom: dict[str, str] | None = None,
    **more: str,
) -> list[str]:
    with DAG("p", user_defined_macros={"emr": RunMacros(max_lifetime_seconds=3600)}) as dag:
        task = Task(args=to_template(args, step="count", own_output=OWN_OUTPUT), task_id="submit", retries=2)
    pulled = xcom or {}
    ti = SimpleNamespace(max_tries=2, xcom_pull=lambda task_ids, key: pulled.get(f"{task_ids}/{key}"))
    context = {"dag_run": dag_run, "params": params or {}, "ti": ti, "task": task, "dag": dag, **more}
    task.render_template_fields(context)
    return task.args


def run_at(logical_date: dt.datetime | None, run_after: dt.datetime = dt.datetime(2026, 11, 21, tzinfo=dt.UTC)) -> Any:
    return SimpleNamespace(
        dag_id="p", run_id="manual__2005-01-01T00:00:00+00:00", logical_date=logical_date, run_after=run_after
    )


@pytest.mark.parametrize("text", HOSTILE)
def test_a_literal_argument_reaches_emr_unchanged(text: str) -> None:
    assert render([text]) == [text]


def test_a_literal_next_to_a_placeholder_keeps_its_braces() -> None:
    assert render(["{${run.year}}"], dag_run=run_at(dt.datetime(2005, 1, 1))) == ["{2005}"]


def test_an_escaped_placeholder_stays_text() -> None:
    assert render(["$${run.year}"]) == ["${run.year}"]


@pytest.mark.parametrize(
    ("params", "logical_date", "year"),
    [
        ({"year": 1999}, dt.datetime(2005, 1, 1), "1999"),
        ({"year": None}, dt.datetime(2005, 1, 1), "2005"),
        ({}, dt.datetime(2005, 1, 1), "2005"),
        ({}, None, "2026"),
    ],
    ids=["param wins", "null param", "no param", "manual run without a logical date"],
)
def test_the_year_of_a_run(params: dict[str, Any], logical_date: dt.datetime | None, year: str) -> None:
    assert render(["${run.year}"], dag_run=run_at(logical_date), params=params) == [year]


def test_a_step_reads_the_verified_output_of_another() -> None:
    assert render(["${steps.clean.output}/x"], xcom={"clean.wait/output": "s3://b/clean"}) == ["s3://b/clean/x"]


def test_a_legacy_script_reads_the_verified_output_of_another() -> None:
    xcom = {"clean.wait/output": "s3://output/output/runs/p/r/clean/attempt=1-0-2"}
    assert render(["${steps.clean.output_uri}/year=2005"], xcom=xcom) == ["runs/p/r/clean/attempt=1-0-2/year=2005"]


def test_a_missing_upstream_output_fails_instead_of_rendering_none() -> None:
    with pytest.raises(AirflowFailException, match=r"clean\.wait left no output"):
        render(["${steps.clean.output}"])


def test_a_steps_own_output_is_its_new_prefix() -> None:
    (prefix,) = render(["${steps.count.output}"], dag_run=run_at(dt.datetime(2005, 1, 1)))
    assert prefix.startswith("s3://b/runs/p/manual__2005-01-01T00-00-00-00-00-")
    assert prefix.endswith("/count/attempt=1")
    assert ":" not in prefix.removeprefix("s3://"), "Hadoop paths cannot hold a colon"


def test_an_attempt_with_a_label_has_its_own_prefix_and_key() -> None:
    run = run_at(dt.datetime(2005, 1, 1))
    first = render(["${steps.count.output}", "${step.key}"], dag_run=run)
    again = render(["${steps.count.output}", "${step.key}"], dag_run=run, attempt_label="1-2-1")
    assert again[0] == first[0] + "-2-1"
    assert again[1] == first[1] + "-2-1"


def test_a_parameter_without_value_fails_by_name() -> None:
    with pytest.raises(AirflowFailException, match="parameter limit has no value"):
        render(["${params.limit}"])


def test_a_parameter_with_spaces_and_braces_stays_one_argument() -> None:
    hostile = "--conf spark.x={{ ti }} ; rm -rf /"
    assert render(["--title=${params.title}"], params={"title": hostile}) == [f"--title={hostile}"]


def test_a_plan_and_a_task_have_the_same_text_for_every_placeholder() -> None:
    """`plan --date` shows what a run will send: every placeholder of the table, and those of parameters and steps."""
    run = run_at(dt.datetime(2005, 3, 9, tzinfo=dt.UTC))
    texts = [f"${{{name}}}" for name in RUN_PLACEHOLDERS]
    texts += ["${params.city}", "${params.top}", "${params.dry}", "${steps.clean.output}", "${steps.clean.output_uri}"]
    params, output = {"city": "Zürich", "top": 10, "dry": False}, "s3://output/output/runs/p/r/clean/attempt=1"
    code_prefix = "s3://b/code/1"
    in_plan = RunValues(
        run_id=run.run_id,
        run_key=run_key("p", run.run_id),
        year=2005,
        logical_date=dt.date(2005, 3, 9),
        params=params,
        code_prefix=code_prefix,
        step_attempt="1",
        step_key=step_key("p", run.run_id, "count", "1"),
        step_outputs={"clean": output},
    )
    xcom = {"clean.wait/output": output, "publish_code/return_value": code_prefix}
    in_task = dict(zip(texts, render(texts, dag_run=run, params=params, xcom=xcom), strict=True))
    # When a cluster expires is reckoned from the moment at which it is made.
    expires = dt.datetime.fromisoformat(in_task["${run.expires_at}"])
    bound = bind_request(texts, replace(in_plan, expires_at=expires.isoformat()))
    assert in_task == dict(zip(texts, bound, strict=True))
