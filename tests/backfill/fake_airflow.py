"""An Airflow that speaks the REST API v2 and runs nothing: its runs go on by one state with each look at them. Knows one yearly DAG."""

from __future__ import annotations

import datetime as dt
import json
import re
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self
from urllib.parse import parse_qs, unquote, urlsplit

DAG = "yearly"
TOKEN = "a-token"
_NEXT = {"queued": "running"}
Answer = tuple[int, Any]


def moment(text: str) -> dt.datetime:
    """A logical date of the API."""
    return dt.datetime.fromisoformat(text).astimezone(dt.UTC)


def day(year: int) -> str:
    """The logical date of a year's run."""
    return f"{year}-01-01T00:00:00+00:00"


@dataclass
class FakeAirflow:
    """Its state, which tests set and look at. `calls` are method and path of all calls; `once` holds answers that are given in place of the next ones to a path."""

    paused: bool = False
    tags: tuple[str, ...] = ("emr", "local")
    fails: set[int] = field(default_factory=set)
    stays_running: bool = False
    other_years: tuple[int, ...] = ()
    runs: dict[str, dict[str, Any]] = field(default_factory=dict)
    backfills: list[dict[str, Any]] = field(default_factory=list)
    import_errors: list[dict[str, str]] = field(default_factory=list)
    dags: set[str] = field(default_factory=lambda: {DAG})
    user: tuple[str, str] | None = None
    token: str = TOKEN
    calls: list[tuple[str, str]] = field(default_factory=list)
    bodies: list[dict[str, Any]] = field(default_factory=list)
    once: list[tuple[str, str, Answer | str]] = field(default_factory=list)

    def __enter__(self) -> Self:
        """Listen."""
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler_of(self))
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        return self

    def __exit__(self, *_: object) -> None:
        """Listen no more."""
        self._server.shutdown()
        self._server.server_close()

    def add_run(self, year: int, state: str) -> None:
        """A run of the schedule, from before."""
        before = "2020-05-01T00:00:00+00:00"
        ended = before if state in ("success", "failed") else None
        self.runs[day(year)] = {
            "dag_run_id": f"scheduled__{day(year)}",
            "logical_date": day(year),
            "state": state,
            "start_date": before,
            "end_date": ended,
        }

    def states(self) -> dict[int, str]:
        """The states of all runs by year."""
        return {moment(date).year: run["state"] for date, run in sorted(self.runs.items())}

    def made(self) -> list[str]:
        """The calls that change something."""
        return [f"{method} {path}" for method, path in self.calls if method != "GET" and "/auth/" not in path]

    # What it answers

    def answer(self, method: str, path: str, query: dict[str, list[str]], body: Any, token: str | None) -> Answer | str:
        """The status and the JSON; a text in place of them is sent as it is, and an empty one closes the connection."""
        self.calls.append((method, path))
        for number, (wanted, prefix, given) in enumerate(self.once):
            if method == wanted and path.startswith(prefix):
                del self.once[number]
                if given == "":  # it does what it was asked for, and its answer is lost
                    self._route(method, path, query, body)
                return given
        if path == "/auth/token":
            return self._log_in(method, body)
        if token != self.token:
            return 401, {"detail": "Invalid JWT token"}
        return self._route(method, path, query, body)

    def _log_in(self, method: str, body: Any) -> Answer:
        if self.user is None:
            return 201, {"access_token": self.token}
        if method == "POST" and (body["username"], body["password"]) == self.user:
            return 201, {"access_token": self.token}
        return 401, {"detail": "Invalid credentials"}

    def _route(self, method: str, path: str, query: dict[str, list[str]], body: Any) -> Answer:
        routes: list[tuple[str, Callable[..., Answer]]] = [
            (r"GET /importErrors", lambda: _page("import_errors", self.import_errors)),
            (r"GET /dags", lambda: _page("dags", [{"dag_id": name} for name in sorted(self.dags)])),
            (r"(GET|PATCH) /dags/([^/]+)", lambda verb, name: self._dag(name, body)),
            (r"GET /dags/[^/]+/dagRuns", lambda: self._runs(query)),
            (r"GET /dags/[^/]+/dagRuns/~/taskInstances", lambda: _page("task_instances", self._running())),
            (r"GET /dags/[^/]+/dagRuns/([^/]+)/taskInstances", lambda run: _page("task_instances", self._failed(run))),
            (r"GET /dags/.+/logs/\d+", self._log),
            (r"GET /dags/[^/]+/dagRuns/([^/]+)/taskInstances/.+/xcomEntries/(\w+)", self._xcom),
            (r"GET /backfills", lambda: _page("backfills", self.backfills)),
            (r"POST /backfills/dry_run", lambda: self._dry_run(body)),
            (r"POST /backfills", lambda: self._create(body)),
            (r"GET /backfills/(\d+)", lambda number: (200, self.backfills[int(number) - 1])),
            (r"PUT /backfills/(\d+)/cancel", self._cancel),
        ]
        asked = f"{method} {path.removeprefix('/api/v2')}"
        for pattern, give in routes:
            found = re.fullmatch(pattern, asked)
            if found:
                return give(*map(unquote, found.groups()))
        return 404, {"detail": "Not Found"}

    def _dag(self, name: str, body: Any) -> Answer:
        if name not in self.dags:
            return 404, {"detail": f"The Dag with ID: `{name}` was not found"}
        if body is not None:
            self.paused = body["is_paused"]
        tags = [{"name": tag} for tag in self.tags]
        broken = bool(self.import_errors)
        return 200, {
            "dag_id": name,
            "is_paused": self.paused,
            "has_import_errors": broken,
            "is_stale": False,
            "tags": tags,
        }

    def _runs(self, query: dict[str, list[str]]) -> Answer:
        if "state" in query:
            return _page("dag_runs", [run for run in self.runs.values() if run["state"] in query["state"]])
        first, last = (moment(query[f"logical_date_{end}"][0]) for end in ("gte", "lte"))
        shown = [
            json.loads(json.dumps(run)) for run in self.runs.values() if first <= moment(run["logical_date"]) <= last
        ]
        if not self.paused:
            self._go_on()
        return _page("dag_runs", shown)

    def _go_on(self) -> None:
        now = dt.datetime.now(dt.UTC).isoformat()
        for date, run in self.runs.items():
            if run["state"] == "queued":
                run |= {"state": "running", "start_date": now}
            elif run["state"] == "running" and not self.stays_running:
                failed = moment(date).year in self.fails
                run |= {"state": "failed" if failed else "success", "end_date": now}

    def _running(self) -> list[dict[str, Any]]:
        running = [run for run in self.runs.values() if run["state"] == "running"]
        return [{"dag_run_id": run["dag_run_id"], "task_id": "count.wait"} for run in running]

    def _failed(self, run_id: str) -> list[dict[str, Any]]:
        """A step's waiting task and the verdict, which says the same."""
        run = next(run for run in self.runs.values() if run["dag_run_id"] == run_id)
        names = ["count.wait", "verdict"] if run["state"] == "failed" else []
        return [{"dag_run_id": run_id, "task_id": name, "try_number": 1} for name in names]

    def _log(self) -> Answer:
        error = {"exc_type": "AirflowFailException", "exc_value": "KeyError: 'title' (count.py:12)"}
        events = [
            {"event": "Step is FAILED", "level": "info"},
            {"event": "x", "level": "error", "error_detail": [error]},
        ]
        return 200, {"content": events, "continuation_token": None}

    def _xcom(self, run_id: str, key: str) -> Answer:
        if key != "published":
            return 404, {"detail": "XCom entry not found"}
        return 200, {"value": f"s3://bucket/counts/year={run_id.partition('__')[2][:4]}"}

    def _dates(self, body: Any) -> list[str]:
        years = range(moment(body["from_date"]).year, moment(body["to_date"]).year + 1)
        again = ("failed",) if body["reprocess_behavior"] == "failed" else ()
        found = {year: self.runs.get(day(year)) for year in years}
        return [day(year) for year, run in found.items() if run is None or run["state"] in again]

    def _dry_run(self, body: Any) -> Answer:
        dates = [*self._dates(body), *map(day, self.other_years)]
        return 200, {"backfills": [{"logical_date": date} for date in dates], "total_entries": len(dates)}

    def _create(self, body: Any) -> Answer:
        if any(one["completed_at"] is None for one in self.backfills):
            return 409, {"detail": f"There is already a running backfill for dag {DAG}"}
        self.bodies.append(body)
        for date in self._dates(body):
            run_id = self.runs.get(date, {}).get("dag_run_id", f"backfill__{date}")
            self.runs[date] = {
                "dag_run_id": run_id,
                "logical_date": date,
                "state": "queued",
                "start_date": None,
                "end_date": None,
            }
        return 200, self.add_backfill(body)

    def add_backfill(self, body: dict[str, Any]) -> dict[str, Any]:
        """A backfill that goes on."""
        backfill = {
            **{key: body[key] for key in ("from_date", "to_date", "max_active_runs", "reprocess_behavior")},
            "id": len(self.backfills) + 1,
            "dag_id": DAG,
            "is_paused": False,
            "created_at": dt.datetime.now(dt.UTC).isoformat(),
            "completed_at": None,
        }
        self.backfills.append(backfill)
        return backfill

    def _cancel(self, number: str) -> Answer:
        backfill = self.backfills[int(number) - 1]
        if backfill["completed_at"] is not None:
            return 409, {"detail": "Backfill is already completed."}
        backfill["completed_at"] = dt.datetime.now(dt.UTC).isoformat()
        for run in self.runs.values():
            if run["state"] == "queued":
                run["state"] = "failed"
        return 200, backfill


def _page(key: str, entries: list[Any]) -> Answer:
    return 200, {key: entries, "total_entries": len(entries)}


def _handler_of(airflow: FakeAirflow) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def _answer(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"] or 0))
            place = urlsplit(self.path)
            token = (self.headers["Authorization"] or "").removeprefix("Bearer ") or None
            parsed = json.loads(body) if body else None
            given = airflow.answer(self.command, place.path, parse_qs(place.query), parsed, token)
            if given == "":
                self.close_connection = True
                return
            status, text = (200, given) if isinstance(given, str) else (given[0], json.dumps(given[1]))
            self.send_response(status)
            if status in (301, 302, 307):
                self.send_header("Location", json.loads(text))
            self.end_headers()
            self.wfile.write(text.encode())

        do_GET = do_POST = do_PUT = do_PATCH = _answer

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    return Handler
