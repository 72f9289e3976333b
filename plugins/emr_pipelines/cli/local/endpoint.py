"""The emr_local that a project's endpoint is: found by its health page, and told from that of another project by its state directory. Speaks HTTP to it, imports nothing of it."""

from __future__ import annotations

import http.client
import json
import socket
import urllib.error
import urllib.request
from dataclasses import dataclass, replace
from http import HTTPStatus
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from emr_pipelines.cli.local.state_folder import ServerRecord, StateFolder, state_folder_of
from emr_pipelines.cli.project.options import Project
from emr_pipelines.emr.loopback import is_loopback
from emr_pipelines.errors import EmrPipelinesError

_ANSWER_SECONDS = 5
_HTTP_PORT = 80
_CHANGE_PORT = "change the port of endpoint_url in the environment, or stop what listens there"
# No proxy of the shell knows this machine.
_DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))


@dataclass(frozen=True, slots=True, kw_only=True)
class LocalEndpoint:
    """A running emr_local: its URL and the folder of its state, in which `s3/<bucket>/<key>` are plain files; `owner` says whose it is, for people.

    `problem` says why it runs no steps although it answers; it is empty for one that is well.
    """

    url: str
    state_dir: Path
    owner: str = ""
    problem: str = ""

    def local_path(self, uri: str) -> Path:
        """The file or folder behind an s3:// URI."""
        return self.state_dir / "s3" / uri.removeprefix("s3://")

    def keeps(self, state: StateFolder) -> bool:
        """Whether its state is this one. Raises EmrPipelinesError when it is, and the server is not well: nobody is to use it."""
        try:
            own = self.state_dir.samefile(state.path)
        except OSError:
            return False
        if own and self.problem:
            raise EmrPipelinesError(
                f"The emr_local at {self.url} ({self.owner}) answers, but runs nothing: {self.problem}. "
                "Start another: emr-pipelines local stop --force, then emr-pipelines local start"
            )
        return own


def find_local_endpoint(url: str) -> LocalEndpoint | None:
    """The emr_local that answers at the URL, None if nothing answers. Raises EmrPipelinesError when something else does."""
    try:
        health = _read_health(url)
        problem = "" if health.get("status") == "ready" else str(health.get("problem") or health.get("status"))
        return LocalEndpoint(url=url, state_dir=Path(health["state_dir"]), owner=_owner_of(health), problem=problem)
    except urllib.error.HTTPError as error:
        raise EmrPipelinesError(f"{url} answers, but is no emr_local ({error}); {_CHANGE_PORT}") from error
    except (urllib.error.URLError, ConnectionError, TimeoutError):
        return None  # RemoteDisconnected, an HTTPException too, is a ConnectionError
    except (ValueError, KeyError, TypeError, http.client.HTTPException) as error:
        raise EmrPipelinesError(f"{url} answers, but is no emr_local; {_CHANGE_PORT}") from error


def _read_health(url: str) -> dict[str, Any]:
    try:
        with _DIRECT.open(f"{url}/_emr_local/health", timeout=_ANSWER_SECONDS) as answer:
            return dict(json.load(answer))
    except urllib.error.HTTPError as error:
        if error.code != HTTPStatus.SERVICE_UNAVAILABLE:
            raise
        with error:  # an emr_local that is not well says so with this status and the same page
            return dict(json.load(error))


def _owner_of(health: dict[str, object]) -> str:
    return f"state in {health['state_dir']}, pid {health.get('pid')} of {health.get('user')}"


def find_own_server(state: StateFolder) -> ServerRecord | None:
    """The server that runs with this state, wherever it listens."""
    record = state.read_record()
    if record is None:
        return None
    try:
        answering = find_local_endpoint(record.url)
    except EmrPipelinesError:  # the record is of a server that was killed, and its port is another program's now
        return None
    return record if answering is not None and answering.keeps(state) else None


def find_own_url(state: StateFolder, url: str) -> str | None:
    """Where the server with this state listens; None when none does. One in another container, whose record is not to be seen here, is asked at the URL.

    Raises EmrPipelinesError when what answers there is no emr_local.
    """
    record = find_own_server(state)
    if record is not None:
        return record.url
    answering = find_local_endpoint(url)
    return url if answering is not None and answering.keeps(state) else None


def at_url(project: Project, url: str) -> Project:
    """The project with its environment's endpoint at another URL."""
    connection = project.environment.connection.model_copy(update={"endpoint_url": url})
    return replace(project, environment=project.environment.model_copy(update={"connection": connection}))


def at_recorded_server(project: Project) -> Project:
    """The project with its endpoint where its emr_local says that it listens; as it is when none runs, or the environment's endpoint is not on this machine."""
    record = state_folder_of(project.root).read_record()
    if record is None or not is_loopback(project.environment.connection.endpoint_url):
        return project
    return at_url(project, record.url)


def at_own_server(project: Project) -> Project:
    """The project with its endpoint where its emr_local really listens; as it is when none runs. An environment on AWS or on another machine is left alone.

    Raises EmrPipelinesError when the emr_local of another project answers in the place of this one's.
    """
    url = project.environment.connection.endpoint_url
    if url is None or not is_loopback(url):
        return project
    state = state_folder_of(project.root)
    own = find_own_url(state, url)
    if own is not None:
        return at_url(project, own)
    answering = find_local_endpoint(url)
    if answering is not None:
        raise EmrPipelinesError(
            f"{url} is the emr_local of another project ({answering.owner}), and that of {state.path} does not run. "
            "Start it, at a free port: emr-pipelines local start"
        )
    return project


def at_port(url: str, port: int) -> str:
    """The URL with another port; 0 is for `bind` a free one."""
    place = urlsplit(url)
    host = place.hostname or ""
    return place._replace(netloc=f"[{host}]:{port}" if ":" in host else f"{host}:{port}").geturl()


def bind(url: str) -> socket.socket | None:
    """A socket that listens at the URL's port, for a server to take over, at a free one for port 0; None when the port is taken. Raises EmrPipelinesError when it cannot be had for another reason."""
    place = urlsplit(url)
    host, port = place.hostname or "", _HTTP_PORT if place.port is None else place.port
    listening = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((host, port))
        listening.listen(socket.SOMAXCONN)
    except OSError as error:
        listening.close()
        if is_taken(host, port):
            return None
        raise EmrPipelinesError(f"{url} cannot be listened at: {error.strerror or error}; {_CHANGE_PORT}") from error
    return listening


def is_taken(host: str, port: int) -> bool:
    """Whether something listens at a port of this machine."""
    try:
        socket.create_connection((host, port), _ANSWER_SECONDS).close()
    except OSError:
        return False
    return True
