"""`emr-pipelines ui` ends what it started, whichever of its threads the kernel hands the interrupt to."""

import ctypes
import os
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

from tests.conftest import is_running

ROOT = Path(__file__).parents[2]
# The verb's own waiting, beside a thread such as a library starts; the thread says its id.
SERVE = """
import os, threading, time
from emr_pipelines.cli.ui import _serve
ready = threading.Event()
def rest():
    print(threading.get_native_id(), flush=True)
    ready.set()
    time.sleep(600)
threading.Thread(target=rest, daemon=True).start()
ready.wait()
_serve(dict(os.environ))
"""
STANDALONE = "import os, time\nprint(os.getpid(), flush=True)\ntime.sleep(600)\n"


def test_an_interrupt_of_another_thread_ends_the_server(tmp_path: Path) -> None:
    (tmp_path / "airflow").mkdir()
    (tmp_path / "airflow" / "__init__.py").touch()
    (tmp_path / "airflow" / "__main__.py").write_text(STANDALONE)
    variables = {**os.environ, "PYTHONPATH": f"{tmp_path}:{ROOT / 'plugins'}"}
    with subprocess.Popen([sys.executable, "-c", SERVE], env=variables, stdout=subprocess.PIPE, text=True) as process:
        try:
            thread, standalone = int(process.stdout.readline()), int(process.stdout.readline())
            ctypes.CDLL(None).tgkill(process.pid, thread, signal.SIGINT)
            process.wait(20)
            assert not is_running(standalone)
        finally:
            process.kill()
            with suppress(ProcessLookupError):
                os.kill(standalone, signal.SIGKILL)
