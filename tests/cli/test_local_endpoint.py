"""The command line finds a running emr_local, starts one where none is, and never mistakes another server for it."""

from __future__ import annotations

import http.server
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.integration.processes import free_port

from emr_pipelines.cli.local_endpoint import find_local_endpoint, local_endpoint
from emr_pipelines.errors import EmrPipelinesError


@pytest.fixture
def stranger() -> Iterator[str]:
    """Another HTTP server."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), http.server.SimpleHTTPRequestHandler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()


def test_a_running_server_is_used_and_left_running(emr_url: str, emr_state_dir: Path, tmp_path: Path) -> None:
    with local_endpoint(emr_url, tmp_path) as endpoint:
        assert endpoint.state_dir == emr_state_dir
        assert endpoint.local_path("s3://b/k/x.png") == emr_state_dir / "s3" / "b" / "k" / "x.png"
    assert find_local_endpoint(emr_url) is not None


def test_a_server_is_started_for_the_block_and_gone_after_it(tmp_path: Path) -> None:
    url = f"http://127.0.0.1:{free_port()}"
    assert find_local_endpoint(url) is None
    with local_endpoint(url, tmp_path) as endpoint:
        assert endpoint.state_dir == tmp_path / ".emr_local"
    assert find_local_endpoint(url) is None


def test_another_server_at_the_port_is_named(stranger: str, tmp_path: Path) -> None:
    with pytest.raises(EmrPipelinesError, match="is no emr_local"), local_endpoint(stranger, tmp_path):
        pytest.fail("the block must not run")
