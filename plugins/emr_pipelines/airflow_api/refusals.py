"""What Airflow's API refuses, as sentences that say what to do. Pure."""

from __future__ import annotations

import json
from http import HTTPStatus
from typing import Any

from emr_pipelines.errors import EmrPipelinesError, join_sentences

URL_VARIABLE = "EMR_PIPELINES_AIRFLOW_URL"
TOKEN_VARIABLE = "EMR_PIPELINES_AIRFLOW_TOKEN"  # noqa: S105 - a name
USER_VARIABLE = "EMR_PIPELINES_AIRFLOW_USER"
PASSWORD_VARIABLE = "EMR_PIPELINES_AIRFLOW_PASSWORD"  # noqa: S105 - a name
_LOGIN_VARIABLES = f"{TOKEN_VARIABLE}, or {USER_VARIABLE} and {PASSWORD_VARIABLE}"
_MOST_WORDS = 500
_LOCKED = "database is locked"


class AirflowRefusal(EmrPipelinesError):
    """An answer of Airflow's that is none of what was asked for. `status` is the HTTP status; `detail` what Airflow says."""

    def __init__(self, status: int, detail: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.detail = detail

    @property
    def is_locked(self) -> bool:
        """Whether Airflow's SQLite was busy, so that nothing is wrong with the request."""
        return _LOCKED in self.detail.lower()


class AirflowSilence(EmrPipelinesError):
    """Airflow did not answer. `may_have_arrived`: the request was sent, so that Airflow may have done what it asks for."""

    def __init__(self, url: str, reason: object, *, may_have_arrived: bool) -> None:
        super().__init__(
            f"No Airflow answers at {url} ({reason}). Check that its API server runs and that {URL_VARIABLE} is its address; "
            "on this machine `emr-pipelines ui` starts one"
        )
        self.may_have_arrived = may_have_arrived


def refusal_of(url: str, method: str, path: str, status: int, body: bytes) -> AirflowRefusal:
    """The error for an answer with this status."""
    detail = _detail_of(body)
    return AirflowRefusal(status, detail, _words(url, f"{method} {path}", status, detail))


def _words(url: str, call: str, status: int, detail: str) -> str:
    match status:
        case HTTPStatus.UNAUTHORIZED:
            return f"Airflow at {url} does not accept the login ({detail or 'Unauthorized'}). Set {_LOGIN_VARIABLES}"
        case HTTPStatus.FORBIDDEN:
            return f"Airflow at {url} forbids {call} to this user ({detail or 'Forbidden'}). Ask for the right to edit DAG runs and backfills there"
        case HTTPStatus.METHOD_NOT_ALLOWED:
            return f"Airflow at {url} does not know {call}. Backfills need the REST API v2 of Airflow 3.0 or later"
        case _:
            return join_sentences(f"Airflow at {url} refused {call} with {status}", detail)


def _detail_of(body: bytes) -> str:
    """What the answer says, in one line: FastAPI's `detail`, else the beginning of the text."""
    text = body.decode(errors="replace").strip()
    try:
        told = json.loads(text)
    except ValueError:
        return " ".join(text.split())[:_MOST_WORDS] if not text.startswith("<") else ""
    detail = told.get("detail", told) if isinstance(told, dict) else told
    return " ".join(_one_line(detail).split())[:_MOST_WORDS]


def _one_line(detail: Any) -> str:
    match detail:
        case str():
            return detail
        case {"reason": reason, **rest}:
            return f"{reason}: {rest.get('message') or rest.get('orig_error') or rest}"
        case list():
            return "; ".join(str(one.get("msg", one)) if isinstance(one, dict) else str(one) for one in detail)
        case _:
            return json.dumps(detail)
