"""The pipelines of the verdict tests: two steps, the second of which uses what the first wrote and publishes; with a year, as most have it. Text only."""

from __future__ import annotations

import datetime as dt
import json
import sys
from pathlib import Path

from tests.step_writes import PUT

BUCKET = "s3://emr-pipelines-local"
THIS_YEAR = dt.datetime.now(dt.UTC).year
# Runs that a person dates, and backfills, are of this year.
YEAR = 2014
_WRITER = f"""{PUT}
import sys, time

output, act = sys.argv[1:3]
counts = sys.argv[3]
with open(counts, "a") as file:
    file.write("x")
times = len(open(counts).read())
if act == "fail" or (act == "fail_later" and times > 1):
    sys.exit(3)
if act == "block":
    time.sleep(600)
for name in ("part-0", "_SUCCESS"):
    put(output, name)
"""
_ACTS = {
    "step_fails": "fail",
    "marked_failed": "block",
    "marked_success": "block",
    "task_marked_success": "block",
    "cleared_alone": "fail_later",
}


def spec_lines(way: str, event: str) -> str:
    """What stands above `cluster:`, besides the name."""
    return f"""params: {{year: {{type: [integer, "null"], default: null, minimum: {YEAR}, maximum: {last_year(way, event)}}}}}
{_schedule(way, event)}
"""


def last_year(way: str, event: str) -> int:
    """The last year that the pipeline's data has: this one where the schedule or the form gives it, else an earlier one."""
    if (way, event) == ("catchup", "outside"):
        return THIS_YEAR + 1
    needs_now = way in ("scheduled", "form", "undated", "cli") and event not in ("outside", "outside_year")
    return THIS_YEAR if needs_now else YEAR + 1


def _schedule(way: str, event: str) -> str:
    catchup = way == "catchup"
    if way == "scheduled":
        years = (THIS_YEAR, THIS_YEAR) if event != "outside" else (YEAR, YEAR)
    elif way == "catchup" and event == "outside":
        years = (THIS_YEAR + 1, THIS_YEAR + 1)
    else:
        years = (YEAR, YEAR if catchup else YEAR + 1)
    first, last = (f"{year}-{day}" for year, day in zip(years, ("01-01", "12-31"), strict=True))
    return f'schedule: "@yearly"\nstart_date: {first}\nend_date: {last}\ncatchup: {str(catchup).lower()}'


def steps(folder: Path, event: str, name: str) -> str:
    """The steps as a YAML list."""
    program = folder / "write_output.py"
    program.write_text(_WRITER)
    source = f"{BUCKET}/{'missing' if event == 'no_input' else 'in'}/year=${{run.year}}"
    act = _ACTS.get(event, "write")

    def command(step: str, what: str, *more: str) -> str:
        trace = folder / f"{name}.{step}.trace"
        return json.dumps([sys.executable, str(program), f"${{steps.{step}.output}}", what, str(trace), *more])

    return "\n".join(
        [
            f"  - {{name: first, command: {command('first', act)}, inputs: {{data: '{source}'}}, output: text}}",
            f"  - {{name: second, command: {command('second', 'write', '${steps.first.output}')}, output: text,",
            f"     publish: '{BUCKET}/published/{name}/year=${{run.year}}'}}",
        ]
    )
