"""What to show of the ends of logs that tell why something failed: the script's traceback where there is one. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

# A plan of Spark's has lines of thousands of characters, which bury the line of the script.
_LONGEST_LINE = 400
_TRACEBACK = "Traceback (most recent call last):"


def telling_tails(tails: Mapping[str, Sequence[str]]) -> list[tuple[str, list[str]]]:
    """A heading and the lines: the last Python traceback in each log that has one, else the last lines of all."""
    traces = {name: trace for name, lines in tails.items() if (trace := _last_traceback(lines))}
    if traces:
        return [(f"The traceback in {name}:", list(map(_cut, trace))) for name, trace in traces.items()]
    return [(f"The last {len(lines)} lines of {name}:", list(map(_cut, lines))) for name, lines in tails.items()]


def _cut(line: str) -> str:
    left_out = len(line) - _LONGEST_LINE
    return line if left_out <= 0 else f"{line[:_LONGEST_LINE]} … ({left_out:,} characters more in the log)"


def _last_traceback(lines: Sequence[str]) -> list[str]:
    """From the last Python traceback on; none when there is no whole one."""
    starts = [number for number, line in enumerate(lines) if line.startswith(_TRACEBACK)]
    return list(lines[starts[-1] :]) if starts else []
