"""The writing client sends a request once, even when the answer is lost on the wire: botocore would make a second cluster."""

from __future__ import annotations

import http.server
import threading
from collections.abc import Iterator

import pytest
from botocore.exceptions import BotoCoreError

from emr_pipelines.emr.emr_api import WRITE_CLIENT_CONFIG, is_ambiguous
from tests.aws_clients import client
from tests.emr.conftest import cluster_request


class LosingServer(http.server.ThreadingHTTPServer):
    """Takes requests and closes the connection without an answer."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), LosingHandler)
        self.requests = 0


class LosingHandler(http.server.BaseHTTPRequestHandler):
    server: LosingServer

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.server.requests += 1
        self.close_connection = True


@pytest.fixture
def losing_server() -> Iterator[LosingServer]:
    server = LosingServer()
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


def test_a_lost_answer_is_ambiguous_and_nothing_is_sent_again(losing_server: LosingServer) -> None:
    url = f"http://127.0.0.1:{losing_server.server_port}"
    emr = client(url, "emr", **WRITE_CLIENT_CONFIG)
    with pytest.raises(BotoCoreError) as caught:
        emr.run_job_flow(**cluster_request())
    assert is_ambiguous(caught.value)
    assert losing_server.requests == 1
