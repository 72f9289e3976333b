"""The control endpoint under `/_emr_local/`: JSON over HTTP for faults, losses, the pace and the logs of calls and authorizations. Decides nothing about clusters itself."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Protocol
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from emr_local.clusters.instance_losses import Loss
from emr_local.control.cluster_control import ClusterControl, UnfitTargetError, UnknownTargetError
from emr_local.faults.fault_parsing import InvalidFaultError, parse_faults
from emr_local.faults.fault_registry import FaultRegistry
from emr_local.wire.bodies import read_body

PREFIX = "/_emr_local/"
READY = "ready"  # the `status` of a server that is well
_LOSSES = ", ".join(loss.value for loss in Loss)

Reply = Mapping[str, Any]
Handle = Callable[..., Reply]  # takes the request's body and what the path's groups matched


class Log(Protocol):
    """What happened so far, until it is forgotten."""

    def describe(self) -> Reply:
        """All of it, as JSON."""

    def clear(self) -> None:
        """Forget it."""


class ControlApplication:
    """Answers requests under the prefix and passes all others on."""

    def __init__(
        self,
        others: WSGIApplication,
        *,
        registry: FaultRegistry,
        calls: Log,
        authorizations: Log,
        clusters: ClusterControl,
        describe_health: Callable[[], Reply],
    ) -> None:
        self._others = others
        self._routes = (
            _Route("GET", "health", lambda body: describe_health(), _judge_health),
            *_route_faults(registry),
            *_route_log("calls", calls),
            *_route_log("authorizations", authorizations),
            *_route_clusters(clusters),
        )

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """One HTTP request."""
        path: str = environ.get("PATH_INFO", "")
        if not path.startswith(PREFIX):
            return self._others(environ, start_response)
        status, reply = self._answer(environ["REQUEST_METHOD"], path.removeprefix(PREFIX), environ)
        body = json.dumps(reply).encode()
        headers = [("Content-Type", "application/json"), ("Content-Length", str(len(body)))]
        start_response(f"{status.value} {status.phrase}", headers)
        return [body]

    def _answer(self, method: str, path: str, environ: WSGIEnvironment) -> tuple[HTTPStatus, Reply]:
        body = read_body(environ)
        found = [(route, match) for route in self._routes if (match := re.fullmatch(route.pattern, path))]
        if not found:
            known = ", ".join(sorted({f"{PREFIX}{route.pattern.replace('([^/]+)', '<id>')}" for route in self._routes}))
            return HTTPStatus.NOT_FOUND, {"message": f"There is no {PREFIX}{path}. Use one of {known}."}
        for route, match in found:
            if route.method == method:
                return _run(route, body, match.groups())
        methods = ", ".join(route.method for route, _ in found)
        return HTTPStatus.METHOD_NOT_ALLOWED, {"message": f"{PREFIX}{path} takes {methods}, not {method}."}


@dataclass(frozen=True, slots=True)
class _Route:
    method: str
    pattern: str
    handle: Handle
    judge: Callable[[Reply], HTTPStatus] = lambda reply: HTTPStatus.OK


def _judge_health(reply: Reply) -> HTTPStatus:
    """So that whoever looks at the status alone (`curl --fail`, Docker) sees it, too."""
    return HTTPStatus.OK if reply["status"] == READY else HTTPStatus.SERVICE_UNAVAILABLE


def _run(route: _Route, body: bytes, groups: tuple[str, ...]) -> tuple[HTTPStatus, Reply]:
    try:
        reply = route.handle(body, *groups)
        return route.judge(reply), reply
    except InvalidFaultError as error:
        return HTTPStatus.BAD_REQUEST, {"message": str(error)}
    except UnknownTargetError as error:
        return HTTPStatus.NOT_FOUND, {"message": str(error)}
    except UnfitTargetError as error:
        return HTTPStatus.CONFLICT, {"message": str(error)}


def _route_faults(registry: FaultRegistry) -> Iterable[_Route]:
    def set_faults(body: bytes) -> Reply:
        return {"ids": registry.add(parse_faults(body))}

    def clear_faults(body: bytes) -> Reply:
        registry.clear()
        return {}

    def remove_fault(body: bytes, fault_id: str) -> Reply:
        if not registry.remove(fault_id):
            raise UnknownTargetError(f"There is no fault {fault_id}. GET {PREFIX}faults lists them.")
        return {}

    return (
        _Route("POST", "faults", set_faults),
        _Route("GET", "faults", lambda body: {"faults": registry.describe()}),
        _Route("DELETE", "faults", clear_faults),
        _Route("DELETE", "faults/([^/]+)", remove_fault),
    )


def _route_log(path: str, log: Log) -> Iterable[_Route]:
    def clear(body: bytes) -> Reply:
        log.clear()
        return {}

    return (
        _Route("GET", path, lambda body: log.describe()),
        _Route("DELETE", path, clear),
    )


def _route_clusters(clusters: ClusterControl) -> Iterable[_Route]:
    def lose(body: bytes, cluster_id: str) -> Reply:
        kind = _read_key(body, "kind", f"one of {_LOSSES}", lambda value: value in list(Loss))
        clusters.lose(cluster_id, Loss(kind))
        return {}

    def interrupt(body: bytes, cluster_id: str, step_id: str) -> Reply:
        clusters.interrupt(cluster_id, step_id)
        return {}

    def change_time(body: bytes) -> Reply:
        clusters.change_time_scale(float(_read_key(body, "scale", "a number, 0 or more", _is_scale)))
        return tell_time(b"")

    def tell_time(body: bytes) -> Reply:
        return {"scale": clusters.time_scale}

    return (
        _Route("POST", "clusters/([^/]+)/loss", lose),
        _Route("POST", "steps/([^/]+)/([^/]+)/interrupt", interrupt),
        _Route("POST", "time", change_time),
        _Route("GET", "time", tell_time),
    )


def _read_key(body: bytes, key: str, wanted: str, fits: Callable[[Any], bool]) -> Any:
    """The value of the one key that a request's JSON object has."""
    try:
        given = json.loads(body)
    except ValueError as error:
        raise InvalidFaultError(
            f"The body is not JSON: {error}.", f"Send an object whose `{key}` is {wanted}."
        ) from error
    if not isinstance(given, dict) or set(given) != {key} or not fits(given[key]):
        raise InvalidFaultError(
            f"`{key}`: {json.dumps(given)} does not fit.", f"Send an object whose `{key}` is {wanted}."
        )
    return given[key]


def _is_scale(value: Any) -> bool:
    return type(value) in (int, float) and 0 <= value < float("inf")
