"""Pipelines that are cheap to run and leave all that can be looked at: outputs, counters, a retried attempt, a failure with a traceback, a step that takes its time."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from tests.step_writes import PUT

LOOKED_AT = "looked_at"
# The same again, for tests that make runs of their own: what is newest stays so for all others.
BLOCKED = "looked_at_blocked"
SINGLE_STEPS = "looked_at_by_steps"
BROKEN_LAUNCH = "broken_launch"
_WRITER = f"""{PUT}
import json, sys

output = sys.argv[1]
put(output, "part-0", b"a line\\n")
put(output, "index.html", b"<h1>Letters</h1>")
put(output, "_counters.json", json.dumps({{"counters": {{"read": 1204, "written": 20000}}, "warnings": ["3 rows have no date"]}}).encode())
print("written to", output)
"""
_FLAKY = """
import pathlib, sys

seen = pathlib.Path(sys.argv[1])
if not seen.exists():
    seen.touch()
    sys.exit("not the first time")
print("the second time")
"""
_LAST = """
import sys, time

mode = sys.argv[1]
print("mode", mode, flush=True)
if mode == "fail":
    raise ValueError("no purchases are known for the year 1990")
for number in range(600 if mode == "block" else 0):
    print("line", number, flush=True)
    time.sleep(0.2)
"""

_BROKEN_LAUNCH = f"""
name: {BROKEN_LAUNCH}
cluster: {{primary: {{instances: [m5.xlarge]}}}}
steps:
  - {{name: only, command: [bash, -c, "true"]}}
"""


def _command(program: str, *arguments: str) -> str:
    return json.dumps([sys.executable, "-c", program, *arguments])


def write_pipelines(root: Path, marks: Path) -> None:
    """Put their specs into a project; `marks` is a folder for what a flaky step remembers."""
    specs = root / "config" / "pipelines"
    for name in (LOOKED_AT, BLOCKED, SINGLE_STEPS):
        specs.joinpath(f"{name}.yaml").write_text(_spec(name, marks))
    specs.joinpath(f"{BROKEN_LAUNCH}.yaml").write_text(_BROKEN_LAUNCH)


def _spec(name: str, marks: Path) -> str:
    return f"""
name: {name}
description: What tests look at
schedule: "@yearly"
start_date: 2000-01-01
params:
  mode: {{type: string, default: quick}}
cluster: {{primary: {{instances: [m5.xlarge]}}}}
steps:
  - name: letters
    command: {_command(_WRITER, "${steps.letters.output}")}
    output: {{format: html, success_marker: false}}
    publish: "${{env.bucket}}/{name}/year=${{run.year}}"
  - name: flaky
    command: {_command(_FLAKY, f"{marks}/${{run.year}}")}
    after: [letters]
    retries: 1
  - name: last
    command: {_command(_LAST, "${params.mode}")}
    after: [flaky]
"""
