"""What a person is told when Airflow does not do what a backfill needs, and what is borne with."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.backfill.conftest import Run
from tests.backfill.fake_airflow import DAG, FakeAirflow
from tests.backfill.test_backfill import CREATE, RANGE
from tests.cli.command_line import run_tool
from tests.integration.processes import free_port

LOCKED = (503, {"detail": "Database is locked. Backfill creation is not supported on SQLite under concurrent access."})


def has_no_dag(airflow: FakeAirflow) -> None:
    airflow.dags = {"yearling"}


def cannot_read_it(airflow: FakeAirflow) -> None:
    airflow.import_errors = [{"filename": "dags/yearly.py", "stack_trace": "Traceback …\nSpecError: no key 'nmae'"}]


def wants_a_login(airflow: FakeAirflow) -> None:
    airflow.user = ("ann", "secret")


def forbids(airflow: FakeAirflow) -> None:
    airflow.once = [("POST", "/api/v2/backfills", (403, {"detail": "Forbidden"}))]


def fills_already(airflow: FakeAirflow) -> None:
    range_ = {"from_date": "2005-01-01T00:00:00Z", "to_date": "2006-01-01T00:00:00Z"}
    airflow.add_backfill({**range_, "max_active_runs": 1, "reprocess_behavior": "none"})


def runs_elsewhere(airflow: FakeAirflow) -> None:
    airflow.tags = ("aws", "emr")


def knows_another_spec(airflow: FakeAirflow) -> None:
    airflow.other_years = (1999,)


def is_older(airflow: FakeAirflow) -> None:
    airflow.once = [("POST", "/api/v2/backfills/dry_run", (404, {"detail": "Not Found"}))]


def is_no_airflow(airflow: FakeAirflow) -> None:
    airflow.once = [("GET", "/auth/token", "<html>Welcome</html>")]


def redirects(airflow: FakeAirflow) -> None:
    airflow.once = [("GET", "/api/v2/dags/yearly", (302, "http://127.0.0.1:9/elsewhere"))]


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (has_no_dag, "has no DAG 'yearly'. Did you mean 'yearling'?"),
        (cannot_read_it, "cannot read dags/yearly.py:"),
        (cannot_read_it, "SpecError: no key 'nmae'"),
        (wants_a_login, "does not accept the login (Invalid credentials). Set EMR_PIPELINES_AIRFLOW_TOKEN, or"),
        (forbids, "forbids POST /api/v2/backfills/dry_run to this user"),
        (fills_already, "yearly has a backfill already, from 2005-01-01 to 2006-01-01"),
        (fills_already, "emr-pipelines backfill yearly --follow"),
        (runs_elsewhere, "runs yearly in another environment (aws) than local"),
        (knows_another_spec, "disagree about the runs to make: 1999-01-01. Airflow has another version of the spec"),
        (is_older, "has no backfills in its REST API; this needs Airflow 3.0 or later"),
        (is_no_airflow, "answers, but not as Airflow's REST API v2 does"),
        (redirects, "refused GET /api/v2/dags/yearly with 302"),
    ],
)
def test_what_is_in_the_way_is_one_sentence_with_what_to_do(
    backfill: Run, airflow: FakeAirflow, spoil: Callable[[FakeAirflow], None], words: str
) -> None:
    spoil(airflow)
    refused = backfill(*RANGE, "--yes")
    assert refused.returncode == 1
    assert words in refused.stderr
    assert airflow.bodies == []


def test_where_nothing_answers_the_address_is_named(backfill: Run) -> None:
    url = f"http://127.0.0.1:{free_port()}"
    refused = backfill(*RANGE, "--yes", EMR_PIPELINES_AIRFLOW_URL=url)
    assert refused.returncode == 1
    assert f"No Airflow answers at {url}" in refused.stderr


@pytest.mark.parametrize("url", ["airflow.example.com", "http://", "ftp://a.example", "http://ann:secret@a.example"])
def test_an_address_that_is_none_is_refused(backfill: Run, url: str) -> None:
    refused = backfill(*RANGE, "--yes", EMR_PIPELINES_AIRFLOW_URL=url)
    assert refused.returncode == 1
    assert "EMR_PIPELINES_AIRFLOW_URL" in refused.stderr


def test_an_environment_on_aws_needs_to_know_its_airflow(root: Path) -> None:
    local = root / "config" / "environments" / "local.yaml"
    text = local.read_text().replace("name: local", "name: prod").replace("  endpoint_url: http://127.0.0.1:5566\n", "")
    (root / "config" / "environments" / "prod.yaml").write_text(text)
    refused = run_tool(root, "backfill", DAG, *RANGE, "--yes", "--env", "prod")
    assert refused.returncode == 1
    assert "No Airflow is known that runs the environment prod. Set EMR_PIPELINES_AIRFLOW_URL" in refused.stderr


def test_a_dry_run_without_any_airflow_shows_the_schedule(root: Path) -> None:
    shown = run_tool(root, "backfill", DAG, *RANGE, "--dry-run")
    assert shown.returncode == 0
    assert "3 runs of yearly by @yearly" in shown.stdout
    assert "nobody knows which of these runs are there already" in shown.stdout
    assert not (root / ".airflow").exists()


def test_user_and_password_log_in_and_an_expired_token_is_renewed(backfill: Run, airflow: FakeAirflow) -> None:
    airflow.user = ("ann", "secret")
    airflow.once = [("GET", "/api/v2/dags/yearly/dagRuns", (401, {"detail": "Token Expired"}))]
    login = {"EMR_PIPELINES_AIRFLOW_USER": "ann", "EMR_PIPELINES_AIRFLOW_PASSWORD": "secret"}
    assert backfill(*RANGE, "--yes", **login).returncode == 0
    wrong = backfill(*RANGE, "--yes", **{**login, "EMR_PIPELINES_AIRFLOW_PASSWORD": "guess"})
    assert wrong.returncode == 1
    assert "does not accept the login (Invalid credentials)" in wrong.stderr
    assert "guess" not in wrong.stderr


def test_a_token_is_used_as_it_is(backfill: Run, airflow: FakeAirflow) -> None:
    airflow.user, airflow.token = ("ann", "secret"), "mine"
    assert backfill(*RANGE, "--yes", EMR_PIPELINES_AIRFLOW_TOKEN="mine").returncode == 0
    assert ("POST", "/auth/token") not in airflow.calls


def test_a_locked_database_is_asked_again(backfill: Run, airflow: FakeAirflow) -> None:
    airflow.once = [
        ("POST", "/api/v2/backfills/dry_run", LOCKED),
        ("POST", "/api/v2/backfills", LOCKED),
        ("POST", "/api/v2/backfills", LOCKED),
        ("GET", "/api/v2/dags/yearly/dagRuns", (500, {"detail": {"reason": "Database error"}})),
    ]
    done = backfill(*RANGE, "--yes")
    assert done.returncode == 0, done.stderr
    assert "locked" not in done.stdout + done.stderr
    assert len(airflow.bodies) == 1


def test_a_lost_answer_makes_no_second_backfill(backfill: Run, airflow: FakeAirflow) -> None:
    airflow.once = [("POST", CREATE.removeprefix("POST "), "")]
    # The dry run has the same beginning, so its answer would be the lost one.
    airflow.once.insert(0, ("POST", "/api/v2/backfills/dry_run", (200, dry_run(2001, 2002, 2003))))
    done = backfill(*RANGE, "--yes")
    assert done.returncode == 0, done.stderr
    assert len(airflow.bodies) == 1


def dry_run(*years: int) -> dict[str, object]:
    return {"backfills": [{"logical_date": f"{year}-01-01T00:00:00Z"} for year in years], "total_entries": len(years)}


def test_an_airflow_that_is_away_for_a_while_is_borne_with(backfill: Run, airflow: FakeAirflow) -> None:
    airflow.once = [
        ("GET", "/api/v2/backfills/1", ""),
        ("GET", "/api/v2/backfills/1", (502, {"detail": "Bad Gateway"})),
    ]
    done = backfill(*RANGE, "--yes")
    assert done.returncode == 0, done.stderr
    assert airflow.once == []
