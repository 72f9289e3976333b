"""Where another emr_local than the environment's may listen, as a URL."""

from __future__ import annotations

import pytest

from emr_pipelines.cli.local.endpoint import at_port


@pytest.mark.parametrize(
    ("url", "elsewhere"),
    [
        ("http://127.0.0.1:5566", "http://127.0.0.1:0"),
        ("http://127.0.0.1:127", "http://127.0.0.1:0"),
        ("http://[::1]:1", "http://[::1]:0"),
        ("http://[::1]", "http://[::1]:0"),
        ("http://localhost", "http://localhost:0"),
    ],
)
def test_only_the_port_of_a_url_changes(url: str, elsewhere: str) -> None:
    assert at_port(url, 0) == elsewhere
