"""Commands of steps for the tests that kill: they need no Spark and tell by files what they did."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from pathlib import Path

from tests.step_writes import PUT

_WRITER = f"""{PUT}
import sys

for name in ("part-0", "_SUCCESS"):
    put(sys.argv[1], name)
"""


@dataclass(frozen=True, slots=True)
class TracedSteps:
    """Steps of a spec (YAML list items) whose programs and traces lie in `folder`."""

    folder: Path

    def writing(self, name: str, *inputs: str) -> str:
        """A step that writes its output; the other arguments are the outputs of the steps `inputs`."""
        program = self.folder / "write_output.py"
        program.write_text(_WRITER)
        outputs = [f"${{steps.{one}.output}}" for one in (name, *inputs)]
        return f"{_item(name, [sys.executable, str(program), *outputs])}, output: text}}"

    def first_time(self, name: str, act: str, *, more: str = "") -> str:
        """A step that does `act` (a line of bash) the first time, and nothing but leave its trace every time."""
        trace = self.trace(name)
        line = f"echo >> {trace}; test $(wc -l < {trace}) -gt 1 || {{ {act}; }}"
        return f"{_item(name, ['bash', '-c', line])}{more}}}"

    def trace(self, name: str) -> Path:
        """A file with a line for each time that the step ran."""
        return self.folder / f"{name}.trace"

    def times_run(self, name: str) -> int:
        """How often the step's program was started."""
        return len(self.trace(name).read_text().splitlines())


def _item(name: str, command: list[str]) -> str:
    return f"  - {{name: {name}, command: {json.dumps(command)}"
