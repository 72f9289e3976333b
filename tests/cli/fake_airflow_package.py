"""A package `airflow` whose `python -m airflow …` stands for the real one: it makes no database and serves a health page. For tests of what starts and ends it."""

from __future__ import annotations

from pathlib import Path

_MAIN = """
import datetime as dt, json, os, pathlib, sys, time
from http.server import BaseHTTPRequestHandler, HTTPServer

here = pathlib.Path(os.environ["FAKE_AIRFLOW"])
words = sys.argv[1:]
name = "-".join(words[:1] if "--apps" not in words else [words[0], words[2]])
(here / f"{name}.new").write_text(str(os.getpid()))
(here / f"{name}.new").rename(here / f"{name}.pid")  # whoever sees it can read it
print("this is", *words, flush=True)
while (here / f"hold-{name}").exists():
    time.sleep(0.05)
if (here / f"fail-{name}").exists():
    sys.exit("no such table: dag_run")
if name == "db":
    for made in ("airflow.db", "airflow.cfg"):
        (pathlib.Path(os.environ["AIRFLOW_HOME"]) / made).touch()
    sys.exit()

class Health(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        beat = dt.datetime.now(dt.timezone.utc).isoformat()
        parts = ("scheduler", "dag_processor", "triggerer")
        self.wfile.write(json.dumps({part: {f"latest_{part}_heartbeat": beat} for part in parts}).encode())

    def log_message(self, *_):
        pass

if name == "api-server-core":
    HTTPServer(("127.0.0.1", int(os.environ["AIRFLOW__API__PORT"])), Health).serve_forever()
time.sleep(600)
"""


def write_fake_airflow(folder: Path) -> dict[str, str]:
    """Make it in the folder; the variables with which a process finds it.

    A file `hold-<name>` there has a process (`db`, `scheduler`, `api-server-core`, …) wait, `fail-<name>` end; each writes `<name>.pid`.
    """
    package = folder / "airflow"
    package.mkdir(parents=True)
    (package / "__init__.py").touch()
    (package / "__main__.py").write_text(_MAIN)
    return {"FAKE_AIRFLOW": str(folder), "PYTHONPATH": str(folder)}


def pids(folder: Path) -> dict[str, int]:
    """The processes that were started, by name."""
    told = {file.stem: file.read_text() for file in folder.glob("*.pid")}
    return {name: int(text) for name, text in told.items() if text}
