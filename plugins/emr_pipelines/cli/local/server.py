"""A server that a command uses: joined if it runs, else started as a process of its own. It lives until its last user has left, unless it is kept."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

from tenacity import Retrying, retry_if_result, stop_after_delay, wait_fixed

from emr_pipelines.cli.local.endpoint import LocalEndpoint, at_port, at_url, bind, find_local_endpoint, find_own_url
from emr_pipelines.cli.local.packages import require_packages
from emr_pipelines.cli.local.state_folder import ServerRecord, StateFolder, state_folder_of
from emr_pipelines.cli.local.users import gate, list_users, register
from emr_pipelines.cli.project.options import Project
from emr_pipelines.cli.project.python_process import PACKAGE_FOLDER, WRITE_BYTE_CODE
from emr_pipelines.emr.loopback import is_loopback
from emr_pipelines.errors import EmrPipelinesError

_START_SECONDS = 60.0
_STOP_SECONDS = 15.0
_PAUSE_SECONDS = 0.1
Tell = Callable[[str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerOptions:
    """How a server is started: how many JVMs it makes ready, whether it ends with its last user, and whether no other port will do."""

    warm_jvms: int = 1
    while_used: bool = True
    must_be_there: bool = False


class StartedServer:
    """A server that was started just now: where it will answer."""

    def __init__(self, url: str, process: subprocess.Popen[bytes], state: StateFolder) -> None:
        self.url = url
        self._process = process
        self._state = state

    def wait_until_ready(self) -> LocalEndpoint:
        """Until it answers. Raises EmrPipelinesError with its own words when it does not."""
        waiting = Retrying(
            retry=retry_if_result(lambda found: found is None and self._process.poll() is None),
            wait=wait_fixed(0.2),
            stop=stop_after_delay(_START_SECONDS),
            retry_error_callback=lambda _: None,
        )
        endpoint: LocalEndpoint | None = waiting(find_local_endpoint, self.url)
        if endpoint is None:
            self.stop()
            words = self._state.log_file.read_text(errors="replace").strip().splitlines()[-5:]
            raise EmrPipelinesError(
                f"emr_local did not start at {self.url}: {' '.join(words) or 'it said nothing'} (log: {self._state.log_file})"
            )
        return endpoint

    def stop(self) -> None:
        """End it, in order if it takes no longer than it may; one that has ended is left alone."""
        if self._process.poll() is not None:
            return
        self._process.send_signal(signal.SIGTERM)
        try:
            self._process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


def start_server(state: StateFolder, url: str, options: ServerOptions, tell: Tell) -> StartedServer:
    """Start one at the URL, or, where another project's emr_local has its port, at a free one, which is said. Hold the gate meanwhile. Raises EmrPipelinesError when no port is to be had, or its packages are not installed."""
    require_packages()
    listening = bind(url)
    if listening is None:
        listening = _take_free_port(url, tell, must_be_there=options.must_be_there)
    host, port = listening.getsockname()[:2]
    with listening, state.log_file.open("wb") as log:
        command = [sys.executable, "-m", "emr_local", "--listen-fd", str(listening.fileno())]
        command += ["--state-dir", str(state.path.resolve()), "--log-file", str(state.log_file)]
        command += ["--warm-jvms", str(options.warm_jvms), *(["--while-used"] if options.while_used else [])]
        # Its own session: Ctrl-C in the terminal reaches the run first, and a closed terminal does not end what others use.
        process = subprocess.Popen(  # noqa: S603 - our own module
            command,
            env={**os.environ, **WRITE_BYTE_CODE, "PYTHONPATH": str(PACKAGE_FOLDER)},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            pass_fds=[listening.fileno()],
        )
    where = f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
    return StartedServer(where, process, state)


