"""`emr-pipelines ui` ends what it started, whichever of its threads the kernel hands the interrupt to."""

import os
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

from tests.conftest import is_running
from tests.stop_signals import signal_another_thread

ROOT = Path(__file__).parents[2]
# The verb's own waiting, beside a thread such as a library starts.
SERVE = """
import os, threading, time
from emr_pipelines.cli.ui import _serve
threading.Thread(target=time.sleep, args=(600,), daemon=True).start()
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
            standalone = int(process.stdout.readline())
            signal_another_thread(process.pid, signal.SIGINT)
            process.wait(20)
            assert not is_running(standalone)
        finally:
            process.kill()
            with suppress(ProcessLookupError):
                os.kill(standalone, signal.SIGKILL)
