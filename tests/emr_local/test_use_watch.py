"""That the end of a server which nobody uses comes, whatever its folder was like in between."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from emr_local.host.use_watch import GATE_FILE, UseWatch


def test_a_folder_that_cannot_be_looked_at_for_a_while_does_not_keep_the_server_for_ever(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    unreadable = tmp_path / GATE_FILE
    unreadable.mkdir()
    stopped = threading.Event()
    watch = UseWatch(tmp_path, stop=stopped.set)
    watch.start()
    assert not stopped.wait(1.5)
    unreadable.rmdir()
    assert stopped.wait(10)
    watch.close()
    assert caplog.text.count("Traceback") == 1