def _take_free_port(url: str, tell: Tell, *, must_be_there: bool) -> socket.socket:
    holder = find_local_endpoint(url)  # raises for what is no emr_local
    taken_by = (
        "something that does not answer" if holder is None else f"the emr_local of another project ({holder.owner})"
    )
    if must_be_there:
        raise EmrPipelinesError(
            f"{url} is taken by {taken_by}; choose another port with --port, or none for a free one"
        )
    listening = bind(at_port(url, 0))
    if listening is None:
        raise EmrPipelinesError(f"{url} is taken by {taken_by}, and this machine has no free port")
    tell(f"{url} is taken by {taken_by}; this project's emr_local listens at port {listening.getsockname()[1]} instead")
    return listening


class JoinedServer:
    """The server that this process uses. `project` has its endpoint where the server listens, or will listen."""

    def __init__(
        self, project: Project, state: StateFolder, started: StartedServer | None, ready: Callable[[], None]
    ) -> None:
        self.project = project
        self._state = state
        self._started = started
        self._ready = ready

    def wait_until_ready(self) -> LocalEndpoint:
        """Until it answers. Raises EmrPipelinesError with its own words when it does not."""
        url = self.project.environment.connection.endpoint_url or ""
        if self._started is not None:
            endpoint = self._started.wait_until_ready()
        else:
            endpoint = LocalEndpoint(url=url, state_dir=self._state.path.resolve())
        self._ready()
        return endpoint


@contextmanager
def joined_server(project: Project, purpose: str, tell: Tell, *, warm_jvms: int = 1) -> Iterator[JoinedServer]:
    """Use the project's emr_local for the length of the block: the one that runs, else one that is started and lives until its last user has left.

    `tell` takes what people must know. `warm_jvms`: how many JVMs one that is started makes ready. Raises EmrPipelinesError when none can be had.
    """
    url = project.environment.connection.endpoint_url or ""
    if not is_loopback(url):
        raise EmrPipelinesError(f"{url} is no address of this machine; emr_local answers its own machine only")
    state = made_state_folder(project, url)
    started: StartedServer | None = None
    with ExitStack() as joining:
        joining.enter_context(gate(state.path))
        leave = register(state.path, purpose)
        try:
            where = find_own_url(state, url)
            if where is None:
                started = start_server(state, url, ServerOptions(warm_jvms=warm_jvms), tell)
                where = started.url
            yield JoinedServer(at_url(project, where), state, started, joining.close)
        finally:
            joining.close()
            with gate(state.path):
                leave()
                _end_unused(state, started)


def made_state_folder(project: Project, url: str) -> StateFolder:
    """The project's state folder, which is made when it is not there. Raises EmrPipelinesError, before anything is made, when the URL is that of something else than an emr_local."""
    state = state_folder_of(project.root)
    if not state.path.exists():
        find_local_endpoint(url)
    state.make()
    return state


def _end_unused(state: StateFolder, started: StartedServer | None) -> None:
    """Stop the server, if it lives for its users only and the last one has left."""
    if list_users(state.path):
        return
    record = state.read_record()
    if record is not None and record.while_used and not state.is_kept:
        stop_server(record, state)
    elif record is None and started is not None:
        started.stop()  # it has not come so far as to write its record


def stop_server(record: ServerRecord, state: StateFolder) -> None:
    """End a server: in order, which ends its steps, if it takes no longer than it may. Raises EmrPipelinesError when it is another user's."""
    try:
        os.kill(record.pid, signal.SIGTERM)
        if not _is_gone_within(_STOP_SECONDS, state):
            os.kill(record.pid, signal.SIGKILL)
            _is_gone_within(_STOP_SECONDS, state)
    except ProcessLookupError:
        return
    except PermissionError as error:
        raise EmrPipelinesError(
            f"The emr_local at {record.url} cannot be stopped by this user; it is {record.describe()}"
        ) from error


def _is_gone_within(seconds: float, state: StateFolder) -> bool:
    """Whether the server has ended: the last that it does is to remove its record."""
    deadline = time.monotonic() + seconds
    while state.read_record() is not None:
        if time.monotonic() > deadline:
            return False
        time.sleep(_PAUSE_SECONDS)
    return True
