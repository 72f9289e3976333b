"""An emr_local that answers, but whose clusters stand still: no command takes it for one that is ready."""

from __future__ import annotations

import http.server
import json
import os
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.cli.command_line import run_tool
from tests.cli.test_local_server import make_project

from emr_pipelines.cli.local.server import joined_server
from emr_pipelines.cli.local.state_folder import state_folder_of
from emr_pipelines.cli.project.options import Project
from emr_pipelines.errors import EmrPipelinesError


@pytest.fixture
def unwell(tmp_path: Path) -> Iterator[Project]:
    """A project whose emr_local answers, but runs no steps any more. It is this process, so nobody is to stop it."""
    state = state_folder_of(tmp_path)
    state.make()

    class Health(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            page = {"status": "failed", "problem": "no cluster and no step goes on", "state_dir": str(state.path)}
            body = json.dumps({**page, "pid": os.getpid(), "user": "somebody"}).encode()
            self.send_response(503)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Health)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield make_project(tmp_path, f"http://127.0.0.1:{server.server_port}")
    server.shutdown()


def test_a_server_that_runs_no_steps_any_more_is_not_called_ready(unwell: Project) -> None:
    url, state = unwell.environment.connection.endpoint_url, state_folder_of(unwell.root)
    record = {"url": url, "pid": os.getpid(), "user": "somebody", "folder": "here", "since": "now", "log": None}
    words = r"answers, but runs nothing: no cluster and no step goes on.*emr-pipelines local stop --force"
    for seen in (True, False):  # that of another container has left no record here
        if seen:
            (state.path / "server.json").write_text(json.dumps({**record, "while_used": False}))
            told = run_tool(unwell.root, "local", "status")
            assert told.returncode == 1
            assert "runs nothing: no cluster and no step goes on" in told.stderr
        else:
            (state.path / "server.json").unlink()
        with pytest.raises(EmrPipelinesError, match=words), joined_server(unwell, "a test", tell=lambda words: None):
            pass
