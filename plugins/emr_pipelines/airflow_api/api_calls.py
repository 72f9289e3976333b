"""Calls of one Airflow's REST API: address, login, patience, and errors that are sentences. Calls to this machine use no proxy, and no call follows a redirect, which would carry the login elsewhere."""

from __future__ import annotations

import http.client
import json
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

from tenacity import RetryCallState, Retrying, retry_if_exception, stop_after_delay, wait_exponential

from emr_pipelines.airflow_api.refusals import URL_VARIABLE, AirflowRefusal, AirflowSilence, refusal_of
from emr_pipelines.errors import EmrPipelinesError

_ANSWER_SECONDS = 60
# Busy moments of SQLite and of an API server that has many workers to start; an outage is what `patience` is for.
_BUSY_SECONDS = 20.0
_PAGE = 100
# Sending these twice does no harm.
_REPEATABLE = frozenset({"GET", "PATCH", "PUT"})


@dataclass(frozen=True, slots=True, kw_only=True)
class AirflowAddress:
    """Where an Airflow answers, and the login: a token, or a user and a password; none where it wants none. Shown without them.

    `is_direct`: it is on this machine, of which no proxy knows.
    """

    url: str
    is_direct: bool = False
    token: str | None = field(default=None, repr=False)
    user: str | None = None
    password: str | None = field(default=None, repr=False)


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: Any) -> None:
        """A redirect stays the answer."""


class AirflowApi:
    """One Airflow. `patience`: seconds for which a call that Airflow does not answer is made again, where that does no harm."""

    def __init__(self, address: AirflowAddress, *, patience: float = 0.0) -> None:
        self.url = address.url.rstrip("/")
        self.patience = patience
        self.address = address
        self._token = address.token
        proxies = urllib.request.ProxyHandler({} if address.is_direct else None)
        self._opener = urllib.request.build_opener(proxies, _NoRedirects())

    def call(self, method: str, path: str, body: object = None, query: Mapping[str, Any] | None = None) -> Any:
        """The JSON answer to a call with a path below /api/v2. Raises AirflowRefusal and AirflowSilence."""
        where = f"/api/v2{path}{f'?{urlencode(query, doseq=True)}' if query else ''}"
        retrying = Retrying(
            retry=retry_if_exception(lambda error: _can_help(error, method)),
            wait=wait_exponential(multiplier=0.3, max=5),
            stop=self._is_patience_over,
            reraise=True,
        )
        return retrying(self._call_with_login, method, where, body)

    def pages(self, path: str, key: str, query: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
        """All entries of a list, page by page."""
        offset = 0
        while True:
            answer = self.call("GET", path, query={**query, "limit": _PAGE, "offset": offset})
            found: list[dict[str, Any]] = answer[key]
            yield from found
            offset += len(found)
            if not found or offset >= answer["total_entries"]:
                return

    def _is_patience_over(self, state: RetryCallState) -> bool:
        error = None if state.outcome is None else state.outcome.exception()
        seconds = self.patience if isinstance(error, AirflowSilence) else max(self.patience, _BUSY_SECONDS)
        return stop_after_delay(seconds)(state)

    def _call_with_login(self, method: str, where: str, body: object) -> Any:
        if self._token is None:
            self._token = self._log_in()
        try:
            return self._send(method, where, body)
        except AirflowRefusal as refusal:
            if refusal.status != HTTPStatus.UNAUTHORIZED or self.address.token is not None:
                raise
        self._token = self._log_in()  # the one that it had has expired
        return self._send(method, where, body)

    def _log_in(self) -> str:
        """A token for the user and password; of an Airflow that has no users, one for anybody."""
        address = self.address
        if address.user is None:
            return str(self._send("GET", "/auth/token")["access_token"])
        login = {"username": address.user, "password": address.password or ""}
        return str(self._send("POST", "/auth/token", login)["access_token"])

    def _send(self, method: str, where: str, body: object = None) -> Any:
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.url + where, method=method, data=data)  # noqa: S310 - the address is checked
        request.add_header("Accept", "application/json")
        request.add_header("Content-Type", "application/json")
        if self._token is not None:
            request.add_header("Authorization", f"Bearer {self._token}")
        try:
            with self._opener.open(request, timeout=_ANSWER_SECONDS) as answer:
                text = answer.read()
        except urllib.error.HTTPError as error:
            with error:
                raise refusal_of(self.url, method, where.partition("?")[0], error.code, error.read()) from None
        except urllib.error.URLError as error:
            raise AirflowSilence(self.url, error.reason, may_have_arrived=_was_sent(error.reason)) from error
        except (OSError, http.client.HTTPException) as error:
            raise AirflowSilence(self.url, str(error) or type(error).__name__, may_have_arrived=True) from error
        return self._parse(text)

    def _parse(self, text: bytes) -> Any:
        try:
            return json.loads(text) if text else None
        except ValueError as error:
            raise EmrPipelinesError(
                f"{self.url} answers, but not as Airflow's REST API v2 does; {URL_VARIABLE} is the address of Airflow's page, "
                "such as https://airflow.example.com"
            ) from error


def checked_url(url: str) -> str:
    """The address, as it can be called. Raises EmrPipelinesError for what is no http(s) address."""
    place = urlsplit(url)
    if place.scheme not in ("http", "https") or not place.hostname:
        raise EmrPipelinesError(f"{URL_VARIABLE}={url!r} is no address; give one such as https://airflow.example.com")
    if place.username is not None:
        raise EmrPipelinesError(f"{URL_VARIABLE} holds a user; give user and password in variables of their own")
    return url.rstrip("/").removesuffix("/api/v2")


def quoted(text: str) -> str:
    """An id as a part of a path."""
    return quote(text, safe="")


def _was_sent(reason: object) -> bool:
    """Whether the request may have reached Airflow; one to a port at which nothing listens has not."""
    return not isinstance(reason, ConnectionRefusedError)


def _can_help(error: BaseException, method: str) -> bool:
    """Whether sending the call again may help and does no harm."""
    if isinstance(error, AirflowSilence):
        return method in _REPEATABLE
    if not isinstance(error, AirflowRefusal) or error.status < HTTPStatus.INTERNAL_SERVER_ERROR:
        return False
    # Older versions answer a lock with a bare 500.
    return method in _REPEATABLE
