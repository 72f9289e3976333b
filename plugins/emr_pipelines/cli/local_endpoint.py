"""The emr_local server of an environment: found by its health page, started as a process of its own, stopped by its id. Speaks HTTP to it, imports nothing of it."""

from __future__ import annotations

import http.client
import json
import os
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from tenacity import Retrying, retry_if_result, stop_after_delay, wait_fixed

from emr_pipelines.cli.airflow_home import WRITE_BYTE_CODE
from emr_pipelines.cli.project_options import PACKAGE_FOLDER
from emr_pipelines.errors import EmrPipelinesError

if TYPE_CHECKING:
    from collections.abc import Iterator

STATE_FOLDER = ".emr_local"
_START_SECONDS = 60.0
_STOP_SECONDS = 15.0


@dataclass(frozen=True, slots=True, kw_only=True)
class LocalEndpoint:
    """A running emr_local: its URL and the folder of its state, in which `s3/<bucket>/<key>` are plain files."""

    url: str
    state_dir: Path

    def local_path(self, uri: str) -> Path:
        """The file or folder behind an s3:// URI."""
        return self.state_dir / "s3" / uri.removeprefix("s3://")


def find_local_endpoint(url: str) -> LocalEndpoint | None:
    """The emr_local that answers at the URL, None if nothing answers. Raises EmrPipelinesError when something else does."""
    try:
        with urllib.request.urlopen(f"{url}/_emr_local/health", timeout=5) as answer:  # noqa: S310 - the URL is the environment's own endpoint
            health = json.load(answer)
        return LocalEndpoint(url=url, state_dir=Path(health["state_dir"]))
    except urllib.error.HTTPError as error:
        raise EmrPipelinesError(
            f"{url} answers, but is no emr_local ({error}); change the port of endpoint_url in the environment, or stop what listens there"
        ) from error
    except (urllib.error.URLError, ConnectionError, TimeoutError):
        return None  # RemoteDisconnected, an HTTPException too, is a ConnectionError
    except (ValueError, KeyError, http.client.HTTPException) as error:
        raise EmrPipelinesError(
            f"{url} answers, but is no emr_local; change the port of endpoint_url in the environment, or stop what listens there"
        ) from error


@contextmanager
def local_endpoint(url: str, project_root: Path, *, warm_jvms: int = 1) -> Iterator[LocalEndpoint]:
    """The emr_local at the URL for the length of the block: one that answers already is used and left alone, else one is started and stopped again.

    `warm_jvms`: how many JVMs one that is started makes ready before the first step asks for one.

    Raises EmrPipelinesError with the server's own words when it does not start.
    """
    running = find_local_endpoint(url)
    if running is not None:
        yield running
        return
    log_file = _log_file(project_root / STATE_FOLDER)
    state_dir = log_file.parent
    with log_file.open("w") as log:
        command = [sys.executable, "-m", "emr_local", "--port", str(urlsplit(url).port), "--state-dir", str(state_dir)]
        command += ["--warm-jvms", str(warm_jvms)]
        # Its own session: Ctrl-C in the terminal reaches the run first, which then stops the server in order.
        server = subprocess.Popen(  # noqa: S603 - our own module
            command,
            env={**os.environ, **WRITE_BYTE_CODE, "PYTHONPATH": str(PACKAGE_FOLDER)},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        yield _wait_until_ready(server, url, log_file)
    finally:
        _stop(server)


def _log_file(state_dir: Path) -> Path:
    """The server's log in the state folder, which is made."""
    try:
        state_dir.mkdir(exist_ok=True)
        (state_dir / "server.log").touch()
    except OSError as error:
        raise EmrPipelinesError(
            f"{error.filename} cannot be written: {error.strerror}; make it writable for this user, or move the project to a folder that is"
        ) from error
    return state_dir / "server.log"


def _wait_until_ready(server: subprocess.Popen[bytes], url: str, log_file: Path) -> LocalEndpoint:
    waiting = Retrying(
        retry=retry_if_result(lambda found: found is None and server.poll() is None),
        wait=wait_fixed(0.2),
        stop=stop_after_delay(_START_SECONDS),
        retry_error_callback=lambda _: None,
    )
    endpoint: LocalEndpoint | None = waiting(find_local_endpoint, url)
    if endpoint is None:
        words = log_file.read_text(errors="replace").strip().splitlines()[-5:]
        raise EmrPipelinesError(
            f"emr_local did not start at {url}: {' '.join(words) or 'it said nothing'} (log: {log_file})"
        )
    return endpoint


def _stop(server: subprocess.Popen[bytes]) -> None:
    server.send_signal(signal.SIGTERM)
    try:
        server.wait(_STOP_SECONDS)
    except subprocess.TimeoutExpired:
        server.kill()
        server.wait()
